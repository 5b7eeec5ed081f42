/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From a decoded segment to this CPU's batch, and from there to its ring buffer. Never waits, never changes the packet; what
 * does not fit is counted.
 */
#ifndef MIRUO_EMIT_BPF_H
#define MIRUO_EMIT_BPF_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "miruo/decode.h"
#include "miruo/wire.h"

#define TIMESTAMP_LAYOUT 0x0101080au	/* NOP, NOP, timestamp, length 10 */
#define OPTIONS_OFFSET_MASK 0xfff

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
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);			/* the loader sets the number of CPUs */
	__type(key, uint32_t);
	__type(value, struct cpu_state);
} cpus SEC(".maps");

const volatile struct bpf_config config;
struct bpf_wake wake;

/*
 * A ring that is 3/4 full takes only what sessions hang on: SYN, FIN, RST and the bare acknowledgment that answers a SYN or FIN.
 * These are the answers to the latest ones, by the hash of their ports: a collision of two costs the acknowledgment of one.
 */
#define OWED_BITS 10
uint64_t owed[1 << OWED_BITS];

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

/* Four option bytes in wire order; 0 beyond what is linear. */
MIRUO_INLINE uint32_t option_word(const struct packet *p, uint32_t off)
{
	const uint8_t *o = p->data + off;

	return o + 4 <= p->end ? *(const uint32_t *)ANY_ALIGNMENT(o, 4) : 0;
}

MIRUO_INLINE int options_are_timestamp(const struct packet *p, const struct segment *seg)
{
	const uint8_t *o = p->data + (seg->opt_off & OPTIONS_OFFSET_MASK);

	return seg->opt_len == TIMESTAMP_OPTIONS_LEN && o + 4 <= p->end && be32(o) == TIMESTAMP_LAYOUT;
}

MIRUO_INLINE uint32_t wire_bits(const struct packet *p, const struct segment *seg)
{
	uint32_t bits = seg->frag << WIRE_FRAG_SHIFT;

	bits |= seg->ip_version == 6 ? WIRE_IPV6 | WIRE_ADDRESSES : 0;
	bits |= seg->vlan >> 16 ? WIRE_ADDRESSES : 0;
	bits |= seg->opt_cut ? WIRE_OPT_CUT : 0;
	bits |= seg->frag_last ? WIRE_FRAG_LAST : 0;
	bits |= options_are_timestamp(p, seg) ? WIRE_TIMESTAMP : 0;
	return bits;
}

MIRUO_INLINE void fill_head(struct wire_head *w, const struct packet *p, const struct segment *seg, uint64_t now, uint32_t bits)
{
	uint32_t off = seg->opt_off & OPTIONS_OFFSET_MASK;

	w->ktime_ns = now;
	__builtin_memcpy(w->saddr, seg->saddr + 12, 4);
	__builtin_memcpy(w->daddr, seg->daddr + 12, 4);
	w->seq = seg->frag == FRAG_LATER ? seg->frag_off : seg->seq;
	w->ack = seg->ack;
	w->wire_len = seg->wire_len;
	w->payload_len = seg->payload_len;
	w->sport = seg->sport;
	w->dport = seg->dport;
	w->window = seg->window;
	w->segs = p->segs;
	w->ip_id = seg->ip_id;
	w->ifindex = p->ifindex;
	if (bits & WIRE_TIMESTAMP) {
		w->ts_value = option_word(p, off + 4);
		w->ts_echo = option_word(p, off + 8);
	}
	w->flags = seg->flags;
	w->ttl = seg->ttl;
	w->opt_len = seg->opt_len;
	w->egress = p->egress;
	w->vlan = seg->vlan;
	w->bits = bits;
}

MIRUO_INLINE void fill_addresses(struct wire_addresses *w, const struct segment *seg)
{
	__builtin_memcpy(w->saddr, seg->saddr, 16);
	__builtin_memcpy(w->daddr, seg->daddr, 16);
	w->vlan = seg->vlan;
}

MIRUO_INLINE void fill_options(struct wire_options *w, const struct packet *p, const struct segment *seg)
{
	uint32_t off = seg->opt_off & OPTIONS_OFFSET_MASK;
	int i;

#pragma GCC unroll 10
	for (i = 0; i < TCP_OPTIONS_MAX; i += 4) {
		const uint8_t *o = p->data + off + i;

		if (o + 4 > p->end)
			break;
		__builtin_memcpy(w->opt + i, ANY_ALIGNMENT(o, 4), 4);
	}
	w->payload_cap = 0;
}

/* What cannot be had is left out. */
MIRUO_INLINE void fill_payload(struct wire_payload *w, const struct packet *p, const struct segment *seg)
{
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
		err = bpf_xdp_load_bytes(p->ctx, seg->payload_off, w->bytes, n);
	else
		err = bpf_skb_load_bytes(p->ctx, seg->payload_off, w->bytes, n);
	if (!err)
		w->options.payload_cap = n;
}

MIRUO_INLINE void *ring_of(uint32_t cpu)
{
	return bpf_map_lookup_elem(&rings, &cpu);
}

MIRUO_INLINE int is_tight(uint64_t filled)
{
	return filled > config.ring_bytes / 4 * 3;
}

/* A wake-up costs more than all the rest, so the reader is left asleep unless a ring fills or it waits for anything at all. */
MIRUO_INLINE uint64_t wake_flags(struct cpu_state *c, uint64_t filled)
{
	if (wake.idle)
		wake.idle = 0;
	else if (wake.asleep && filled > config.wake_bytes)
		wake.asleep = 0;
	else
		return BPF_RB_NO_WAKEUP;
	c->count[COUNT_WAKE_UPS]++;
	return BPF_RB_FORCE_WAKEUP;
}

/* The reader, on another CPU, sees the new state only after all that was stored before. */
MIRUO_INLINE void batch_publish(struct wire_batch *b, uint64_t state)
{
	asm volatile("" : : : "memory");
	if (config.in_order)
		*(volatile uint64_t *)&b->state = state;
	else
		__sync_lock_test_and_set(&b->state, state);
	asm volatile("" : : : "memory");
}

/* Sends the batch and begins the next one; 0: there is no room for it. */
MIRUO_INLINE int batch_send(struct cpu_state *c, void *ring)
{
	uint64_t filled = bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA), used = BATCH_USED(c->batch.state);
	uint64_t bytes = BATCH_BYTES(used);

	c->tight = is_tight(filled);
	asm volatile("" : "+r"(bytes));	/* else clang drops the bound: it knows it holds */
	if (bytes > sizeof(c->batch))
		bytes = sizeof(c->batch);
	if (bpf_ringbuf_output(ring, &c->batch, bytes, wake_flags(c, filled)))
		return 0;
	batch_publish(&c->batch, (uint64_t)(BATCH_NUMBER(c->batch.state) + 1) << 32);
	return 1;
}

MIRUO_INLINE int is_plain(const struct segment *seg)
{
	return !(seg->flags & (TCP_SYN | TCP_FIN | TCP_RST));
}

MIRUO_INLINE uint64_t *owed_place(uint32_t ports)
{
	return &owed[ports * 0x9e3779b1u >> (32 - OWED_BITS)];
}

/* Ports and acknowledgment number of the answer to a SYN or FIN. */
MIRUO_INLINE void owe_answer(const struct segment *seg)
{
	uint32_t ports = (uint32_t)seg->dport << 16 | seg->sport, ack = seg->seq + seg->payload_len + 1;

	*owed_place(ports) = (uint64_t)ports << 32 | ack;
}

MIRUO_INLINE int is_answer(const struct segment *seg)
{
	uint32_t ports = (uint32_t)seg->sport << 16 | seg->dport;

	return !seg->payload_len && *owed_place(ports) == ((uint64_t)ports << 32 | seg->ack);
}

/* Whether the room that is left is kept for others. How full the ring is now is looked up only where it decides. */
MIRUO_INLINE int is_refused(struct cpu_state *c, uint32_t cpu, const struct segment *seg)
{
	void *ring;

	if (seg->flags & (TCP_SYN | TCP_FIN))
		owe_answer(seg);
	if (!c->tight || !is_plain(seg) || is_answer(seg))
		return 0;
	ring = ring_of(cpu);
	if (ring)
		c->tight = is_tight(bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA));
	return c->tight;
}

/* The lines for a segment in the batch; NULL: no room. */
MIRUO_INLINE void *batch_lines(struct cpu_state *c, uint32_t cpu)
{
	uint64_t used = BATCH_USED(c->batch.state);

	asm volatile("" : "+r"(used));	/* else clang compares another register than it adds */
	if (used >= BATCH_LINES) {
		void *ring = ring_of(cpu);

		if (!ring || !batch_send(c, ring))
			return NULL;
		used = 0;
	}
	return c->batch.line[used];
}

MIRUO_INLINE int batch_add(struct cpu_state *c, uint32_t cpu, const struct packet *p, const struct segment *seg, uint64_t now)
{
	uint32_t bits = wire_bits(p, seg), lines = 1;
	uint8_t *line = batch_lines(c, cpu);

	if (!line)
		return 0;
	fill_head((struct wire_head *)line, p, seg, now, bits);
	if (bits & WIRE_ADDRESSES) {
		line += WIRE_LINE;
		lines++;
		fill_addresses((struct wire_addresses *)line, seg);
	}
	if (seg->opt_len && !(bits & WIRE_TIMESTAMP)) {
		line += WIRE_LINE;
		lines++;
		fill_options((struct wire_options *)line, p, seg);
	}
	batch_publish(&c->batch, c->batch.state + lines);
	return 1;
}

/* By itself, behind what was collected before it. */
MIRUO_INLINE int payload_send(struct cpu_state *c, uint32_t cpu, const struct packet *p, const struct segment *seg, uint64_t now)
{
	void *ring = ring_of(cpu);
	struct wire_payload *w;

	if (!ring || (BATCH_USED(c->batch.state) && !batch_send(c, ring)))
		return 0;
	w = bpf_ringbuf_reserve(ring, sizeof(*w), 0);
	if (!w)
		return 0;
	fill_head(&w->head, p, seg, now, wire_bits(p, seg));
	fill_addresses(&w->addresses, seg);
	fill_options(&w->options, p, seg);
	fill_payload(w, p, seg);
	bpf_ringbuf_submit(w, wake_flags(c, bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA)));
	return 1;
}

MIRUO_INLINE int send(struct cpu_state *c, uint32_t cpu, const struct packet *p, const struct segment *seg, uint64_t now)
{
	if (is_refused(c, cpu, seg))
		return 0;
	if (config.payload_bytes && seg->payload_len && seg->frag != FRAG_LATER)
		return payload_send(c, cpu, p, seg, now);
	return batch_add(c, cpu, p, seg, now);
}

/* Addresses are looked at only where the decoder has set them, time and payload not at all. */
MIRUO_INLINE void segment_blank(struct segment *seg)
{
	seg->vlan = 0;
	__builtin_memset(&seg->seq, 0, offsetof(struct segment, opt) - offsetof(struct segment, seq));
}

/*
 * What there is for this CPU, with an empty segment, until cpu_leave(). NULL: another program is at work with it, which this one
 * has interrupted; what it would have seen is lost.
 */
MIRUO_INLINE struct cpu_state *cpu_enter(uint32_t cpu)
{
	struct cpu_state *c = bpf_map_lookup_elem(&cpus, &cpu);

	if (!c)
		return NULL;
	if (config.preempted ? __sync_lock_test_and_set(&c->busy, 1) : c->busy) {
		c->count[COUNT_RING_FULL]++;
		return NULL;
	}
	*(volatile uint32_t *)&c->busy = 1;
	segment_blank(&c->seg);
	return c;
}

MIRUO_INLINE void cpu_leave(struct cpu_state *c)
{
	asm volatile("" : : : "memory");
	*(volatile uint32_t *)&c->busy = 0;
}

/* A frame that the expression rejected. */
MIRUO_INLINE void count_filtered(void)
{
	uint32_t cpu = bpf_get_smp_processor_id();
	struct cpu_state *c = bpf_map_lookup_elem(&cpus, &cpu);

	if (!c)
		return;
	if (config.preempted)
		__sync_fetch_and_add(&c->count[COUNT_FILTERED], 1);
	else
		c->count[COUNT_FILTERED]++;
}

/* What follows the decoder. */
MIRUO_INLINE void cpu_watch(struct cpu_state *c, uint32_t cpu, const struct packet *p, int result)
{
	struct segment *seg = &c->seg;
	int sent;

	if (result >= 0 && result < DECODE_RESULTS)
		c->count[result]++;
	if (result != DECODE_TCP && result != DECODE_FRAGMENT)
		return;
	if (p->vlan)
		seg->vlan = seg->vlan << 16 | p->vlan;
	sent = send(c, cpu, p, seg, bpf_ktime_get_ns());
	if (wake.idle) {
		void *ring = ring_of(cpu);

		if (ring)
			batch_send(c, ring);
	}
	c->count[sent ? COUNT_SENT : COUNT_RING_FULL]++;
	if (!sent && is_plain(seg))
		c->count[COUNT_FULL_PLAIN]++;
}

#endif
