/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "recount.h"

#include <stdlib.h>
#include <string.h>

static int64_t position(const struct recount_side *side, uint32_t seq)
{
	return side->high + (int32_t)(seq - (uint32_t)side->high);
}

/* Adds a range; true if it meets one that was there. */
static bool add(struct recount_side *side, int64_t start, int64_t end)
{
	size_t first = 0, last;
	bool meets = false;

	while (first < side->count && side->range[first].end < start)
		first++;
	for (last = first; last < side->count && side->range[last].start <= end; last++) {
		meets |= side->range[last].start < end && side->range[last].end > start;
		start = side->range[last].start < start ? side->range[last].start : start;
		end = side->range[last].end > end ? side->range[last].end : end;
	}
	if (first == last) {
		side->range = realloc(side->range, (side->count + 1) * sizeof(side->range[0]));
		if (!side->range)
			abort();
		memmove(&side->range[first + 1], &side->range[first], (side->count - first) * sizeof(side->range[0]));
		side->count++;
	} else {
		memmove(&side->range[first + 1], &side->range[last], (side->count - last) * sizeof(side->range[0]));
		side->count -= last - first - 1;
	}
	side->range[first] = (struct recount_range){ start, end };
	return meets;
}

static bool is_keepalive(const struct recount_side *own, const struct recount_side *peer, const struct segment *seg)
{
	if (seg->flags & (TCP_SYN | TCP_FIN) || seg->payload_len > 1 || position(own, seg->seq) != own->high - 1)
		return false;
	return peer->acked && (int32_t)(peer->ack - (uint32_t)own->high) >= 0;
}

bool recount_feed(struct recount_side *own, const struct recount_side *peer, const struct segment *seg)
{
	uint32_t len = seg->payload_len + !!(seg->flags & TCP_SYN) + !!(seg->flags & TCP_FIN);
	int64_t start;

	if (seg->flags & TCP_RST)
		return false;
	if (!own->begun)
		own->high = seg->seq;
	own->begun = true;
	if (seg->flags & TCP_ACK && (!own->acked || (int32_t)(seg->ack - own->ack) > 0))
		own->ack = seg->ack;
	own->acked |= !!(seg->flags & TCP_ACK);
	if (!len || is_keepalive(own, peer, seg))
		return false;
	start = position(own, seg->seq);
	own->repeats += add(own, start, start + len);
	if (start + len > own->high)
		own->high = start + len;
	return true;
}

void recount_fini(struct recount_side *side)
{
	free(side->range);
}
