/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The short way of the segments that nearly all are must come to what the long one comes to: two trackers are fed the same,
 * one of them tells of each segment, which it cannot do on the short way, and their sessions may not differ in anything.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "gaps.h"
#include "random_talk.h"
#include "tracker.h"

#define TALKS 300
#define SEGMENTS 400 /* a talk */
#define ENDED_MAX 4096

struct run {
	struct tracker *tracker;
	uint64_t told;
	uint32_t ended_count, gaps;
	struct session ended[ENDED_MAX];
	struct record last[ENDED_MAX];
};

/* As a rule that wants three segments more with each that was sent again. */
static void on_segment(void *ctx, const struct step *step)
{
	struct session *s = step->session;
	struct run *r = ctx;

	r->told++;
	if (step->verdict == VERDICT_RETRANSMIT)
		s->context_left = 3;
	else
		s->context_left -= s->context_left > 0;
}

static void on_end(void *ctx, struct session *s, enum session_end why, uint64_t ts_ns)
{
	struct run *r = ctx;
	const struct history *h = tracker_history(r->tracker);
	struct session *copy = &r->ended[r->ended_count];
	const struct record *last = history_last(h, s);

	(void)why;
	(void)ts_ns;
	assert_in_range(r->ended_count, 0, ENDED_MAX - 1);
	*copy = *s;
	r->gaps += gaps_count(s->dir[0].gaps) + gaps_count(s->dir[1].gaps);
	copy->dir[0].gaps = copy->dir[1].gaps = NULL;
	if (last)
		memcpy(&r->last[r->ended_count], last, offsetof(struct record, opt) + last->opt_len);
	r->ended_count++;
}

static struct run *run_new(uint64_t quiet_ns)
{
	struct tracker_config cfg = { .session_limit = 100, .segment_limit = 100, .pickup = true };
	struct tracker_events events = { .segment = on_segment, .ended = on_end, .quiet_ns = quiet_ns };
	struct run *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	events.ctx = r;
	r->tracker = tracker_new(&cfg, &events);
	assert_non_null(r->tracker);
	return r;
}

static void run_free(struct run *r)
{
	tracker_free(r->tracker);
	free(r);
}

static void feed(struct run *runs[2], const struct segment *seg)
{
	tracker_feed(runs[0]->tracker, seg);
	tracker_feed(runs[1]->tracker, seg);
}

static void handshake(struct run *runs[2], struct talk *t)
{
	struct segment seg;
	uint8_t side;

	for (side = 0; side < 2; side++) {
		seg = random_syn(t, side);
		feed(runs, &seg);
	}
	t->acked[0] = t->next[1];
	t->acked[1] = t->next[0];
}

/* The rest of the datagram that this was the first fragment of. */
static void feed_rest(struct run *runs[2], const struct segment *first)
{
	struct segment rest = *first;

	rest.frag = FRAG_LATER;
	rest.frag_off = 1480;
	rest.seq = rest.ack = 0;
	rest.sport = rest.dport = rest.window = 0;
	rest.flags = rest.opt_len = 0;
	feed(runs, &rest);
}

static void talk(struct run *runs[2], struct talk *t, uint32_t odd_in)
{
	struct segment seg;
	uint32_t i;
	uint8_t side;

	t->next[0] = random_below(t, UINT32_MAX);
	t->next[1] = random_below(t, UINT32_MAX);
	t->acked[0] = t->acked[1] = 0;
	if (!one_in(t, 3))
		handshake(runs, t);
	for (i = 0; i < SEGMENTS; i++) {
		side = (uint8_t)random_below(t, 2);
		seg = random_segment(t, side);
		if (!one_in(t, odd_in)) {	/* what comes next, with all acknowledged */
			seg.flags = TCP_ACK;
			seg.seq = t->next[side] - seg.payload_len;
			seg.ack = t->acked[side] = t->next[!side];
			seg.window = 512;
		}
		seg.ttl = one_in(t, 1000) ? 63 : 64;
		seg.egress = one_in(t, 1000) ? 1 : side;
		seg.frag = one_in(t, 500) ? FRAG_FIRST : FRAG_NONE;
		feed(runs, &seg);
		if (seg.frag == FRAG_FIRST)
			feed_rest(runs, &seg);
	}
}

static void compare(const struct run *told, const struct run *quiet)
{
	struct tracker_stats told_stats, quiet_stats;
	uint32_t i;

	tracker_stats(told->tracker, &told_stats);
	tracker_stats(quiet->tracker, &quiet_stats);
	assert_memory_equal(&told_stats, &quiet_stats, sizeof(told_stats));
	assert_int_equal(told->ended_count, quiet->ended_count);
	assert_int_equal(told->gaps, quiet->gaps);
	for (i = 0; i < told->ended_count; i++) {
		assert_memory_equal(&told->ended[i], &quiet->ended[i], sizeof(told->ended[i]));
		assert_memory_equal(&told->last[i], &quiet->last[i], sizeof(told->last[i]));
	}
}

/* odd_in: one segment in so many is not what is to come next. Of 100 from least to most must go the short way. */
static void compare_ways(uint32_t odd_in, uint64_t least, uint64_t most)
{
	struct run *runs[2] = { run_new(0), run_new(UINT64_MAX) };
	struct talk t = { .random = 1000 + odd_in, .now_ns = T0 };
	uint64_t quiet;
	uint32_t n;

	for (n = 0; n < TALKS; n++)
		talk(runs, &t, odd_in);
	tracker_finish(runs[0]->tracker);
	tracker_finish(runs[1]->tracker);
	compare(runs[0], runs[1]);
	quiet = runs[0]->told - runs[1]->told;
	assert_in_range(quiet * 100 / runs[0]->told, least, most);
	run_free(runs[0]);
	run_free(runs[1]);
}

static void test_odd_talks(void **state)
{
	(void)state;
	compare_ways(1, 1, 50);
	compare_ways(2, 5, 70);
}

static void test_usual_talks(void **state)
{
	(void)state;
	compare_ways(20, 20, 99);
	compare_ways(400, 25, 99);
}

/* A session of nothing but requests and answers is told of at its ends only. */
static void test_nearly_all_go_the_short_way(void **state)
{
	struct run *runs[2] = { run_new(0), run_new(UINT64_MAX) };
	struct talk t = { .random = 5, .now_ns = T0 };
	struct segment seg;
	uint32_t i;

	(void)state;
	handshake(runs, &t);
	for (i = 0; i < 1000; i++) {
		uint8_t side = i & 1;

		seg = make_segment(side ? SERVER : CLIENT, TCP_ACK | TCP_PSH, t.next[side], t.next[!side], 100);
		seg.ts_ns = t.now_ns += MS;
		t.next[side] += 100;
		feed(runs, &seg);
	}
	assert_int_equal(runs[0]->told, 1002);
	assert_in_range(runs[1]->told, 3, 5);
	tracker_finish(runs[0]->tracker);
	tracker_finish(runs[1]->tracker);
	compare(runs[0], runs[1]);
	run_free(runs[0]);
	run_free(runs[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_odd_talks),
		cmocka_unit_test(test_usual_talks),
		cmocka_unit_test(test_nearly_all_go_the_short_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
