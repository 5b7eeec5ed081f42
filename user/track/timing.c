/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "timing.h"

#include <string.h>

#include "tracker.h"

const struct timing timing_none;

static uint32_t elapsed_us(uint64_t from_ns, uint64_t to_ns)
{
	uint64_t us = to_ns > from_ns ? (to_ns - from_ns) / 1000 : 0;

	return us < HANDSHAKE_HALF ? (us ? (uint32_t)us : 1) : HANDSHAKE_HALF - 1;
}

/* The answer to a SYN that was sent again tells nothing of the distance, but how long it took all the same. */
static void timing_handshake(struct timing *t, const struct step *step)
{
	const struct session *s = step->session;
	uint8_t side = step->side, flags = step->seg->flags;
	uint32_t us = elapsed_us(s->start_ns, step->seg->ts_ns), half_us = t->handshake_us & ~HANDSHAKE_HALF;

	if (s->flags & SESSION_MID_STREAM || !(flags & TCP_ACK) || flags & TCP_RST)
		return;
	if (side != s->client && flags & TCP_SYN && !half_us) {
		t->handshake_us = us | HANDSHAKE_HALF;
		if (!s->dir[s->client].retransmitted)
			rtt_sample(&t->rtt[side], us);
	} else if (side == s->client && !(flags & TCP_SYN) && half_us) {
		t->handshake_us = us > half_us ? us : half_us;
	}
}

/* A FIN is not timed: its ACK often waits until the application closes too. */
static void timing_round_trip(struct timing *t, const struct step *step, uint32_t now_us)
{
	const struct segment *seg = step->seg;
	uint32_t len = seg->payload_len + !!(seg->flags & TCP_SYN);

	if ((seg->flags & (TCP_ACK | TCP_RST)) == TCP_ACK)
		rtt_acked(&t->rtt[step->side], seg->ack, now_us);
	if (step->verdict == VERDICT_RETRANSMIT || step->verdict == VERDICT_OUT_OF_ORDER)
		rtt_forget(&t->rtt[!step->side]);
	else if (len && step->verdict == VERDICT_NEW && !(seg->flags & TCP_FIN))
		rtt_sent(&t->rtt[!step->side], seg->seq + len, now_us);
}

/* Times begin when both sides were seen, or data is. */
static bool timing_begins(const struct step *step)
{
	const struct segment *seg = step->seg;

	if (seg->flags & TCP_RST)
		return false;
	return step->session->dir[!step->side].flags & DIR_SENT || (seg->payload_len && !(seg->flags & TCP_SYN));
}

void timing_feed(struct timing *t, struct step *step, const struct direction *own, const struct direction *peer)
{
	const struct segment *seg = step->seg;
	uint32_t now_us = clock_us(seg->ts_ns);

	if (!(step->session->flags & SESSION_TIMED)) {
		if (!timing_begins(step)) {
			step->timing = &timing_none;
			turns_alone(step);
			return;
		}
		turns_begin(&t->turns, step);
		step->session->flags |= SESSION_TIMED;
	}
	step->timing = t;
	if (!t->handshake_us || t->handshake_us & HANDSHAKE_HALF)
		timing_handshake(t, step);
	timing_round_trip(t, step, now_us);
	turns_feed(&t->turns, t->rtt, step, own, peer, now_us);
}

bool timing_is_plain(const struct timing *t)
{
	return !(t->handshake_us & HANDSHAKE_HALF) && turns_are_plain(&t->turns);
}

bool timing_feed_plain(struct session *s, const struct segment *seg, uint8_t side, uint64_t pause_ns, uint32_t now_us,
		       bool window_full)
{
	struct timing *t = &s->timing;
	struct plain_move m = {
		.session = s,
		.ts_ns = seg->ts_ns,
		.pause_ns = pause_ns,
		.now_us = now_us,
		.payload_len = seg->payload_len,
		.side = side,
		.window_full = window_full,
	};

	rtt_acked(&t->rtt[side], seg->ack, now_us);
	if (seg->payload_len)
		rtt_sent(&t->rtt[!side], seg->seq + seg->payload_len, now_us);
	return turns_feed_plain(&t->turns, t->rtt, &m);
}

const struct timing *timing_of(const struct session *s)
{
	return s->flags & SESSION_TIMED ? &s->timing : &timing_none;
}

uint32_t timing_rtt_us(const struct timing *t)
{
	const struct rtt *a = &t->rtt[0], *b = &t->rtt[1];

	if (!a->min_us || !b->min_us)
		return rtt_smoothed_us(a->min_us ? a : b);
	return a->min_us > b->min_us ? rtt_smoothed_us(a) + b->min_us : rtt_smoothed_us(b) + a->min_us;
}

uint32_t timing_handshake_us(const struct timing *t)
{
	return t->handshake_us & HANDSHAKE_HALF ? 0 : t->handshake_us;
}

void timing_waits(const struct timing *t, const struct session *s, struct waits *out)
{
	memset(out, 0, sizeof(*out));
	if (s->flags & SESSION_TIMED)
		turns_waits(&t->turns, s, out);
	else
		out->total.ns[s->flags & SESSION_MID_STREAM ? WAIT_IDLE : WAIT_NETWORK] = s->last_ns - s->start_ns;
}
