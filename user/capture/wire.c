/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire.h"

#include <string.h>

/* As they stood in the header. */
static void timestamp_options(const struct wire_head *w, struct segment *seg, uint8_t *options)
{
	static const uint8_t layout[4] = { 1, 1, 8, 10 };

	memcpy(options, layout, sizeof(layout));
	memcpy(options + 4, &w->ts_value, 4);
	memcpy(options + 8, &w->ts_echo, 4);
	seg->opt_len = TIMESTAMP_OPTIONS_LEN;
}

/* Fields that lie as far behind another one in struct wire_head as in struct segment: they are copied together. */
#define IS_ALIKE(first, field)                                                    \
	(offsetof(struct wire_head, field) - offsetof(struct wire_head, first) == \
	 offsetof(struct segment, field) - offsetof(struct segment, first))

_Static_assert(IS_ALIKE(seq, ack) && IS_ALIKE(seq, wire_len) && IS_ALIKE(seq, payload_len) && IS_ALIKE(seq, sport) &&
	       IS_ALIKE(seq, dport) && IS_ALIKE(seq, window) && IS_ALIKE(seq, segs) && IS_ALIKE(seq, ip_id) &&
	       IS_ALIKE(seq, ifindex), "struct wire_head: from seq to ifindex");
_Static_assert(IS_ALIKE(flags, ttl) && IS_ALIKE(flags, opt_len) && IS_ALIKE(flags, egress),
	       "struct wire_head: from flags to egress");

#define COPY_ALIKE(seg, w, first, last)                                                                            \
	memcpy((uint8_t *)(seg) + offsetof(struct segment, first),                                                 \
	       (const uint8_t *)(w) + offsetof(struct wire_head, first),                                           \
	       offsetof(struct wire_head, last) + sizeof((w)->last) - offsetof(struct wire_head, first))

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

/* All fields but the options: none is zeroed first. */
static inline __attribute__((always_inline)) void unpack_head(const struct wire_head *w, struct segment *seg)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	seg->ts_ns = w->ktime_ns;
	seg->vlan = w->vlan;
	memcpy(seg->saddr, mapped, sizeof(mapped));
	memcpy(seg->saddr + 12, w->saddr, sizeof(w->saddr));
	memcpy(seg->daddr, mapped, sizeof(mapped));
	memcpy(seg->daddr + 12, w->daddr, sizeof(w->daddr));
	COPY_ALIKE(seg, w, seq, ifindex);
	seg->netns = seg->frag_off = seg->opt_off = seg->payload_off = 0;
	COPY_ALIKE(seg, w, flags, egress);
	seg->opt_cut = 0;
	seg->ip_version = 4;
	seg->frag = FRAG_NONE;
	seg->frag_last = 0;
	seg->payload = NULL;
	seg->payload_cap = 0;
	if (w->bits & ~(WIRE_TIMESTAMP | WIRE_ADDRESSES))
		unpack_unusual(w, seg);
}

static void unpack_addresses(const struct wire_addresses *w, struct segment *seg)
{
	seg->vlan = w->vlan;
	if (seg->ip_version != 6)
		return;
	memcpy(seg->saddr, w->saddr, sizeof(w->saddr));
	memcpy(seg->daddr, w->daddr, sizeof(w->daddr));
}

static void unpack_options(const struct wire_head *w, const struct wire_options *o, struct segment *seg, uint8_t *options)
{
	if (w->bits & WIRE_TIMESTAMP)
		timestamp_options(w, seg, options);
	else if (seg->opt_len > TCP_OPTIONS_MAX)
		seg->opt_len = 0;
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
