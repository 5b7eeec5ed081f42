/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The round-trip time between the capture point and one side: from a segment on its way to that side to the ACK of it. What
 * the side adds by delaying its ACK is in it, as it is in what the sender measures. The sums for both sides of the capture
 * point are the session's (timing.h).
 *
 * Samples are taken from data and its ACK, never from what was sent twice (Karn's rule, RFC 6298 3): of an echoed timestamp
 * (RFC 7323 4) no more could be learned, its clock mostly ticks in milliseconds. Two segments are timed at once, the next
 * ones when they are acknowledged, so there are up to two samples a round trip.
 */
#ifndef MIRUO_TRACK_RTT_H
#define MIRUO_TRACK_RTT_H

#include <stdint.h>

#include "seq.h"

#define RTT_MARKS 2

struct rtt {
	uint32_t smoothed;	/* RFC 6298 2: SRTT, in 1/8 us; 0: not known */
	uint32_t var_us;	/* RTTVAR */
	uint32_t min_us;	/* the smallest sample, at least 1; 0: not known */
	struct rtt_mark {
		uint32_t end;		/* one behind the segment's last sequence number */
		uint32_t sent_us;	/* since any time, wrapping; 0: no segment */
	} mark[RTT_MARKS];	/* in the order of sending */
};

/* As the two below, where there is something to do. */
void rtt_mark(struct rtt *r, uint32_t end, uint32_t now_us);
void rtt_take(struct rtt *r, uint32_t ack, uint32_t now_us);

/* New data on its way to the side passed; end: one behind its last sequence number; now_us: since any time, wrapping. */
static inline void rtt_sent(struct rtt *r, uint32_t end, uint32_t now_us)
{
	if (!r->mark[RTT_MARKS - 1].sent_us)
		rtt_mark(r, end, now_us);
}

/* The side acknowledged all before ack. */
static inline void rtt_acked(struct rtt *r, uint32_t ack, uint32_t now_us)
{
	if (r->mark[0].sent_us && seq_diff(ack, r->mark[0].end) >= 0)
		rtt_take(r, ack, now_us);
}

/* Something was sent again or out of order: what is in flight tells nothing of the round trip any more. */
void rtt_forget(struct rtt *r);

/* A round trip measured otherwise. */
void rtt_sample(struct rtt *r, uint32_t us);

static inline uint32_t rtt_smoothed_us(const struct rtt *r)
{
	return (r->smoothed + 4) / 8;
}

#endif
