/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The packet is read where it lies: each load checks that its bytes are in the linear part, unless an earlier one did. What
 * is not there is left to the other function.
 */
#include "translator.h"

#define NEAR_MAX 32000u  /* offsets that fit an instruction */
#define END_MAX  0xffe0u /* the verifier knows of 0xffff bytes of a packet; less the tag's */

enum {
	A = BPF_REG_0,
	CTX = BPF_REG_1,
	BASE = BPF_REG_2, /* of the frame; behind the tag of a tagged one, so that offsets of 12 and more are right */
	END = BPF_REG_3,
	X = BPF_REG_4,
	TEMP = BPF_REG_5,
	SAVED = BPF_REG_6,
	FRAME = BPF_REG_10,
};

/* clang-format off */
#define CALL_SECOND { .code = BPF_JMP | BPF_CALL, .src_reg = BPF_PSEUDO_CALL, .imm = -1 }
#define EXIT { .code = BPF_JMP | BPF_EXIT }
/* clang-format on */

/* If all of the packet is linear, the load was beyond its end. */
static const struct bpf_insn again_tc[] = {
	{ .code = BPF_ALU64 | BPF_SUB | BPF_X, .dst_reg = END, .src_reg = BASE },
	{ .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = TEMP, .src_reg = CTX, .off = offsetof(struct __sk_buff, len) },
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = A, .imm = 0 },
	{ .code = BPF_JMP | BPF_JEQ | BPF_X, .dst_reg = END, .src_reg = TEMP, .off = 1 },
	CALL_SECOND,
	EXIT,
};

static const struct bpf_insn again_xdp[] = { CALL_SECOND, EXIT };

static void prepare(struct translator *t)
{
	bool xdp = t->target->hook == TRANSLATE_XDP;

	t->window = NEAR_MAX;
	t->slots = 0;
	t->code.again = xdp ? again_xdp : again_tc;
	t->code.again_count = xdp ? sizeof(again_xdp) / sizeof(again_xdp[0]) : sizeof(again_tc) / sizeof(again_tc[0]);
}

static uint32_t proven_at_start(const struct translator *t)
{
	return t->target->hook == TRANSLATE_XDP && t->uses_packet ? ETHERNET_LEN : 0;
}

static void check(struct translator *t, int base, uint32_t len)
{
	MOV(TEMP, base);
	ALU64_K(BPF_ADD, TEMP, (int32_t)len);
	IF(BPF_JGT, TEMP, END, LABEL_AGAIN);
}

static void enter_tc(struct translator *t)
{
	LOAD(BPF_W, BASE, CTX, offsetof(struct __sk_buff, data));
	LOAD(BPF_W, END, CTX, offsetof(struct __sk_buff, data_end));
}

/* Of a tagged frame: what the kernel would have taken out of it. */
static void take_tag(struct translator *t)
{
	ALU64_K(BPF_ADD, BASE, VLAN_TAG_LEN);
	check(t, BASE, ETHERNET_LEN);
	if (t->uses_vlan) {
		add_load(t, TEMP, BASE, ETHERNET_LEN - VLAN_TAG_LEN, 2);
		STORE(BPF_W, FRAME, slot(t, SLOT_TCI), TEMP);
		STORE_K(BPF_W, FRAME, slot(t, SLOT_PRESENT), 1);
	}
	if (t->uses_len) {
		LOAD(BPF_W, TEMP, FRAME, slot(t, SLOT_LEN));
		ALU64_K(BPF_ADD, TEMP, -VLAN_TAG_LEN);
		STORE(BPF_W, FRAME, slot(t, SLOT_LEN), TEMP);
	}
}

static void enter_xdp(struct translator *t)
{
	size_t untagged;

	if (t->uses_len) {
		MOV(SAVED, CTX);
		add_frame_length(t, SAVED);
		MOV(CTX, SAVED);
	}
	if (t->uses_vlan) {
		STORE_K(BPF_W, FRAME, slot(t, SLOT_TCI), 0);
		STORE_K(BPF_W, FRAME, slot(t, SLOT_PRESENT), 0);
	}
	LOAD(BPF_W, BASE, CTX, offsetof(struct xdp_md, data));
	LOAD(BPF_W, END, CTX, offsetof(struct xdp_md, data_end));
	check(t, BASE, ETHERNET_LEN);
	add_load(t, TEMP, BASE, ADDRESSES_LEN, 2);
	SKIP_IF_K(BPF_JEQ, TEMP, TYPE_8021Q, 1);
	untagged = t->code.count;
	SKIP_IF_K(BPF_JNE, TEMP, TYPE_8021AD, 0);
	take_tag(t);
	code_land(&t->code, untagged);
}

static void enter(struct translator *t)
{
	if (!t->uses_packet)
		return;
	if (t->target->hook == TRANSLATE_XDP)
		enter_xdp(t);
	else
		enter_tc(t);
}

/* Bytes on both sides of a tag, or not known on which, are for the other function. */
static bool leaves(const struct translator *t, const struct access *access)
{
	if (access_end(access) > END_MAX)
		return true;
	if (t->target->hook != TRANSLATE_XDP || access->off >= ADDRESSES_LEN)
		return false;
	return access->indirect || access_end(access) > ADDRESSES_LEN;
}

static void load_indirect(struct translator *t, const struct point *at, const struct access *access)
{
	uint32_t end = access_end(access);

	if (at->x_max > END_MAX - end)
		IF_K(BPF_JGT, X, (int32_t)(END_MAX - end), LABEL_AGAIN);
	MOV(TEMP, BASE);
	ALU64(BPF_ADD, TEMP, X);
	ALU64_K(BPF_ADD, TEMP, (int32_t)end);
	IF(BPF_JGT, TEMP, END, LABEL_AGAIN);
	add_load(t, access->dst, TEMP, -access->size, access->size);
}

/* In front of the tag, where BASE is not right. */
static void load_address(struct translator *t, const struct access *access)
{
	LOAD(BPF_W, TEMP, CTX, offsetof(struct xdp_md, data));
	ALU64_K(BPF_ADD, TEMP, (int32_t)access_end(access));
	IF(BPF_JGT, TEMP, END, LABEL_AGAIN);
	add_load(t, access->dst, TEMP, -access->size, access->size);
}

static void load(struct translator *t, const struct point *at, const struct access *access)
{
	uint32_t end = access_end(access);

	if (access->indirect) {
		load_indirect(t, at, access);
	} else if (t->target->hook == TRANSLATE_XDP && access->off < ADDRESSES_LEN) {
		load_address(t, access);
	} else if (end <= at->proven) {
		add_load(t, access->dst, BASE, (int)access->off, access->size);
	} else {
		check(t, BASE, end);
		add_load(t, access->dst, TEMP, -access->size, access->size);
	}
}

const struct loader load_direct = {
	.ctx = CTX,
	.a = A,
	.x = X,
	.prepare = prepare,
	.enter = enter,
	.proven_at_start = proven_at_start,
	.leaves = leaves,
	.load = load,
};
