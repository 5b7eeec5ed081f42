/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Follows all TCP sessions: segments in, steps and ended sessions out.
 *
 * Time is the segments' own: nothing here reads a clock, so a file replayed gives the same timeouts as the live run. What is
 * held is bounded (tracker_config.h); everything refused or thrown away is counted.
 */
#ifndef MIRUO_TRACK_TRACKER_H
#define MIRUO_TRACK_TRACKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "history.h"
#include "session.h"
#include "tracker_config.h"

struct timing;

enum rst_kind {
	RST_NONE,
	RST_BREAK,	/* nobody had sent a FIN */
	RST_AFTER_FIN,
};

/* What one segment did. All pointers are borrowed until the callback returns. */
struct step {
	struct session *session;
	const struct segment *seg;
	struct record *rec;		/* NULL if it could not be held */
	struct record *original;	/* VERDICT_RETRANSMIT: the first held record with the same data, SYN or FIN; or NULL */
	uint64_t id;			/* of the packet in its session, from 0 */
	uint64_t pause_ns;		/* since the segment before it in the session */
	uint64_t since_original_ns;	/* VERDICT_RETRANSMIT: since it was first sent; without an original: at least that */
	const struct timing *timing;	/* of the session so far (timing.h); all 0 before both sides were seen */
	struct pause_split split;	/* of pause_ns, on whom it was spent */
	enum verdict verdict;
	enum resend resend;		/* resent: why; RESEND_NONE: nothing that was captured tells */
	uint32_t remarks;		/* bits of enum remark */
	uint32_t segments;		/* TCP segments that the frame stands for */
	uint32_t resent;		/* those of them that repeat something: VERDICT_RETRANSMIT, or a SYN of SESSION_RETRIES */
	uint32_t spurious;		/* retransmitted segments of either side that were for nothing, as is known by this one */
	enum rst_kind rst;
	uint32_t rst_doubts;		/* bits of enum rst_doubt (rst_evidence.h) ... */
	uint32_t rst_checked;		/* ... of these, which could be checked */
	uint8_t side;			/* that sent it */
	uint8_t state_before[2];	/* enum tcp_state of side 0 and 1 */
	bool state_shows;		/* the state machine wants it shown ... */
	enum colour colour;		/* ... and in this colour */
};

enum session_end {
	END_CLOSED,	/* FINs acknowledged, or RST */
	END_TIMEOUT,	/* 30 s without a segment in a transient state, or 900 s */
	END_DUPLICATE,	/* a SYN opened another session on its ports */
	END_EVICTED,	/* half open, and the table was full */
	END_CAPTURE,	/* still open at the end of the input */
};

struct tracker_events {
	void *ctx;
	void (*segment)(void *ctx, const struct step *step);
	/* segment is not called for ordinary ones (ordinary.h) after a shorter pause. 0: it is called for all */
	uint64_t quiet_ns;
	/* The session's records are still held, and are dropped when this returns. */
	void (*ended)(void *ctx, struct session *s, enum session_end why, uint64_t ts_ns);
	/* The last word on a session, its late segments counted. May be NULL. */
	void (*forgotten)(void *ctx, const struct session *s);
};

struct tracker_stats {
	uint64_t first_ns, last_ns;	/* times of the first and the latest segment; 0: none yet */
	uint64_t sessions;		/* all, those picked up in mid-stream included */
	uint64_t mid_stream;
	uint32_t active, active_max;
	uint64_t refused;		/* SYNs of sessions that were not followed because the table was full */
	uint64_t evicted;		/* half-open sessions that gave way to new ones */
	uint64_t not_followed;		/* segments of sessions that are not followed: table full, or no pickup */
	uint64_t timeouts;
	uint64_t duplicates;		/* END_DUPLICATE */
	uint64_t resets;		/* sessions ended by RST */
	uint64_t late;			/* segments of sessions that were over */
	uint64_t segments;		/* that became part of a session */
	uint64_t offload_segments;	/* all but copies, each counted as the TCP segments that its frame stands for */
	uint64_t retransmitted;		/* of offload_segments, those of sessions that were over included */
	uint64_t resends[RESEND_COUNT];	/* of retransmitted, by reason; RESEND_NONE: not known */
	uint64_t spurious;		/* of retransmitted: had arrived before, by an ACK before it or a DSACK behind it */
	uint64_t out_of_order, keepalives, keepalive_acks, zero_window_probes, dup_acks, window_updates, strays;	/* of segments */
	uint64_t copies;		/* the same packet captured once more */
	uint64_t fragments;		/* later IP fragments that were given to a session */
	uint64_t fragments_orphaned;	/* those that were not, or not yet */
};

struct tracker;

struct tracker *tracker_new(const struct tracker_config *cfg, const struct tracker_events *events);	/* NULL: no memory */
void tracker_free(struct tracker *t);

/* seg is borrowed. Also lets time advance to seg->ts_ns. */
void tracker_feed(struct tracker *t, const struct segment *seg);

/* The same for each of count segments in their order. With many sessions that costs far less than one call for each. */
void tracker_feed_all(struct tracker *t, const struct segment *segs, size_t count);

/* Lets time advance when there are no segments: sessions time out. ns since 1970. */
void tracker_advance(struct tracker *t, uint64_t now_ns);

/* The end of the input: ends all sessions with END_CAPTURE, in the order of their ids. Nothing is fed after it. */
void tracker_finish(struct tracker *t);

struct history *tracker_history(struct tracker *t);

void tracker_stats(const struct tracker *t, struct tracker_stats *out);

#endif
