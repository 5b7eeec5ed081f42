/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mss.h"

#include <stdbool.h>

#define MSS_JUMBO 9216		/* no network but the loopback carries more in a packet */
#define MSS_MIN 48		/* less leaves no room beside the options */

void mss_announced(struct direction *own, uint16_t mss)
{
	own->mss = mss > MSS_MIN ? mss : MSS_MIN;
	own->flags |= DIR_MSS;
}

static void mss_learn(struct direction *own, uint32_t payload)
{
	if (payload <= own->mss || payload > MSS_JUMBO)
		return;
	if (payload == own->mss_candidate)
		own->mss = (uint16_t)payload;
	own->mss_candidate = (uint16_t)payload;
}

/* RFC 9293 3.7.1: options take from the MSS that the other side announced. */
uint32_t mss_payload_max(const struct direction *own, const struct segment *seg)
{
	if (!(own->flags & DIR_MSS))
		return own->mss;
	return own->mss > seg->opt_len + MSS_MIN ? own->mss - seg->opt_len : MSS_MIN;
}

static uint32_t pieces(uint32_t len, uint32_t size)
{
	return len / size + (len % size != 0);
}

uint32_t mss_segments_by_length(struct direction *own, const struct segment *seg)
{
	uint32_t payload = seg->payload_len;
	bool known = own->flags & DIR_MSS;

	if (!known)
		mss_learn(own, payload);
	known |= own->mss > MSS_SURE && payload > MSS_JUMBO;
	return known ? pieces(payload, mss_payload_max(own, seg)) : 1;
}

uint32_t mss_segments_of(const struct segment *seg, uint32_t segments, uint32_t len)
{
	uint32_t n;

	if (segments == 1 || len >= seg->payload_len)
		return segments;
	n = pieces(len, (seg->payload_len - 1) / (segments - 1));
	return n < segments ? n : segments;
}
