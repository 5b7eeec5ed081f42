/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "code.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NOT_PLACED SIZE_MAX

struct code_jump {
	size_t at, label;
};

static const struct bpf_insn accept[] = {
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1 },
	{ .code = BPF_JMP | BPF_EXIT },
};

static const struct bpf_insn reject[] = {
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0 },
	{ .code = BPF_JMP | BPF_EXIT },
};

void code_init(struct code *c, size_t label_count)
{
	size_t i;

	memset(c, 0, sizeof(*c));
	c->labels = malloc(label_count * sizeof(*c->labels));
	c->label_count = label_count;
	c->no_memory = !c->labels;
	for (i = 0; c->labels && i < label_count; i++)
		c->labels[i] = NOT_PLACED;
}

void code_fini(struct code *c)
{
	free(c->insns);
	free(c->labels);
	free(c->jumps);
	memset(c, 0, sizeof(*c));
}

/* The array with room for one more of its elements; NULL: no memory, and the old one is as it was. */
static void *grown(void *array, size_t count, size_t *room, size_t size)
{
	size_t more = *room ? *room * 2 : 256;
	void *new;

	if (count < *room)
		return array;
	new = realloc(array, more * size);
	if (new)
		*room = more;
	return new;
}

void code_add(struct code *c, struct bpf_insn i)
{
	struct bpf_insn *insns = grown(c->insns, c->count, &c->room, sizeof(i));

	if (!insns) {
		c->no_memory = true;
		return;
	}
	c->insns = insns;
	c->insns[c->count++] = i;
}

void code_place(struct code *c, size_t label)
{
	if (c->labels)
		c->labels[label] = c->count;
}

static void add_jump(struct code *c, struct bpf_insn jump, size_t label)
{
	struct code_jump *jumps = grown(c->jumps, c->jump_count, &c->jump_room, sizeof(*jumps));

	if (!jumps) {
		c->no_memory = true;
		return;
	}
	c->jumps = jumps;
	c->jumps[c->jump_count++] = (struct code_jump) { .at = c->count, .label = label };
	code_add(c, jump);
}

static void add_block(struct code *c, const struct bpf_insn *block, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		code_add(c, block[i]);
}

static void add_end(struct code *c, size_t label)
{
	switch (label) {
	case LABEL_ACCEPT:
		add_block(c, accept, sizeof(accept) / sizeof(accept[0]));
		break;
	case LABEL_REJECT:
		add_block(c, reject, sizeof(reject) / sizeof(reject[0]));
		break;
	default:
		add_block(c, c->again, c->again_count);
	}
}

static bool stands_here(const struct code *c, size_t label)
{
	return c->inline_ends && label < LABEL_FIRST;
}

void code_goto(struct code *c, size_t label, size_t next)
{
	if (label == next)
		return;
	if (stands_here(c, label))
		add_end(c, label);
	else
		add_jump(c, insn(BPF_JMP | BPF_JA, 0, 0, 0, 0), label);
}

/* Turns a condition into its opposite; false: it has none (BPF_JSET). */
static bool invert(struct bpf_insn *condition)
{
	static const uint8_t opposites[][2] = {
		{ BPF_JEQ, BPF_JNE },
		{ BPF_JGT, BPF_JLE },
		{ BPF_JGE, BPF_JLT },
	};
	size_t i;

	for (i = 0; i < sizeof(opposites) / sizeof(opposites[0]); i++) {
		uint8_t op = BPF_OP(condition->code);

		if (op == opposites[i][0] || op == opposites[i][1]) {
			condition->code = (uint8_t)(condition->code ^ opposites[i][0] ^ opposites[i][1]);
			return true;
		}
	}
	return false;
}

static void jump_set(struct code *c, size_t at, size_t target)
{
	size_t distance = target - at - 1;

	if (c->no_memory)
		return;
	if (distance > INT16_MAX)
		c->too_far = true;
	else
		c->insns[at].off = (int16_t)distance;
}

void code_land(struct code *c, size_t at)
{
	jump_set(c, at, c->count);
}

/* The end stands behind a jump over it. */
static void if_inline(struct code *c, struct bpf_insn condition, size_t label)
{
	size_t over;

	if (!invert(&condition)) {
		condition.off = 1;
		code_add(c, condition);
		condition = insn(BPF_JMP | BPF_JA, 0, 0, 0, 0);
	}
	over = c->count;
	code_add(c, condition);
	add_end(c, label);
	code_land(c, over);
}

void code_if(struct code *c, struct bpf_insn condition, size_t label)
{
	if (stands_here(c, label))
		if_inline(c, condition, label);
	else
		add_jump(c, condition, label);
}

void code_branch(struct code *c, struct bpf_insn condition, size_t then, size_t otherwise, size_t next)
{
	struct bpf_insn opposite = condition;

	if (then == otherwise) {
		code_goto(c, then, next);
	} else if (then == next && invert(&opposite)) {
		code_if(c, opposite, otherwise);
	} else {
		code_if(c, condition, then);
		code_goto(c, otherwise, next);
	}
}

static bool is_used(const struct code *c, size_t label)
{
	size_t i;

	for (i = 0; i < c->jump_count; i++)
		if (c->jumps[i].label == label)
			return true;
	return false;
}

int code_finish(struct code *c)
{
	size_t i;

	for (i = LABEL_ACCEPT; i < LABEL_FIRST && !c->no_memory; i++) {
		if (!is_used(c, i))
			continue;
		code_place(c, i);
		add_end(c, i);
	}
	if (c->no_memory)
		return -ENOMEM;
	for (i = 0; i < c->jump_count; i++)
		jump_set(c, c->jumps[i].at, c->labels[c->jumps[i].label]);
	return c->too_far ? -E2BIG : 0;
}
