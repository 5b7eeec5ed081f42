/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether sessions can be followed through an expression: it must let both directions pass, and all segments.
 *
 * The expression is asked about made-up segments (probe.h). Their addresses, ports and tags are found by turning, one
 * after the other, the comparisons that the compiled program makes (trace.h). Each segment found stands for its session: if
 * libpcap lets some of the segments of a session pass and not others, the expression is one-sided, and that session is the
 * proof. So there are no false alarms; but what needs unusual segments (tunnels, fragments, IP options) is not found, and of
 * long lists only a part is tried.
 */
#ifndef MIRUO_FILTER_ONESIDED_H
#define MIRUO_FILTER_ONESIDED_H

#include <stdbool.h>

#include "text.h"

enum sides {
	SIDES_UNKNOWN,		/* cannot be compiled for this, or would take too long */
	SIDES_BOTH,		/* nothing found */
	SIDES_ONE,		/* hides one direction of some session */
	SIDES_SOME,		/* hides some segments of some session */
};

enum sides onesided_check(const char *expression);

/* Adds the line for the user if the expression is one-sided. Returns whether it is. */
bool onesided_warn(const char *expression, struct text *t);

#endif
