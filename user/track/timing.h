/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The times of a session: how far away the sides are, how long the handshake took, who made whom wait. */
#ifndef MIRUO_TRACK_TIMING_H
#define MIRUO_TRACK_TIMING_H

#include "miruo/segment.h"
#include "rtt.h"
#include "turns.h"

/* Part of struct session. */
struct timing {
	struct rtt rtt[2];	/* between the capture point and each side */
	uint32_t handshake_us;	/* see timing_handshake_us(); with HANDSHAKE_HALF: up to the first SYN/ACK */
	struct turns turns;
};

#define HANDSHAKE_HALF (1u << 31)

/* Of a session of which no times are taken: all 0. */
extern const struct timing timing_none;

/*
 * Takes the times of a segment; fills in step->split and step->timing. own: the side that sent it, peer: the other one, both
 * after they took note of it.
 */
void timing_feed(struct timing *t, struct step *step, const struct direction *own, const struct direction *peer);

/* For a session of SESSION_TIMED: turns_feed_plain() and the RTT are all that there is to do about ordinary segments. */
bool timing_is_plain(const struct timing *t);

/* As timing_feed(), for such a segment if prediction_holds(). now_us: its clock_us(). Returns timing_is_plain() after it. */
bool timing_feed_plain(struct session *s, const struct segment *seg, uint8_t side, uint64_t pause_ns, uint32_t now_us,
		       bool window_full);

/* The times of a session, also while it is reported as ended; all 0 if none were taken. */
const struct timing *timing_of(const struct session *s);

/*
 * The session's round-trip time, us; 0: not known. The smoothed one of the far side, which is what the near one's kernel
 * measures, and the shortest to the near one: what that side is later with its ACKs is no distance.
 */
uint32_t timing_rtt_us(const struct timing *t);

/* From the first SYN to the ACK that ends the handshake, SYNs sent again included, us; 0: not captured as a whole. */
uint32_t timing_handshake_us(const struct timing *t);

/* Who waited for whom in the session, up to now. */
void timing_waits(const struct timing *t, const struct session *s, struct waits *out);

#endif
