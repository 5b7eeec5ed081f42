/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "timers.h"

static void timers_unlink(struct timers *t, uint32_t index)
{
	struct timer_list *l = &t->list[t->sessions[index].list];
	const struct timer_link *link = &t->link[index];

	if (link->prev)
		t->link[link->prev].next = link->next;
	else
		l->first = link->next;
	if (link->next)
		t->link[link->next].prev = link->prev;
	else
		l->last = link->prev;
	l->count--;
}

void timers_move(struct timers *t, uint32_t index, uint16_t list)
{
	struct session *s = &t->sessions[index];
	struct timer_list *l;

	if (s->list != LIST_NONE)
		timers_unlink(t, index);
	s->list = list;
	if (list == LIST_NONE)
		return;
	l = &t->list[list];
	t->link[index] = (struct timer_link){ .prev = l->last };
	if (l->last)
		t->link[l->last].next = index;
	else
		l->first = index;
	l->last = index;
	l->count++;
}
