/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "timers.h"

static void timers_unlink(struct timers *t, uint32_t index)
{
	struct session *s = &t->sessions[index];
	struct timer_list *l = &t->list[s->list];

	if (s->link_prev)
		t->sessions[s->link_prev].link_next = s->link_next;
	else
		l->first = s->link_next;
	if (s->link_next)
		t->sessions[s->link_next].link_prev = s->link_prev;
	else
		l->last = s->link_prev;
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
	s->link_prev = l->last;
	s->link_next = 0;
	if (l->last)
		t->sessions[l->last].link_next = index;
	else
		l->first = index;
	l->last = index;
	l->count++;
}
