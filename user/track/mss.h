/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many TCP segments a frame stands for: offloads let one frame carry many (GSO, GRO, LRO). */
#ifndef MIRUO_TRACK_MSS_H
#define MIRUO_TRACK_MSS_H

#include <stdint.h>

#include "miruo/segment.h"
#include "session.h"

/* The SYN of the other side says what the side may send at most (RFC 9293 3.7.1). */
void mss_announced(struct direction *own, uint16_t mss);

#define MSS_SURE 536	/* RFC 9293 3.7.1: what every host takes; less than that is one segment */

/*
 * The segments of a frame by the length of its payload, more than MSS_SURE. Without a SYN the largest payload that came
 * twice is taken for the MSS, and only frames larger than any network carries are counted by it: rather too few than too many.
 */
uint32_t mss_segments_by_length(struct direction *own, const struct segment *seg);

/* The segments of a frame, 1 at least: seg->segs, or where that is not known by its length. */
static inline uint32_t mss_segments(struct direction *own, const struct segment *seg)
{
	if (seg->segs)
		return seg->segs;
	return seg->payload_len <= MSS_SURE ? 1 : mss_segments_by_length(own, seg);
}

/* The payload of a full segment with the options of this one; 0: not known. */
uint32_t mss_payload_max(const struct direction *own, const struct segment *seg);

/* So many of the segments of a frame hold len of its sequence numbers: of the largest size that makes segments of them. */
uint32_t mss_segments_of(const struct segment *seg, uint32_t segments, uint32_t len);

#endif
