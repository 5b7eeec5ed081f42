/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Classic BPF, as libpcap compiles it, to eBPF functions for the kernel programs. Pure: program in, functions out.
 *
 * There are two functions of the type `int f(ctx)`, which return 1 for a packet that is wanted and 0 for another. The first
 * reads the packet where it lies. Where it cannot (the bytes are not in the linear part), it calls the second, which begins
 * anew on a copy of the headers and asks the kernel for what lies behind. So both decide alike, and the first, which nearly
 * all packets stay in, is small.
 *
 * What a load means is what it means in libpcap's interpreter, for a frame as a socket filter would see it: an outer VLAN
 * tag is beside the packet, not in it. XDP programs see frames before the kernel took the tag out: the functions for them
 * make up for that.
 */
#ifndef MIRUO_FILTER_TRANSLATE_H
#define MIRUO_FILTER_TRANSLATE_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/bpf.h>
#include <linux/filter.h>

#include "text.h"

enum translate_hook {
	TRANSLATE_TC,
	TRANSLATE_XDP, /* frames with an Ethernet header */
};

/* How the functions are built; each can be larger than the one before, and is slower. */
enum translate_form {
	TRANSLATE_SHORT,
	TRANSLATE_INLINE_ENDS, /* no far jumps, and few branches that the verifier has to remember */
	TRANSLATE_COPIED,      /* the same, and the second function in place of the first one */
	TRANSLATE_FORMS
};

struct translate_target {
	enum translate_hook hook;
	enum translate_form form;
	bool egress;
};

/*
 * Both functions; calls to the second are in the first only, as a call of a subprogram (BPF_PSEUDO_CALL) with imm -1:
 * whoever puts them into a program makes it the distance. Without such a call there is no second one.
 */
struct translation {
	struct bpf_insn *first, *second; /* owned; second may be NULL */
	size_t first_count, second_count;
};

/*
 * Translates the program (struct bpf_insn of libpcap has the layout of struct sock_filter). Returns 0; -E2BIG if it is too
 * large in this form; -EINVAL if it cannot be translated at all; or -ENOMEM. Then why got the reason, words that can follow
 * "the expression ...: ", and there is nothing to free.
 */
int translate(const struct sock_filter *program, size_t count, const struct translate_target *target,
	      struct translation *out, struct text *why);

void translation_free(struct translation *t); /* fine on a zeroed one */

#endif
