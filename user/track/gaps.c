/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "gaps.h"

#include <stdlib.h>
#include <string.h>

#include "seq.h"

struct gaps {
	uint32_t count, room;
	bool forgot;		/* a hole was dropped: below floor nothing is known */
	uint32_t floor;
	struct gap range[];	/* ascending, disjoint */
};

static bool gaps_reserve(struct gaps **set)
{
	struct gaps *g = *set;
	uint32_t room = g ? g->room : 0;

	if (g && g->count < room)
		return true;
	if (room == GAPS_MAX)
		return false;
	room = room ? room * 2 : 4;
	g = realloc(g, sizeof(*g) + room * sizeof(g->range[0]));
	if (!g)
		return false;
	if (!*set)
		memset(g, 0, sizeof(*g));
	g->room = room;
	*set = g;
	return true;
}

static void gaps_remove(struct gaps *g, uint32_t i)
{
	g->count--;
	memmove(&g->range[i], &g->range[i + 1], (g->count - i) * sizeof(g->range[0]));
}

static void gaps_forget_below(struct gaps *g, uint32_t floor)
{
	g->forgot = true;
	g->floor = floor;
}

static void gaps_forget_lowest(struct gaps *g)
{
	gaps_forget_below(g, g->range[0].end);
	gaps_remove(g, 0);
}

bool gaps_add(struct gaps **set, uint32_t start, uint32_t end)
{
	struct gap *last = *set && (*set)->count ? &(*set)->range[(*set)->count - 1] : NULL;

	if (last && last->end == start) {	/* where only ACKs are seen, each shows a little more */
		last->end = end;
		return true;
	}
	if (!gaps_reserve(set)) {
		if (!*set || (*set)->count == 0)
			return false;
		gaps_forget_lowest(*set);
	}
	(*set)->range[(*set)->count++] = (struct gap){ start, end };
	return true;
}

bool gaps_prepend(struct gaps **set, uint32_t start, uint32_t end)
{
	struct gaps *g;

	if ((*set && (*set)->forgot) || !gaps_reserve(set))
		return false;
	g = *set;
	memmove(&g->range[1], &g->range[0], g->count * sizeof(g->range[0]));
	g->range[0] = (struct gap){ start, end };
	g->count++;
	return true;
}

/* Makes room for one more hole; the index i of another one moves down when the lowest had to go. */
static bool gaps_make_room(struct gaps **set, uint32_t *i)
{
	if (gaps_reserve(set))
		return true;
	if (*i == 0)
		return false;
	gaps_forget_lowest(*set);
	--*i;
	return true;
}

/* Takes [start, end) out of hole i, which it meets. Of a lowest hole that would be one too many in two, the upper part stays. */
static void gaps_close(struct gaps **set, uint32_t i, uint32_t start, uint32_t end)
{
	struct gap *r = &(*set)->range[i];
	uint32_t old_end = r->end;
	bool head = seq_diff(start, r->start) > 0, tail = seq_diff(r->end, end) > 0;

	if (head)
		r->end = start;
	else if (tail)
		r->start = end;
	else
		gaps_remove(*set, i);
	if (!head || !tail)
		return;
	if (!gaps_make_room(set, &i)) {
		gaps_forget_below(*set, start);
		(*set)->range[0] = (struct gap){ end, old_end };
		return;
	}
	r = (*set)->range;
	memmove(&r[i + 2], &r[i + 1], ((*set)->count - i - 1) * sizeof(r[0]));
	r[i + 1] = (struct gap){ end, old_end };
	(*set)->count++;
}

uint32_t gaps_fill(struct gaps **set, uint32_t start, uint32_t end)
{
	struct gaps *g = *set;
	uint32_t unseen = 0, i, lo, hi;

	if (!g)
		return 0;
	if (g->forgot && seq_diff(start, g->floor) < 0)
		unseen += (uint32_t)(seq_diff(end, g->floor) < 0 ? end - start : g->floor - start);
	for (i = g->count; i-- > 0;) {
		if (seq_diff(g->range[i].end, start) <= 0)
			break;
		if (seq_diff(g->range[i].start, end) >= 0)
			continue;
		lo = seq_diff(start, g->range[i].start) > 0 ? start : g->range[i].start;
		hi = seq_diff(end, g->range[i].end) < 0 ? end : g->range[i].end;
		unseen += hi - lo;
		gaps_close(set, i, lo, hi);
		g = *set;
	}
	return unseen;
}

void gaps_drop_below(struct gaps *set, uint32_t seq)
{
	while (set && set->count && seq_diff(set->range[0].start, seq) < 0)
		gaps_remove(set, 0);
	if (set && set->forgot && seq_diff(set->floor, seq) <= 0)
		set->forgot = false;
}

uint32_t gaps_count(const struct gaps *set)
{
	return set ? set->count : 0;
}

struct gap gaps_get(const struct gaps *set, uint32_t i)
{
	return set->range[i];
}

void gaps_free(struct gaps **set)
{
	free(*set);
	*set = NULL;
}
