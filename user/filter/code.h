/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * eBPF instructions under construction: an array that grows, jumps to labels that are not placed yet, and the three ends
 * that a filter can have. Errors (no memory, a jump too far) are remembered and told by code_finish().
 */
#ifndef MIRUO_FILTER_CODE_H
#define MIRUO_FILTER_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/bpf.h>

enum label {
	LABEL_ACCEPT,
	LABEL_REJECT,
	LABEL_AGAIN, /* leave the decision to the other function */
	LABEL_FIRST, /* the caller's own, code_init() says how many */
};

struct code {
	struct bpf_insn *insns; /* owned */
	size_t count, room;
	size_t *labels; /* where each is placed */
	size_t label_count;
	struct code_jump *jumps; /* to labels that were not placed yet */
	size_t jump_count, jump_room;
	const struct bpf_insn *again; /* what LABEL_AGAIN stands for; borrowed */
	size_t again_count;
	bool inline_ends; /* an end stands where it is reached, instead of one of each for all */
	bool no_memory, too_far;
};

static inline struct bpf_insn insn(int op, int dst, int src, int off, int32_t imm)
{
	return (struct bpf_insn) {
		.code = (uint8_t)op,
		.dst_reg = (uint8_t)(dst & 0xf),
		.src_reg = (uint8_t)(src & 0xf),
		.off = (int16_t)off,
		.imm = imm,
	};
}

/* label_count: LABEL_FIRST and the caller's own. */
void code_init(struct code *c, size_t label_count);
void code_fini(struct code *c);

void code_add(struct code *c, struct bpf_insn i);

/* The label is here. */
void code_place(struct code *c, size_t label);

/* Goes on at label; next is the label that will be placed here, for which no jump is needed. */
void code_goto(struct code *c, size_t label, size_t next);

/* condition is a conditional jump without its offset; next as above. */
void code_branch(struct code *c, struct bpf_insn condition, size_t then, size_t otherwise, size_t next);

/* Goes to the label if the condition is true, on with what follows if not. */
void code_if(struct code *c, struct bpf_insn condition, size_t label);

/* The jump at this position, which was added without its offset, leads here. */
void code_land(struct code *c, size_t at);

/* Adds the ends that are used and resolves the jumps. 0, -E2BIG for a jump too far, or -ENOMEM. */
int code_finish(struct code *c);

#endif
