/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sessions as captures have them and textbooks do not: seen from one side, in part, or with a word of somebody else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "state.h"
#include "tracker.h"

#define MS 1000000ull
#define S  (1000 * MS)

struct seen {
	uint32_t sessions, timeouts;
	uint8_t client_state, server_state;
	enum verdict verdict;
};

static void on_segment(void *ctx, const struct step *step)
{
	struct seen *seen = ctx;
	const struct session *s = step->session;

	seen->verdict = step->verdict;
	seen->client_state = s->state[s->client];
	seen->server_state = s->state[!s->client];
}

static void on_ended(void *ctx, struct session *s, enum session_end why, uint64_t ts_ns)
{
	struct seen *seen = ctx;

	(void)s;
	(void)ts_ns;
	seen->sessions++;
	seen->timeouts += why == END_TIMEOUT;
}

static struct tracker *tracker_start(struct seen *seen)
{
	static const struct tracker_config cfg = { .session_limit = 16, .segment_limit = 64, .pickup = 1 };
	struct tracker_events events = { .ctx = seen, .segment = on_segment, .ended = on_ended };
	struct tracker *t = tracker_new(&cfg, &events);

	assert_non_null(t);
	return t;
}

/* A segment from port 80 to port 40000 or back. */
static void feed_data(struct tracker *t, uint64_t ts_ns, bool from_server, uint8_t flags, uint32_t seq, uint32_t ack,
		      uint32_t payload_len)
{
	static const uint8_t no_options[1];
	struct segment seg = {
		.ts_ns = 1700000000 * S + ts_ns,
		.saddr = { [10] = 0xff, 0xff, 10, 0, 0, from_server ? 2 : 1 },
		.daddr = { [10] = 0xff, 0xff, 10, 0, 0, from_server ? 1 : 2 },
		.sport = from_server ? 80 : 40000,
		.dport = from_server ? 40000 : 80,
		.seq = seq,
		.ack = ack,
		.flags = flags,
		.ip_version = 4,
		.payload_len = payload_len,
		.wire_len = 54 + payload_len,
		.opt = no_options,
		.payload = no_options,
	};

	tracker_feed(t, &seg);
}

static void feed(struct tracker *t, uint64_t ts_ns, bool from_server, uint8_t flags, uint32_t seq, uint32_t ack)
{
	feed_data(t, ts_ns, from_server, flags, seq, ack, 0);
}

/* A server that goes on after its SYN/ACK had the client's ACK: 40 s of silence are no timeout then. */
static void test_server_side_is_established(void **state)
{
	struct seen seen = { 0 };
	struct tracker *t = tracker_start(&seen);

	(void)state;
	feed(t, 0, true, TCP_SYN | TCP_ACK, 5000, 1001);
	assert_int_equal(seen.server_state, TS_SYN_RECV);
	feed(t, 100 * MS, true, TCP_ACK, 5001, 1201);
	assert_int_equal(seen.server_state, TS_ESTABLISHED);
	assert_int_equal(seen.client_state, TS_ESTABLISHED);
	feed(t, 40 * S, true, TCP_ACK, 5001, 1301);
	assert_int_equal(seen.timeouts, 0);
	tracker_finish(t);
	assert_int_equal(seen.sessions, 1);
	tracker_free(t);
}

static void test_client_side_is_established(void **state)
{
	struct seen seen = { 0 };
	struct tracker *t = tracker_start(&seen);

	(void)state;
	feed(t, 0, false, TCP_SYN, 1000, 0);
	feed(t, 100 * MS, false, TCP_ACK, 1001, 5001);
	assert_int_equal(seen.client_state, TS_ESTABLISHED);
	assert_int_equal(seen.server_state, TS_ESTABLISHED);
	feed(t, 40 * S, false, TCP_ACK, 1001, 5101);
	assert_int_equal(seen.timeouts, 0);
	tracker_finish(t);
	assert_int_equal(seen.sessions, 1);
	tracker_free(t);
}

/* Nobody answers a server that repeats its SYN/ACK: that is half open, and times out. */
static void test_repeated_syn_ack_is_half_open(void **state)
{
	struct seen seen = { 0 };
	struct tracker *t = tracker_start(&seen);

	(void)state;
	feed(t, 0, true, TCP_SYN | TCP_ACK, 5000, 1001);
	feed(t, 1 * S, true, TCP_SYN | TCP_ACK, 5000, 1001);
	assert_int_equal(seen.server_state, TS_SYN_RECV);
	feed(t, 40 * S, true, TCP_SYN | TCP_ACK, 5000, 1001);
	assert_int_equal(seen.timeouts, 1);
	tracker_finish(t);
	tracker_free(t);
}

static enum verdict verdict_of(struct tracker *t, struct seen *seen, uint64_t ts_ns, uint32_t seq)
{
	feed_data(t, ts_ns, false, TCP_ACK, seq, 5000, 100);
	return seen->verdict;
}

/* The capture begins while lost data is sent again: below the first segment seen there are holes, too. */
static void test_repeats_from_before_the_capture(void **state)
{
	struct seen seen = { 0 };
	struct tracker *t = tracker_start(&seen);

	(void)state;
	assert_int_equal(verdict_of(t, &seen, 0, 9000), VERDICT_NEW);
	assert_int_equal(verdict_of(t, &seen, 10 * MS, 1000), VERDICT_OUT_OF_ORDER);
	assert_int_equal(verdict_of(t, &seen, 20 * MS, 4000), VERDICT_OUT_OF_ORDER);
	assert_int_equal(verdict_of(t, &seen, 30 * MS, 500), VERDICT_OUT_OF_ORDER);
	assert_int_equal(verdict_of(t, &seen, 300 * MS, 1000), VERDICT_RETRANSMIT);
	assert_int_equal(verdict_of(t, &seen, 310 * MS, 4000), VERDICT_RETRANSMIT);
	assert_int_equal(verdict_of(t, &seen, 320 * MS, 500), VERDICT_RETRANSMIT);
	assert_int_equal(verdict_of(t, &seen, 330 * MS, 1100), VERDICT_OUT_OF_ORDER);
	assert_int_equal(verdict_of(t, &seen, 340 * MS, 8900), VERDICT_OUT_OF_ORDER);
	assert_int_equal(verdict_of(t, &seen, 350 * MS, 9000), VERDICT_RETRANSMIT);
	tracker_finish(t);
	tracker_free(t);
}

/* A RST that came before the server's answer was not the server's: the session that follows is not lost. */
static void test_syn_ack_after_forged_rst(void **state)
{
	struct seen seen = { 0 };
	struct tracker *t = tracker_start(&seen);
	struct tracker_stats stats;

	(void)state;
	feed(t, 0, false, TCP_SYN, 1000, 0);
	feed(t, 200 * MS, true, TCP_RST | TCP_ACK, 0, 1001);
	assert_int_equal(seen.sessions, 1);
	feed(t, 1200 * MS, true, TCP_SYN | TCP_ACK, 5000, 1001);
	feed(t, 1201 * MS, false, TCP_ACK, 1001, 5001);
	assert_int_equal(seen.client_state, TS_ESTABLISHED);
	assert_int_equal(seen.server_state, TS_ESTABLISHED);
	tracker_finish(t);
	tracker_stats(t, &stats);
	assert_int_equal(stats.late, 0);
	assert_int_equal(seen.sessions, 2);
	tracker_free(t);
}

/* A RST that does not acknowledge the SYN is not acceptable to the client (RFC 9293 3.10.7.3): its session goes on. */
static void test_rst_for_another_syn(void **state)
{
	struct seen seen = { 0 };
	struct tracker *t = tracker_start(&seen);
	struct tracker_stats stats;

	(void)state;
	feed(t, 0, false, TCP_SYN, 1000, 0);
	feed(t, 200 * MS, true, TCP_RST | TCP_ACK, 0, 1000);
	assert_int_equal(seen.sessions, 0);
	feed(t, 300 * MS, true, TCP_SYN | TCP_ACK, 5000, 1001);
	assert_int_equal(seen.client_state, TS_ESTABLISHED);
	tracker_finish(t);
	tracker_stats(t, &stats);
	assert_int_equal(stats.sessions, 1);
	assert_int_equal(stats.resets, 0);
	tracker_free(t);
}

/* The client gave up before the server answered: that answer opens nothing. */
static void test_syn_ack_after_rst_of_the_client(void **state)
{
	struct seen seen = { 0 };
	struct tracker *t = tracker_start(&seen);
	struct tracker_stats stats;

	(void)state;
	feed(t, 0, false, TCP_SYN, 1000, 0);
	feed(t, 200 * MS, false, TCP_RST, 1001, 0);
	feed(t, 300 * MS, true, TCP_SYN | TCP_ACK, 5000, 1001);
	tracker_finish(t);
	tracker_stats(t, &stats);
	assert_int_equal(stats.late, 1);
	assert_int_equal(seen.sessions, 1);
	tracker_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_server_side_is_established),
		cmocka_unit_test(test_client_side_is_established),
		cmocka_unit_test(test_repeated_syn_ack_is_half_open),
		cmocka_unit_test(test_repeats_from_before_the_capture),
		cmocka_unit_test(test_rst_for_another_syn),
		cmocka_unit_test(test_syn_ack_after_forged_rst),
		cmocka_unit_test(test_syn_ack_after_rst_of_the_client),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
