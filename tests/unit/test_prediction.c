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
#include "make_segment.h"
#include "prediction.h"
#include "sequence.h"
#include "state.h"

#define TALKS 400
#define SEGMENTS 400 /* a talk */

struct talk {
	uint64_t random;
	uint64_t now_ns;
	uint32_t next[2], acked[2];
	struct session session;
	struct recovery recovery[2];
	uint8_t options[TCP_OPTIONS_MAX];
	uint32_t predicted;
};

static uint32_t random_below(struct talk *t, uint32_t n)
{
	t->random = t->random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((t->random >> 32) * n >> 32);
}

static bool one_in(struct talk *t, uint32_t n)
{
	return random_below(t, n) == 0;
}

static void put_number(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static void add_sack(struct talk *t, struct segment *seg, uint32_t from)
{
	t->options[0] = t->options[1] = 1;
	t->options[2] = 5;
	t->options[3] = 10;
	put_number(t->options + 4, from);
	put_number(t->options + 8, from + 1 + random_below(t, 2000));
	seg->opt_len = 12;
}

static void add_timestamps(struct talk *t, struct segment *seg)
{
	memcpy(t->options, "\1\1\10\12", 4);
	seg->opt_len = 12;
}

static uint8_t random_flags(struct talk *t)
{
	static const uint8_t rare[] = { TCP_ACK | TCP_FIN, TCP_RST, TCP_ACK | TCP_ECE, TCP_ACK | TCP_CWR, 0,
					TCP_ACK | TCP_URG, TCP_SYN | TCP_ACK };

	return one_in(t, 100) ? rare[random_below(t, sizeof(rare))] : TCP_ACK | (one_in(t, 2) ? TCP_PSH : 0);
}

static struct segment random_segment(struct talk *t, uint8_t side)
{
	static const uint32_t lengths[] = { 0, 0, 1, 100, 1448, 1448, 60000 };
	uint32_t len = lengths[random_below(t, 7)], seq = t->next[side], ack;
	uint32_t unacked = t->next[!side] - t->acked[side];
	struct segment seg;

	if (one_in(t, 20))
		seq += random_below(t, 4000) - 2000;
	if (one_in(t, 300))
		seq += random_below(t, UINT32_MAX);
	ack = t->acked[side] + (unacked < 1u << 20 ? random_below(t, unacked + 1) : 0);
	if (one_in(t, 3))
		ack = t->next[!side];
	if (one_in(t, 30))
		ack += random_below(t, 4000) - 2000;
	if (one_in(t, 300))
		ack += random_below(t, UINT32_MAX);
	seg = make_segment(side ? SERVER : CLIENT, random_flags(t), seq, ack, len);
	seg.opt = t->options;
	seg.ts_ns = t->now_ns += random_below(t, one_in(t, 10) ? 3000000000u : 2000000u);
	seg.window = (uint16_t)(one_in(t, 15) ? 0 : one_in(t, 3) ? random_below(t, 65536) : 512);
	if (one_in(t, 15))
		add_sack(t, &seg, one_in(t, 2) ? ack + 1000 : ack - 1000);
	else if (one_in(t, 2))
		add_timestamps(t, &seg);
	seg.segs = (uint16_t)random_below(t, 2);
	if (seq == t->next[side])
		t->next[side] += len;
	if (one_in(t, 3))
		t->next[side] = t->session.dir[side].next_seq;
	t->acked[side] = ack;
	return seg;
}

/* So much was sent that the beginning is about to be forgotten. */
static void grow_old(struct direction *d)
{
	if (d->flags & DIR_SEQ && !d->gaps)
		d->first_seq = d->next_seq - KNOWN_DISTANCE + 500;
}

/* What both copies of the session point to, its holes, the short way leaves alone: the long way after it would tell. */
static void feed(struct talk *t, const struct segment *seg, uint8_t side)
{
	struct session full_session = t->session;
	struct recovery full_recovery[2] = { t->recovery[0], t->recovery[1] };
	struct step step = { .session = &t->session, .seg = seg, .side = side };
	struct step full = { .session = &full_session, .seg = seg, .side = side };

	if (!prediction_judge(&step, t->recovery)) {
		assert_memory_equal(&t->session, &full_session, sizeof(full_session));
		assert_memory_equal(t->recovery, full_recovery, sizeof(full_recovery));
		judge_in_full(&step, t->recovery);
		t->session.dir[side].flags |= DIR_SENT;
		return;
	}
	t->predicted++;
	judge_in_full(&full, full_recovery);
	assert_memory_equal(&t->session, &full_session, sizeof(full_session));
	assert_memory_equal(t->recovery, full_recovery, sizeof(full_recovery));
	assert_int_equal(step.verdict, full.verdict);
	assert_int_equal(step.remarks, full.remarks);
	assert_int_equal(step.segments, full.segments);
	assert_int_equal(full.resent + full.resend + full.spurious, 0);
	t->session.dir[side].flags |= DIR_SENT;
}

static void begin(struct talk *t)
{
	uint8_t syn[] = { 2, 4, 5, 0xb4, 3, 3, 7, 1 };
	struct segment seg;
	uint8_t side;

	t->now_ns = T0;
	t->next[0] = random_below(t, UINT32_MAX);
	t->next[1] = random_below(t, UINT32_MAX);
	t->acked[0] = t->acked[1] = 0;
	memset(&t->session, 0, sizeof(t->session));
	memset(t->recovery, 0, sizeof(t->recovery));
	if (one_in(t, 3)) {
		t->session.flags = SESSION_MID_STREAM;
		t->session.state[0] = t->session.state[1] = TS_ESTABLISHED;
	} else {
		t->session.state[0] = TS_SYN_SENT;
		t->session.state[1] = TS_SYN_RECV;
		for (side = 0; side < 2; side++) {
			seg = make_segment(side ? SERVER : CLIENT, side ? TCP_SYN | TCP_ACK : TCP_SYN, t->next[side],
					   side ? t->next[0] : 0, 0);
			seg.opt = syn;
			seg.opt_len = one_in(t, 5) ? 0 : sizeof(syn);
			feed(t, &seg, side);
			t->next[side]++;
		}
		if (!one_in(t, 8))
			t->session.state[0] = t->session.state[1] = TS_ESTABLISHED;
	}
	t->acked[0] = t->next[1];
	t->acked[1] = t->next[0];
}

static void test_short_way_is_the_long_way(void **state)
{
	struct talk t = { .random = 42 };
	uint32_t i, n;

	(void)state;
	for (n = 0; n < TALKS; n++) {
		begin(&t);
		for (i = 0; i < SEGMENTS; i++) {
			uint8_t side = (uint8_t)random_below(&t, 2);
			struct segment seg = random_segment(&t, side);

			if (one_in(&t, 50))
				grow_old(&t.session.dir[side]);
			feed(&t, &seg, side);
		}
		gaps_free(&t.session.dir[0].gaps);
		gaps_free(&t.session.dir[1].gaps);
	}
	assert_in_range(t.predicted, TALKS * SEGMENTS / 10, TALKS * SEGMENTS * 9 / 10); /* both ways were taken */
}

/* What nearly every segment is goes the short way, whatever was lost before. */
static void test_request_and_answer(void **state)
{
	struct talk t = { .random = 7 };
	uint32_t i;

	(void)state;
	do
		begin(&t);
	while (t.session.flags & SESSION_MID_STREAM || t.session.state[0] != TS_ESTABLISHED);
	for (i = 0; i < 100; i++) {
		uint8_t side = i / 2 & 1;
		struct segment seg = make_segment(side ? SERVER : CLIENT, TCP_ACK, t.next[side], t.next[!side], 100);

		seg.ts_ns = t.now_ns += MS;
		t.next[side] += 100;
		feed(&t, &seg, side);
	}
	assert_in_range(t.predicted, 98, 100); /* the first of each side is its first ACK */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_short_way_is_the_long_way),
		cmocka_unit_test(test_request_and_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
