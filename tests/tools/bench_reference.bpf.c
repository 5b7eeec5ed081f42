/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the programs of miruo are measured against: hooks with nothing behind them, and the decoder alone. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "miruo/decode.h"

SEC("tc")
int empty_tc(struct __sk_buff *skb)
{
	(void)skb;
	return -1;
}

SEC("xdp")
int empty_xdp(struct xdp_md *xdp)
{
	(void)xdp;
	return XDP_PASS;
}

/* Global functions as in miruo's programs: see there. */
__attribute__((noinline)) int parse_skb(struct __sk_buff *skb, struct segment *seg)
{
	const uint8_t *data = (const uint8_t *)(long)skb->data, *end = (const uint8_t *)(long)skb->data_end;

	return seg ? (int)decode_frame_zeroed(LINK_ETHERNET, data, end, skb->len, seg) : DECODE_UNSUPPORTED;
}

__attribute__((noinline)) int parse_frame(struct xdp_md *xdp, struct segment *seg)
{
	const uint8_t *data = (const uint8_t *)(long)xdp->data, *end = (const uint8_t *)(long)xdp->data_end;

	return seg ? (int)decode_frame_zeroed(LINK_ETHERNET, data, end, xdp->data_end - xdp->data, seg) : DECODE_UNSUPPORTED;
}

SEC("tc")
int parse_tc(struct __sk_buff *skb)
{
	struct segment seg = {};

	return parse_skb(skb, &seg) == DECODE_RESULTS ? 0 : -1;
}

SEC("xdp")
int parse_xdp(struct xdp_md *xdp)
{
	struct segment seg = {};

	return parse_frame(xdp, &seg) == DECODE_RESULTS ? XDP_ABORTED : XDP_PASS;
}

char programs_license[] SEC("license") = "Dual BSD/GPL";
