/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which sessions are looked up, and which of their segments are shown in which colour: segments through the tracker, its
 * steps through the rules. Times are ms from the first segment.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "make_segment.h"
#include "rules.h"
#include "text.h"
#include "tracker.h"

#define TEXT_MAX      4096
#define SESSION_LIMIT 64

struct bench {
	struct rules_config cfg;
	struct rules_stats stats;
	struct tracker *t;
	uint32_t ends, lookups;
	char reasons[256];      /* of the last session that ended */
	char shown[TEXT_MAX];   /* its shown packets: "0-3 602" */
	char colours[TEXT_MAX]; /* a letter a held packet: "yyy.gcm", capitals: not shown */
};

static struct bench b;

static void on_segment(void *ctx, const struct step *step)
{
	struct mark mark = rules_segment(&b.cfg, &b.stats, tracker_history(b.t), step);

	(void)ctx;
	if (mark.shown)
		assert_true(step->rec && record_is_shown(tracker_history(b.t), step->rec));
}

static void list_shown(const struct session *s)
{
	const struct history *h = tracker_history(b.t);
	const struct record *r;
	uint64_t first = 0, next = UINT64_MAX;
	struct text t;

	text_init(&t, b.shown, sizeof(b.shown));
	for (r = history_first(h, s);; r = history_next(h, r)) {
		while (r && !record_is_shown(h, r))
			r = history_next(h, r);
		if (next != UINT64_MAX && (!r || record_id(r) != next)) {
			text_add(&t, "%s%u", t.len ? " " : "", (unsigned)first);
			if (first + 1 != next)
				text_add(&t, "-%u", (unsigned)next - 1);
			next = UINT64_MAX;
		}
		if (!r)
			break;
		if (next == UINT64_MAX)
			first = record_id(r);
		next = record_id(r) + 1;
	}
}

static void list_colours(const struct session *s)
{
	static const char letters[] = ".rgybmc", hidden[] = "-RGYBMC";
	const struct history *h = tracker_history(b.t);
	const struct record *r;
	struct text t;

	text_init(&t, b.colours, sizeof(b.colours));
	for (r = history_first(h, s); r; r = history_next(h, r))
		text_add(&t, "%c", (record_is_shown(h, r) ? letters : hidden)[r->colour]);
}

static void on_end(void *ctx, struct session *s, enum session_end why, uint64_t ts_ns)
{
	struct ending e = { .session = s, .timing = timing_of(s), .why = why, .ts_ns = ts_ns };

	(void)ctx;
	b.ends++;
	b.lookups += rules_end(&b.cfg, &b.stats, &e);
	reasons_text(s->reasons, b.reasons, sizeof(b.reasons));
	list_shown(s);
	list_colours(s);
}

/* What the command line gives without options. */
static const struct rules_config defaults = { .retransmit_ms = 1000, .syn = 1, .rst = 1, .fragment = 1 };

static void begin(const struct rules_config *cfg)
{
	const struct tracker_config limits = { .session_limit = SESSION_LIMIT, .segment_limit = 65536, .pickup = 1 };
	const struct tracker_events events = { .segment = on_segment, .ended = on_end };

	memset(&b, 0, sizeof(b));
	b.cfg = *cfg;
	b.t = tracker_new(&limits, &events);
	assert_non_null(b.t);
}

static void end(void)
{
	tracker_finish(b.t);
	tracker_free(b.t);
}

static void feed_us(uint64_t at_us, struct segment seg)
{
	seg.ts_ns = T0 + at_us * 1000;
	tracker_feed(b.t, &seg);
}

static void client(uint64_t at_ms, uint8_t flags, uint32_t seq, uint32_t ack, uint32_t len)
{
	feed_us(at_ms * 1000, make_segment(CLIENT, flags, seq, ack, len));
}

static void server(uint64_t at_ms, uint8_t flags, uint32_t seq, uint32_t ack, uint32_t len)
{
	feed_us(at_ms * 1000, make_segment(SERVER, flags, seq, ack, len));
}

static void handshake(uint64_t at_ms)
{
	client(at_ms, TCP_SYN, 999, 0, 0);
	server(at_ms, TCP_SYN | TCP_ACK, 4999, 1000, 0);
	client(at_ms, TCP_ACK, 1000, 5000, 0);
}

/* Four segments, after the client has sent up to seq. */
static void close_session(uint64_t at_ms, uint32_t seq)
{
	client(at_ms, TCP_FIN | TCP_ACK, seq, 5000, 0);
	server(at_ms, TCP_ACK, 5000, seq + 1, 0);
	server(at_ms, TCP_FIN | TCP_ACK, 5000, seq + 1, 0);
	client(at_ms, TCP_ACK, seq + 1, 5001, 0);
}

static void data(uint64_t at_us, uint32_t seq, uint32_t len)
{
	feed_us(at_us, make_segment(CLIENT, TCP_PSH | TCP_ACK, seq, 5000, len));
}

/* Thresholds. Each function runs a session and returns its reasons. */

static const char *reasons_of_retransmit(uint32_t limit_ms, uint64_t after_us)
{
	struct rules_config cfg = defaults;

	cfg.retransmit_ms = limit_ms;
	begin(&cfg);
	handshake(0);
	data(1000, 1000, 100);
	data(1000 + after_us, 1000, 100);
	close_session(5000, 1100);
	end();
	assert_int_equal(b.ends, 1);
	assert_int_equal(b.lookups, b.reasons[0] != '\0');
	return b.reasons;
}

static void retransmissions_after_the_limit_or_more(void **state)
{
	(void)state;
	assert_string_equal(reasons_of_retransmit(1000, 999999), "");
	assert_string_equal(reasons_of_retransmit(1000, 1000000), "retransmit");
	assert_string_equal(reasons_of_retransmit(1, 999), "");
	assert_string_equal(reasons_of_retransmit(1, 1000), "retransmit");
	assert_string_equal(reasons_of_retransmit(0, 4000000), "");
}

static const char *reasons_of_delay(uint32_t limit_ms, uint64_t pause_us)
{
	struct rules_config cfg = defaults;

	cfg.long_delay_ms = limit_ms;
	begin(&cfg);
	handshake(0);
	data(pause_us, 1000, 100);
	close_session((pause_us + 999) / 1000, 1100);
	end();
	return b.reasons;
}

static void pauses_longer_than_the_limit(void **state)
{
	(void)state;
	assert_string_equal(reasons_of_delay(1000, 1000999), "");
	assert_string_equal(reasons_of_delay(1000, 1001000), "long-delay");
	assert_string_equal(reasons_of_delay(0, 800000000), "");
}

static const char *reasons_of_connect(uint32_t limit_ms, uint64_t lasts_ms)
{
	struct rules_config cfg = defaults;

	cfg.long_connect_ms = limit_ms;
	begin(&cfg);
	handshake(0);
	close_session(lasts_ms, 1000);
	end();
	return b.reasons;
}

static void sessions_longer_than_the_limit(void **state)
{
	(void)state;
	assert_string_equal(reasons_of_connect(3003, 3003), "");
	assert_string_equal(reasons_of_connect(3002, 3003), "long-connect");
	assert_string_equal(reasons_of_connect(0, 800000), "");
}

static void sessions_still_open_count_at_the_end(void **state)
{
	struct rules_config cfg = defaults;

	(void)state;
	cfg.long_connect_ms = 1000;
	begin(&cfg);
	handshake(0);
	data(1001000, 1000, 100);
	end();
	assert_string_equal(b.reasons, "long-connect");
	assert_int_equal(b.lookups, 1);
}

/* Rules with a switch */

static const char *reasons_of_syn(uint32_t syn, uint32_t retransmit_ms)
{
	struct rules_config cfg = defaults;

	cfg.syn = syn;
	cfg.retransmit_ms = retransmit_ms;
	begin(&cfg);
	client(0, TCP_SYN, 999, 0, 0);
	client(2, TCP_SYN, 999, 0, 0);
	server(3, TCP_SYN | TCP_ACK, 4999, 1000, 0);
	client(3, TCP_ACK, 1000, 5000, 0);
	close_session(4, 1000);
	end();
	return b.reasons;
}

static void a_repeated_syn_counts_whatever_the_time(void **state)
{
	(void)state;
	assert_string_equal(reasons_of_syn(1, 1000), "syn");
	assert_string_equal(reasons_of_syn(1, 0), "syn");
	assert_string_equal(reasons_of_syn(0, 1), "");
}

static const char *reasons_of_rst(uint32_t rst, bool after_fin)
{
	struct rules_config cfg = defaults;

	cfg.rst = rst;
	begin(&cfg);
	handshake(0);
	if (after_fin)
		client(1, TCP_FIN | TCP_ACK, 1000, 5000, 0);
	server(2, TCP_RST, 5000, 0, 0);
	end();
	return b.reasons;
}

static void resets_by_mode(void **state)
{
	(void)state;
	assert_string_equal(reasons_of_rst(0, false), "");
	assert_string_equal(reasons_of_rst(0, true), "");
	assert_string_equal(reasons_of_rst(1, false), "rst");
	assert_string_equal(reasons_of_rst(1, true), "");
	assert_string_equal(reasons_of_rst(2, false), "rst");
	assert_string_equal(reasons_of_rst(2, true), "rst");
}

static const char *reasons_of_fragment(uint32_t fragment)
{
	struct segment seg = make_segment(CLIENT, TCP_ACK, 1000, 5000, 100);
	struct rules_config cfg = defaults;

	cfg.fragment = fragment;
	begin(&cfg);
	handshake(0);
	seg.frag = FRAG_FIRST;
	feed_us(1000, seg);
	close_session(2, 1100);
	end();
	return b.reasons;
}

static void fragments_by_mode(void **state)
{
	(void)state;
	assert_string_equal(reasons_of_fragment(1), "fragment");
	assert_string_equal(b.colours, "yyyr...b");
	assert_string_equal(reasons_of_fragment(0), "");
	assert_string_equal(b.colours, "yyy-...b");
}

static void timeouts_always_count(void **state)
{
	const struct rules_config none = { .quiet = 2 };

	(void)state;
	begin(&none);
	client(0, TCP_SYN, 999, 0, 0);
	tracker_advance(b.t, T0 + 31 * SEC);
	assert_string_equal(b.reasons, "timeout");
	end();
}

static const char *reasons_of_half_open(bool half_open, uint64_t capture_ends_ms)
{
	struct rules_config cfg = defaults;

	cfg.half_open = half_open;
	begin(&cfg);
	client(0, TCP_SYN, 999, 0, 0);
	tracker_feed(b.t, &(struct segment){ .ts_ns = T0 + capture_ends_ms * 1000000, .frag = FRAG_LATER });
	end();
	return b.reasons;
}

static void unanswered_syns_if_asked_for(void **state)
{
	(void)state;
	assert_string_equal(reasons_of_half_open(false, 31000), "timeout");
	assert_string_equal(reasons_of_half_open(true, 31000), "timeout half-open");
	assert_string_equal(reasons_of_half_open(true, 1000), "half-open");
	assert_string_equal(reasons_of_half_open(true, 999), "");
}

/* As many SYNs as are followed at once, then one more: the first of them gives way. */
static const char *reasons_of_evicted(uint64_t at_ms)
{
	static char reasons[sizeof(b.reasons)];
	struct segment syn = make_segment(CLIENT, TCP_SYN, 999, 0, 0);
	struct rules_config cfg = defaults;
	uint16_t i;

	cfg.half_open = true;
	begin(&cfg);
	for (i = 0; i < SESSION_LIMIT; i++, syn.sport++)
		feed_us(0, syn);
	assert_int_equal(b.ends, 0);
	feed_us(at_ms * 1000, syn);
	assert_int_equal(b.ends, 1);
	snprintf(reasons, sizeof(reasons), "%s", b.reasons);
	end();
	return reasons;
}

static void a_syn_that_gave_way_may_still_be_answered(void **state)
{
	(void)state;
	assert_string_equal(reasons_of_evicted(999), "");
	assert_string_equal(reasons_of_evicted(1000), "half-open");
}

static void a_syn_that_was_refused_was_answered(void **state)
{
	struct rules_config cfg = defaults;

	(void)state;
	cfg.half_open = true;
	begin(&cfg);
	client(0, TCP_SYN, 999, 0, 0);
	server(1, TCP_RST | TCP_ACK, 0, 1000, 0);
	end();
	assert_string_equal(b.reasons, "rst");
}

/* Where only the client's direction is captured. */
static void an_answer_that_was_not_captured_is_one(void **state)
{
	struct rules_config cfg = defaults;

	(void)state;
	cfg.half_open = true;
	begin(&cfg);
	client(0, TCP_SYN, 999, 0, 0);
	client(1, TCP_ACK, 1000, 5000, 0);
	client(5000, TCP_RST, 1000, 0, 0);
	end();
	assert_string_equal(b.reasons, "rst");
}

static const char *reasons_of_reuse(bool reuse, bool closed, uint64_t again_ms)
{
	struct rules_config cfg = defaults;

	cfg.reuse = reuse;
	cfg.quiet = 2;
	begin(&cfg);
	handshake(0);
	if (closed)
		close_session(1, 1000);
	client(again_ms, TCP_SYN, 70000, 0, 0);
	server(again_ms, TCP_RST | TCP_ACK, 0, 70001, 0);
	end();
	assert_int_equal(b.ends, 2);
	return b.reasons;
}

static void ports_in_use_again_if_asked_for(void **state)
{
	(void)state;
	assert_string_equal(reasons_of_reuse(false, false, 500), "rst");
	assert_string_equal(reasons_of_reuse(true, false, 500), "rst reuse");
	assert_string_equal(reasons_of_reuse(false, true, 500), "rst");
	assert_string_equal(reasons_of_reuse(true, true, 500), "rst reuse");
	assert_string_equal(reasons_of_reuse(true, true, 62000), "rst");
}

/* Some systems send a SYN again, with its number, though it was refused. */
static void a_syn_that_is_sent_again_uses_no_ports_again(void **state)
{
	struct rules_config cfg = defaults;
	int i;

	(void)state;
	cfg.reuse = true;
	begin(&cfg);
	for (i = 0; i < 2; i++) {
		client(500 * (uint64_t)i, TCP_SYN, 999, 0, 0);
		server(500 * (uint64_t)i, TCP_RST | TCP_ACK, 0, 1000, 0);
	}
	end();
	assert_int_equal(b.ends, 2);
	assert_string_equal(b.reasons, "rst");
}

/* What follows a forged RST begins no session of its own. */
static void ports_that_go_on_are_not_in_use_again(void **state)
{
	struct rules_config cfg = defaults;

	(void)state;
	cfg.reuse = true;
	begin(&cfg);
	handshake(0);
	client(1, TCP_RST, 1000, 0, 0);
	client(2, TCP_PSH | TCP_ACK, 1000, 5000, 100);
	end();
	assert_int_equal(b.ends, 2);
	assert_string_equal(b.reasons, "");
}

/*
 * Seen near the client, the server 100 ms away. The server thinks for 300 ms, and then for 500 ms, in the middle of which a
 * keep-alive of the client's comes; the client rests for 700 ms, and then does not read for 400 ms.
 */
static const char *reasons_of_waits(const struct rules_config *cfg)
{
	struct segment closed = make_segment(CLIENT, TCP_ACK, 1200, 5400, 0);

	closed.window = 0;
	begin(cfg);
	client(0, TCP_SYN, 999, 0, 0);
	server(100, TCP_SYN | TCP_ACK, 4999, 1000, 0);
	client(101, TCP_ACK, 1000, 5000, 0);
	client(101, TCP_PSH | TCP_ACK, 1000, 5000, 100);
	server(201, TCP_ACK, 5000, 1100, 0);
	server(501, TCP_PSH | TCP_ACK, 5000, 1100, 200);
	client(502, TCP_ACK, 1100, 5200, 0);
	client(1202, TCP_PSH | TCP_ACK, 1100, 5200, 100);
	server(1302, TCP_ACK, 5200, 1200, 0);
	client(1502, TCP_ACK, 1199, 5200, 0);
	server(1502, TCP_ACK, 5200, 1200, 0);
	server(1802, TCP_PSH | TCP_ACK, 5200, 1200, 200);
	feed_us(1803000, closed);
	client(2203, TCP_ACK, 1200, 5400, 0);
	server(2303, TCP_PSH | TCP_ACK, 5400, 1200, 200);
	client(2304, TCP_FIN | TCP_ACK, 1200, 5600, 0);
	server(2404, TCP_FIN | TCP_ACK, 5600, 1201, 0);
	client(2405, TCP_ACK, 1201, 5601, 0);
	end();
	return b.reasons;
}

static void waits_as_long_as_asked_for(void **state)
{
	static const struct {
		struct rules_config cfg;
		const char *reasons, *shown;
	} cases[] = {
		{ { .rtt_ms = 101 }, "rtt", "0-2 15-17" },
		{ { .rtt_ms = 102 }, "", "0-2 15-17" },
		{ { .handshake_ms = 101 }, "handshake", "0-2 15-17" },
		{ { .handshake_ms = 102 }, "", "0-2 15-17" },
		{ { .server_delay_ms = 300 }, "server-delay", "0-2 4-5 10-11 15-17" },
		{ { .server_delay_ms = 301 }, "server-delay", "0-2 10-11 15-17" },
		{ { .server_delay_ms = 500 }, "server-delay", "0-2 10-11 15-17" },
		{ { .server_delay_ms = 501 }, "", "0-2 15-17" },
		{ { .client_delay_ms = 700 }, "client-delay", "0-2 6-7 15-17" },
		{ { .client_delay_ms = 701 }, "", "0-2 15-17" },
		{ { .zero_window_ms = 400 }, "zero-window", "0-2 13-17" },
		{ { .zero_window_ms = 401 }, "", "0-2 15-17" },
		{ { .retransmit_ms = 1000, .syn = 1, .rst = 2, .fragment = 1 }, "", "0-2 15-17" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_string_equal(reasons_of_waits(&cases[i].cfg), cases[i].reasons);
		assert_string_equal(b.shown, cases[i].shown);
	}
}

/* Nobody knows better until the end: the client has asked, and gives up. */
static void an_answer_that_never_comes_is_a_server_delay(void **state)
{
	static const struct rules_config cfg = { .server_delay_ms = 5000 };

	(void)state;
	begin(&cfg);
	handshake(0);
	client(1, TCP_PSH | TCP_ACK, 1000, 5000, 100);
	server(1, TCP_ACK, 5000, 1100, 0);
	client(5002, TCP_RST, 1100, 0, 0);
	end();
	assert_string_equal(b.reasons, "server-delay");
}

/* A keep-alive in the client's rest looks as if the server were silent, until the client speaks. */
static void a_rest_is_not_the_server_s_delay(void **state)
{
	static const struct rules_config cfg = { .server_delay_ms = 1000, .client_delay_ms = 4000 };

	(void)state;
	begin(&cfg);
	handshake(0);
	client(1, TCP_PSH | TCP_ACK, 1000, 5000, 100);
	server(1, TCP_ACK, 5000, 1100, 0);
	client(2001, TCP_ACK, 1099, 5000, 0);
	server(2001, TCP_ACK, 5000, 1100, 0);
	client(4001, TCP_PSH | TCP_ACK, 1100, 5000, 100); /* the request went on */
	server(4001, TCP_PSH | TCP_ACK, 5000, 1200, 100);
	close_session(4002, 1200);
	end();
	assert_string_equal(b.reasons, "client-delay");
}

static void duplicates_by_quiet_level(void **state)
{
	static const struct {
		uint32_t quiet;
		const char *before, *after; /* reasons of the two sessions */
		const char *colours;        /* of the second one */
	} cases[] = {
		{ 0, "duplicate", "duplicate", "ryy...b" },
		{ 1, "duplicate", "", "yyy...b" },
		{ 2, "", "", "yyy...b" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rules_config cfg = defaults;

		cfg.quiet = cases[i].quiet;
		begin(&cfg);
		client(0, TCP_SYN, 70000, 0, 0);
		handshake(1000);
		assert_string_equal(b.reasons, cases[i].before);
		close_session(1001, 1000);
		assert_string_equal(b.reasons, cases[i].after);
		assert_string_equal(b.colours, cases[i].colours);
		end();
	}
}

static void all_is_a_reason_only_where_there_is_no_other(void **state)
{
	struct rules_config cfg = defaults;

	(void)state;
	cfg.all = true;
	begin(&cfg);
	handshake(0);
	close_session(1, 1000);
	assert_string_equal(b.reasons, "all");
	handshake(2);
	client(3, TCP_RST, 1000, 0, 0);
	assert_string_equal(b.reasons, "rst");
	end();
	assert_int_equal(b.lookups, 2);
}

/* Reasons add up */

static void a_rst_takes_no_reason_away(void **state)
{
	struct rules_config cfg = defaults;

	(void)state;
	cfg.rst = 0;
	begin(&cfg);
	handshake(0);
	data(1000, 1000, 100);
	data(2500000, 1000, 100);
	client(2600, TCP_RST, 1100, 0, 0);
	end();
	assert_string_equal(b.reasons, "retransmit");
}

static void reasons_stand_in_one_order_and_are_counted_once(void **state)
{
	struct rules_config cfg = defaults;

	(void)state;
	cfg.long_connect_ms = cfg.long_delay_ms = 1000;
	begin(&cfg);
	client(0, TCP_SYN, 999, 0, 0);
	client(5, TCP_SYN, 999, 0, 0);
	client(9, TCP_SYN, 999, 0, 0);
	server(10, TCP_SYN | TCP_ACK, 4999, 1000, 0);
	client(10, TCP_ACK, 1000, 5000, 0);
	data(11000, 1000, 100);
	data(2000000, 1000, 100);
	data(4000000, 1000, 100);
	client(4001, TCP_RST, 1100, 0, 0);
	end();
	assert_string_equal(b.reasons, "long-connect long-delay retransmit syn rst");
	assert_int_equal(b.stats.sessions[REASON_LONG_DELAY], 1);
	assert_int_equal(b.stats.sessions[REASON_RETRANSMIT], 1);
	assert_int_equal(b.stats.sessions[REASON_SYN], 1);
	assert_int_equal(b.stats.repeated, 1);
	assert_int_equal(b.stats.sessions[REASON_ALL], 0);
}

/* Colours */

/* The original green, what came between cyan where it had no colour, the repeat red. */
static void a_retransmission_colours_what_came_before(void **state)
{
	(void)state;
	begin(&defaults);
	handshake(0);
	data(1000, 1000, 100);
	server(2, TCP_ACK, 5000, 1000, 0);
	client(3, TCP_PSH, 1100, 5000, 0); /* red: no ACK */
	data(1500000, 1000, 100);
	data(1600000, 1100, 100);
	close_session(1700, 1200);
	end();
	assert_string_equal(b.colours, "yyygcrr-...b");
	assert_string_equal(b.shown, "0-6 8-11");
}

static void a_repeated_syn_is_green_the_first_time(void **state)
{
	(void)state;
	begin(&defaults);
	client(0, TCP_SYN, 999, 0, 0);
	client(1000, TCP_SYN, 999, 0, 0);
	server(1001, TCP_SYN | TCP_ACK, 4999, 1000, 0);
	server(2001, TCP_SYN | TCP_ACK, 4999, 1000, 0);
	client(2002, TCP_RST, 1000, 0, 0);
	end();
	assert_string_equal(b.colours, "grgrr");
}

static struct segment with_timestamp(struct segment seg, uint8_t value)
{
	static uint8_t options[8][10];

	options[value][0] = 8;
	options[value][1] = 10;
	options[value][5] = value;
	seg.opt = options[value];
	seg.opt_len = 10;
	return seg;
}

/* A session in which data is repeated with other options after two seconds. */
static void repeat_with_other_options(const struct rules_config *cfg, enum frag_part frag)
{
	struct segment seg = make_segment(CLIENT, TCP_PSH | TCP_ACK, 1000, 5000, 100);

	begin(cfg);
	handshake(0);
	feed_us(1000, with_timestamp(seg, 1));
	seg.frag = (uint8_t)frag;
	feed_us(2001000, with_timestamp(seg, 2));
	client(2002, TCP_RST, 1100, 0, 0);
	end();
}

static void other_options_make_it_magenta(void **state)
{
	(void)state;
	repeat_with_other_options(&defaults, FRAG_NONE);
	assert_string_equal(b.colours, "yyygmr");
}

/* The order of precedence: retransmission, fragment, delay, state; the later wins. */
static void a_fragment_or_a_delay_is_red_though_options_differ(void **state)
{
	struct rules_config cfg = defaults;

	(void)state;
	repeat_with_other_options(&cfg, FRAG_FIRST);
	assert_string_equal(b.colours, "yyygrr");
	cfg.long_delay_ms = 1000;
	repeat_with_other_options(&cfg, FRAG_NONE);
	assert_string_equal(b.colours, "yyygrr");
}

static void states_win_over_a_delay(void **state)
{
	struct rules_config cfg = defaults;

	(void)state;
	cfg.long_delay_ms = 1000;
	begin(&cfg);
	client(0, TCP_SYN, 999, 0, 0);
	server(2000, TCP_SYN | TCP_ACK, 4999, 1000, 0);
	client(4000, TCP_ACK, 1000, 5000, 0);
	client(6000, TCP_FIN | TCP_ACK, 1000, 5000, 0); /* without a colour of its own: red */
	server(6000, TCP_FIN | TCP_ACK, 5000, 1001, 0);
	client(8000, TCP_ACK, 1001, 5001, 0);
	end();
	assert_string_equal(b.colours, "yyyr.b");
	assert_string_equal(b.reasons, "long-delay");
}

static void the_segment_before_a_delay_is_shown(void **state)
{
	struct rules_config cfg = defaults;

	(void)state;
	cfg.long_delay_ms = 1000;
	begin(&cfg);
	handshake(0);
	data(1000, 1000, 100);
	data(2000, 1100, 100);
	data(3000000, 1200, 100);
	data(3001000, 1300, 100);
	close_session(3002, 1400);
	end();
	assert_string_equal(b.shown, "0-2 4-5 7-10");
	assert_string_equal(b.colours, "yyy-.r-...b");
}

/* What -r does not look up stays in the session, hidden. */
static void a_fast_retransmission_is_no_line(void **state)
{
	(void)state;
	begin(&defaults);
	handshake(0);
	data(1000, 1000, 100);
	data(200000, 1000, 100);
	close_session(300, 1100);
	end();
	assert_string_equal(b.colours, "yyy--...b");
	assert_int_equal(b.lookups, 0);
}

/* Context (-v) */

static const char *shown_of_600(uint32_t context)
{
	struct rules_config cfg = defaults;
	uint32_t i;

	cfg.context = context;
	begin(&cfg);
	handshake(0);
	for (i = 0; i < 600; i++)
		data(1000 + i, 1000 + i, 1);
	close_session(2, 1600);
	end();
	return b.shown;
}

static void context_around_the_handshake_and_the_close(void **state)
{
	(void)state;
	assert_string_equal(shown_of_600(0), "0-2 603-606");
	assert_string_equal(shown_of_600(1), "0-3 602-606");
	assert_string_equal(shown_of_600(5), "0-7 598-606");
	assert_string_equal(shown_of_600(299), "0-301 304-606");
	assert_string_equal(shown_of_600(301), "0-606");
	assert_string_equal(shown_of_600(UINT32_MAX), "0-606");
}

/* Data 3-19, of which 11 is red by its flags: context on both sides of it, and none around context. */
static void context_is_not_extended_by_context(void **state)
{
	struct rules_config cfg = defaults;
	uint32_t i;

	(void)state;
	cfg.context = 2;
	begin(&cfg);
	handshake(0);
	for (i = 0; i < 17; i++)
		feed_us(1000 + i, make_segment(CLIENT, i == 8 ? TCP_PSH : TCP_ACK, 1000 + i, 5000, 1));
	end();
	assert_string_equal(b.shown, "0-4 9-13");
}

/* The green and cyan ones are shown, but nothing around them. */
static void marks_in_retrospect_have_no_context(void **state)
{
	struct rules_config cfg = defaults;
	uint32_t i;

	(void)state;
	cfg.context = 1;
	begin(&cfg);
	handshake(0);
	for (i = 0; i < 10; i++)
		data(1000 + i, 1000 + 10 * i, 10);
	data(2000000, 1080, 10); /* again what packet 11 was */
	data(2000001, 1100, 10);
	data(2000002, 1110, 10);
	end();
	assert_string_equal(b.shown, "0-3 11-14");
	assert_string_equal(b.colours, "yyy.-------gcr.-");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(retransmissions_after_the_limit_or_more),
		cmocka_unit_test(pauses_longer_than_the_limit),
		cmocka_unit_test(sessions_longer_than_the_limit),
		cmocka_unit_test(sessions_still_open_count_at_the_end),
		cmocka_unit_test(a_repeated_syn_counts_whatever_the_time),
		cmocka_unit_test(resets_by_mode),
		cmocka_unit_test(fragments_by_mode),
		cmocka_unit_test(timeouts_always_count),
		cmocka_unit_test(unanswered_syns_if_asked_for),
		cmocka_unit_test(a_syn_that_gave_way_may_still_be_answered),
		cmocka_unit_test(a_syn_that_was_refused_was_answered),
		cmocka_unit_test(an_answer_that_was_not_captured_is_one),
		cmocka_unit_test(ports_in_use_again_if_asked_for),
		cmocka_unit_test(a_syn_that_is_sent_again_uses_no_ports_again),
		cmocka_unit_test(ports_that_go_on_are_not_in_use_again),
		cmocka_unit_test(waits_as_long_as_asked_for),
		cmocka_unit_test(an_answer_that_never_comes_is_a_server_delay),
		cmocka_unit_test(a_rest_is_not_the_server_s_delay),
		cmocka_unit_test(duplicates_by_quiet_level),
		cmocka_unit_test(all_is_a_reason_only_where_there_is_no_other),
		cmocka_unit_test(a_rst_takes_no_reason_away),
		cmocka_unit_test(reasons_stand_in_one_order_and_are_counted_once),
		cmocka_unit_test(a_retransmission_colours_what_came_before),
		cmocka_unit_test(a_repeated_syn_is_green_the_first_time),
		cmocka_unit_test(other_options_make_it_magenta),
		cmocka_unit_test(a_fragment_or_a_delay_is_red_though_options_differ),
		cmocka_unit_test(states_win_over_a_delay),
		cmocka_unit_test(the_segment_before_a_delay_is_shown),
		cmocka_unit_test(a_fast_retransmission_is_no_line),
		cmocka_unit_test(context_around_the_handshake_and_the_close),
		cmocka_unit_test(context_is_not_extended_by_context),
		cmocka_unit_test(marks_in_retrospect_have_no_context),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
