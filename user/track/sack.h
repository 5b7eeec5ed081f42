/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the SACK option of a segment says (RFC 2018, RFC 2883). Pure. */
#ifndef MIRUO_TRACK_SACK_H
#define MIRUO_TRACK_SACK_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "miruo/segment.h"

struct sack {
	bool above;		/* it tells of data above the ACK ... */
	uint32_t end;		/* ... and this follows the highest of it */
	uint32_t twice;		/* length of what its first block tells to have arrived twice; 0: nothing */
};

/* Most segments have NOP NOP timestamps (12 bytes), and nothing else: they need no look at each option. */
static inline bool sack_is_possible(const struct segment *seg)
{
	return seg->opt_len >= 10 && (seg->opt_len != TIMESTAMP_OPTIONS_LEN || memcmp(seg->opt, "\1\1\10\12", 4) != 0);
}

/* sent: one behind the highest sequence number that the other side was seen to send. What does not fit it is left out. */
void sack_read(const struct segment *seg, uint32_t sent, struct sack *out);

#endif
