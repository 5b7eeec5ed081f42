/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Arithmetic of TCP sequence numbers, which wrap (RFC 9293 3.4). */
#ifndef MIRUO_TRACK_SEQ_H
#define MIRUO_TRACK_SEQ_H

#include <stdint.h>

/* a - b, negative if a is before b; meaningful when they are less than 2^31 apart. */
static inline int32_t seq_diff(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

#endif
