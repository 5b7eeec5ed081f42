/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A link that loses chosen TCP segments, for hosts without netem: a TC program that drops frames by rules and lets all else
 * pass. The rules are a compile-time list, for example the first two SYNs of port 40001 and every 30th data frame of 5201:
 *
 *	clang -O2 -g -target bpf -mcpu=v3 -ffreestanding -I include -I /usr/include/$(gcc -dumpmachine) \
 *		-D 'DROP_RULES={40001,DROP_SYN,1,2,0},{5201,DROP_DATA,30,1,30}' -c drop.bpf.c -o drop.o
 *	tc qdisc add dev veth0 clsact
 *	tc filter add dev veth0 ingress bpf da obj drop.o sec tc
 *
 * A capture on the interface sees what is dropped at its ingress, and does not see what is dropped at its egress.
 */
#include <stdbool.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>
#include "miruo/decode.h"

enum drop_what {
	DROP_SYN,  /* SYN or SYN/ACK */
	DROP_DATA, /* frames with payload; one frame may hold many segments (GSO) */
};

struct drop_rule {
	uint16_t port;  /* either end's */
	uint8_t what;   /* enum drop_what */
	uint32_t first; /* the matching frame to start at, from 1 */
	uint32_t count; /* frames dropped in a row */
	uint32_t every; /* and again after so many matching frames; 0: once only */
};

static const struct drop_rule rules[] = { DROP_RULES };

#define RULE_COUNT (sizeof(rules) / sizeof(rules[0]))

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, RULE_COUNT);
	__type(key, uint32_t);
	__type(value, uint32_t);
} matched SEC(".maps");

static __always_inline bool rule_matches(const struct drop_rule *rule, const struct segment *seg)
{
	if (rule->port != seg->sport && rule->port != seg->dport)
		return false;
	return rule->what == DROP_SYN ? (seg->flags & TCP_SYN) != 0 : seg->payload_len > 0;
}

/* n: which matching frame this is, from 1. */
static __always_inline bool rule_drops(const struct drop_rule *rule, uint32_t n)
{
	uint32_t past = n - rule->first;

	if (n < rule->first)
		return false;
	return (rule->every ? past % rule->every : past) < rule->count;
}

SEC("tc")
int drop(struct __sk_buff *skb)
{
	const uint8_t *data = (const uint8_t *)(long)skb->data, *end = (const uint8_t *)(long)skb->data_end;
	struct segment seg;

	if (decode_frame(LINK_ETHERNET, data, end, skb->len, &seg) != DECODE_TCP)
		return TC_ACT_UNSPEC;
#pragma unroll
	for (uint32_t i = 0; i < RULE_COUNT; i++) {
		uint32_t key = i, *n;

		if (!rule_matches(&rules[i], &seg))
			continue;
		n = bpf_map_lookup_elem(&matched, &key);
		if (n && rule_drops(&rules[i], __sync_fetch_and_add(n, 1) + 1))
			return TC_ACT_SHOT;
	}
	return TC_ACT_UNSPEC;
}

char _license[] SEC("license") = "Dual BSD/GPL";
