/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which expressions are called one-sided. An alarm that is wrong is worse than one that is missed. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onesided.h"
#include "probe.h"
#include "trace.h"

static const struct {
	const char *expression;
	enum sides sides;
} table[] = {
	/* Plain ones */
	{ "", SIDES_BOTH },
	{ "host 10.0.0.5", SIDES_BOTH },
	{ "host 2001:db8::5", SIDES_BOTH },
	{ "host 10.0.0.5 and host 10.0.0.6", SIDES_BOTH },
	{ "host 10.0.0.5 or 10.0.0.6 or 10.0.0.7", SIDES_BOTH },
	{ "net 10.0.0.0/8", SIDES_BOTH },
	{ "net 10", SIDES_BOTH },
	{ "net 2001:db8::/32", SIDES_BOTH },
	{ "not net 10.0.0.0/8", SIDES_BOTH },
	{ "net 10.0.0.0/8 and not net 10.1.0.0/16", SIDES_BOTH },
	{ "port 80", SIDES_BOTH },
	{ "tcp port 80 or 443 or 8080", SIDES_BOTH },
	{ "not port 22", SIDES_BOTH },
	{ "portrange 1-1023", SIDES_BOTH },
	{ "not portrange 1024-65535", SIDES_BOTH },
	{ "host 10.0.0.5 and port 80", SIDES_BOTH },
	{ "host 10.0.0.5 and not (port 22 or port 80)", SIDES_BOTH },
	{ "(host 10.0.0.5 or net 192.168.0.0/16) and (port 80 or portrange 8000-9000)", SIDES_BOTH },
	{ "ip", SIDES_BOTH },
	{ "ip6", SIDES_BOTH },
	{ "tcp", SIDES_BOTH },
	{ "not ip6", SIDES_BOTH },
	{ "ip or ip6 or arp", SIDES_BOTH },
	{ "ip proto 6 or ip6 proto 6", SIDES_BOTH },
	{ "udp", SIDES_BOTH },
	{ "arp or icmp", SIDES_BOTH },
	{ "vlan", SIDES_BOTH },
	{ "vlan 10", SIDES_BOTH },
	{ "vlan 10 and host 10.0.0.5 and port 80", SIDES_BOTH },
	{ "vlan 10 and vlan 20 and ip6 and port 80", SIDES_BOTH },
	{ "port 80 or (vlan and port 80)", SIDES_BOTH },
	{ "ether host 02:11:22:33:44:55", SIDES_BOTH },
	{ "not ether broadcast and not multicast", SIDES_BOTH },
	{ "not ip multicast and port 80", SIDES_BOTH },
	{ "src or dst port 80", SIDES_BOTH },
	{ "src and dst net 10.0.0.0/8", SIDES_BOTH },
	{ "src net 10.0.0.0/8 and dst net 10.0.0.0/8", SIDES_BOTH },
	{ "(src host 10.0.0.5 and dst port 80) or (dst host 10.0.0.5 and src port 80)", SIDES_BOTH },
	{ "(src 10.0.0.5 and dst 10.0.0.6) or (src 10.0.0.6 and dst 10.0.0.5)", SIDES_BOTH },
	{ "inbound or outbound", SIDES_BOTH },
	{ "ip[6:2] & 0x1fff = 0", SIDES_BOTH },
	{ "ip[8] < 5", SIDES_BOTH },
	{ "ip[1] & 0xfc == 184", SIDES_BOTH },
	{ "ip[0] & 0xf = 5", SIDES_BOTH },
	{ "tcp[0:2] = 80 or tcp[2:2] = 80", SIDES_BOTH },
	{ "ip[12:4] = 0x0a000005 or ip[16:4] = 0x0a000005", SIDES_BOTH },
	{ "less 2000", SIDES_BOTH },
	{ "greater 40", SIDES_BOTH },

	/* One direction */
	{ "dst host 10.0.0.5", SIDES_ONE },
	{ "src host 10.0.0.5", SIDES_ONE },
	{ "not src host 10.0.0.5", SIDES_ONE },
	{ "dst host 2001:db8::5", SIDES_ONE },
	{ "dst host 10.0.0.5 and dst port 3306", SIDES_ONE },
	{ "src net 10.0.0.0/8", SIDES_ONE },
	{ "ip6 and src net 2001:db8::/32", SIDES_ONE },
	{ "src net 10.0.0.0/8 and not dst net 10.0.0.0/8", SIDES_ONE },
	{ "tcp dst port 80", SIDES_ONE },
	{ "dst portrange 1-1023", SIDES_ONE },
	{ "port 80 or dst port 443", SIDES_ONE },
	{ "host 10.0.0.5 or dst host 10.0.0.6", SIDES_ONE },
	{ "src host 10.0.0.5 and dst host 10.0.0.6", SIDES_ONE },
	{ "src host 10.0.0.5 and dst port 80 or dst host 10.0.0.5 and src port 80", SIDES_ONE },
	{ "vlan 10 and dst port 80", SIDES_ONE },
	{ "vlan 10 and vlan 20 and src host 10.0.0.5", SIDES_ONE },
	{ "ether src 02:11:22:33:44:55", SIDES_ONE },
	{ "inbound", SIDES_ONE },
	{ "outbound and port 80", SIDES_ONE },
	{ "tcp[2:2] = 80", SIDES_ONE },
	{ "ip[16] = 10", SIDES_ONE },
	{ "tcp[0:2] > tcp[2:2]", SIDES_ONE },
	{ "dst port 80 and tcp[13] & 2 != 0", SIDES_ONE },

	/* Some segments */
	{ "tcp[13] & 2 != 0", SIDES_SOME },
	{ "tcp[13] = 2", SIDES_SOME },
	{ "tcp[13] = 0x12", SIDES_SOME },
	{ "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0", SIDES_SOME },
	{ "tcp[13] & 4 = 0", SIDES_SOME },
	{ "not tcp[13] & 0x20 != 0", SIDES_SOME },
	{ "host 10.0.0.5 and tcp[13] & 7 != 0", SIDES_SOME },
	{ "vlan 10 and tcp[13] & 7 != 0", SIDES_SOME },
	{ "port 80 and greater 200", SIDES_SOME },
	{ "less 200", SIDES_SOME },
	{ "len > 60", SIDES_SOME },
	{ "tcp[14:2] = 0", SIDES_SOME },
	{ "tcp[4:4] > 1000000", SIDES_SOME },
	{ "tcp[((tcp[12:1] & 0xf0) >> 2):4] = 0x47455420", SIDES_SOME },
	{ "ip[2:2] - ((ip[0]&0xf)<<2) - ((tcp[12]&0xf0)>>2) != 0", SIDES_SOME },

	/* Not for us to say */
	{ "host", SIDES_UNKNOWN },
	{ "ip broadcast", SIDES_UNKNOWN },
};

#define TABLE_COUNT (sizeof(table) / sizeof(table[0]))

static void test_table(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT; i++)
		if (onesided_check(table[i].expression) != table[i].sides)
			fail_msg("%s: %d, not %d", table[i].expression, onesided_check(table[i].expression), table[i].sides);
}

/* Any "and", "or", "not" of terms for both directions is for both directions. */
static void test_no_false_alarm(void **state)
{
	static const char *const terms[] = {
		"host 10.0.0.5", "host 10.0.0.6", "net 10.0.0.0/24", "net 192.168.0.0/16", "port 80", "tcp port 22",
		"portrange 1-1023", "ip", "ip6", "tcp", "host 2001:db8::5", "net 2001:db8::/48", "src or dst port 443",
		"ether host 02:11:22:33:44:55", "udp port 53", "proto 6",
	};
	uint32_t random = 1, i, n;
	char expression[1024], *at;

	(void)state;
	for (i = 0; i < 300; i++) {
		at = stpcpy(expression, "");
		for (n = 0; n < 2 + i % 5; n++) {
			random = random * 1103515245 + 12345;
			at = stpcpy(at, n ? (random >> 16 & 1 ? ") and " : ") or ") : "");
			at = stpcpy(at, random >> 17 & 3 ? "(" : "not (");
			at = stpcpy(at, terms[(random >> 20) % (sizeof(terms) / sizeof(terms[0]))]);
			at = stpcpy(at, n % 3 == 2 ? ") or (port 8080" : "");
		}
		strcpy(at, ")");
		if (onesided_check(expression) == SIDES_ONE || onesided_check(expression) == SIDES_SOME)
			fail_msg("false alarm: %s", expression);
	}
}

static void test_long_lists(void **state)
{
	char *expression = malloc(1000 * 32), *at = stpcpy(expression, "(host 10.1.0.0");
	unsigned int i;

	(void)state;
	for (i = 1; i < 1000; i++)
		at += sprintf(at, " or 10.1.%u.%u", i >> 8, i & 255);
	strcpy(at, ")");
	assert_int_equal(onesided_check(expression), SIDES_BOTH);
	strcpy(at, ") and dst port 80");
	assert_int_equal(onesided_check(expression), SIDES_ONE);
	strcpy(at, ") and tcp[13] & 2 != 0");
	assert_int_equal(onesided_check(expression), SIDES_SOME);
	free(expression);
}

#define HIDES(expression, what) "the expression \"" expression "\" hides " what " of its sessions, which then cannot be followed: "
#define ONE(expression) HIDES(expression, "one direction")
#define SOME(expression) HIDES(expression, "some segments")

static const struct {
	const char *expression, *line;
} lines[] = {
	{ "host 10.0.0.5", NULL },
	{ "host", NULL },
	{ "dst host 10.0.0.5", ONE("dst host 10.0.0.5") "use \"host 10.0.0.5\"" },
	{ "dst host 10.0.0.5 and dst port 3306",
	  ONE("dst host 10.0.0.5 and dst port 3306") "use \"host 10.0.0.5 and port 3306\"" },
	{ "src 10.0.0.5", ONE("src 10.0.0.5") "use \"host 10.0.0.5\"" },
	{ "(src net 10 or dst port  80)and tcp", ONE("(src net 10 or dst port  80)and tcp") "use \"(net 10 or port 80)and tcp\"" },

	/* What could be meant is not known: */
	{ "not src host 10.0.0.5", ONE("not src host 10.0.0.5") "let both through" },
	{ "tcp[2:2] = 80", ONE("tcp[2:2] = 80") "let both through" },
	{ "inbound and src port 80", ONE("inbound and src port 80") "let both through" },
	{ "tcp[13] & 2 != 0", SOME("tcp[13] & 2 != 0") "let all of them through" },
	{ "tcp[13]\n= 2", SOME("tcp[13]\\x0a= 2") "let all of them through" },
};

static void test_lines(void **state)
{
	char buf[512];
	struct text t;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		text_init(&t, buf, sizeof(buf));
		assert_int_equal(onesided_warn(lines[i].expression, &t), lines[i].line != NULL);
		assert_string_equal(buf, lines[i].line ? lines[i].line : "");
	}
}

/* Turning a branch gives a value that goes the other way and differs in the compared bits alone. */
static void test_turns(void **state)
{
	static const struct branch branches[] = {
		{ 0, BPF_JEQ, false, 80, 22, { 36, 2, 0, 0xffff } },
		{ 0, BPF_JEQ, true, 80, 80, { 36, 2, 0, 0xffff } },
		{ 0, BPF_JEQ, false, 0x0a000000, 0x0b000000, { 26, 4, 0, 0xff000000 } },
		{ 0, BPF_JGT, false, 80, 80, { 36, 2, 0, 0xffff } },
		{ 0, BPF_JGT, true, 80, 81, { 36, 2, 0, 0xffff } },
		{ 0, BPF_JGE, false, 1, 0, { 36, 2, 0, 0xffff } },
		{ 0, BPF_JGE, true, 1, 80, { 36, 2, 0, 0xffff } },
		{ 0, BPF_JSET, false, 2, 0x10, { 47, 1, 0, 0xff } },
		{ 0, BPF_JSET, true, 2, 0x12, { 47, 1, 0, 0xff } },
		{ 0, BPF_JEQ, false, 5, 4, { 46, 1, 4, 0x0f } },
	};
	static const uint32_t turned[] = { 80, 81, 0x0a345678, 81, 80, 1, 0, 0x12, 0x10, 0x58 };
	static const uint32_t fields[] = { 22, 80, 0x0b345678, 80, 81, 0, 80, 0x10, 0x12, 0x48 };
	static const struct branch stuck[] = {
		{ 0, BPF_JEQ, false, 0x10000, 22, { 36, 2, 0, 0xffff } },	/* more than the field holds */
		{ 0, BPF_JGT, false, 0xffff, 22, { 36, 2, 0, 0xffff } },
		{ 0, BPF_JGE, true, 0, 22, { 36, 2, 0, 0xffff } },
		{ 0, BPF_JSET, false, 0, 22, { 36, 2, 0, 0xffff } },
		{ 0, BPF_JEQ, false, 80, 22, { 0 } },			/* from nowhere */
	};
	uint32_t field;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(branches) / sizeof(branches[0]); i++) {
		assert_true(branch_turn(&branches[i], fields[i], &field));
		assert_int_equal(field, turned[i]);
	}
	for (i = 0; i < sizeof(stuck) / sizeof(stuck[0]); i++)
		assert_false(branch_turn(&stuck[i], 22, &field));
}

/* What must not be written to: what makes it a whole TCP segment. */
static void test_probe_stays_a_segment(void **state)
{
	struct probe p, back;

	(void)state;
	probe_init(&p, PROBE_ETHERNET, 1, false);
	assert_int_equal(p.network, 18);
	assert_false(probe_write(&p, 12, 2, 0x0806));	/* EtherType */
	assert_true(probe_write(&p, 14, 2, 0x0fff));	/* tag */
	assert_false(probe_write(&p, 16, 2, 0x0806));
	assert_false(probe_write(&p, 18, 1, 0x46));	/* header length */
	assert_false(probe_write(&p, 18 + 6, 2, 0x2000));	/* fragments */
	assert_false(probe_write(&p, 18 + 9, 1, 17));	/* protocol */
	assert_true(probe_write(&p, 18 + 12, 4, 0x0a000005));
	assert_false(probe_write(&p, 18 + 14, 4, 0));	/* halves of two addresses */
	assert_true(probe_write(&p, 38 + 2, 2, 80));
	assert_false(probe_write(&p, 38 + 12, 1, 0xf0));	/* data offset */
	assert_false(probe_write(&p, 4000, 4, 0));
	assert_true(probe_is_plausible(&p));
	assert_true(probe_write(&p, 0, 1, 3));
	assert_false(probe_is_plausible(&p));

	back = p;
	probe_mirror(&back);
	assert_int_equal(probe_read(&back, 18 + 16, 4), 0x0a000005);
	assert_int_equal(probe_read(&back, 38, 2), 80);
	assert_int_equal(probe_read(&back, 6, 1), 3);
	probe_mirror(&back);
	assert_memory_equal(back.head, p.head, PROBE_HEAD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_no_false_alarm),
		cmocka_unit_test(test_long_lists),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_turns),
		cmocka_unit_test(test_probe_stays_a_segment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
