/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What each interface gave, of the segments delivered. */
#ifndef MIRUO_CAPTURE_TALLY_H
#define MIRUO_CAPTURE_TALLY_H

#include <stdint.h>

#include "interface.h"

#define TALLIES 65536u	/* interfaces of a higher index are counted together, with index 0 */

/* Indexed by the interface's index. */
struct tally {
	uint64_t segments, bytes;
	char name[INTERFACE_NAME_MAX];	/* "": was never watched */
};

static inline struct tally *tally_of(struct tally *tallies, uint32_t ifindex)
{
	return &tallies[ifindex < TALLIES ? ifindex : 0];
}

#endif
