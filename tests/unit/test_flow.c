/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "flow.h"
#include "make_segment.h"
#include "session.h"

#define SESSIONS 20000

static struct segment reversed(const struct segment *seg)
{
	struct segment r = *seg;

	memcpy(r.saddr, seg->daddr, sizeof(r.saddr));
	memcpy(r.daddr, seg->saddr, sizeof(r.daddr));
	r.sport = seg->dport;
	r.dport = seg->sport;
	return r;
}

static void check_symmetric(const struct segment *seg)
{
	struct segment back = reversed(seg);
	struct flow_key key, back_key;
	uint8_t side = flow_key_of(seg, &key);

	assert_int_equal(flow_key_of(&back, &back_key), !side);
	assert_memory_equal(&key, &back_key, sizeof(key));
	assert_memory_equal(key.addr[side], seg->saddr, sizeof(seg->saddr));
	assert_memory_equal(key.addr[!side], seg->daddr, sizeof(seg->daddr));
	assert_int_equal(flow_port(&key, side), seg->sport);
	assert_int_equal(flow_port(&key, !side), seg->dport);
}

static void both_directions_have_one_key(void **state)
{
	struct segment seg = make_segment(CLIENT, TCP_SYN, 0, 0, 0);

	(void)state;
	check_symmetric(&seg);
	memcpy(seg.daddr, seg.saddr, sizeof(seg.daddr)); /* to itself: ports decide */
	check_symmetric(&seg);
	memset(seg.daddr, 0xff, sizeof(seg.daddr));
	check_symmetric(&seg);
}

static void the_address_decides_before_the_port(void **state)
{
	struct segment seg = make_segment(CLIENT, TCP_SYN, 0, 0, 0);
	struct flow_key key;
	uint8_t side = flow_key_of(&seg, &key);

	(void)state;
	seg.sport = 1;
	assert_int_equal(flow_key_of(&seg, &key), side);
	seg.sport = 65535;
	assert_int_equal(flow_key_of(&seg, &key), side);
}

static void check_apart(struct flow_table *t, struct session *sessions, const struct segment *seg)
{
	struct flow_key key;

	flow_key_of(seg, &key);
	assert_int_equal(flow_find(t, &key, flow_hash(t, &key)), 0);
	assert_memory_not_equal(&key, &sessions[1].key, sizeof(key));
	assert_int_not_equal(flow_hash(t, &key), flow_hash(t, &sessions[1].key));
}

static void vlan_netns_address_and_port_keep_apart(void **state)
{
	struct session sessions[2] = { 0 };
	struct flow_table *t = flow_table_new(sessions, SESSIONS);
	struct segment seg = make_segment(CLIENT, TCP_SYN, 0, 0, 0), other;
	struct flow_key key;

	(void)state;
	assert_non_null(t);
	flow_key_of(&seg, &sessions[1].key);
	flow_insert(t, 1, flow_hash(t, &sessions[1].key));

	other = seg, other.vlan = 7, check_apart(t, sessions, &other);
	other = seg, other.vlan = 7ull << 16, check_apart(t, sessions, &other);
	other = seg, other.netns = 1, check_apart(t, sessions, &other);
	other = seg, other.sport++, check_apart(t, sessions, &other);
	other = seg, other.saddr[15]++, check_apart(t, sessions, &other);
	other = seg, other.daddr[12]++, check_apart(t, sessions, &other);
	other = seg, other.ip_version = 6, check_apart(t, sessions, &other);
	other = seg, other.sport = seg.dport, other.dport = seg.sport, check_apart(t, sessions, &other);

	other = reversed(&seg), other.ifindex = 9; /* another interface is the same session */
	flow_key_of(&other, &key);
	assert_int_equal(flow_find(t, &key, flow_hash(t, &key)), 1);
	flow_table_free(t);
}

static void all_of_an_ipv6_address_keeps_apart(void **state)
{
	struct session sessions[2] = { 0 };
	struct flow_table *t = flow_table_new(sessions, SESSIONS);
	struct segment seg = make_segment(CLIENT, TCP_SYN, 0, 0, 0), other;
	size_t i;

	(void)state;
	assert_non_null(t);
	seg.ip_version = 6;
	flow_key_of(&seg, &sessions[1].key);
	flow_insert(t, 1, flow_hash(t, &sessions[1].key));
	for (i = 0; i < sizeof(seg.saddr); i++) {
		other = seg, other.saddr[i] ^= 1, check_apart(t, sessions, &other);
		other = seg, other.daddr[i] ^= 1, check_apart(t, sessions, &other);
	}
	check_symmetric(&seg);
	flow_table_free(t);
}

static struct flow_key numbered_key(uint32_t n)
{
	struct segment seg = make_segment(CLIENT, TCP_SYN, 0, 0, 0);
	struct flow_key key;

	make_address(seg.saddr, 0x0a010000 + n / 100);
	seg.sport = (uint16_t)(1024 + n % 100);
	flow_key_of(&seg, &key);
	return key;
}

static uint32_t find_numbered(const struct flow_table *t, uint32_t n)
{
	struct flow_key key = numbered_key(n);

	return flow_find(t, &key, flow_hash(t, &key));
}

static void many_sessions_are_found_until_removed(void **state)
{
	struct session *sessions = calloc(SESSIONS + 1, sizeof(*sessions));
	struct flow_table *t = flow_table_new(sessions, SESSIONS);
	uint32_t i;

	(void)state;
	assert_non_null(sessions);
	assert_non_null(t);
	for (i = 1; i <= SESSIONS; i++) {
		sessions[i].key = numbered_key(i);
		assert_int_equal(find_numbered(t, i), 0);
		flow_insert(t, i, flow_hash(t, &sessions[i].key));
	}
	for (i = 1; i <= SESSIONS; i++)
		assert_int_equal(find_numbered(t, i), i);
	for (i = 1; i <= SESSIONS; i += 3)
		flow_remove(t, i);
	for (i = 1; i <= SESSIONS; i++)
		assert_int_equal(find_numbered(t, i), i % 3 == 1 ? 0 : i);
	for (i = 1; i <= SESSIONS; i += 3)
		flow_insert(t, i, flow_hash(t, &sessions[i].key));
	for (i = SESSIONS; i >= 1; i--) {
		assert_int_equal(find_numbered(t, i), i);
		flow_remove(t, i);
		assert_int_equal(find_numbered(t, i), 0);
	}
	flow_table_free(t);
	free(sessions);
}

/* Many come to full buckets, and move up when there is room again. */
static void sessions_come_and_go(void **state)
{
	struct session *sessions = calloc(SESSIONS + 1, sizeof(*sessions));
	struct flow_table *t = flow_table_new(sessions, SESSIONS);
	static bool is_there[SESSIONS + 1];
	uint32_t step, i, n = 4600, random = 1;	/* half of them there: 56 % of 4,096 places */

	(void)state;
	assert_non_null(sessions);
	assert_non_null(t);
	for (i = 1; i <= n; i++)
		sessions[i].key = numbered_key(i);
	for (step = 1; step <= 100 * n; step++) {
		random = random * 1664525 + 1013904223;
		i = 1 + (uint32_t)((uint64_t)random * n >> 32);
		if (is_there[i])
			flow_remove(t, i);
		else
			assert_true(flow_insert(t, i, flow_hash(t, &sessions[i].key)));
		is_there[i] = !is_there[i];
		for (i = 1; step % (10 * n) == 0 && i <= n; i++)
			assert_int_equal(find_numbered(t, i), is_there[i] ? i : 0);
	}
	flow_table_free(t);
	free(sessions);
}

/* Two whose hashes are the same, by chance, spoil it. */
static void the_guess_is_nearly_always_right(void **state)
{
	struct session *sessions = calloc(SESSIONS + 1, sizeof(*sessions));
	struct flow_table *t = flow_table_new(sessions, SESSIONS);
	uint32_t i, guess, wrong = 0;

	(void)state;
	assert_non_null(sessions);
	assert_non_null(t);
	for (i = 1; i <= SESSIONS; i++) {
		sessions[i].key = numbered_key(i);
		wrong += flow_guess(t, flow_hash(t, &sessions[i].key)) != 0;
		flow_insert(t, i, flow_hash(t, &sessions[i].key));
	}
	for (i = 1; i <= SESSIONS; i++) {
		guess = flow_guess(t, flow_hash(t, &sessions[i].key));
		assert_in_range(guess, 0, SESSIONS);
		wrong += guess != i;
	}
	assert_in_range(wrong, 0, 10);
	flow_table_free(t);
	free(sessions);
}

static void sessions_with_the_same_hash_are_told_apart(void **state)
{
	struct session sessions[5] = { 0 };
	struct flow_table *t = flow_table_new(sessions, 4);
	uint32_t i;

	(void)state;
	assert_non_null(t);
	for (i = 3; i <= 4; i++) {
		sessions[i].key = numbered_key(i);
		assert_true(flow_insert(t, i, 77));
	}
	assert_int_equal(flow_find(t, &sessions[3].key, 77), 3);
	assert_int_equal(flow_find(t, &sessions[4].key, 77), 4);
	assert_int_equal(flow_guess(t, 77), 0);	/* what both make, 7, is none */
	flow_table_free(t);
}

/* Nobody outside can know which keys meet in a bucket. */
static void each_table_has_its_own_hash(void **state)
{
	struct session none[1];
	struct flow_table *a = flow_table_new(none, 0), *b = flow_table_new(none, 0);
	uint32_t i, same = 0;

	(void)state;
	assert_non_null(a);
	assert_non_null(b);
	for (i = 0; i < 64; i++) {
		struct flow_key key = numbered_key(i);

		same += flow_hash(a, &key) == flow_hash(b, &key);
	}
	assert_true(same < 2);
	flow_table_free(a);
	flow_table_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_directions_have_one_key),
		cmocka_unit_test(the_address_decides_before_the_port),
		cmocka_unit_test(vlan_netns_address_and_port_keep_apart),
		cmocka_unit_test(all_of_an_ipv6_address_keeps_apart),
		cmocka_unit_test(many_sessions_are_found_until_removed),
		cmocka_unit_test(sessions_come_and_go),
		cmocka_unit_test(the_guess_is_nearly_always_right),
		cmocka_unit_test(sessions_with_the_same_hash_are_told_apart),
		cmocka_unit_test(each_table_has_its_own_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
