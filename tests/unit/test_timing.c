/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the tracker says of a session's times: handshake, round trip, whose they are. Times are us since T0. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "make_segment.h"
#include "timing.h"
#include "tracker.h"

/* Of the last step, and of the last session that ended. */
static struct tracker *t;
static struct timing during, after;
static uint8_t client_side;
static uint32_t ended;

static void on_segment(void *ctx, const struct step *step)
{
	(void)ctx;
	during = *step->timing;
	client_side = step->session->client;
	assert_ptr_equal(step->timing, timing_of(step->session));
}

static void on_end(void *ctx, struct session *s, enum session_end why, uint64_t ts_ns)
{
	(void)ctx;
	(void)why;
	(void)ts_ns;
	after = *timing_of(s);
	ended++;
}

static int begin(void **state)
{
	const struct tracker_config cfg = { .session_limit = 16, .segment_limit = 256, .pickup = 1 };
	const struct tracker_events events = { .segment = on_segment, .ended = on_end };

	(void)state;
	ended = 0;
	t = tracker_new(&cfg, &events);
	return t ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	tracker_free(t);
	return 0;
}

static void feed(enum who from, uint64_t at_us, uint8_t flags, uint32_t seq, uint32_t ack, uint32_t len)
{
	static uint32_t id;
	struct segment seg = make_segment(from, flags, seq, ack, len);

	seg.ts_ns += at_us * 1000;
	seg.ip_id = (uint16_t)++id;
	tracker_feed(t, &seg);
}

static void client(uint64_t at_us, uint8_t flags, uint32_t seq, uint32_t ack, uint32_t len)
{
	feed(CLIENT, at_us, flags, seq, ack, len);
}

static void server(uint64_t at_us, uint8_t flags, uint32_t seq, uint32_t ack, uint32_t len)
{
	feed(SERVER, at_us, flags, seq, ack, len);
}

/* 30 ms to the server and back, 4 ms to the client. */
static void handshake(uint64_t at_us)
{
	client(at_us, TCP_SYN, 999, 0, 0);
	server(at_us + 30000, TCP_SYN | TCP_ACK, 4999, 1000, 0);
	client(at_us + 34000, TCP_ACK, 1000, 5000, 0);
}

static void check_sides(uint32_t client_us, uint32_t server_us)
{
	assert_int_equal(rtt_smoothed_us(&during.rtt[client_side]), client_us);
	assert_int_equal(rtt_smoothed_us(&during.rtt[!client_side]), server_us);
}

static void handshakes_are_measured(void **state)
{
	(void)state;
	client(0, TCP_SYN, 999, 0, 0);
	assert_int_equal(timing_handshake_us(&during), 0);
	server(30000, TCP_SYN | TCP_ACK, 4999, 1000, 0);
	assert_int_equal(timing_handshake_us(&during), 0);
	assert_int_equal(timing_rtt_us(&during), 30000);
	client(34000, TCP_ACK, 1000, 5000, 0);
	assert_int_equal(timing_handshake_us(&during), 34000);
	assert_int_equal(timing_rtt_us(&during), 34000);
	check_sides(4000, 30000);
	client(50000, TCP_PSH | TCP_ACK, 1000, 5000, 100);
	assert_int_equal(timing_handshake_us(&during), 34000);
}

static void a_handshake_with_repeats_takes_its_time_but_tells_no_distance(void **state)
{
	(void)state;
	client(0, TCP_SYN, 999, 0, 0);
	client(1000000, TCP_SYN, 999, 0, 0);
	server(1030000, TCP_SYN | TCP_ACK, 4999, 1000, 0);
	server(2030000, TCP_SYN | TCP_ACK, 4999, 1000, 0);
	client(2034000, TCP_ACK, 1000, 5000, 0);
	assert_int_equal(timing_handshake_us(&during), 2034000);
	assert_int_equal(timing_rtt_us(&during), 0);
	client(2034000, TCP_PSH | TCP_ACK, 1000, 5000, 100);
	server(2064000, TCP_ACK, 5000, 1100, 0);
	check_sides(0, 30000);
	assert_int_equal(timing_rtt_us(&during), 30000);
}

static void a_handshake_in_no_time_is_one(void **state)
{
	(void)state;
	client(0, TCP_SYN, 999, 0, 0);
	server(0, TCP_SYN | TCP_ACK, 4999, 1000, 0);
	client(0, TCP_ACK, 1000, 5000, 0);
	assert_in_range(timing_handshake_us(&during), 1, 2);
}

static void in_mid_stream_there_is_no_handshake(void **state)
{
	(void)state;
	server(0, TCP_SYN | TCP_ACK, 4999, 1000, 0);
	client(4000, TCP_ACK, 1000, 5000, 0);
	client(4000, TCP_PSH | TCP_ACK, 1000, 5000, 100);
	server(34000, TCP_PSH | TCP_ACK, 5000, 1100, 100);
	assert_int_equal(timing_handshake_us(&during), 0);
	check_sides(0, 30000);	/* times are not taken before both sides were seen */
}

static void a_side_that_delays_its_acks_is_not_further_away(void **state)
{
	uint32_t i;

	(void)state;
	handshake(0);
	for (i = 0; i < 100; i++) {
		client(100000 + i * 1000000, TCP_PSH | TCP_ACK, 1000 + i * 100, 5000 + i * 100, 100);
		server(130000 + i * 1000000, TCP_PSH | TCP_ACK, 5000 + i * 100, 1100 + i * 100, 100);
		client(174000 + i * 1000000, TCP_ACK, 1100 + i * 100, 5100 + i * 100, 0);
	}
	check_sides(44000, 30000);
	assert_int_equal(timing_rtt_us(&during), 34000);
}

static void what_is_sent_again_or_late_is_not_timed(void **state)
{
	(void)state;
	handshake(0);
	client(100000, TCP_PSH | TCP_ACK, 1000, 5000, 100);
	client(400000, TCP_PSH | TCP_ACK, 1000, 5000, 100);
	server(401000, TCP_ACK, 5000, 1100, 0);
	check_sides(4000, 30000);
	client(500000, TCP_PSH | TCP_ACK, 1200, 5000, 100);
	client(700000, TCP_PSH | TCP_ACK, 1100, 5000, 100);
	server(701000, TCP_ACK, 5000, 1300, 0);
	check_sides(4000, 30000);
	client(800000, TCP_PSH | TCP_ACK, 1300, 5000, 100);
	server(838000, TCP_ACK, 5000, 1400, 0);
	check_sides(4000, 31000);
}

static void neither_keepalives_nor_fins_nor_strays_are(void **state)
{
	(void)state;
	handshake(0);
	client(100000, TCP_ACK, 999, 5000, 0);
	server(500000, TCP_ACK, 5000, 1000, 0);
	client(600000, TCP_ACK, 0x80000000u, 5000, 100);
	server(900000, TCP_ACK, 5000, 0x80000064u, 0);
	client(1000000, TCP_FIN | TCP_ACK, 1000, 5000, 0);
	server(1500000, TCP_ACK, 5000, 1001, 0);
	check_sides(4000, 30000);
}

static void a_rst_is_no_round_trip(void **state)
{
	(void)state;
	handshake(0);
	client(100000, TCP_PSH | TCP_ACK, 1000, 5000, 100);
	server(5000000, TCP_RST | TCP_ACK, 5000, 1100, 0);
	check_sides(4000, 30000);
	assert_int_equal(ended, 1);
	assert_int_equal(timing_rtt_us(&after), 34000);
}

static void sessions_without_an_answer_have_no_times(void **state)
{
	(void)state;
	client(0, TCP_SYN, 999, 0, 0);
	client(1000000, TCP_SYN, 999, 0, 0);
	assert_memory_equal(&during, &timing_none, sizeof(during));
	server(1030000, TCP_RST | TCP_ACK, 0, 1000, 0);
	assert_int_equal(ended, 1);
	assert_memory_equal(&after, &timing_none, sizeof(after));
}

/* On the same ports, in the place of the one before. */
static void a_new_session_has_times_of_its_own(void **state)
{
	(void)state;
	handshake(0);
	client(100000, TCP_RST | TCP_ACK, 1000, 5000, 0);
	client(200000, TCP_SYN, 70000, 0, 0);
	assert_memory_equal(&during, &timing_none, sizeof(during));
	server(201000, TCP_SYN | TCP_ACK, 90000, 70001, 0);
	client(202000, TCP_ACK, 70001, 90001, 0);
	check_sides(1000, 1000);
	assert_int_equal(timing_handshake_us(&during), 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(handshakes_are_measured, begin, end),
		cmocka_unit_test_setup_teardown(a_handshake_with_repeats_takes_its_time_but_tells_no_distance, begin, end),
		cmocka_unit_test_setup_teardown(a_handshake_in_no_time_is_one, begin, end),
		cmocka_unit_test_setup_teardown(in_mid_stream_there_is_no_handshake, begin, end),
		cmocka_unit_test_setup_teardown(a_side_that_delays_its_acks_is_not_further_away, begin, end),
		cmocka_unit_test_setup_teardown(what_is_sent_again_or_late_is_not_timed, begin, end),
		cmocka_unit_test_setup_teardown(neither_keepalives_nor_fins_nor_strays_are, begin, end),
		cmocka_unit_test_setup_teardown(a_rst_is_no_round_trip, begin, end),
		cmocka_unit_test_setup_teardown(sessions_without_an_answer_have_no_times, begin, end),
		cmocka_unit_test_setup_teardown(a_new_session_has_times_of_its_own, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
