/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From a decoded segment to a record in this CPU's ring buffer. Never waits, never changes the packet; what does not fit is
 * counted.
 */
#ifndef MIRUO_EMIT_BPF_H
#define MIRUO_EMIT_BPF_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "miruo/decode.h"
#include "miruo/wire.h"

#define TIMESTAMP_LAYOUT 0x0101080au	/* NOP, NOP, timestamp, length 10: RFC 7323 appendix A */

struct ring {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);		/* the loader sets the real size */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);			/* the loader sets the number of CPUs */
	__type(key, uint32_t);
	__array(values, struct ring);
} rings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, COUNT_COUNT);
	__type(key, uint32_t);
	__type(value, uint64_t);
} counters SEC(".maps");

const volatile struct bpf_config config;
struct bpf_wake wake;

/* What the two kinds of program know of a packet beside its bytes. */
struct packet {
	void *ctx;
	const uint8_t *data, *end;
	uint32_t ifindex;
	uint32_t segs;
	uint32_t vlan;		/* tag that the network card took out of the frame; 0: none */
	int egress;
	int xdp;
};

MIRUO_INLINE void count(uint32_t counter)
{
	uint64_t *n = bpf_map_lookup_elem(&counters, &counter);

	if (n)
		++*n;
}

/* Four option bytes in wire order as a number; 0 beyond what is linear. */
MIRUO_INLINE uint32_t option_word(const struct packet *p, uint32_t off)
{
	const uint8_t *o = p->data + off;

	return o + 4 <= p->end ? be32(o) : 0;
}

MIRUO_INLINE void fill_head(struct wire_head *w, const struct packet *p, const struct segment *seg, uint64_t now, uint32_t bits)
{
	uint32_t off = seg->opt_off & 0xfff;

	w->ktime_ns = now;
	__builtin_memcpy(w->saddr, seg->saddr + 12, 4);
	__builtin_memcpy(w->daddr, seg->daddr + 12, 4);
	w->seq = seg->frag == FRAG_LATER ? seg->frag_off : seg->seq;
	w->ack = seg->ack;
	w->payload_len = seg->payload_len;
	w->wire_len = seg->wire_len;
	w->ts_value = bits & WIRE_TIMESTAMP ? option_word(p, off + 4) : 0;
	w->ts_echo = bits & WIRE_TIMESTAMP ? option_word(p, off + 8) : 0;
	w->ifindex = p->ifindex;
	w->sport = seg->sport;
	w->dport = seg->dport;
	w->window = seg->window;
	w->segs = p->segs;
	w->ip_id = seg->ip_id;
	w->vlan = seg->vlan;
	w->flags = seg->flags;
	w->ttl = seg->ttl;
	w->bits = bits;
	w->opt_len = seg->opt_len;
}

MIRUO_INLINE void fill_tail(struct wire_tail *t, const struct packet *p, const struct segment *seg)
{
	uint32_t off = seg->opt_off & 0xfff;
	int i;

	__builtin_memcpy(t->saddr, seg->saddr, 16);
	__builtin_memcpy(t->daddr, seg->daddr, 16);
	t->vlan = seg->vlan;
	t->ip_id = seg->ip_id;
	t->payload_cap = 0;
#pragma GCC unroll 10
	for (i = 0; i < TCP_OPTIONS_MAX; i += 4) {
		const uint8_t *o = p->data + off + i;

		if (o + 4 > p->end)
			break;
		__builtin_memcpy(t->opt + i, o, 4);
	}
}

/* The payload behind the tail; what cannot be had is left out. */
MIRUO_INLINE void fill_payload(void *record, const struct packet *p, const struct segment *seg)
{
	struct wire_tail *t = record + WIRE_SHORT;
	uint32_t n = seg->payload_len;
	long err;

	if (n > config.payload_bytes)
		n = config.payload_bytes;
	if (n > WIRE_PAYLOAD_MAX)
		n = WIRE_PAYLOAD_MAX;
	asm volatile("" : "+r"(n));
	if (n == 0 || n > WIRE_PAYLOAD_MAX)
		return;
	if (p->xdp)
		err = bpf_xdp_load_bytes(p->ctx, seg->payload_off, record + WIRE_LONG, n);
	else
		err = bpf_skb_load_bytes(p->ctx, seg->payload_off, record + WIRE_LONG, n);
	if (!err)
		t->payload_cap = n;
}

/* A wake-up costs more than all the rest, so the reader is left asleep unless a ring fills or it waits for anything at all. */
MIRUO_INLINE uint64_t submit_flags(void *ring)
{
	if (wake.idle) {
		wake.idle = 0;
		count(COUNT_WAKE_UPS);
		return BPF_RB_FORCE_WAKEUP;
	}
	if (wake.asleep && bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA) > config.wake_bytes) {
		wake.asleep = 0;
		count(COUNT_WAKE_UPS);
		return BPF_RB_FORCE_WAKEUP;
	}
	return BPF_RB_NO_WAKEUP;
}

MIRUO_INLINE void emit(const struct packet *p, const struct segment *seg)
{
	uint32_t cpu = bpf_get_smp_processor_id(), bits = seg->frag << WIRE_FRAG_SHIFT;
	void *ring = bpf_map_lookup_elem(&rings, &cpu), *record;
	uint64_t now = bpf_ktime_get_ns();
	int payload = config.payload_bytes && seg->payload_len && seg->frag != FRAG_LATER;

	if (!ring) {
		count(COUNT_RING_FULL);
		return;
	}
	bits |= p->egress ? WIRE_EGRESS : 0;
	bits |= seg->ip_version == 6 ? WIRE_IPV6 : 0;
	bits |= seg->opt_cut ? WIRE_OPT_CUT : 0;
	bits |= seg->frag_last ? WIRE_FRAG_LAST : 0;
	if (seg->opt_len == 12 && option_word(p, seg->opt_off & 0xfff) == TIMESTAMP_LAYOUT)
		bits |= WIRE_TIMESTAMP;
	else if (seg->opt_len)
		bits |= WIRE_TAIL;
	if (payload || seg->ip_version == 6 || seg->vlan >> 16)
		bits |= WIRE_TAIL;

	if (!(bits & WIRE_TAIL)) {
		record = bpf_ringbuf_reserve(ring, WIRE_SHORT, 0);
		if (!record)
			goto full;
		fill_head(record, p, seg, now, bits);
	} else if (!payload) {
		record = bpf_ringbuf_reserve(ring, WIRE_LONG, 0);
		if (!record)
			goto full;
		fill_head(record, p, seg, now, bits);
		fill_tail(record + WIRE_SHORT, p, seg);
	} else {
		record = bpf_ringbuf_reserve(ring, WIRE_PAYLOAD, 0);
		if (!record)
			goto full;
		fill_head(record, p, seg, now, bits);
		fill_tail(record + WIRE_SHORT, p, seg);
		fill_payload(record, p, seg);
	}
	count(COUNT_SENT);
	bpf_ringbuf_submit(record, submit_flags(ring));
	return;
full:
	count(COUNT_RING_FULL);
}

/* What follows the decoder. */
MIRUO_INLINE void watch(const struct packet *p, int result, struct segment *seg)
{
	count(result);
	if (result != DECODE_TCP && result != DECODE_FRAGMENT)
		return;
	if (p->vlan)
		seg->vlan = seg->vlan << 16 | p->vlan;
	emit(p, seg);
}

#endif
