/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Why a side sends again: an estimate of its retransmission timer, and what the ACKs told it of losses.
 *
 * Works on direction.timer_us: when its oldest unacknowledged data was sent, or when an ACK last moved, whichever is later
 * (RFC 6298 5). A retransmission long after it is one by time, unless ACKs have told of a loss just now. In
 * direction.episode it notes why the last episode of losses began: FAST, TIMEOUT or TAIL_LOSS_PROBE.
 */
#ifndef MIRUO_TRACK_RECOVERY_H
#define MIRUO_TRACK_RECOVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "verdict.h"

struct direction;
struct rtt;

/* Of one side; part of struct session. Apart from struct direction: most segments do not need it. */
struct recovery {
	uint32_t end;		/* direction.episode lasts until this is acknowledged */
	uint32_t sacked_end;	/* this follows the highest data that a SACK told of, if peer has DIR_SACKED */
	uint32_t told_us;	/* when a duplicate ACK or SACK last told of a loss, clock_us() */
	uint32_t acked_before;	/* retransmitted segments that had been acknowledged as seen here ... */
	uint32_t told_twice;	/* ... and those that a DSACK told to have arrived twice; both stop at their maximum */
};

/* ack, of peer, is higher than all before. own is the side that sent the data; now_us: clock_us(), here and below. */
void recovery_acked(struct direction *own, const struct recovery *rec, uint32_t ack, uint32_t now_us);

/* A retransmission as resend_kind() sees it. */
struct resent {
	uint32_t seq, end;
	uint32_t segments;
	uint8_t flags;		/* of the segment */
	bool acked;		/* peer had acknowledged all of it */
};

/*
 * Why it was sent again; RESEND_NONE: nothing that was captured tells. To be followed by recovery_resent(). rtt: between the
 * capture point and peer.
 */
enum resend recovery_kind(const struct direction *own, const struct direction *peer, const struct recovery *rec,
			  const struct rtt *rtt, const struct resent *r, uint32_t now_us);

/* Takes note of it. */
void recovery_resent(struct direction *own, const struct direction *peer, struct recovery *rec, const struct rtt *rtt,
		     const struct resent *r, enum resend kind, uint32_t now_us);

/* ACKs of the other side, a duplicate one or one with a SACK, told of a loss. */
void recovery_told(struct recovery *rec, uint32_t now_us);

/* A DSACK of the other side told that so many segments had arrived before. */
void recovery_told_twice(struct recovery *rec, uint32_t segments);

/* So many of the retransmitted segments of a side were sent for nothing: as their ACKs or the other side's DSACKs show. */
uint32_t recovery_spurious(const struct direction *own, const struct recovery *rec);

#endif
