/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * RSTs that fit what their sender sent before, and those that do not. The server sends 1000 bytes a segment up to 9000, with
 * IP ids that count up, TTL 57 and a timestamp clock of 1 kHz; then a RST in its name.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "make_segment.h"
#include "rst_evidence.h"
#include "state.h"
#include "tracker.h"

#define TS0 4000000000u

/* What the server's segments have. */
struct habits {
	bool timestamps, random_ids, no_ids, ttl_varies;
	uint32_t segments; /* of data; 0: four of them */
	uint8_t wscale;	   /* of the client, + 1; 0: no such option */
};

struct seen {
	bool rst;
	uint32_t doubts, checked;
	uint8_t before[2];
};

static struct seen seen;
static struct tracker *t;

static void on_segment(void *ctx, const struct step *step)
{
	(void)ctx;
	if (!(step->seg->flags & TCP_RST))
		return;
	seen.rst = true;
	seen.doubts = step->rst_doubts;
	seen.checked = step->rst_checked;
	memcpy(seen.before, step->state_before, sizeof(seen.before));
}

static void on_end(void *ctx, struct session *s, enum session_end why, uint64_t ts_ns)
{
	(void)ctx;
	(void)s;
	(void)why;
	(void)ts_ns;
}

/* In a buffer of the caller's. */
static void set_timestamp(struct segment *seg, uint8_t options[12], uint32_t value)
{
	const uint8_t bytes[12] = { 1, 1, 8, 10, (uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
				    (uint8_t)value };

	memcpy(options, bytes, sizeof(bytes));
	seg->opt = options;
	seg->opt_len = sizeof(bytes);
}

static void feed(uint64_t at_ms, struct segment seg)
{
	seg.ts_ns = T0 + at_ms * MS;
	tracker_feed(t, &seg);
}

static void server(const struct habits *h, uint64_t at_ms, uint8_t flags, uint32_t seq, uint32_t len)
{
	struct segment seg = make_segment(SERVER, flags, seq, 1000, len);
	uint8_t options[12];

	seg.ttl = h->ttl_varies && at_ms == 3 ? 58 : 57;
	seg.ip_id = h->no_ids ? 0 : h->random_ids ? (uint16_t)(at_ms * 40503 + 7) : 65534 + (uint16_t)at_ms * 3;
	seg.ip_id = (uint16_t)seg.ip_id;
	if (h->timestamps)
		set_timestamp(&seg, options, TS0 + (uint32_t)at_ms);
	feed(at_ms, seg);
}

/* Up to 9 ms and server sequence number 9000; the client has acknowledged 8000. */
static void session(const struct habits *h)
{
	struct segment syn = make_segment(CLIENT, TCP_SYN, 999, 0, 0);
	uint32_t i;

	syn.opt = (const uint8_t[]){ 3, 3, (uint8_t)(h->wscale - 1), 0 };
	syn.opt_len = h->wscale ? 4 : 0;
	feed(0, syn);
	server(h, 1, TCP_SYN | TCP_ACK, 4999, 0);
	feed(1, make_segment(CLIENT, TCP_ACK, 1000, 5000, 0));
	for (i = 0; i < (h->segments ? h->segments : 4); i++)
		server(h, 2 + i, TCP_ACK, 5000 + i * 1000, 1000);
	feed(8, make_segment(CLIENT, TCP_ACK, 1000, 8000, 0));
}

/* A RST that fits: what is to be different about it is changed by the caller. */
static struct segment make_rst(void)
{
	struct segment seg = make_segment(SERVER, TCP_RST | TCP_ACK, 9000, 1000, 0);

	seg.ttl = 57;
	seg.ip_id = 20;
	return seg;
}

static void check(const struct habits *h, struct segment rst, uint32_t checked, uint32_t doubts)
{
	const struct tracker_config cfg = { .session_limit = 16, .segment_limit = 256 };
	const struct tracker_events events = { .segment = on_segment, .ended = on_end };

	seen = (struct seen){ 0 };
	t = tracker_new(&cfg, &events);
	assert_non_null(t);
	session(h);
	feed(20, rst);
	assert_true(seen.rst);
	assert_int_equal(seen.checked, checked);
	assert_int_equal(seen.doubts, doubts);
	tracker_free(t);
}

#define USUAL (RST_DOUBT_WINDOW | RST_DOUBT_TTL | RST_DOUBT_IP_ID)

static void a_rst_that_fits(void **state)
{
	const struct habits h = { 0 }, ts = { .timestamps = true };
	struct segment rst = make_rst();
	uint8_t options[12];

	(void)state;
	check(&h, rst, USUAL, 0);
	assert_int_equal(seen.before[0], TS_ESTABLISHED);
	assert_int_equal(seen.before[1], TS_ESTABLISHED);
	rst.seq = 8000;
	check(&h, rst, USUAL, 0);
	set_timestamp(&rst, options, TS0 + 20);
	rst.seq = 9000;
	check(&ts, rst, USUAL | RST_DOUBT_TIMESTAMP, 0);
}

/* The kernel answers for a socket that is gone: no timestamps, IP id 0. */
static void a_rst_without_a_socket(void **state)
{
	const struct habits h = { .timestamps = true };
	struct segment rst = make_rst();

	(void)state;
	rst.ip_id = 0;
	rst.flags = TCP_RST;
	rst.ack = 0;
	check(&h, rst, RST_DOUBT_WINDOW | RST_DOUBT_TTL, 0);
}

/* The client's first ACK is answered by a host that has closed; what that one had sent before has come since. */
static void a_rst_that_answers_an_older_segment(void **state)
{
	const struct habits h = { 0 };
	struct segment rst = make_rst();

	(void)state;
	rst.seq = 5000;
	check(&h, rst, USUAL, RST_DOUBT_WINDOW);	/* it speaks of its own position */
	rst.flags = TCP_RST;
	rst.ack = 0;
	rst.ip_id = 30000;
	check(&h, rst, RST_DOUBT_TTL | RST_DOUBT_IP_ID, RST_DOUBT_IP_ID);
	rst.seq = 5001;
	check(&h, rst, USUAL, RST_DOUBT_WINDOW | RST_DOUBT_IP_ID);
}

static void another_ttl(void **state)
{
	const struct habits h = { 0 }, varies = { .ttl_varies = true };
	struct segment rst = make_rst();

	(void)state;
	rst.ttl = 64;
	check(&h, rst, USUAL, RST_DOUBT_TTL);
	check(&varies, rst, USUAL & ~(uint32_t)RST_DOUBT_TTL, 0);
}

static void out_of_the_window(void **state)
{
	const struct habits unscaled = { .wscale = 0 }, scaled = { .wscale = 8 };
	struct segment rst = make_rst();

	(void)state;
	rst.seq = 7999;
	check(&unscaled, rst, USUAL, RST_DOUBT_WINDOW);
	rst.seq = 8000 + 65536;
	check(&unscaled, rst, USUAL, 0);
	rst.seq = 8000 + 65537;
	check(&unscaled, rst, USUAL, RST_DOUBT_WINDOW);
	check(&scaled, rst, USUAL, 0);
	rst.seq = 8000 + (65535 << 7) + 2;
	check(&scaled, rst, USUAL, RST_DOUBT_WINDOW);
	rst.seq = 0x80000000u;
	check(&scaled, rst, USUAL, RST_DOUBT_WINDOW);
}

static void ip_ids(void **state)
{
	const struct habits counting = { 0 }, random_ids = { .random_ids = true }, none = { .no_ids = true };
	struct segment rst = make_rst();

	(void)state;
	rst.ip_id = 13;	/* as of the last segment: they may come out of order */
	check(&counting, rst, USUAL, 0);
	rst.ip_id = 4000;
	check(&counting, rst, USUAL, 0);
	rst.ip_id = 30000;
	check(&counting, rst, USUAL, RST_DOUBT_IP_ID);
	check(&random_ids, rst, USUAL & ~(uint32_t)RST_DOUBT_IP_ID, 0);
	check(&none, rst, USUAL & ~(uint32_t)RST_DOUBT_IP_ID, 0);
}

static void timestamps(void **state)
{
	const struct habits h = { .timestamps = true };
	struct segment rst = make_rst();
	uint8_t options[12];

	(void)state;
	set_timestamp(&rst, options, TS0 - 500);	/* overtaken */
	check(&h, rst, USUAL | RST_DOUBT_TIMESTAMP, 0);
	set_timestamp(&rst, options, TS0 - 5000);
	check(&h, rst, USUAL | RST_DOUBT_TIMESTAMP, RST_DOUBT_TIMESTAMP);
	set_timestamp(&rst, options, TS0 + 15000);	/* a clock of 1 MHz */
	check(&h, rst, USUAL | RST_DOUBT_TIMESTAMP, 0);
	set_timestamp(&rst, options, TS0 + 50000);
	check(&h, rst, USUAL | RST_DOUBT_TIMESTAMP, RST_DOUBT_TIMESTAMP);
	set_timestamp(&rst, options, 0);
	check(&h, rst, USUAL | RST_DOUBT_TIMESTAMP, RST_DOUBT_TIMESTAMP);
}

static void nothing_is_said_on_two_segments(void **state)
{
	const struct habits h = { .segments = 1 };
	struct segment rst = make_rst();

	(void)state;
	rst.ttl = 200;
	rst.seq = 77;
	check(&h, rst, 0, 0);
}

static void what_looks_forged(void **state)
{
	static const struct {
		uint32_t doubts;
		bool forged;
	} cases[] = {
		{ 0, false },
		{ RST_DOUBT_WINDOW, false },
		{ RST_DOUBT_IP_ID, false },
		{ RST_DOUBT_WINDOW | RST_DOUBT_IP_ID, true },
		{ RST_DOUBT_TTL, true },
		{ RST_DOUBT_TIMESTAMP, true },
		{ RST_DOUBT_TTL | RST_DOUBT_IP_ID, true },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(rst_looks_forged(cases[i].doubts), cases[i].forged);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rst_that_fits),
		cmocka_unit_test(a_rst_without_a_socket),
		cmocka_unit_test(a_rst_that_answers_an_older_segment),
		cmocka_unit_test(another_ttl),
		cmocka_unit_test(out_of_the_window),
		cmocka_unit_test(ip_ids),
		cmocka_unit_test(timestamps),
		cmocka_unit_test(nothing_is_said_on_two_segments),
		cmocka_unit_test(what_looks_forged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
