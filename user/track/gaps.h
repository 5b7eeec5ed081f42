/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The holes in what one side of a session was seen to send: ranges below its highest sequence number that were skipped.
 * Data that falls into a hole is seen for the first time; data that does not was sent before.
 *
 * A set holds GAPS_MAX ranges at most; when one more is needed the lowest is forgotten, and data that arrives there later
 * counts as unknown, not as sent before (gaps.floor).
 */
#ifndef MIRUO_TRACK_GAPS_H
#define MIRUO_TRACK_GAPS_H

#include <stdbool.h>
#include <stdint.h>

#define GAPS_MAX 64

struct gap {
	uint32_t start, end;	/* first sequence number of the hole, first one behind it */
};

struct gaps;	/* NULL is the empty set */

/* Notes that [start, end) was skipped; it lies behind all other holes. Allocates; false: out of memory, nothing noted. */
bool gaps_add(struct gaps **set, uint32_t start, uint32_t end);

/*
 * The same for a hole below all others; what lies between it and them is seen. False also if there is no room, or if holes
 * were forgotten: nothing is known of what lies there then.
 */
bool gaps_prepend(struct gaps **set, uint32_t start, uint32_t end);

/*
 * Closes the holes in [start, end). Returns how many of its sequence numbers had not been seen: they lay in a hole, or where
 * holes were forgotten and nobody can tell.
 */
uint32_t gaps_fill(struct gaps **set, uint32_t start, uint32_t end);

/* Drops the holes that begin below seq, and the memory of forgotten ones there: those sequence numbers will come round again. */
void gaps_drop_below(struct gaps *set, uint32_t seq);

/* The number of holes, and the i-th from the lowest. */
uint32_t gaps_count(const struct gaps *set);
struct gap gaps_get(const struct gaps *set, uint32_t i);

void gaps_free(struct gaps **set);

#endif
