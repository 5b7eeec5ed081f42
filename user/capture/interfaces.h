/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The interfaces to be watched, kept up to date by rtnetlink. Linux only. Works without privileges, but only with them is
 * the kernel's queue as long as it should be; when it overflows, all is listed anew and the events come out of the
 * difference. What happened in between is then not told: an interface that left and came back under the same index is
 * taken for the same one.
 */
#ifndef MIRUO_CAPTURE_INTERFACES_H
#define MIRUO_CAPTURE_INTERFACES_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "interface_set.h"
#include "text.h"

struct interfaces;

/*
 * Lists the interfaces of the network namespace of the calling thread and listens for changes. names as for
 * interface_set_new(). NULL: it failed, with a line in err; *usage says whether the names are at fault.
 */
struct interfaces *interfaces_new(const char *const *names, size_t count, struct text *err, bool *usage);

void interfaces_free(struct interfaces *i);	/* NULL is fine */

/* Calls fn for each interface that is watched now, by rising index. */
void interfaces_each(const struct interfaces *i, interface_fn *fn, void *ctx);

/* Readable when interfaces_read() has something to do (level-triggered). Owned by i. */
int interfaces_fd(const struct interfaces *i);

/*
 * Reads some of what has changed, without waiting; fn is called for each event. Returns 0 or a negative errno, after which
 * changes are no longer seen.
 */
int interfaces_read(struct interfaces *i, interface_event_fn *fn, void *ctx);

/* How often the kernel's queue overflowed. */
uint64_t interfaces_overruns(const struct interfaces *i);

/*
 * Prints a table of all interfaces: what they are, how they can be watched, which XDP programs hang there. What cannot be
 * told on this kernel is "?". Returns false with a line in err if there is no list.
 */
bool interfaces_print(FILE *out, struct text *err);

#endif
