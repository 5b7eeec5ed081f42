/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Why a side sends again: an estimate of its RTT and of its retransmission timer, and what the ACKs told it of losses.
 *
 * Works on direction.timer: when its oldest unacknowledged data was sent, or when an ACK last told it something, whichever is
 * later (RFC 6298 5). A retransmission long after it is one by time, whatever ACKs had told before.
 */
#ifndef MIRUO_TRACK_RECOVERY_H
#define MIRUO_TRACK_RECOVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "session.h"
#include "verdict.h"

/* Of one side. Kept apart from struct direction: most segments do not need it. */
struct recovery {
	uint32_t srtt, rttvar;		/* RFC 6298 2, in ticks; srtt 0: no sample yet */
	uint32_t end;			/* kind: it lasts until this is acknowledged */
	uint32_t sacked_end;		/* this follows the highest data that a SACK told of; peer has DIR_SACKED */
	uint32_t acked_before;		/* retransmitted segments that had been acknowledged as seen here */
	uint32_t told_twice;		/* segments that a DSACK told to have arrived twice */
	uint16_t mss;			/* what it may send in a segment, see mss.h; 0: not known */
	uint16_t mss_candidate;		/* the largest payload but one that came once only */
	uint8_t kind;			/* enum resend of the loss episode it is in: FAST, TIMEOUT or TAIL_LOSS_PROBE */
	uint8_t mss_announced;		/* mss is from the SYN of the other side */
};

/* New data (or SYN, FIN) up to end was sent. idle: nothing was unacknowledged before. */
void recovery_sent(struct direction *own, uint32_t end, bool idle, uint32_t now);

/* ack, of peer, is higher than all before. own is the side that sent the data. */
void recovery_acked(struct direction *own, struct recovery *rec, uint32_t ack, uint32_t now);

/* A retransmission as resend_kind() sees it. */
struct resent {
	uint32_t seq, end;
	uint32_t segments;
	uint8_t flags;		/* of the segment */
	bool acked;		/* peer had acknowledged all of it */
};

/* Why it was sent again; RESEND_NONE: nothing that was captured tells. To be followed by recovery_resent(). */
enum resend recovery_kind(const struct direction *own, const struct direction *peer, const struct recovery *rec,
			  const struct resent *r, uint32_t now);

/* Takes note of it. */
void recovery_resent(struct direction *own, const struct direction *peer, struct recovery *rec, const struct resent *r,
		     enum resend kind, uint32_t now);

/* So many of the retransmitted segments of a side were sent for nothing: as their ACKs or the other side's DSACKs show. */
uint32_t recovery_spurious(const struct direction *own, const struct recovery *rec);

#endif
