/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Programs that return what the filter says of the packet. */
#include "filter.bpf.h"

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

SEC("tc")
int on_tc(struct __sk_buff *skb)
{
	return filter_tc(skb);
}

/* The outer tag is taken out of the frame first, and travels beside it. */
SEC("tc")
int on_tc_vlan(struct __sk_buff *skb)
{
	__be16 tag[2];

	if (!bpf_skb_load_bytes(skb, 12, tag, sizeof(tag)) && (tag[0] == bpf_htons(0x8100) || tag[0] == bpf_htons(0x88a8)) &&
	    (bpf_skb_vlan_pop(skb) || bpf_skb_vlan_push(skb, tag[0], bpf_ntohs(tag[1]))))
		return 2;
	return filter_tc(skb);
}

SEC("xdp.frags")
int on_xdp(struct xdp_md *xdp)
{
	return filter_xdp(xdp);
}

/* What the kernel needs for a program that does nothing. */
SEC("tc")
int empty_tc(struct __sk_buff *skb)
{
	(void)skb;
	return 0;
}

SEC("xdp.frags")
int empty_xdp(struct xdp_md *xdp)
{
	(void)xdp;
	return 0;
}

char programs_license[] SEC("license") = "Dual BSD/GPL";
