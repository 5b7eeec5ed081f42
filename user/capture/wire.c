/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire.h"

#include <string.h>

/* NOP, NOP, timestamp (RFC 7323 appendix A), as it stood in the header. */
static void timestamp_options(const struct wire_head *w, uint8_t *options)
{
	static const uint8_t layout[4] = { 1, 1, 8, 10 };

	memcpy(options, layout, sizeof(layout));
	memcpy(options + 4, &w->ts_value, 4);
	memcpy(options + 8, &w->ts_echo, 4);
}

/* What few segments are: fragments, of IPv6, without all their options. */
static __attribute__((noinline)) void unpack_unusual(const struct wire_head *w, struct segment *seg)
{
	seg->frag = (uint8_t)(w->bits >> WIRE_FRAG_SHIFT);
	if (seg->frag == FRAG_LATER) {
		seg->frag_off = w->seq;
		seg->seq = 0;
	}
	seg->ip_version = w->bits & WIRE_IPV6 ? 6 : 4;
	seg->frag_last = !!(w->bits & WIRE_FRAG_LAST);
	seg->opt_cut = !!(w->bits & WIRE_OPT_CUT);
}

/* All fields: none is zeroed first. Neighbours that are read before any of them is written become one move. */
static inline __attribute__((always_inline)) void unpack_head(const struct wire_head *w, struct segment *seg)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	uint32_t seq = w->seq, ack = w->ack, wire_len = w->wire_len, payload_len = w->payload_len;
	uint16_t sport = w->sport, dport = w->dport, window = w->window, segs = w->segs;
	uint8_t flags = w->flags, ttl = w->ttl, bits = w->bits, opt_len = w->opt_len;

	seg->ts_ns = w->ktime_ns;
	seg->vlan = w->vlan;
	memcpy(seg->saddr, mapped, sizeof(mapped));
	memcpy(seg->saddr + 12, w->saddr, sizeof(w->saddr));
	memcpy(seg->daddr, mapped, sizeof(mapped));
	memcpy(seg->daddr + 12, w->daddr, sizeof(w->daddr));
	seg->seq = seq;
	seg->ack = ack;
	seg->wire_len = wire_len;
	seg->payload_len = payload_len;
	seg->ip_id = w->ip_id;
	seg->ifindex = w->ifindex;
	seg->netns = 0;
	seg->sport = sport;
	seg->dport = dport;
	seg->window = window;
	seg->segs = segs;
	seg->frag_off = seg->opt_off = seg->payload_off = 0;
	seg->flags = flags;
	seg->ttl = ttl;
	seg->ip_version = 4;
	seg->frag = FRAG_NONE;
	seg->frag_last = 0;
	seg->opt_len = opt_len <= TCP_OPTIONS_MAX ? opt_len : 0;
	seg->opt_cut = 0;
	seg->egress = !!(bits & WIRE_EGRESS);
	seg->payload = NULL;
	seg->payload_cap = 0;
	if (bits & (uint8_t)~(WIRE_EGRESS | WIRE_TIMESTAMP))
		unpack_unusual(w, seg);
}

static void unpack_addresses(const struct wire_addresses *w, struct segment *seg)
{
	seg->vlan = w->vlan;
	if (seg->ip_version != 6)
		return;
	memcpy(seg->saddr, w->saddr, sizeof(w->saddr));
	memcpy(seg->daddr, w->daddr, sizeof(w->daddr));
	seg->ip_id = w->ip_id;
}

static void unpack_options(const struct wire_head *w, const struct wire_options *o, struct segment *seg, uint8_t *options)
{
	if (w->bits & WIRE_TIMESTAMP)
		timestamp_options(w, options);
	else if (o)
		memcpy(options, o->opt, sizeof(o->opt));
	seg->opt = options;	/* never NULL, which memcpy() does not take even for 0 bytes */
}

/* A head alone, which nearly all are, has a shorter way below. */
static __attribute__((noinline)) uint32_t unpack_lines(const struct wire_head *w, size_t room, struct segment *seg,
						       uint8_t *options)
{
	const uint8_t *line = (const uint8_t *)w;
	bool addresses = w->bits & WIRE_ADDRESSES, tail = w->opt_len && !(w->bits & WIRE_TIMESTAMP);
	uint32_t count = 1u + addresses + tail;

	if (room < count * WIRE_LINE)
		return 0;
	unpack_head(w, seg);
	if (addresses)
		unpack_addresses((const struct wire_addresses *)(line + WIRE_LINE), seg);
	unpack_options(w, tail ? (const struct wire_options *)(line + (count - 1) * WIRE_LINE) : NULL, seg, options);
	return count;
}

uint32_t wire_unpack(const void *lines, size_t room, struct segment *seg, uint8_t *options)
{
	const struct wire_head *w = lines;

	if (room < WIRE_LINE || (w->bits & (WIRE_ADDRESSES | WIRE_TIMESTAMP)) != WIRE_TIMESTAMP)
		return unpack_lines(w, room, seg, options);
	unpack_head(w, seg);
	unpack_options(w, NULL, seg, options);
	return 1;
}

void wire_unpack_payload(const struct wire_payload *w, struct segment *seg, uint8_t *options)
{
	unpack_head(&w->head, seg);
	if (w->head.bits & WIRE_ADDRESSES)
		unpack_addresses(&w->addresses, seg);
	unpack_options(&w->head, &w->options, seg, options);
	if (!w->options.payload_cap || w->options.payload_cap > sizeof(w->bytes))
		return;
	seg->payload = w->bytes;
	seg->payload_cap = w->options.payload_cap;
}
