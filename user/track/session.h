/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is known of one TCP session. Written by the tracker; rules and sinks read it, and set reasons and context.
 *
 * The two ends are side 0 and side 1 in the order of the flow key (flow.h), whoever opened the session; client tells which of
 * them is the client. A guess about the client can so be corrected without touching anything else.
 */
#ifndef MIRUO_TRACK_SESSION_H
#define MIRUO_TRACK_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow.h"
#include "gaps.h"
#include "recovery.h"
#include "timing.h"

/* What one side was seen to send. Sequence numbers are absolute. */
struct direction {
	struct gaps *gaps;		/* holes in it, owned */
	uint32_t isn;			/* of the SYN, if flags has DIR_SYN */
	uint32_t first_seq;		/* below it nothing is known */
	uint32_t next_seq;		/* one behind the highest sequence number sent */
	uint32_t fin_seq;		/* of the FIN, if flags has DIR_FIN */
	uint32_t ack;			/* the highest ACK it sent, if flags has DIR_ACK */
	uint32_t stray_seq;		/* what would follow its last segment that was far out of place */
	uint32_t retransmitted;		/* segments */
	uint32_t flags;			/* enum direction_flag */
	uint32_t timer_us;		/* since when only time makes it send again, see recovery.h; clock_us() */
	uint16_t window;		/* of its last ACK, as in the header */
	uint16_t mss;			/* what it may send in a segment, see mss.h; 0: not known */
	uint16_t mss_candidate;		/* the largest payload that came once */
	uint8_t episode;		/* enum resend of the loss episode it is in, see recovery.h */
	uint8_t wscale;			/* that its SYN offered, if flags has DIR_SCALE */
	uint8_t dup_acks;		/* it sent since its ACK moved, DUP_ACKS_MAX at most */
	uint8_t where;			/* record_where() of its first segment */
	uint8_t ttl;			/* of all its segments; 0: they differ */
};

#define DUP_ACKS_MAX 15

enum direction_flag {
	DIR_SEQ = 1,	/* first_seq and next_seq are valid */
	DIR_ACK = 2,
	DIR_SYN = 4,
	DIR_FIN = 8,
	DIR_STRAY = 16,	/* stray_seq is valid */
	DIR_SENT = 32,	/* a segment of this side was captured */
	DIR_SYN_ACK = 64,	/* one of them was a SYN/ACK */
	DIR_ELSEWHERE = 128,	/* not all were captured at the same interface and direction */
	DIR_SYN_OPTIONS = 256,	/* all options of its SYN were captured: what it did not offer it does not do */
	DIR_SCALE = 512,	/* its SYN offered window scaling */
	DIR_SACK_OK = 1024,	/* its SYN offered selective ACKs */
	DIR_ECN = 2048,		/* its SYN offered ECN, or its SYN/ACK agreed */
	DIR_SYN_DATA = 4096,	/* its SYN carried data (RFC 7413) */
	DIR_SYN_WINDOW = 8192,	/* window is that of a SYN, which is not scaled */
	DIR_SACKED = 16384,	/* it told of data that came behind a hole, which it has not acknowledged yet */
	DIR_KEPT = 32768,	/* its keep-alive was not answered yet */
	DIR_PROBED = 65536,	/* the same of a zero-window probe */
	DIR_PROVOKED = 131072,	/* what it sent is answered by a challenge ACK */
	DIR_MSS = 262144,	/* mss is from the SYN of the other side */
	DIR_HOLES = 524288,	/* the session is over, and there were holes in what it sent: not all below next_seq was seen */
};

enum session_flag {
	SESSION_MID_STREAM = 1,	/* its SYN was not captured */
	SESSION_CLOSED = 2,	/* over and reported; kept a while so that late segments do not open it again */
	SESSION_RST = 4,	/* ended by a RST of side rst_side */
	SESSION_REPLACES = 8,	/* opened by a SYN on ports that another session had in use */
	SESSION_GUESSED = 16,	/* which side is the client is a guess */
	SESSION_UNANSWERED = 64,	/* timed out before anything came back; kept a while to know its SYN by */
	SESSION_RETRIES = 128,	/* its SYN is that of a session before it, which was refused by a RST, or unanswered */
	SESSION_TIMED = 256,	/* times are taken of it (timing.h) */
	SESSION_REUSES = 512,	/* opened by a new SYN on ports of a session that was over, but not forgotten yet */
	SESSION_STEADY = 1024,	/* its segments may be ordinary (ordinary.h) */
};

#define CONTEXT_ALL UINT16_MAX
#define FRAGMENTS_MAX 0xffffffu

/*
 * Six cache lines. What the segments need that nearly all are (ordinary.h) is in the first five, all else in the last one.
 */
struct session {
	struct flow_key key;
	uint32_t shown, oldest;		/* held segments, see history.c */
	uint16_t hidden;		/* held segments that are not shown, HISTORY_HIDDEN_MAX at most */
	uint16_t list;			/* timer list it is on */
	uint8_t client;			/* side 0 or 1 */
	uint8_t rst_side;

	struct direction dir[2];

	uint64_t segments;		/* those that are part of the session; copies and later fragments are not */
	uint64_t bytes;			/* on the wire, link headers and later fragments included, copies not */
	uint64_t last_ns;		/* last segment kept; never goes back */
	uint16_t reasons;		/* rules that want it looked up, bits of enum reason */
	uint16_t context_left;		/* so many hidden segments to come are shown as context; CONTEXT_ALL: all */
	uint16_t flags;			/* enum session_flag */
	uint8_t state[2];		/* enum tcp_state of each side */

	struct timing timing;		/* all 0 before flags has SESSION_TIMED */

	uint64_t start_ns;		/* first segment */
	uint64_t id : 40;		/* from 1, in the order of their first segments */
	uint64_t fragments : 24;	/* later IP fragments, FRAGMENTS_MAX at most */
	struct recovery recovery[2];	/* of each side */
};

#define SESSION_ORDINARY_SIZE 320	/* the first five lines */

_Static_assert(sizeof(struct session) == 384, "struct session: memory per open session, and whole cache lines");
_Static_assert(offsetof(struct session, timing.turns.settled_ns[WAIT_ZERO_WINDOW]) == SESSION_ORDINARY_SIZE,
	       "struct session: what ordinary segments need");

/* As a type that can be printed. */
static inline uint64_t session_id(const struct session *s)
{
	return s->id;
}

#endif
