/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire.h"

#include <string.h>

/* NOP, NOP, timestamp (RFC 7323 appendix A), as it stood in the header. */
static void timestamp_options(const struct wire_head *w, uint8_t *options)
{
	static const uint8_t layout[4] = { 1, 1, 8, 10 };
	int i;

	memcpy(options, layout, sizeof(layout));
	for (i = 0; i < 4; i++) {
		options[4 + i] = (uint8_t)(w->ts_value >> (24 - 8 * i));
		options[8 + i] = (uint8_t)(w->ts_echo >> (24 - 8 * i));
	}
}

static void unpack_head(const struct wire_head *w, struct segment *seg)
{
	seg->ts_ns = w->ktime_ns;
	seg->vlan = w->vlan;
	seg->saddr[10] = seg->saddr[11] = seg->daddr[10] = seg->daddr[11] = 0xff;
	memcpy(seg->saddr + 12, w->saddr, sizeof(w->saddr));
	memcpy(seg->daddr + 12, w->daddr, sizeof(w->daddr));
	seg->frag = (uint8_t)(w->bits >> WIRE_FRAG_SHIFT);
	if (seg->frag == FRAG_LATER)
		seg->frag_off = w->seq;
	else
		seg->seq = w->seq;
	seg->ack = w->ack;
	seg->wire_len = w->wire_len;
	seg->payload_len = w->payload_len;
	seg->ip_id = w->ip_id;
	seg->ifindex = w->ifindex;
	seg->sport = w->sport;
	seg->dport = w->dport;
	seg->window = w->window;
	seg->segs = w->segs;
	seg->flags = w->flags;
	seg->ttl = w->ttl;
	seg->ip_version = w->bits & WIRE_IPV6 ? 6 : 4;
	seg->frag_last = !!(w->bits & WIRE_FRAG_LAST);
	seg->opt_len = w->opt_len;
	seg->opt_cut = !!(w->bits & WIRE_OPT_CUT);
	seg->egress = !!(w->bits & WIRE_EGRESS);
}

static void unpack_tail(const struct wire_tail *t, size_t payload_room, struct segment *seg)
{
	seg->vlan = t->vlan;
	if (seg->ip_version == 6) {
		memcpy(seg->saddr, t->saddr, sizeof(t->saddr));
		memcpy(seg->daddr, t->daddr, sizeof(t->daddr));
		seg->ip_id = t->ip_id;
	}
	seg->opt = t->opt;
	if (t->payload_cap && t->payload_cap <= payload_room) {
		seg->payload = (const uint8_t *)(t + 1);
		seg->payload_cap = t->payload_cap;
	}
}

bool wire_unpack(const void *record, size_t len, struct segment *seg, uint8_t *options)
{
	const struct wire_head *w = record;

	if (len != WIRE_SHORT && len != WIRE_LONG && len != WIRE_PAYLOAD)
		return false;
	memset(seg, 0, sizeof(*seg));
	unpack_head(w, seg);
	if (len != WIRE_SHORT)
		unpack_tail((const struct wire_tail *)(w + 1), len - WIRE_LONG, seg);
	if (w->bits & WIRE_TIMESTAMP)
		timestamp_options(w, options);
	else if (!seg->opt)
		seg->opt_len = 0;
	if (w->bits & WIRE_TIMESTAMP || !seg->opt)
		seg->opt = options;	/* never NULL, which memcpy() does not take even for 0 bytes */
	if (seg->opt_len > TCP_OPTIONS_MAX)
		seg->opt_len = 0;
	return true;
}
