/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One direction of a wire that does what networks do, for hosts without netem: a TC program at the ingress of one device
 * that passes frames on to another, and on the way loses some, doubles some, and holds some back. To hold a frame back, it
 * is sent out of a TAP device whose reader gives it back later (wire.py); there a second instance passes it on.
 *
 *	clang -O2 -g -target bpf -mcpu=v3 -ffreestanding -I /usr/include/$(gcc -dumpmachine) -D OUT=4 -D HOLD=7 \
 *		-D LOST_PPM=10000 -D DOUBLED_PPM=0 -D HELD_PPM=1000 -c wire.bpf.c -o wire.o
 *
 * Which frames are lost is chance, but the same chance in each run: the n-th frame has its fate.
 */
#include <stdbool.h>
#include <stdint.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define MILLION 1000000u

/* As wire.py reads them. */
enum wire_count {
	WIRE_FRAMES,
	WIRE_LOST,
	WIRE_LOST_DATA, /* of these with payload, SYN or FIN: they will be sent again */
	WIRE_DOUBLED,
	WIRE_DOUBLED_DATA,
	WIRE_HELD,
	WIRE_COUNTS
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, WIRE_COUNTS);
	__type(key, uint32_t);
	__type(value, uint64_t);
} wire_counts SEC(".maps");

/* The number of events of this kind before this one. */
static __always_inline uint64_t count(uint32_t what)
{
	uint64_t *n = bpf_map_lookup_elem(&wire_counts, &what);

	return n ? __sync_fetch_and_add(n, 1) : 0;
}

/* A number below a million that depends on the frame's number and on the use (SplitMix64). */
static __always_inline uint32_t chance(uint64_t frame, uint64_t use)
{
	uint64_t z = (frame * 4 + use + 1) * 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return (uint32_t)((z ^ z >> 31) >> 32) % MILLION;
}

/* Of IPv4 without IP options, as the hosts of the tests send. */
static __always_inline bool has_data(const struct __sk_buff *skb)
{
	const uint8_t *data = (const uint8_t *)(long)skb->data, *end = (const uint8_t *)(long)skb->data_end;
	const struct iphdr *ip = (const struct iphdr *)(data + ETH_HLEN);
	const struct tcphdr *tcp = (const struct tcphdr *)(ip + 1);

	if ((const uint8_t *)(tcp + 1) > end || ip->version != 4 || ip->ihl != 5 || ip->protocol != IPPROTO_TCP)
		return false;
	return tcp->syn || tcp->fin || bpf_ntohs(ip->tot_len) > sizeof(*ip) + tcp->doff * 4;
}

SEC("tc")
int wire(struct __sk_buff *skb)
{
	uint64_t frame = count(WIRE_FRAMES);
	bool data = has_data(skb);

	if (chance(frame, 0) < LOST_PPM) {
		count(WIRE_LOST);
		if (data)
			count(WIRE_LOST_DATA);
		return TC_ACT_SHOT;
	}
	if (chance(frame, 1) < DOUBLED_PPM && bpf_clone_redirect(skb, OUT, 0) == 0) {
		count(WIRE_DOUBLED);
		if (data)
			count(WIRE_DOUBLED_DATA);
	}
	if (chance(frame, 2) < HELD_PPM) {
		count(WIRE_HELD);
		return bpf_redirect(HOLD, 0);
	}
	return bpf_redirect(OUT, 0);
}

char _license[] SEC("license") = "Dual BSD/GPL";
