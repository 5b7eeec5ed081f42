/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Puts IPv4 packets into VLAN 10 on their way out. The tag travels beside the packet, as from a network card that strips it. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

SEC("tc")
int vlan_push(struct __sk_buff *skb)
{
	if (skb->protocol == bpf_htons(ETH_P_IP))
		bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), 10);
	return TC_ACT_OK;
}

char programs_license[] SEC("license") = "Dual BSD/GPL";
