/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When sessions are due to be looked at again: lists of session indices, one a second of the next 17 minutes, and three in
 * the order of arrival. A segment of a session costs nothing here: who comes up for a look and was active is put back for later.
 */
#ifndef MIRUO_TRACK_TIMERS_H
#define MIRUO_TRACK_TIMERS_H

#include <stdint.h>

#include "session.h"

#define TIMERS_SECONDS 1024	/* power of two, more than the longest timeout */

enum {
	LIST_HALF_OPEN = TIMERS_SECONDS,	/* only SYNs seen; least recently active first */
	LIST_ONE_SIDED,				/* picked up in mid-stream, one side seen so far; in the same order */
	LIST_CLOSED,				/* over; oldest end first */
	LIST_NONE,
	LIST_COUNT = LIST_NONE
};

struct timer_list {
	uint32_t first, last;	/* session indices, 0: empty */
	uint32_t count;
};

struct timer_link {
	uint32_t prev, next;	/* session indices, 0: none */
};

struct timers {
	struct session *sessions;
	struct timer_link *link;	/* of each session that is on a list */
	struct timer_list list[LIST_COUNT];
};

/* The list of sessions to look at in that second (since 1970). */
static inline uint16_t timers_second(uint64_t second)
{
	return (uint16_t)(second & (TIMERS_SECONDS - 1));
}

/* Puts a session at the end of a list, off the one it was on; LIST_NONE: only off. */
void timers_move(struct timers *t, uint32_t index, uint16_t list);

#endif
