/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Network namespaces. Linux only. */
#ifndef MIRUO_CAPTURE_NETNS_H
#define MIRUO_CAPTURE_NETNS_H

#include <stdbool.h>

#include "text.h"

/*
 * Puts the calling thread, and the threads and sockets it makes from now on, into another network namespace. To be called
 * before anything is opened and before there are other threads. spec is the name of one (as "ip netns" lists them), a path
 * (it has a slash in it) or the PID of a process in it; a name of digits goes before a PID. Needs CAP_SYS_ADMIN. /sys stays
 * that of the old namespace. Returns false with a line in err: what is wrong and what to do; *usage says whether spec is
 * at fault.
 */
bool netns_enter(const char *spec, struct text *err, bool *usage);

#endif
