/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The interfaces of the host, those among them that are watched, and what happens to the watched ones. Linux only. */
#ifndef MIRUO_CAPTURE_INTERFACE_SET_H
#define MIRUO_CAPTURE_INTERFACE_SET_H

#include <stdbool.h>
#include <stddef.h>

#include "interface.h"
#include "text.h"

enum interface_event {
	INTERFACE_APPEARED,	/* watch it from now on, unless its link is INTERFACE_UNSUPPORTED */
	INTERFACE_VANISHED,	/* it is gone, or has left the namespace, and all programs on it with it */
	INTERFACE_RENAMED,	/* the same interface under another name; old_name is what it was called before */
};

/*
 * iface is borrowed until the function returns; old_name is NULL but for INTERFACE_RENAMED. The function must not change the
 * set. An interface that turns into another sort of link (a bond does) vanishes and appears.
 */
typedef void interface_event_fn(void *ctx, enum interface_event event, const struct interface *iface, const char *old_name);

typedef void interface_fn(void *ctx, const struct interface *iface);

struct interface_set;

/*
 * An empty set that watches the interfaces of the count names, or all if "any" is among them. A named one stays watched
 * when it is renamed, since programs and sessions stay with it; another one that takes the name is watched as well, and so
 * is the next of that name when it has gone. NULL: out of memory.
 */
struct interface_set *interface_set_new(const char *const *names, size_t count);

void interface_set_free(struct interface_set *set);	/* NULL is fine */

/* Takes in what is known of an interface now. Returns false if out of memory. fn may be NULL here and below. */
bool interface_set_update(struct interface_set *set, const struct interface *iface, interface_event_fn *fn, void *ctx);

void interface_set_remove(struct interface_set *set, uint32_t index, interface_event_fn *fn, void *ctx);

/* Before and after a list of all interfaces is taken in by interface_set_update(): those not in it have vanished. */
void interface_set_begin(struct interface_set *set);
void interface_set_end(struct interface_set *set, interface_event_fn *fn, void *ctx);

/* Calls fn for each watched interface, by rising index. */
void interface_set_each(const struct interface_set *set, interface_fn *fn, void *ctx);

/*
 * Whether each name is that of an interface that can be watched. If not, adds a line to err: what is wrong with the first
 * name that is not, and which interfaces there are (ten at most).
 */
bool interface_set_check(const struct interface_set *set, struct text *err);

#endif
