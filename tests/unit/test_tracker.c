/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tracker as its users see it: segments in, steps and ended sessions out. Times are ms since T0, which is a whole
 * second. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "make_segment.h"
#include "state.h"
#include "tracker.h"

#define EVENTS_MAX 4096
#define NO_ID      UINT64_MAX

/* What a step said, in terms of client and server. */
struct seen_step {
	uint64_t session, id, pause_ns, since_original_ns, original; /* original: packet id, or NO_ID */
	enum verdict verdict;
	enum rst_kind rst;
	enum who from;
	enum tcp_state client, server;
	enum colour colour;
	uint16_t flags; /* of the session */
	uint16_t client_port;
	bool shows;
};

struct seen_end {
	uint64_t session;
	enum session_end why;
	int64_t at_ms; /* since T0; -1: not a whole millisecond after it */
};

struct bench {
	struct tracker *t;
	uint16_t client_port;  /* of the segments made next */
	struct seen_step step; /* the last one */
	uint32_t steps, ends, forgotten;
	struct seen_end end[EVENTS_MAX];
	uint64_t forgotten_segments; /* of the last one forgotten */
};

static struct bench b;
static struct tracker_stats stats;

static void on_segment(void *ctx, const struct step *step)
{
	const struct session *s = step->session;

	(void)ctx;
	b.steps++;
	b.step = (struct seen_step) {
		.session = s->id,
		.id = step->id,
		.pause_ns = step->pause_ns,
		.since_original_ns = step->since_original_ns,
		.original = step->original ? record_id(step->original) : NO_ID,
		.verdict = step->verdict,
		.rst = step->rst,
		.from = step->side == s->client ? CLIENT : SERVER,
		.client = (enum tcp_state)s->state[s->client],
		.server = (enum tcp_state)s->state[!s->client],
		.colour = step->colour,
		.flags = s->flags,
		.client_port = flow_port(&s->key, s->client),
		.shows = step->state_shows,
	};
	if (step->rec) {
		assert_int_equal(record_id(step->rec), step->id);
		assert_int_equal(step->rec->state[s->client], b.step.client);
		assert_int_equal(step->rec->state[!s->client], b.step.server);
		if (step->state_shows)
			history_show(tracker_history(b.t), step->session, step->rec);
	}
}

static void on_end(void *ctx, struct session *s, enum session_end why, uint64_t ts_ns)
{
	(void)ctx;
	assert_true(b.ends < EVENTS_MAX);
	b.end[b.ends++] =
		(struct seen_end) { s->id, why, ts_ns >= T0 && ts_ns % MS == 0 ? (int64_t)((ts_ns - T0) / MS) : -1 };
}

static void on_forgotten(void *ctx, const struct session *s)
{
	(void)ctx;
	b.forgotten++;
	b.forgotten_segments = s->segments;
}

static void begin_with(uint32_t session_limit, uint32_t pickup)
{
	const struct tracker_config cfg = { .session_limit = session_limit, .segment_limit = 4096, .pickup = pickup };
	const struct tracker_events events = { .segment = on_segment, .ended = on_end, .forgotten = on_forgotten };

	memset(&b, 0, sizeof(b));
	b.client_port = 40000;
	b.t = tracker_new(&cfg, &events);
	assert_non_null(b.t);
}

static int begin(void **state)
{
	(void)state;
	begin_with(1024, 1);
	return 0;
}

static int end(void **state)
{
	(void)state;
	tracker_free(b.t);
	return 0;
}

/* Begins again with other limits. */
static void restart(uint32_t session_limit, uint32_t pickup)
{
	tracker_free(b.t);
	begin_with(session_limit, pickup);
}

static struct segment make(enum who from, uint8_t flags, uint32_t seq, uint32_t ack, uint32_t len)
{
	struct segment seg = make_segment(from, flags, seq, ack, len);

	*(from == CLIENT ? &seg.sport : &seg.dport) = b.client_port;
	return seg;
}

static void feed_us(uint64_t at_us, struct segment seg)
{
	seg.ts_ns = T0 + at_us * 1000;
	tracker_feed(b.t, &seg);
	tracker_stats(b.t, &stats);
}

static void feed(uint64_t at_ms, struct segment seg)
{
	feed_us(at_ms * 1000, seg);
}

static void client(uint64_t at_ms, uint8_t flags, uint32_t seq, uint32_t ack, uint32_t len)
{
	feed(at_ms, make(CLIENT, flags, seq, ack, len));
}

static void server(uint64_t at_ms, uint8_t flags, uint32_t seq, uint32_t ack, uint32_t len)
{
	feed(at_ms, make(SERVER, flags, seq, ack, len));
}

static void advance(uint64_t at_ms)
{
	tracker_advance(b.t, T0 + at_ms * MS);
	tracker_stats(b.t, &stats);
}

static void syn(uint64_t at_ms)
{
	client(at_ms, TCP_SYN, 999, 0, 0);
}

/* Three segments; the next bytes are client 1000, server 5000. */
static void handshake(uint64_t at_ms)
{
	syn(at_ms);
	server(at_ms, TCP_SYN | TCP_ACK, 4999, 1000, 0);
	client(at_ms, TCP_ACK, 1000, 5000, 0);
}

/* Four segments, closed by the client. */
static void close_session(uint64_t at_ms)
{
	client(at_ms, TCP_FIN | TCP_ACK, 1000, 5000, 0);
	server(at_ms, TCP_ACK, 5000, 1001, 0);
	server(at_ms, TCP_FIN | TCP_ACK, 5000, 1001, 0);
	client(at_ms, TCP_ACK, 1001, 5001, 0);
}

static void check_states(const char *want_client, const char *want_server)
{
	assert_string_equal(state_name(b.step.client), want_client);
	assert_string_equal(state_name(b.step.server), want_server);
}

/* The n-th end from 0. */
static void check_end(uint32_t n, uint64_t session, enum session_end why, int64_t at_ms)
{
	assert_true(n < b.ends);
	assert_int_equal(b.end[n].session, session);
	assert_int_equal(b.end[n].why, why);
	assert_int_equal(b.end[n].at_ms, at_ms);
}

/* States and their colours */

static void a_session_opens_and_closes(void **state)
{
	(void)state;
	syn(0);
	check_states("SYN_SENT", "SYN_RECV");
	assert_int_equal(b.step.colour, COLOUR_YELLOW);
	server(1, TCP_SYN | TCP_ACK, 4999, 1000, 0);
	check_states("ESTABLISHED", "SYN_RECV");
	assert_int_equal(b.step.colour, COLOUR_YELLOW);
	client(2, TCP_ACK, 1000, 5000, 0);
	check_states("ESTABLISHED", "ESTABLISHED");
	assert_int_equal(b.step.colour, COLOUR_YELLOW);
	client(3, TCP_PSH | TCP_ACK, 1000, 5000, 10);
	assert_false(b.step.shows);
	client(4, TCP_FIN | TCP_ACK, 1010, 5000, 0);
	check_states("FIN_WAIT1", "ESTABLISHED");
	assert_true(b.step.shows);
	assert_int_equal(b.step.colour, COLOUR_NONE);
	server(5, TCP_ACK, 5000, 1011, 0);
	check_states("FIN_WAIT2", "CLOSE_WAIT");
	server(6, TCP_FIN | TCP_ACK, 5000, 1011, 0);
	check_states("FIN_WAIT2", "LAST_ACK");
	assert_int_equal(b.ends, 0);
	client(7, TCP_ACK, 1011, 5001, 0);
	check_states("TIME_WAIT", "CLOSED");
	assert_int_equal(b.step.colour, COLOUR_BLUE);
	assert_int_equal(b.step.id, 7);
	assert_int_equal(b.ends, 1);
	check_end(0, 1, END_CLOSED, 7);
	assert_int_equal(stats.segments, 8);
	assert_int_equal(stats.active, 0);
	assert_int_equal(stats.active_max, 1);
}

static void an_ecn_syn_opens_too(void **state)
{
	(void)state;
	client(0, TCP_SYN | TCP_ECE | TCP_CWR, 999, 0, 0);
	check_states("SYN_SENT", "SYN_RECV");
	server(1, TCP_SYN | TCP_ACK | TCP_ECE, 4999, 1000, 0);
	check_states("ESTABLISHED", "SYN_RECV");
}

/* An ACK of what came before the FIN is none of the FIN. */
static void data_in_flight_does_not_acknowledge_a_fin(void **state)
{
	(void)state;
	handshake(0);
	client(1, TCP_FIN | TCP_ACK, 1000, 5000, 100);
	server(2, TCP_PSH | TCP_ACK, 5000, 1000, 50);
	check_states("FIN_WAIT1", "ESTABLISHED");
	server(3, TCP_ACK, 5050, 1100, 0);
	check_states("FIN_WAIT1", "ESTABLISHED");
	server(4, TCP_ACK, 5050, 1101, 0);
	check_states("FIN_WAIT2", "CLOSE_WAIT");
}

static void both_ends_open_at_once(void **state)
{
	(void)state;
	syn(0);
	server(1, TCP_SYN, 4999, 0, 0);
	check_states("SYN_RECV", "SYN_RECV");
	client(2, TCP_SYN | TCP_ACK, 999, 5000, 0);
	check_states("SYN_RECV", "ESTABLISHED");
	server(3, TCP_SYN | TCP_ACK, 4999, 1000, 0);
	check_states("ESTABLISHED", "ESTABLISHED");
	assert_int_equal(b.ends, 0);
	assert_int_equal(stats.sessions, 1);
}

static void both_ends_close_at_once(void **state)
{
	(void)state;
	handshake(0);
	client(1, TCP_FIN | TCP_ACK, 1000, 5000, 0);
	server(2, TCP_FIN | TCP_ACK, 5000, 1000, 0);
	check_states("FIN_WAIT1", "FIN_WAIT1");
	client(3, TCP_ACK, 1001, 5001, 0);
	check_states("CLOSING", "FIN_WAIT2");
	server(4, TCP_ACK, 5001, 1001, 0);
	check_states("TIME_WAIT", "TIME_WAIT");
	check_end(0, 1, END_CLOSED, 4);
}

static void a_lost_syn_ack_does_not_matter(void **state)
{
	(void)state;
	syn(0);
	client(1, TCP_ACK, 1000, 5000, 0);
	check_states("ESTABLISHED", "ESTABLISHED");
	close_session(2);
	check_end(0, 1, END_CLOSED, 2);
}

static void a_fin_may_come_with_the_handshake_ack(void **state)
{
	(void)state;
	syn(0);
	server(1, TCP_SYN | TCP_ACK, 4999, 1000, 0);
	client(2, TCP_FIN | TCP_ACK, 1000, 5000, 0);
	check_states("FIN_WAIT1", "ESTABLISHED");
	server(3, TCP_FIN | TCP_ACK, 5000, 1001, 0);
	check_states("FIN_WAIT2", "LAST_ACK");
	client(4, TCP_ACK, 1001, 5001, 0);
	check_end(0, 1, END_CLOSED, 4);
}

static void a_syn_ack_of_another_syn_opens_nothing(void **state)
{
	(void)state;
	syn(0);
	server(1, TCP_SYN | TCP_ACK, 4999, 500, 0);
	check_states("SYN_SENT", "SYN_RECV");
	assert_int_equal(b.step.colour, COLOUR_RED);
}

static void unexpected_flags_are_red_and_change_nothing(void **state)
{
	static const uint8_t flags[] = { 0, TCP_PSH, TCP_SYN | TCP_FIN, TCP_SYN | TCP_FIN | TCP_ACK };
	size_t i;

	(void)state;
	handshake(0);
	for (i = 0; i < sizeof(flags); i++) {
		client(1 + i, flags[i], 1000, 5000, 0);
		check_states("ESTABLISHED", "ESTABLISHED");
		assert_int_equal(b.step.colour, COLOUR_RED);
	}
}

/* A forged or damaged segment far outside of what the side sends neither closes nor acknowledges. */
static void a_stray_fin_changes_nothing(void **state)
{
	(void)state;
	handshake(0);
	server(1, TCP_FIN | TCP_ACK, 5000, 1000, 0);
	client(2, TCP_FIN | TCP_ACK, 0x40000000, 5001, 0);
	assert_int_equal(b.step.verdict, VERDICT_STRAY);
	check_states("ESTABLISHED", "FIN_WAIT1");
	client(3, TCP_FIN | TCP_ACK, 1000, 5001, 0);
	check_states("LAST_ACK", "FIN_WAIT2");
}

/* RST */

static void check_rst(enum rst_kind kind)
{
	check_states("CLOSED", "CLOSED");
	assert_int_equal(b.step.rst, kind);
	assert_int_equal(b.step.colour, COLOUR_RED);
	assert_int_equal(b.ends, 1);
	assert_int_equal(b.end[0].why, END_CLOSED);
	assert_int_equal(stats.resets, 1);
}

static void a_refused_connection_is_a_break(void **state)
{
	(void)state;
	syn(0);
	server(1, TCP_RST | TCP_ACK, 0, 1000, 0);
	check_rst(RST_BREAK);
}

static void a_rst_in_mid_session_is_a_break(void **state)
{
	(void)state;
	handshake(0);
	client(1, TCP_RST, 1000, 0, 0);
	check_rst(RST_BREAK);
}

static void a_rst_right_behind_a_fin_is_after_it(void **state)
{
	(void)state;
	handshake(0);
	client(1, TCP_FIN | TCP_ACK, 1000, 5000, 0);
	server(1, TCP_RST, 5000, 0, 0);
	check_rst(RST_AFTER_FIN);
}

static void a_rst_behind_both_fins_is_after_them(void **state)
{
	(void)state;
	handshake(0);
	client(1, TCP_FIN | TCP_ACK, 1000, 5000, 0);
	server(2, TCP_FIN | TCP_ACK, 5000, 1001, 0);
	client(3, TCP_RST, 1001, 0, 0);
	check_rst(RST_AFTER_FIN);
}

static void a_rst_wins_over_a_fin(void **state)
{
	(void)state;
	handshake(0);
	client(1, TCP_FIN | TCP_RST | TCP_ACK, 1000, 5000, 0);
	check_rst(RST_BREAK);
}

/* Timeouts */

static void half_open_ends_after_30_seconds(void **state)
{
	(void)state;
	syn(500);
	client(3500, TCP_SYN, 999, 0, 0);
	advance(33999);
	assert_int_equal(b.ends, 0);
	advance(34000);
	check_end(0, 1, END_TIMEOUT, 34000);
	assert_int_equal(stats.timeouts, 1);
	assert_int_equal(stats.active, 0);
	assert_int_equal(b.forgotten, 0);
	advance(64000);
	assert_int_equal(b.forgotten, 1);
}

/* A host without an answer doubles its pauses beyond what a half-open session is kept: its SYN is one sent again all the same. */
static void a_syn_after_the_timeout_is_sent_again(void **state)
{
	(void)state;
	syn(0);
	client(1000, TCP_SYN, 999, 0, 0);
	assert_int_equal(stats.resends[RESEND_SYN], 1);
	client(33000, TCP_SYN, 999, 0, 0);
	assert_int_equal(stats.sessions, 2);
	assert_int_equal(stats.timeouts, 1);
	assert_int_equal(stats.resends[RESEND_SYN], 2);
	assert_int_equal(stats.retransmitted, 2);
	assert_int_equal(b.step.verdict, VERDICT_NEW); /* of its session */
	assert_true(b.step.flags & SESSION_RETRIES);
	client(66000, TCP_SYN, 70000, 0, 0); /* another attempt */
	assert_int_equal(stats.retransmitted, 2);
	assert_int_equal(b.step.flags & SESSION_RETRIES, 0);
	server(105000, TCP_SYN | TCP_ACK, 4999, 70001, 0); /* an answer in spite of all is followed */
	assert_int_equal(stats.sessions, 4);
	assert_int_equal(stats.late, 0);
}

static void a_syn_after_its_refusal_is_sent_again(void **state)
{
	(void)state;
	syn(0);
	server(100, TCP_RST | TCP_ACK, 0, 1000, 0);
	client(600, TCP_SYN, 999, 0, 0);
	assert_int_equal(stats.sessions, 2);
	assert_int_equal(stats.resends[RESEND_SYN], 1);
	assert_int_equal(b.step.verdict, VERDICT_NEW);
	server(700, TCP_RST | TCP_ACK, 0, 1000, 0);
	client(1200, TCP_SYN, 2999, 0, 0);
	assert_int_equal(stats.retransmitted, 1);
}

static void half_closed_ends_after_30_seconds(void **state)
{
	(void)state;
	handshake(0);
	client(500100, TCP_FIN | TCP_ACK, 1000, 5000, 0);
	advance(530999);
	assert_int_equal(b.ends, 0);
	advance(531000);
	check_end(0, 1, END_TIMEOUT, 531000);
}

static void established_ends_after_900_seconds(void **state)
{
	(void)state;
	handshake(999);
	client(600000, TCP_ACK, 1000, 5000, 10);
	advance(901000);
	advance(1500999);
	assert_int_equal(b.ends, 0);
	advance(1501000);
	check_end(0, 1, END_TIMEOUT, 1501000);
}

static void active_sessions_stay(void **state)
{
	uint32_t i;

	(void)state;
	handshake(0);
	for (i = 1; i <= 30; i++)
		client(i * 899000ull, TCP_ACK, 1000 + i * 10, 5000, 10);
	assert_int_equal(b.ends, 0);
	assert_int_equal(stats.sessions, 1);
}

/* Whatever comes next, and however late, the event has the time at which the session was due. */
static void the_event_has_the_time_at_which_it_was_due(void **state)
{
	(void)state;
	handshake(0);
	b.client_port++;
	syn(10);
	b.client_port++;
	syn(86400 * 1000);
	assert_int_equal(b.ends, 0); /* one segment may have a damaged time */
	syn(86400 * 1000);
	assert_int_equal(b.ends, 2);
	check_end(0, 2, END_TIMEOUT, 31000);
	check_end(1, 1, END_TIMEOUT, 901000);
}

/* Nor is it believed of two, if one between them has the time that it was. */
static void two_damaged_times_are_not_believed_for_each_other(void **state)
{
	(void)state;
	handshake(0);
	b.client_port++;
	syn(86400 * 1000);
	syn(10);
	syn(86400 * 1000);
	assert_int_equal(b.ends, 0);
}

/* Captures made by hand often begin at 0. */
static void time_may_begin_at_zero(void **state)
{
	struct segment seg = make(CLIENT, TCP_SYN, 999, 0, 0);

	(void)state;
	seg.ts_ns = 0;
	tracker_feed(b.t, &seg);
	seg.ts_ns = 300;
	tracker_feed(b.t, &seg);
	tracker_stats(b.t, &stats);
	assert_int_equal(stats.first_ns, 300); /* 0 would be none */
	tracker_advance(b.t, 31 * SEC);
	assert_int_equal(b.ends, 1);
	assert_int_equal(b.end[0].why, END_TIMEOUT);
}

static void a_step_back_in_time_does_no_harm(void **state)
{
	(void)state;
	handshake(10000);
	client(9000, TCP_ACK, 1000, 5000, 10);
	assert_int_equal(b.step.pause_ns, 0);
	client(10250, TCP_ACK, 1010, 5000, 10);
	assert_int_equal(b.step.pause_ns, 250 * MS);
	close_session(10300);
	assert_int_equal(b.ends, 1);
	assert_int_equal(stats.last_ns, T0 + 10300 * MS);
}

/* One record with a time of 2286: the sessions that come after it time out as ever. */
static void a_time_far_in_the_future_does_not_stop_the_clock(void **state)
{
	struct segment seg;

	(void)state;
	syn(0);
	b.client_port = 40001;
	seg = make(CLIENT, TCP_SYN, 999, 0, 0);
	seg.ts_ns = 9999999999 * SEC;
	tracker_feed(b.t, &seg);
	b.client_port = 40002;
	syn(1000);
	b.client_port = 40003;
	handshake(2000);
	advance(903000);
	assert_int_equal(b.ends, 3);
	check_end(0, 1, END_TIMEOUT, 31000);
	check_end(1, 3, END_TIMEOUT, 32000);
	check_end(2, 4, END_TIMEOUT, 903000);
}

static void a_session_over_in_the_future_does_not_keep_the_others(void **state)
{
	struct segment seg = make(CLIENT, TCP_SYN, 999, 0, 0);

	(void)state;
	seg.ts_ns = 9999999999 * SEC;
	tracker_feed(b.t, &seg);
	seg = make(SERVER, TCP_RST | TCP_ACK, 0, 1000, 0);
	seg.ts_ns = 9999999999 * SEC;
	tracker_feed(b.t, &seg);
	b.client_port = 40001;
	syn(0);
	server(1, TCP_RST | TCP_ACK, 0, 1000, 0);
	assert_int_equal(b.ends, 2);
	advance(61000);
	assert_int_equal(b.forgotten, 1);
}

/* A RST that comes before data of its sender, by reordering, ends the session for that data too. */
static void data_that_a_rst_overtook_opens_nothing(void **state)
{
	(void)state;
	handshake(0);
	server(10, TCP_RST | TCP_ACK, 5100, 1000, 0);
	server(15, TCP_ACK, 5000, 1000, 100);
	assert_int_equal(stats.sessions, 1);
	assert_int_equal(stats.late, 1);
	assert_int_equal(stats.retransmitted, 0);
}

/* Segments of unknown flows hold the table only as long as nobody else needs it. */
static void sessions_seen_from_one_side_give_way(void **state)
{
	uint32_t i;

	(void)state;
	restart(8, 1);
	for (i = 0; i < 8; i++) {
		b.client_port = (uint16_t)(20000 + i);
		client(i, TCP_ACK, 1000, 5000, 0);
	}
	assert_int_equal(stats.active, 8);
	b.client_port = 40000;
	handshake(5000);
	assert_int_equal(stats.evicted, 1);
	assert_int_equal(stats.refused, 0);
	assert_int_equal(stats.active, 8);
}

static void a_time_far_in_the_past_ends_nothing(void **state)
{
	struct segment seg;

	(void)state;
	syn(0);
	b.client_port = 40001;
	handshake(0);
	seg = make(CLIENT, TCP_ACK, 1000, 5000, 10);
	seg.ts_ns = 5 * SEC;
	tracker_feed(b.t, &seg);
	client(1000, TCP_ACK, 1010, 5000, 10);
	assert_int_equal(b.ends, 0);
	advance(902000);
	assert_int_equal(b.ends, 2);
	check_end(0, 1, END_TIMEOUT, 31000);
	check_end(1, 2, END_TIMEOUT, 902000);
}

/* Sessions that are over */

static void late_segments_are_counted_and_open_nothing(void **state)
{
	(void)state;
	handshake(0);
	close_session(1);
	server(2, TCP_FIN | TCP_ACK, 5000, 1001, 0);
	client(3, TCP_ACK, 1001, 5001, 0);
	server(4, TCP_RST, 5001, 0, 0);
	assert_int_equal(stats.late, 3);
	assert_int_equal(stats.sessions, 1);
	assert_int_equal(b.steps, 7);
	advance(60999);
	assert_int_equal(b.forgotten, 0);
	advance(61000);
	assert_int_equal(b.forgotten, 1);
	assert_int_equal(b.forgotten_segments, 10);
}

static void what_comes_late_is_counted_as_sent_again(void **state)
{
	(void)state;
	handshake(0);
	close_session(1000);
	assert_int_equal(stats.retransmitted, 0);
	client(1300, TCP_FIN | TCP_ACK, 1000, 5000, 0);
	assert_int_equal(stats.retransmitted, 1);
	assert_int_equal(stats.resends[RESEND_NONE], 1);
	assert_int_equal(stats.spurious, 1);
	assert_int_equal(stats.late, 1);
}

/* Holes are forgotten with the session: what may fill one is not called sent again. A FIN that was seen is. */
static void what_may_fill_a_hole_late_is_not(void **state)
{
	(void)state;
	handshake(0);
	client(200, TCP_ACK, 1100, 5000, 100);
	client(300, TCP_FIN | TCP_ACK, 1200, 5000, 0);
	client(400, TCP_RST | TCP_ACK, 1201, 5000, 0);
	client(700, TCP_ACK, 1000, 5000, 100);
	assert_int_equal(stats.retransmitted, 0);
	client(1000, TCP_FIN | TCP_ACK, 1200, 5000, 0);
	assert_int_equal(stats.retransmitted, 1);
	client(1400, TCP_RST | TCP_ACK, 1201, 5000, 0);
	assert_int_equal(stats.retransmitted, 1);
	assert_int_equal(stats.late, 3);
}

/* Right behind the end it may be a copy, of which nothing is left to tell it by. */
static void what_comes_right_behind_the_end_is_not(void **state)
{
	(void)state;
	handshake(0);
	client(1000, TCP_ACK, 1000, 5000, 100);
	client(1000, TCP_RST | TCP_ACK, 1100, 5000, 0);
	client(1001, TCP_ACK, 1000, 5000, 100);
	assert_int_equal(stats.retransmitted, 0);
	client(1002, TCP_ACK, 1000, 5000, 100);
	assert_int_equal(stats.retransmitted, 1);
}

/* A probe may go out while the ACK of the FIN is on its way in. */
static void a_fin_right_behind_its_ack_was_sent_again(void **state)
{
	(void)state;
	handshake(0);
	close_session(1);
	client(1, TCP_FIN | TCP_ACK, 1000, 5000, 0);
	assert_int_equal(stats.late, 1);
	assert_int_equal(stats.retransmitted, 1);
}

static void a_fin_right_behind_its_ack_may_be_a_copy_of_elsewhere(void **state)
{
	struct segment seg = make(CLIENT, TCP_SYN, 999, 0, 0);

	(void)state;
	seg.ifindex = 7;
	feed(0, seg);
	handshake(0);
	close_session(1);
	client(1, TCP_FIN | TCP_ACK, 1000, 5000, 0);
	assert_int_equal(stats.late, 0);
	assert_int_equal(stats.copies, 2);	/* it and the SYN */
	assert_int_equal(stats.retransmitted, 0);
}

static void ports_in_use_again_are_a_new_session(void **state)
{
	(void)state;
	handshake(0);
	close_session(1);
	client(2, TCP_SYN, 70000, 0, 0);
	assert_int_equal(b.step.session, 2);
	assert_int_equal(b.step.id, 0);
	check_states("SYN_SENT", "SYN_RECV");
	assert_false(b.step.flags & SESSION_REPLACES);
	assert_int_equal(stats.duplicates, 0);
	assert_int_equal(b.forgotten, 1);
}

static void new_data_behind_a_forged_rst_goes_on_as_a_session(void **state)
{
	(void)state;
	handshake(0);
	client(1, TCP_RST, 1000, 0, 0);
	server(2, TCP_ACK, 5000, 1000, 100); /* was on its way */
	assert_int_equal(stats.late, 1);
	client(3, TCP_PSH | TCP_ACK, 1000, 5000, 100);
	assert_int_equal(b.step.session, 2);
	assert_true(b.step.flags & SESSION_MID_STREAM);
}

static void a_new_syn_ends_the_session_before(void **state)
{
	(void)state;
	handshake(0);
	client(5000, TCP_SYN, 70000, 0, 0);
	check_end(0, 1, END_DUPLICATE, 5000);
	assert_int_equal(b.step.session, 2);
	assert_true(b.step.flags & SESSION_REPLACES);
	assert_int_equal(stats.duplicates, 1);
	assert_int_equal(stats.active, 1);

	server(6000, TCP_SYN, 80000, 0, 0); /* with the other side as client: an open at once */
	assert_int_equal(b.step.session, 2);
	server(7000, TCP_SYN, 90000, 0, 0);
	check_end(1, 2, END_DUPLICATE, 7000);
	assert_int_equal(b.step.session, 3);
	assert_int_equal(b.step.client_port, 80);
}

static void a_repeated_syn_is_no_new_session(void **state)
{
	(void)state;
	syn(0);
	syn(1000);
	assert_int_equal(b.step.verdict, VERDICT_RETRANSMIT);
	assert_int_equal(b.step.id, 1);
	server(1100, TCP_SYN | TCP_ACK, 4999, 1000, 0);
	client(1200, TCP_ACK, 1000, 5000, 0);
	syn(1300);
	check_states("ESTABLISHED", "ESTABLISHED");
	assert_int_equal(stats.sessions, 1);
}

/* Sessions without a SYN */

static void a_running_session_is_picked_up(void **state)
{
	(void)state;
	server(0, TCP_PSH | TCP_ACK, 5000, 1000, 10);
	check_states("ESTABLISHED", "ESTABLISHED");
	assert_int_equal(b.step.client_port, 40000);
	assert_int_equal(b.step.from, SERVER);
	assert_true(b.step.flags & SESSION_MID_STREAM);
	assert_true(b.step.flags & SESSION_GUESSED);
	assert_int_equal(stats.mid_stream, 1);
	close_session(1);
	assert_int_equal(b.ends, 1);
	check_end(0, 1, END_CLOSED, 1);
}

/* The SYN was captured behind its answer: nothing is a guess then, and nothing missing. */
static void a_handshake_that_turns_up_late_corrects_the_guess(void **state)
{
	(void)state;
	b.client_port = 79; /* lower than the server's */
	client(0, TCP_ACK, 1000, 5000, 0);
	assert_int_equal(b.step.client_port, 80);
	server(0, TCP_SYN | TCP_ACK, 4999, 1000, 0);
	assert_int_equal(b.step.client_port, 79);
	assert_int_equal(b.step.flags & SESSION_GUESSED, 0);
	assert_int_equal(b.step.flags & SESSION_MID_STREAM, SESSION_MID_STREAM);
	syn(0);
	assert_int_equal(b.step.flags & SESSION_MID_STREAM, 0);
	assert_int_equal(stats.sessions, 1);
	assert_int_equal(b.ends, 0);
}

static void a_syn_ack_without_its_syn_tells_the_client(void **state)
{
	(void)state;
	b.client_port = 79;
	server(0, TCP_SYN | TCP_ACK, 4999, 1000, 0);
	assert_int_equal(b.step.client_port, 79);
	check_states("ESTABLISHED", "SYN_RECV");
	assert_int_equal(b.step.flags, SESSION_MID_STREAM);
	client(1, TCP_ACK, 1000, 5000, 0);
	check_states("ESTABLISHED", "ESTABLISHED");
}

static void without_pickup_only_syns_open(void **state)
{
	(void)state;
	restart(1024, 0);
	client(0, TCP_ACK, 1000, 5000, 10);
	server(0, TCP_SYN | TCP_ACK, 4999, 1000, 0);
	client(0, TCP_RST, 1000, 0, 0);
	assert_int_equal(b.steps, 0);
	assert_int_equal(stats.not_followed, 3);
	assert_int_equal(stats.sessions, 0);
	syn(1);
	assert_int_equal(b.steps, 1);
}

/* Limits */

static void a_full_table_refuses_and_counts(void **state)
{
	(void)state;
	restart(2, 1);
	handshake(0);
	b.client_port = 40001;
	handshake(0);
	b.client_port = 40002;
	syn(1);
	syn(5000);
	client(5001, TCP_ACK, 1000, 5000, 0);
	assert_int_equal(stats.refused, 2);
	assert_int_equal(stats.not_followed, 3);
	assert_int_equal(stats.evicted, 0);
	assert_int_equal(stats.active, 2);
	b.client_port = 40001;
	client(6000, TCP_RST, 1000, 0, 0);
	b.client_port = 40002;
	syn(6001);
	assert_int_equal(b.step.session, 3);
	assert_int_equal(stats.refused, 2);
}

static void a_half_open_session_gives_way_after_a_second(void **state)
{
	(void)state;
	restart(2, 1);
	handshake(0);
	b.client_port = 40001;
	syn(0);
	b.client_port = 40002;
	syn(999);
	assert_int_equal(stats.refused, 1);
	syn(1000);
	check_end(0, 2, END_EVICTED, 1000);
	assert_int_equal(b.step.session, 3);
	assert_int_equal(stats.evicted, 1);
	assert_int_equal(stats.refused, 1);
	server(1001, TCP_SYN | TCP_ACK, 4999, 1000, 0);
	b.client_port = 40003;
	syn(9000); /* answered: it is not half open any more */
	assert_int_equal(stats.refused, 2);
}

static void fill(uint32_t established, uint32_t half_open)
{
	for (; established--; b.client_port++)
		handshake(0);
	for (; half_open--; b.client_port++)
		syn(0);
}

static void in_a_flood_half_open_sessions_give_way_at_once(void **state)
{
	(void)state;
	restart(64, 1);
	fill(31, 33);
	syn(1);
	check_end(0, 32, END_EVICTED, 1);
	assert_int_equal(b.step.session, 65);
	assert_int_equal(stats.evicted, 1);

	restart(64, 1);
	fill(32, 32); /* not more than half: no flood */
	syn(1);
	assert_int_equal(stats.refused, 1);
	assert_int_equal(b.ends, 0);
}

/* Sessions that are over do not count, and give way one by one when there is no room. */
static void closed_sessions_leave_room(void **state)
{
	uint32_t i;

	(void)state;
	restart(1, 1);
	for (i = 0; i < 3000; i++, b.client_port++) {
		syn(i);
		server(i, TCP_RST | TCP_ACK, 0, 1000, 0);
	}
	assert_int_equal(stats.sessions, 3000);
	assert_int_equal(stats.refused, 0);
	assert_int_equal(b.ends, 3000);
}

/* IP fragments */

static struct segment first_fragment(uint32_t seq, uint32_t len, uint32_t ip_id)
{
	struct segment seg = make(CLIENT, TCP_ACK, seq, 5000, len);

	seg.frag = FRAG_FIRST;
	seg.ip_id = ip_id;
	return seg;
}

static struct segment later_fragment(uint32_t frag_off, uint32_t len, uint32_t ip_id)
{
	struct segment seg = make(CLIENT, 0, 0, 0, len);

	seg.sport = seg.dport = 0;
	seg.frag = FRAG_LATER;
	seg.frag_off = frag_off;
	seg.ip_id = ip_id;
	return seg;
}

static void later_fragments_belong_to_their_session(void **state)
{
	(void)state;
	handshake(0);
	feed(1, first_fragment(1000, 1000, 77));
	feed(1, later_fragment(1020, 500, 77));
	feed(1, later_fragment(1520, 100, 77));
	assert_int_equal(stats.fragments, 2);
	assert_int_equal(stats.fragments_orphaned, 0);
	assert_int_equal(b.steps, 4);
	client(2, TCP_ACK, 2600, 5000, 10);
	assert_int_equal(b.step.verdict, VERDICT_NEW);
	client(2, TCP_ACK, 2000, 5000, 600);
	assert_int_equal(b.step.verdict, VERDICT_RETRANSMIT);
}

static void later_fragments_may_come_first(void **state)
{
	(void)state;
	handshake(0);
	feed(1, later_fragment(1020, 500, 77));
	feed(1, later_fragment(1520, 100, 77));
	assert_int_equal(stats.fragments, 0);
	assert_int_equal(stats.fragments_orphaned, 2);
	feed(1, first_fragment(1000, 1000, 77));
	assert_int_equal(stats.fragments, 2);
	assert_int_equal(stats.fragments_orphaned, 0);
}

/* The IP id may be in use again after 30 s. */
static void a_datagram_is_remembered_for_30_seconds(void **state)
{
	(void)state;
	handshake(0);
	feed(1, first_fragment(1000, 1000, 77));
	feed(30001, later_fragment(1020, 500, 77));
	assert_int_equal(stats.fragments, 1);
	feed(60002, later_fragment(1520, 100, 77));
	assert_int_equal(stats.fragments, 1);
	assert_int_equal(stats.fragments_orphaned, 1);
}

static void fragments_without_their_first_one_are_orphans(void **state)
{
	struct segment other;

	(void)state;
	handshake(0);
	feed(1, first_fragment(1000, 1000, 77));
	feed(1, later_fragment(1020, 500, 78));
	other = later_fragment(1020, 500, 77), other.vlan = 5;
	feed(1, other);
	assert_int_equal(stats.fragments_orphaned, 2);
	client(2, TCP_RST, 2000, 0, 0);
	feed(3, later_fragment(1520, 100, 77)); /* of a session that is over, but not forgotten */
	assert_int_equal(stats.fragments, 1);
	client(4, TCP_SYN, 70000, 0, 0); /* now it is */
	feed(5, later_fragment(1620, 100, 77));
	assert_int_equal(stats.fragments, 1);
	assert_int_equal(stats.fragments_orphaned, 3);
}

/* Packets captured twice */

static struct segment with_id(struct segment seg, uint32_t ip_id)
{
	seg.ip_id = ip_id;
	return seg;
}

static struct segment on_interface(struct segment seg, uint32_t ifindex)
{
	seg.ifindex = ifindex;
	return seg;
}

/* As a router sees it. */
static void feed_twice(uint64_t at_ms, struct segment seg, uint32_t first, uint32_t second)
{
	feed_us(at_ms * 1000, on_interface(seg, first));
	feed_us(at_ms * 1000 + 20, on_interface(seg, second));
}

/* The last ACK is lost behind the router: the server sends its FIN again, and the client answers. */
static void what_comes_late_at_two_places_is_counted_once(void **state)
{
	const struct segment client_fin = make(CLIENT, TCP_FIN | TCP_ACK, 1000, 5000, 0);
	const struct segment server_fin = make(SERVER, TCP_FIN | TCP_ACK, 5000, 1001, 0);
	const struct segment last_ack = make(CLIENT, TCP_ACK, 1001, 5001, 0);

	(void)state;
	feed_twice(0, make(CLIENT, TCP_SYN, 999, 0, 0), 3, 4);
	feed_twice(1, make(SERVER, TCP_SYN | TCP_ACK, 4999, 1000, 0), 4, 3);
	feed_twice(2, make(CLIENT, TCP_ACK, 1000, 5000, 0), 3, 4);
	feed_twice(3, client_fin, 3, 4);
	feed_twice(4, server_fin, 4, 3);
	feed_twice(5, last_ack, 3, 4);
	assert_int_equal(b.ends, 1);
	assert_int_equal(stats.copies, 6);
	assert_int_equal(stats.late, 0);
	feed_twice(300, server_fin, 4, 3);
	feed_twice(301, last_ack, 3, 4);
	assert_int_equal(stats.retransmitted, 1);
	assert_int_equal(stats.copies, 8);
	assert_int_equal(stats.late, 2);
	assert_int_equal(stats.offload_segments, 8);
}

/* A mirror port that is 0.7 ms late, of a session in which hundreds of segments were acknowledged meanwhile. */
static void a_copy_is_known_behind_many_segments(void **state)
{
	uint32_t i;

	(void)state;
	handshake(0);
	for (i = 0; i < 300; i++) {
		feed_us(10000 + i, with_id(make(CLIENT, TCP_ACK, 1000 + i, 5000, 1), (uint16_t)(1 + i)));
		feed_us(10000 + i, with_id(make(SERVER, TCP_ACK, 5000, 1001 + i, 0), (uint16_t)(1 + i)));
	}
	for (i = 0; i < 300; i++)
		feed_us(10700 + i, with_id(make(CLIENT, TCP_ACK, 1000 + i, 5000, 1), (uint16_t)(1 + i)));
	assert_int_equal(stats.copies, 300);
	assert_int_equal(stats.retransmitted, 0);
}

static void the_same_ip_id_within_a_millisecond_is_a_copy(void **state)
{
	const struct segment data = with_id(make(CLIENT, TCP_ACK, 1000, 5000, 100), 7);
	const struct segment ack = with_id(make(SERVER, TCP_ACK, 5000, 1100, 0), 8);

	(void)state;
	handshake(0);
	feed_us(10000, data);
	feed_us(10500, ack);
	feed_us(10900, data);
	feed_us(11000, ack);
	assert_int_equal(stats.copies, 2);
	assert_int_equal(stats.segments, 5);
	assert_int_equal(stats.retransmitted, 0);
}

/* Of a network that doubles packets, or a host that was not let run between the two. */
static void data_with_the_ip_id_of_one_packet_is_a_copy_for_longer(void **state)
{
	const struct segment data = with_id(make(CLIENT, TCP_ACK, 1000, 5000, 100), 7);

	(void)state;
	feed_us(0, with_id(make(CLIENT, TCP_SYN, 999, 0, 0), 6));
	feed_us(6000, with_id(make(CLIENT, TCP_SYN, 999, 0, 0), 6));
	assert_int_equal(stats.copies, 1);
	feed_us(10000, data);
	feed_us(10500, with_id(make(CLIENT, TCP_ACK, 1100, 5000, 100), 8));
	feed_us(11000, with_id(make(SERVER, TCP_ACK, 5000, 1200, 0), 8));
	feed_us(14000, data);
	feed_us(110000, data);
	assert_int_equal(stats.copies, 3);
	assert_int_equal(stats.retransmitted, 0);
	feed_us(110001, data);
	assert_int_equal(stats.copies, 3);
	assert_int_equal(b.step.verdict, VERDICT_RETRANSMIT);
}

static void the_ip_id_of_all_packets_makes_none_a_copy_for_longer(void **state)
{
	const struct segment data = with_id(make(CLIENT, TCP_ACK, 1100, 5000, 100), 7);

	(void)state;
	handshake(0);
	feed_us(9000, with_id(make(CLIENT, TCP_ACK, 1000, 5000, 100), 7));
	feed_us(9500, with_id(make(SERVER, TCP_ACK, 5000, 1100, 0), 8));
	feed_us(10000, data);
	feed_us(11000, data);
	assert_int_equal(stats.copies, 1);
	feed_us(11001, data);
	assert_int_equal(stats.copies, 1);
	assert_int_equal(b.step.verdict, VERDICT_RETRANSMIT);
}

/* It comes once in 65,536 packets of a sender that counts them. Without data it is that of all that no socket sends. */
static void an_ip_id_of_0_among_others_tells_a_copy_of_data(void **state)
{
	const struct segment data = make(CLIENT, TCP_ACK, 1100, 5000, 100), ack = make(CLIENT, TCP_ACK, 1300, 5000, 0);

	(void)state;
	handshake(0);
	feed_us(9000, with_id(make(CLIENT, TCP_ACK, 1000, 5000, 100), 65535));
	feed_us(10000, data);
	feed_us(10100, data);
	assert_int_equal(stats.copies, 1);
	assert_int_equal(stats.retransmitted, 0);
	feed_us(11000, with_id(make(CLIENT, TCP_ACK, 1200, 5000, 100), 1));
	feed_us(11100, ack);
	feed_us(11200, ack);
	assert_int_equal(stats.copies, 1);
}

static void another_ip_id_is_a_retransmission_however_soon(void **state)
{
	(void)state;
	handshake(0);
	feed_us(10000, with_id(make(CLIENT, TCP_ACK, 1000, 5000, 100), 7));
	feed_us(10005, with_id(make(CLIENT, TCP_ACK, 1000, 5000, 100), 8));
	assert_int_equal(stats.copies, 0);
	assert_int_equal(b.step.verdict, VERDICT_RETRANSMIT);
}

static void without_an_ip_id_the_interface_or_ten_microseconds_tell(void **state)
{
	const struct segment data = make(CLIENT, TCP_ACK, 1000, 5000, 100);

	(void)state;
	handshake(0);
	feed_us(10000, on_interface(data, 1));
	feed_us(10900, on_interface(data, 2));
	assert_int_equal(stats.copies, 1);
	feed_us(10010, on_interface(data, 1));
	assert_int_equal(stats.copies, 2);
	feed_us(10011, on_interface(data, 1));
	assert_int_equal(stats.copies, 2);
	assert_int_equal(b.step.verdict, VERDICT_RETRANSMIT);
}

static void a_doubled_handshake_and_close_is_one(void **state)
{
	static const struct {
		enum who from;
		uint8_t flags;
		uint32_t seq, ack;
	} packets[] = {
		{ CLIENT, TCP_SYN, 999, 0 },
		{ SERVER, TCP_SYN | TCP_ACK, 4999, 1000 },
		{ CLIENT, TCP_FIN | TCP_ACK, 1000, 5000 },
		{ SERVER, TCP_FIN | TCP_ACK, 5000, 1001 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(packets) / sizeof(packets[0]); i++) {
		struct segment seg = make(packets[i].from, packets[i].flags, packets[i].seq, packets[i].ack, 0);

		feed_us(1000 * i, seg);
		feed_us(1000 * i + 20, seg);
	}
	assert_int_equal(stats.copies, 4);
	assert_int_equal(stats.segments, 4);
	assert_int_equal(stats.retransmitted, 0);
}

/* What repeats an answer is a repeat, if something was asked in between. */
static void a_syn_ack_for_each_of_two_syns_is_no_copy(void **state)
{
	(void)state;
	syn(0);
	feed_us(1000000, make(CLIENT, TCP_SYN, 999, 0, 0));
	feed_us(1000100, make(SERVER, TCP_SYN | TCP_ACK, 4999, 1000, 0));
	feed_us(1000200, make(CLIENT, TCP_SYN, 999, 0, 0));
	feed_us(1000300, make(SERVER, TCP_SYN | TCP_ACK, 4999, 1000, 0));
	assert_int_equal(stats.copies, 0);
	assert_int_equal(b.step.verdict, VERDICT_RETRANSMIT);
}

static void other_options_are_no_copy(void **state)
{
	static const uint8_t first[] = { 8, 10, 0, 0, 0, 1, 0, 0, 0, 0 }, second[] = { 8, 10, 0, 0, 0, 2, 0, 0, 0, 0 };
	struct segment seg = make(CLIENT, TCP_ACK, 1000, 5000, 100);

	(void)state;
	handshake(0);
	seg.opt_len = sizeof(first);
	seg.opt = first;
	feed_us(10000, seg);
	seg.opt = second;
	feed_us(10001, seg);
	assert_int_equal(stats.copies, 0);
	assert_int_equal(b.step.verdict, VERDICT_RETRANSMIT);
}

static void duplicate_acks_are_no_copies(void **state)
{
	(void)state;
	handshake(0);
	server(1, TCP_ACK, 5000, 1000, 0);
	server(1, TCP_ACK, 5000, 1000, 0);
	server(1, TCP_ACK, 5000, 1000, 0);
	assert_int_equal(stats.copies, 0);
	assert_int_equal(stats.retransmitted, 0);
	assert_int_equal(stats.segments, 6);
}

/* Times of retransmissions */

static void the_original_is_the_first_time_it_was_sent(void **state)
{
	(void)state;
	handshake(0);
	client(100, TCP_ACK, 1000, 5000, 100); /* packet 3 */
	client(110, TCP_ACK, 1100, 5000, 100);
	client(300, TCP_ACK, 1000, 5000, 100);
	assert_int_equal(b.step.original, 3);
	assert_int_equal(b.step.since_original_ns, 200 * MS);
	client(1100, TCP_ACK, 1000, 5000, 200); /* both at once: the first is that with its first byte */
	assert_int_equal(b.step.original, 3);
	client(1500, TCP_ACK, 1050, 5000, 10);
	assert_int_equal(b.step.original, 3);
	assert_int_equal(b.step.since_original_ns, 1400 * MS);
	assert_int_equal(stats.retransmitted, 3);
}

/* The original is no longer held: the oldest hidden record tells how long ago it was at least. */
static void a_dropped_original_is_at_least_as_old_as_what_is_held(void **state)
{
	uint32_t i;

	(void)state;
	handshake(0);
	for (i = 0; i < HISTORY_HIDDEN_MAX + 10; i++)
		client(1000 + i, TCP_ACK, 1000 + i * 100, 5000, 100);
	client(5000, TCP_ACK, 1000, 5000, 100);
	assert_int_equal(b.step.verdict, VERDICT_RETRANSMIT);
	assert_int_equal(b.step.original, NO_ID);
	assert_int_equal(b.step.since_original_ns, (5000 - 1011) * MS);
}

static void pauses_are_those_of_the_session(void **state)
{
	(void)state;
	handshake(0);
	b.client_port = 40001;
	handshake(700);
	b.client_port = 40000;
	server(1500, TCP_ACK, 5000, 1000, 0);
	assert_int_equal(b.step.pause_ns, 1500 * MS);
}

/* The end of the input */

static void at_the_end_sessions_end_by_their_ids(void **state)
{
	uint32_t i;

	(void)state;
	for (i = 0; i < 100; i++, b.client_port++)
		handshake(i);
	for (i = 0; i < 100; i += 2) {
		b.client_port = (uint16_t)(40000 + i);
		client(200, TCP_RST, 1000, 0, 0);
	}
	for (i = 0; i < 100; i += 2) { /* in the places of others */
		b.client_port = (uint16_t)(40000 + i);
		syn(300);
	}
	b.ends = 0;
	tracker_finish(b.t);
	tracker_stats(b.t, &stats);
	assert_int_equal(b.ends, 100);
	for (i = 0; i < b.ends; i++)
		check_end(i, i < 50 ? 2 * i + 2 : 101 + i - 50, END_CAPTURE, 300);
	assert_int_equal(stats.active, 0);
	assert_int_equal(b.forgotten, 150);
}

static void an_empty_capture_ends_too(void **state)
{
	(void)state;
	tracker_finish(b.t);
	assert_int_equal(b.ends, 0);
}

/* Holes, long options and sessions open when the tracker is freed: for the leak checker. */
static void open_sessions_are_freed(void **state)
{
	static const uint8_t options[TCP_OPTIONS_MAX];
	struct segment seg = make(CLIENT, TCP_ACK, 2000, 5000, 100);

	(void)state;
	handshake(0);
	seg.opt = options;
	seg.opt_len = sizeof(options);
	feed(1, seg);
	server(2, TCP_ACK, 6000, 3000, 10);
	assert_int_equal(b.ends, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_session_opens_and_closes),
		TEST(an_ecn_syn_opens_too),
		TEST(data_in_flight_does_not_acknowledge_a_fin),
		TEST(both_ends_open_at_once),
		TEST(both_ends_close_at_once),
		TEST(a_lost_syn_ack_does_not_matter),
		TEST(a_fin_may_come_with_the_handshake_ack),
		TEST(a_syn_ack_of_another_syn_opens_nothing),
		TEST(unexpected_flags_are_red_and_change_nothing),
		TEST(a_stray_fin_changes_nothing),
		TEST(a_refused_connection_is_a_break),
		TEST(a_rst_in_mid_session_is_a_break),
		TEST(a_rst_right_behind_a_fin_is_after_it),
		TEST(a_rst_behind_both_fins_is_after_them),
		TEST(a_rst_wins_over_a_fin),
		TEST(half_open_ends_after_30_seconds),
		TEST(a_syn_after_the_timeout_is_sent_again),
		TEST(a_syn_after_its_refusal_is_sent_again),
		TEST(half_closed_ends_after_30_seconds),
		TEST(established_ends_after_900_seconds),
		TEST(active_sessions_stay),
		TEST(the_event_has_the_time_at_which_it_was_due),
		TEST(two_damaged_times_are_not_believed_for_each_other),
		TEST(time_may_begin_at_zero),
		TEST(a_step_back_in_time_does_no_harm),
		TEST(a_time_far_in_the_future_does_not_stop_the_clock),
		TEST(a_session_over_in_the_future_does_not_keep_the_others),
		TEST(data_that_a_rst_overtook_opens_nothing),
		TEST(sessions_seen_from_one_side_give_way),
		TEST(a_time_far_in_the_past_ends_nothing),
		TEST(late_segments_are_counted_and_open_nothing),
		TEST(what_comes_late_is_counted_as_sent_again),
		TEST(what_may_fill_a_hole_late_is_not),
		TEST(what_comes_right_behind_the_end_is_not),
		TEST(a_fin_right_behind_its_ack_was_sent_again),
		TEST(a_fin_right_behind_its_ack_may_be_a_copy_of_elsewhere),
		TEST(ports_in_use_again_are_a_new_session),
		TEST(new_data_behind_a_forged_rst_goes_on_as_a_session),
		TEST(a_new_syn_ends_the_session_before),
		TEST(a_repeated_syn_is_no_new_session),
		TEST(a_running_session_is_picked_up),
		TEST(a_handshake_that_turns_up_late_corrects_the_guess),
		TEST(a_syn_ack_without_its_syn_tells_the_client),
		TEST(without_pickup_only_syns_open),
		TEST(a_full_table_refuses_and_counts),
		TEST(a_half_open_session_gives_way_after_a_second),
		TEST(in_a_flood_half_open_sessions_give_way_at_once),
		TEST(closed_sessions_leave_room),
		TEST(later_fragments_belong_to_their_session),
		TEST(later_fragments_may_come_first),
		TEST(a_datagram_is_remembered_for_30_seconds),
		TEST(fragments_without_their_first_one_are_orphans),
		TEST(what_comes_late_at_two_places_is_counted_once),
		TEST(a_copy_is_known_behind_many_segments),
		TEST(the_same_ip_id_within_a_millisecond_is_a_copy),
		TEST(data_with_the_ip_id_of_one_packet_is_a_copy_for_longer),
		TEST(the_ip_id_of_all_packets_makes_none_a_copy_for_longer),
		TEST(an_ip_id_of_0_among_others_tells_a_copy_of_data),
		TEST(another_ip_id_is_a_retransmission_however_soon),
		TEST(without_an_ip_id_the_interface_or_ten_microseconds_tell),
		TEST(a_doubled_handshake_and_close_is_one),
		TEST(a_syn_ack_for_each_of_two_syns_is_no_copy),
		TEST(other_options_are_no_copy),
		TEST(duplicate_acks_are_no_copies),
		TEST(the_original_is_the_first_time_it_was_sent),
		TEST(a_dropped_original_is_at_least_as_old_as_what_is_held),
		TEST(pauses_are_those_of_the_session),
		TEST(at_the_end_sessions_end_by_their_ids),
		TEST(an_empty_capture_ends_too),
		TEST(open_sessions_are_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
