/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The held segments of all sessions: 64-byte records from one array of fixed size, a list per session in the order of arrival.
 *
 * Memory is bounded twice: a session holds HISTORY_HIDDEN_MAX hidden records at most (shown ones stay), and all sessions
 * together hold no more than -l, opening SYNs not counted. When that is reached a hidden record gives way, first of the same
 * session, then of another; if there is none, the session's own oldest shown one behind its first.
 *
 * What is settled, as the other side has acknowledged it and no copy of it is to come, is hardly ever asked for again. Beyond
 * the last few of a session such records go early: what a busy session holds is to stay in the cache.
 */
#ifndef MIRUO_TRACK_HISTORY_H
#define MIRUO_TRACK_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "miruo/segment.h"
#include "session.h"
#include "verdict.h"

#define HISTORY_HIDDEN_MAX 1024	/* a session */
#define HISTORY_SETTLED_MAX 64	/* of them, if the oldest are settled, and no context is asked for */
#define HISTORY_NOTES_MAX (64u << 20)	/* bytes of notes in all */

enum colour {
	COLOUR_NONE,
	COLOUR_RED,
	COLOUR_GREEN,
	COLOUR_YELLOW,
	COLOUR_BLUE,
	COLOUR_MAGENTA,
	COLOUR_CYAN,
};

#define RECORD_INLINE_OPTIONS 20	/* as a SYN of Linux has; longer ones take a second slot */

struct record {
	uint64_t ts_ns;
	uint32_t seq, ack;
	uint32_t wire_len, payload_len;
	uint32_t session;	/* index of its session */
	uint32_t id_low;	/* of the 40-bit packet id */
	uint16_t ip_id;
	uint8_t id_high;
	uint8_t flags;		/* enum tcp_flag */
	uint8_t state[2];	/* of side 0 and 1 after the segment */
	uint8_t where;		/* record_where() of the segment */
	uint8_t side;		/* that sent it */
	uint8_t frag, opt_cut;	/* bool: the first fragment, options are missing */
	uint8_t opt_len;
	uint8_t verdict : 4, colour : 3, own : 1;	/* own: shown by its own right */
	union {
		uint8_t opt[RECORD_INLINE_OPTIONS];
		uint32_t more;	/* opt_len > RECORD_INLINE_OPTIONS: the slot with all options */
	};
};

_Static_assert(sizeof(struct record) == 64, "struct record: one cache line");

struct history;

struct history_stats {
	uint32_t held, held_max;	/* opening SYNs not counted */
	uint64_t dropped;		/* segments not held, or no longer, because of the limit */
	uint64_t notes_dropped;		/* texts that were not kept */
};

/*
 * Room for segment_limit records and the opening SYN of each of sessions_max sessions, which are sessions[1] and up. context:
 * so many hidden records before a later one may be asked for. NULL: out of memory.
 */
struct history *history_new(uint32_t segment_limit, uint32_t context, struct session *sessions, uint32_t sessions_max);
void history_free(struct history *h);

/*
 * Appends a record of seg to the session, which is in the states after it but has not counted it yet, hidden, without colour.
 * NULL if it cannot be held. Other records of the session, and hidden ones of others, may be gone after it.
 */
struct record *history_add(struct history *h, struct session *s, const struct segment *seg, uint8_t side, enum verdict verdict);

/* For who will soon call history_add() for the session: fetches its oldest record, which mostly gives its slot. */
void history_prefetch(const struct history *h, const struct session *s);

/* The oldest hidden record of a session, NULL if there is none: what was dropped was older, but for shown ones. */
struct record *history_oldest_hidden(struct history *h, struct session *s);

/* Forgets all records of the session. */
void history_clear(struct history *h, struct session *s);

struct record *history_first(const struct history *h, const struct session *s);
struct record *history_last(const struct history *h, const struct session *s);
struct record *history_next(const struct history *h, const struct record *r);
struct record *history_prev(const struct history *h, const struct record *r);

/* Interface and direction in one byte: where two segments differ in it, they are not the same sight of a packet. */
static inline uint8_t record_where(const struct segment *seg)
{
	return (uint8_t)(seg->ifindex << 1 | seg->egress);
}

static inline uint64_t record_id(const struct record *r)
{
	return (uint64_t)r->id_high << 32 | r->id_low;
}

/* The record is of that side and has some of the len sequence numbers from seq. */
bool record_overlaps(const struct record *r, uint8_t side, uint32_t seq, uint32_t len);

/* The raw options, opt_len bytes. */
const uint8_t *record_options(const struct history *h, const struct record *r);

/* Makes the record one that is printed with its session. */
void history_show(const struct history *h, struct session *s, struct record *r);
bool record_is_shown(const struct history *h, const struct record *r);

/* Where a text that is kept with a record is printed. */
enum note_place {
	NOTE_BEHIND,	/* at the end of the record's line */
	NOTE_BELOW,	/* in lines of its own, each ended by a newline */
	NOTE_PLACES
};

/* A copy of the text is kept as long as the record, within HISTORY_NOTES_MAX; one text a place. */
void history_note(struct history *h, struct record *r, enum note_place place, const char *text, size_t len);
const char *record_note(const struct history *h, const struct record *r, enum note_place place);	/* NULL: none */

void history_stats(const struct history *h, struct history_stats *out);

#endif
