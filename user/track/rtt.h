/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The round-trip time between the capture point and one side: from a segment on its way to that side to the ACK of it. What
 * the side adds by delaying its ACK is in it, as it is in what the sender measures. The sums for both sides of the capture
 * point are the session's (timing.h).
 *
 * Samples are taken from data and its ACK, never from what was sent twice (Karn's rule, RFC 6298 3): of an echoed timestamp
 * (RFC 7323 4) no more could be learned, its clock mostly ticks in milliseconds. One segment is timed at once, the next one
 * when it is acknowledged, so there is one sample a round trip, as RFC 6298 3 asks for.
 */
#ifndef MIRUO_TRACK_RTT_H
#define MIRUO_TRACK_RTT_H

#include <stdint.h>

#include "seq.h"

struct rtt {
	uint32_t smoothed;	/* RFC 6298 2: SRTT, in 1/8 us; 0: not known */
	uint32_t var_us;	/* RTTVAR */
	uint32_t min_us;	/* the smallest sample, at least 1; 0: not known */
	uint32_t end;		/* one behind the last sequence number of the segment that is timed */
	uint32_t sent_us;	/* since any time, wrapping; 0: no segment */
};

/* A round trip measured otherwise. */
void rtt_sample(struct rtt *r, uint32_t us);

/* New data on its way to the side passed; end: one behind its last sequence number; now_us: since any time, wrapping. */
static inline void rtt_sent(struct rtt *r, uint32_t end, uint32_t now_us)
{
	if (r->sent_us)
		return;
	r->end = end;
	r->sent_us = now_us + !now_us;
}

/* The side acknowledged all before ack. */
static inline void rtt_acked(struct rtt *r, uint32_t ack, uint32_t now_us)
{
	int32_t us = seq_diff(now_us, r->sent_us);

	if (!r->sent_us || seq_diff(ack, r->end) < 0)
		return;
	r->sent_us = 0;
	if (us >= 0)
		rtt_sample(r, (uint32_t)us);
}

/* Something was sent again or out of order: what is in flight tells nothing of the round trip any more. */
static inline void rtt_forget(struct rtt *r)
{
	r->sent_us = 0;
}

static inline uint32_t rtt_smoothed_us(const struct rtt *r)
{
	return (r->smoothed + 4) / 8;
}

#endif
