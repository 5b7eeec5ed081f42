/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The short way of judging a segment must come to what the long one comes to. Two sides talk at random, with losses,
 * repeats, closed windows, probes, SACKs and ACKs of what was not seen; each segment that is judged the short way is judged
 * the long way too, from the same state, and nothing may differ.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gaps.h"
#include "judge.h"
#include "prediction.h"
#include "random_talk.h"
#include "sequence.h"
#include "state.h"

#define TALKS 400
#define SEGMENTS 400 /* a talk */

struct run {
	struct talk talk;
	struct session session;
	uint32_t predicted;
};

/* So much was sent that the beginning is about to be forgotten. */
static void grow_old(struct direction *d)
{
	if (d->flags & DIR_SEQ && !d->gaps)
		d->first_seq = d->next_seq - KNOWN_DISTANCE + 500;
}

/* What both copies of the session point to, its holes, the short way leaves alone: the long way after it would tell. */
static void feed(struct run *r, const struct segment *seg, uint8_t side)
{
	struct session before = r->session;
	struct step step = { .session = &r->session, .seg = seg, .side = side };
	struct step full = { .session = &before, .seg = seg, .side = side };
	struct prediction p;

	if (prediction_applies(&r->session) && prediction_holds(&r->session, seg, side)) {
		r->predicted++;
		p = prediction_note(&r->session, seg, side, clock_us(seg->ts_ns));
		judge_segment(&full);
		assert_memory_equal(&r->session, &before, sizeof(before));
		assert_true(prediction_applies(&before));
		assert_int_equal(full.verdict, VERDICT_NEW);
		assert_int_equal(full.remarks, p.window_full ? REMARK_WINDOW_FULL : 0);
		assert_int_equal(full.segments, p.segments);
		assert_int_equal(full.resent + full.resend + full.spurious, 0);
	} else {
		judge_segment(&step);
	}
	r->session.dir[side].flags |= DIR_SENT;
}

static void begin(struct run *r)
{
	struct talk *t = &r->talk;
	struct segment seg;
	uint8_t side;

	t->now_ns = T0;
	t->next[0] = random_below(t, UINT32_MAX);
	t->next[1] = random_below(t, UINT32_MAX);
	t->acked[0] = t->acked[1] = 0;
	memset(&r->session, 0, sizeof(r->session));
	if (one_in(t, 3)) {
		r->session.flags = SESSION_MID_STREAM;
		r->session.state[0] = r->session.state[1] = TS_ESTABLISHED;
	} else {
		r->session.state[0] = TS_SYN_SENT;
		r->session.state[1] = TS_SYN_RECV;
		for (side = 0; side < 2; side++) {
			seg = random_syn(t, side);
			feed(r, &seg, side);
		}
		if (!one_in(t, 8))
			r->session.state[0] = r->session.state[1] = TS_ESTABLISHED;
	}
	t->acked[0] = t->next[1];
	t->acked[1] = t->next[0];
}

static void test_short_way_is_the_long_way(void **state)
{
	struct run r = { .talk.random = 42 };
	uint32_t i, n;

	(void)state;
	for (n = 0; n < TALKS; n++) {
		begin(&r);
		for (i = 0; i < SEGMENTS; i++) {
			uint8_t side = (uint8_t)random_below(&r.talk, 2);
			struct segment seg = random_segment(&r.talk, side);

			if (one_in(&r.talk, 3))
				r.talk.next[side] = r.session.dir[side].next_seq;
			if (one_in(&r.talk, 50))
				grow_old(&r.session.dir[side]);
			feed(&r, &seg, side);
		}
		gaps_free(&r.session.dir[0].gaps);
		gaps_free(&r.session.dir[1].gaps);
	}
	assert_in_range(r.predicted, TALKS * SEGMENTS / 10, TALKS * SEGMENTS * 9 / 10); /* both ways were taken */
}

/* What nearly every segment is goes the short way, whatever was lost before. */
static void test_request_and_answer(void **state)
{
	struct run r = { .talk.random = 7 };
	uint32_t i;

	(void)state;
	do
		begin(&r);
	while (r.session.flags & SESSION_MID_STREAM || r.session.state[0] != TS_ESTABLISHED);
	for (i = 0; i < 100; i++) {
		uint8_t side = i / 2 & 1;
		struct segment seg = make_segment(side ? SERVER : CLIENT, TCP_ACK, r.talk.next[side], r.talk.next[!side], 100);

		seg.ts_ns = r.talk.now_ns += MS;
		r.talk.next[side] += 100;
		feed(&r, &seg, side);
	}
	assert_in_range(r.predicted, 98, 100); /* the first of each side is its first ACK */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_short_way_is_the_long_way),
		cmocka_unit_test(test_request_and_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
