/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MIRUO_SANDBOX_PRIORITY_H
#define MIRUO_SANDBOX_PRIORITY_H

#include <stdbool.h>

#include "text.h"

#define PRIORITY_NICE (-10)

/*
 * Raises this process to nice PRIORITY_NICE if it is not there or above already: a reader that does not get the CPU on a
 * busy host loses records. To be called before privileges are given up. If that is refused, returns false and adds one line,
 * a warning, to why: the run may go on.
 */
bool priority_raise(struct text *why);

#endif
