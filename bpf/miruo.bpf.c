/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The programs on the hooks: one for each hook and kind of device. They look and go on: whatever they find, the packet takes
 * the way it would have taken without them, and programs behind them run.
 */
#include "emit.bpf.h"

#define TC_NEXT (-1)		/* TCX_NEXT and TC_ACT_UNSPEC: the next program decides */
#define VLAN_ID_MASK 0x0fff
#define VLAN_TAG_LEN 4

/*
 * The decoders are global functions: the verifier proves each once, by itself. Inlined, every path through the headers would be
 * walked on through all that follows, and that is more than the million instructions it takes.
 */
#define TC_DECODER(name, link)                                                                                              \
	__attribute__((noinline)) int name(struct __sk_buff *skb, struct segment *seg)                                      \
	{                                                                                                                   \
		return seg ? (int)decode_frame(link, (const uint8_t *)(long)skb->data, (const uint8_t *)(long)skb->data_end, \
					       skb->len, seg)                                                               \
			   : DECODE_UNSUPPORTED;                                                                            \
	}

TC_DECODER(tc_decode_ethernet, LINK_ETHERNET)
TC_DECODER(tc_decode_l3, LINK_RAW)

__attribute__((noinline)) int xdp_decode(struct xdp_md *xdp, struct segment *seg)
{
	const uint8_t *data = (const uint8_t *)(long)xdp->data, *end = (const uint8_t *)(long)xdp->data_end;

	return seg ? (int)decode_frame(LINK_ETHERNET, data, end, xdp->data_end - xdp->data, seg) : DECODE_UNSUPPORTED;
}

MIRUO_INLINE int tc_watch(struct __sk_buff *skb, struct segment *seg, int result, int egress)
{
	struct packet p = {
		.ctx = skb,
		.data = (const uint8_t *)(long)skb->data,
		.end = (const uint8_t *)(long)skb->data_end,
		.ifindex = skb->ifindex,
		.segs = skb->gso_segs ? skb->gso_segs : 1,
		.egress = egress,
	};

	if (skb->vlan_present) {
		p.vlan = skb->vlan_tci & VLAN_ID_MASK;
		seg->wire_len += VLAN_TAG_LEN;
	}
	watch(&p, result, seg);
	return TC_NEXT;
}

SEC("tc")
int tc_in(struct __sk_buff *skb)
{
	struct segment seg = {};

	return tc_watch(skb, &seg, tc_decode_ethernet(skb, &seg), 0);
}

SEC("tc")
int tc_out(struct __sk_buff *skb)
{
	struct segment seg = {};

	return tc_watch(skb, &seg, tc_decode_ethernet(skb, &seg), 1);
}

SEC("tc")
int tc_in_l3(struct __sk_buff *skb)
{
	struct segment seg = {};

	return tc_watch(skb, &seg, tc_decode_l3(skb, &seg), 0);
}

SEC("tc")
int tc_out_l3(struct __sk_buff *skb)
{
	struct segment seg = {};

	return tc_watch(skb, &seg, tc_decode_l3(skb, &seg), 1);
}

SEC("xdp")
int xdp_in(struct xdp_md *xdp)
{
	struct segment seg = {};
	struct packet p = {
		.ctx = xdp,
		.data = (const uint8_t *)(long)xdp->data,
		.end = (const uint8_t *)(long)xdp->data_end,
		.ifindex = xdp->ingress_ifindex,
		.segs = 1,
		.xdp = 1,
	};

	watch(&p, xdp_decode(xdp, &seg), &seg);
	return XDP_PASS;
}

char programs_license[] SEC("license") = "Dual BSD/GPL";
