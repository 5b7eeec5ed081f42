/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where the expression goes: the loader puts the translated filter in the place of these bodies (user/filter/splice.h). For
 * each hook there is a function that decides, and one that decides where the first cannot. 1: the packet is wanted.
 *
 * Global functions are proven by the verifier on their own, so a large filter does not add to what it has to walk through in
 * the programs. The assembly hides the result from the compiler, which would do without the call.
 */
#ifndef MIRUO_FILTER_BPF_H
#define MIRUO_FILTER_BPF_H

#include <linux/bpf.h>

#define FILTER_OPAQUE(r, ctx) asm volatile("" : "+r"(r) : "r"(ctx) : "memory")

__attribute__((noinline)) int filter_tc_again(struct __sk_buff *skb)
{
	int wanted = 0;

	FILTER_OPAQUE(wanted, skb);
	return wanted;
}

__attribute__((noinline)) int filter_tc(struct __sk_buff *skb)
{
	int wanted = filter_tc_again(skb);

	FILTER_OPAQUE(wanted, skb);
	return wanted;
}

__attribute__((noinline)) int filter_xdp_again(struct xdp_md *xdp)
{
	int wanted = 0;

	FILTER_OPAQUE(wanted, xdp);
	return wanted;
}

__attribute__((noinline)) int filter_xdp(struct xdp_md *xdp)
{
	int wanted = filter_xdp_again(xdp);

	FILTER_OPAQUE(wanted, xdp);
	return wanted;
}

#endif
