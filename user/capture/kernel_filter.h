/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The expression as the kernel programs need it: a filter for each kind of interface (with an Ethernet header, without a
 * link header) and, if it asks for the netmask ("ip broadcast"), for each netmask.
 *
 * All that there will be is made at the start, when there are the privileges for it. An interface that comes later gets the
 * filter of its kind; if that depends on the netmask, there is none for it.
 */
#ifndef MIRUO_CAPTURE_KERNEL_FILTER_H
#define MIRUO_CAPTURE_KERNEL_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/bpf.h>

#include "interface.h"
#include "text.h"

struct splices;
struct kernel_filters;

/* How the programs are built that a filter is put into; one after the other is tried when the kernel refuses one. */
#define KERNEL_FILTER_FORMS 3

/* expression must outlive the result; NULL: none, and all calls are fine and do nothing. NULL: no memory. */
struct kernel_filters *kernel_filters_new(const char *expression);
void kernel_filters_free(struct kernel_filters *f); /* NULL is fine */

/* Compiles for interfaces of this kind that may come. */
void kernel_filters_expect(struct kernel_filters *f, enum interface_link link);

/* Compiles for this one. */
void kernel_filters_add(struct kernel_filters *f, const struct interface *iface);

/*
 * How many sets of programs are needed: each takes one filter of each kind. 0: there is none for any interface; why says it,
 * in a line that names the expression, and *usage whether that is at fault.
 */
size_t kernel_filters_sets(const struct kernel_filters *f, struct text *why, bool *usage);

/* The set for an interface; -1 and a line in why: the expression has no meaning there, or was not compiled for it. */
int kernel_filters_find(const struct kernel_filters *f, const struct interface *iface, struct text *why);

/* Whether the set has a filter for the kind. */
bool kernel_filters_has(const struct kernel_filters *f, size_t set, enum interface_link link);

/*
 * Translates the filters of a set and adds them to the splices of its programs; they stay valid until the next call. form: 0
 * to KERNEL_FILTER_FORMS - 1. 0; -E2BIG: too large in this form; another -errno: it cannot be translated, with a line in
 * why.
 */
int kernel_filters_splice(struct kernel_filters *f, size_t set, int form, struct splices *splices, struct text *why);

#endif
