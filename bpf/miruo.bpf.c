/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The programs on the hooks: one for each hook and kind of device. They look and go on: whatever they find, the packet takes
 * the way it would have taken without them, and programs behind them run.
 */
#include "emit.bpf.h"
#include "filter.bpf.h"

#define TC_NEXT (-1)		/* TCX_NEXT and TC_ACT_UNSPEC: the next program decides */
#define VLAN_ID_MASK 0x0fff
#define VLAN_TAG_LEN 4
#define PACKET_LOOPBACK 5	/* linux/if_packet.h */

/*
 * The decoders are global functions: the verifier proves each once, by itself. Inlined, every path through the headers would be
 * walked on through all that follows, and that is more than the million instructions it takes. Only for what most packets are
 * the call, a sixth of a program's time, is worth sparing.
 */
#define TC_DECODER(name, link)                                                                                              \
	__attribute__((noinline)) int name(struct __sk_buff *skb, struct segment *seg)                                      \
	{                                                                                                                   \
		return seg ? (int)decode_frame_zeroed(link, (const uint8_t *)(long)skb->data,                               \
						      (const uint8_t *)(long)skb->data_end, skb->len, seg)                  \
			   : DECODE_UNSUPPORTED;                                                                            \
	}

TC_DECODER(tc_decode_any, LINK_ETHERNET)
TC_DECODER(tc_decode_l3, LINK_RAW)

__attribute__((noinline)) int xdp_decode_any(struct xdp_md *xdp, struct segment *seg)
{
	const uint8_t *data = (const uint8_t *)(long)xdp->data, *end = (const uint8_t *)(long)xdp->data_end;

	return seg ? (int)decode_frame_zeroed(LINK_ETHERNET, data, end, xdp->data_end - xdp->data, seg) : DECODE_UNSUPPORTED;
}

MIRUO_INLINE int tc_decode(struct __sk_buff *skb, int l3, struct segment *seg)
{
	const uint8_t *data = (const uint8_t *)(long)skb->data, *end = (const uint8_t *)(long)skb->data_end;
	int result;

	if (l3)
		return tc_decode_l3(skb, seg);
	result = decode_untagged_ipv4(data, end, skb->len, seg);
	return result == DECODE_RESULTS ? tc_decode_any(skb, seg) : result;
}

MIRUO_INLINE int tc_watch(struct __sk_buff *skb, int l3, int egress)
{
	uint32_t cpu = bpf_get_smp_processor_id();
	struct cpu_state *c = cpu_enter(cpu);
	struct packet p = { .ctx = skb, .egress = egress };
	int result;

	if (!c)
		return TC_NEXT;
	result = tc_decode(skb, l3, &c->seg);
	p.data = (const uint8_t *)(long)skb->data;
	p.end = (const uint8_t *)(long)skb->data_end;
	p.ifindex = skb->ifindex;
	p.segs = skb->gso_segs ? skb->gso_segs : 1;
	if (skb->vlan_present) {
		p.vlan = skb->vlan_tci & VLAN_ID_MASK;
		c->seg.wire_len += VLAN_TAG_LEN;
	}
	cpu_watch(c, cpu, &p, result);
	cpu_leave(c);
	return TC_NEXT;
}

MIRUO_INLINE int tc_wants(struct __sk_buff *skb)
{
	if (!config.filter || filter_tc(skb))
		return 1;
	count_filtered();
	return 0;
}

/*
 * What the host sends to a broadcast or multicast address comes back to it, without the link header that it left with. It
 * was not on the wire, and capture sockets do not see it either.
 */
MIRUO_INLINE int tc_in_wants(struct __sk_buff *skb)
{
	return skb->pkt_type != PACKET_LOOPBACK && tc_wants(skb);
}

SEC("tc")
int tc_in(struct __sk_buff *skb)
{
	return tc_in_wants(skb) ? tc_watch(skb, 0, 0) : TC_NEXT;
}

SEC("tc")
int tc_out(struct __sk_buff *skb)
{
	return tc_wants(skb) ? tc_watch(skb, 0, 1) : TC_NEXT;
}

SEC("tc")
int tc_in_l3(struct __sk_buff *skb)
{
	return tc_in_wants(skb) ? tc_watch(skb, 1, 0) : TC_NEXT;
}

SEC("tc")
int tc_out_l3(struct __sk_buff *skb)
{
	return tc_wants(skb) ? tc_watch(skb, 1, 1) : TC_NEXT;
}

MIRUO_INLINE int xdp_decode(struct xdp_md *xdp, struct segment *seg)
{
	const uint8_t *data = (const uint8_t *)(long)xdp->data, *end = (const uint8_t *)(long)xdp->data_end;
	int result = decode_untagged_ipv4(data, end, xdp->data_end - xdp->data, seg);

	return result == DECODE_RESULTS ? xdp_decode_any(xdp, seg) : result;
}

MIRUO_INLINE int xdp_watch(struct xdp_md *xdp)
{
	uint32_t cpu = bpf_get_smp_processor_id();
	struct cpu_state *c = cpu_enter(cpu);
	struct packet p = { .ctx = xdp, .xdp = 1, .segs = 1 };
	int result;

	if (!c)
		return XDP_PASS;
	result = xdp_decode(xdp, &c->seg);
	p.data = (const uint8_t *)(long)xdp->data;
	p.end = (const uint8_t *)(long)xdp->data_end;
	p.ifindex = xdp->ingress_ifindex;
	cpu_watch(c, cpu, &p, result);
	cpu_leave(c);
	return XDP_PASS;
}

SEC("xdp")
int xdp_in(struct xdp_md *xdp)
{
	if (!config.filter || filter_xdp(xdp))
		return xdp_watch(xdp);
	count_filtered();
	return XDP_PASS;
}

char programs_license[] SEC("license") = "Dual BSD/GPL";
