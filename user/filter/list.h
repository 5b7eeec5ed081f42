/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Long lists of hosts or ports are chains of comparisons of A with one constant after the other, all with the same outcome.
 * Such a chain becomes a search tree: of 1,000 constants A is compared with a dozen.
 */
#ifndef MIRUO_FILTER_LIST_H
#define MIRUO_FILTER_LIST_H

#include <stddef.h>
#include <stdint.h>

#include "code.h"

#define LIST_MIN 8 /* shorter chains are as fast as they are */

/* To label then if A (register a) is one of the values, else to otherwise. next: as for code_goto(). Sorts the values. */
void list_add(struct code *c, int a, uint32_t *values, size_t count, size_t then, size_t otherwise, size_t next);

#endif
