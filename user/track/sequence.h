/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a segment is in the stream of the side that sent it: new, sent before, filling a hole, a keep-alive (RFC 9293 3.4,
 * 3.8.1, 3.8.4). Works on what was captured; ACKs do not decide whether something was sent before.
 */
#ifndef MIRUO_TRACK_SEQUENCE_H
#define MIRUO_TRACK_SEQUENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "session.h"
#include "verdict.h"

/*
 * A jump of more than this is not believed before a second segment follows it: a forged or damaged segment must not turn all
 * that comes after it into retransmissions. Far more than any window that moves within a capture without gaps.
 */
#define STRAY_DISTANCE (1 << 26)

/*
 * What lies further back than this is not looked at again, nor, after that, what lies half as far: it is further than any
 * segment that is no stray. It is dropped before 2^31, where it would seem to lie ahead.
 */
#define KNOWN_DISTANCE (1u << 30)

/* Where a segment lies in what its side sent. */
struct placing {
	enum verdict verdict;	/* NEW, RETRANSMIT, OUT_OF_ORDER, KEEPALIVE or STRAY */
	uint32_t repeated;	/* so many of its sequence numbers were sent before; 0 for a KEEPALIVE */
	uint32_t remarks;	/* REMARK_GAP, REMARK_ACKS_UNSEEN */
	bool acks_new;		/* its ACK is the highest of its side so far */
};

/* Sequence numbers that the segment takes: payload, SYN and FIN. */
uint32_t sequence_len(const struct segment *seg);

/* The segment carries nothing that was not seen before: only then it may be a copy of an earlier packet. */
bool sequence_is_old(const struct direction *own, const struct segment *seg);

/* Judges a segment and takes note of it. own: the side that sent it, peer: the other one. Not for RST: see below. */
void sequence_feed(struct direction *own, struct direction *peer, const struct segment *seg, struct placing *p);

/* Takes note of a RST: what comes late from its sender lies before it. */
void sequence_note_rst(struct direction *own, const struct segment *seg);

/* Takes note of payload that came in a later IP fragment. */
void sequence_extend(struct direction *own, uint32_t seq, uint32_t len);

#endif
