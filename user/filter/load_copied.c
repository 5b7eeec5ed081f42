/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The beginning of the packet is copied to the stack by a helper, which reads what is not linear too; each load behind that
 * is a call of the helper. A load that fails is beyond the end and rejects the packet.
 */
#include "translator.h"

#define COPIED_MAX 96u
#define BOUNCE     8 /* bytes below the copy, for one load */

enum {
	A = BPF_REG_7,
	CTX = BPF_REG_6,
	X = BPF_REG_8,
	COPIED = BPF_REG_9, /* bytes of the copy that are there */
	FRAME = BPF_REG_10,
};

/*
 * The stack is read by aligned loads only. Behind an Ethernet header words are aligned if the copy begins two bytes behind a
 * word; without one, if it begins with a word.
 */
static int copy(const struct translator *t)
{
	return -(int)t->window - (t->skewed ? 6 : 0);
}

static int bounce(const struct translator *t)
{
	return -(int)t->window - 8 - BOUNCE;
}

/* The copy has as much as the loads at fixed offsets need. */
static void prepare(struct translator *t)
{
	uint32_t needed = t->target->hook == TRANSLATE_XDP ? ETHERNET_LEN + 2 : 0;
	int words[4] = { 0 };
	struct access access;
	size_t i;

	for (i = 0; i < t->count; i++) {
		if (!access_read(t, &t->program[i], &access) || access.indirect || access_end(&access) > COPIED_MAX)
			continue;
		needed = access_end(&access) > needed ? access_end(&access) : needed;
		words[access.off % 4] += access.size == 4;
	}
	t->window = (needed + 7) / 8 * 8;
	t->skewed = words[2] > words[0];
	t->slots = bounce(t);
}

/* From the copy at base + off; align: what is known to divide the address. */
static void add_copy_load(struct translator *t, const struct access *access, int base, int off, int align)
{
	int part = align < access->size ? align : access->size, done;

	add_load(t, access->dst, base, off, part);
	for (done = part; done < access->size; done += part) {
		ALU32_K(BPF_LSH, access->dst, part * 8);
		add_load(t, BPF_REG_1, base, off + done, part);
		ALU32(BPF_OR, access->dst, BPF_REG_1);
	}
}

static uint32_t proven_at_start(const struct translator *t)
{
	(void)t;
	return 0;
}

/* R1 to R4 for the helper are set but for R1; it leaves R0 other than 0 if it fails. */
static void call_load(struct translator *t)
{
	MOV(BPF_REG_1, CTX);
	CALL(t->target->hook == TRANSLATE_XDP ? BPF_FUNC_xdp_load_bytes : BPF_FUNC_skb_load_bytes);
	IF_K(BPF_JNE, BPF_REG_0, 0, LABEL_REJECT);
}

/* R4 bytes from offset off of the packet into the copy at offset to. */
static void copy_bytes(struct translator *t, int off, int to)
{
	MOV_K(BPF_REG_2, off);
	MOV(BPF_REG_3, FRAME);
	ALU64_K(BPF_ADD, BPF_REG_3, copy(t) + to);
	call_load(t);
}

/* COPIED and R4 become the length of what is copied; R0 is that of the frame. */
static void limit_copy(struct translator *t, int min)
{
	IF_K(BPF_JLT, BPF_REG_0, min, LABEL_REJECT);
	SKIP_IF_K(BPF_JLE, BPF_REG_0, (int32_t)t->window, 1);
	MOV_K(BPF_REG_0, (int32_t)t->window);
	MOV(COPIED, BPF_REG_0);
	MOV(BPF_REG_4, BPF_REG_0);
}

static void take_tag(struct translator *t)
{
	add_load(t, BPF_REG_1, FRAME, copy(t) + ETHERNET_LEN, 2);
	STORE(BPF_W, FRAME, slot(t, SLOT_TCI), BPF_REG_1);
	STORE_K(BPF_W, FRAME, slot(t, SLOT_PRESENT), 1);
	STORE_K(BPF_W, FRAME, slot(t, SLOT_DELTA), VLAN_TAG_LEN);
	LOAD(BPF_W, BPF_REG_0, FRAME, slot(t, SLOT_LEN));
	ALU64_K(BPF_ADD, BPF_REG_0, -VLAN_TAG_LEN);
	STORE(BPF_W, FRAME, slot(t, SLOT_LEN), BPF_REG_0);
	limit_copy(t, ETHERNET_LEN);
	ALU64_K(BPF_ADD, BPF_REG_4, -ADDRESSES_LEN);
	copy_bytes(t, ADDRESSES_LEN + VLAN_TAG_LEN, ADDRESSES_LEN);
}

static void enter_xdp(struct translator *t)
{
	size_t untagged[2];
	int i;

	STORE_K(BPF_W, FRAME, slot(t, SLOT_DELTA), 0);
	STORE_K(BPF_W, FRAME, slot(t, SLOT_PRESENT), 0);
	STORE_K(BPF_W, FRAME, slot(t, SLOT_TCI), 0);
	add_frame_length(t, CTX);
	limit_copy(t, 1);
	copy_bytes(t, 0, 0);
	LOAD(BPF_W, BPF_REG_0, FRAME, slot(t, SLOT_LEN));
	untagged[0] = t->code.count;
	SKIP_IF_K(BPF_JLT, BPF_REG_0, ETHERNET_LEN + VLAN_TAG_LEN, 0);
	add_load(t, BPF_REG_1, FRAME, copy(t) + ADDRESSES_LEN, 2);
	SKIP_IF_K(BPF_JEQ, BPF_REG_1, TYPE_8021Q, 1);
	untagged[1] = t->code.count;
	SKIP_IF_K(BPF_JNE, BPF_REG_1, TYPE_8021AD, 0);
	take_tag(t);
	for (i = 0; i < 2; i++)
		code_land(&t->code, untagged[i]);
}

static void enter_tc(struct translator *t)
{
	if (!t->window)
		return;
	LOAD(BPF_W, BPF_REG_0, CTX, offsetof(struct __sk_buff, len));
	limit_copy(t, 1);
	copy_bytes(t, 0, 0);
}

/* The helper takes a length that is not a constant only for bytes that were written before. */
static void clear(struct translator *t)
{
	int off;

	for (off = bounce(t); off < 0; off += 8)
		STORE_K(BPF_DW, FRAME, off, 0);
}

static void enter(struct translator *t)
{
	MOV(CTX, BPF_REG_1);
	if (!t->uses_packet)
		return;
	clear(t);
	if (t->target->hook == TRANSLATE_XDP)
		enter_xdp(t);
	else
		enter_tc(t);
}

static bool leaves(const struct translator *t, const struct access *access)
{
	(void)t;
	(void)access;
	return false;
}

/* From R2, the offset in the frame without its tag, 12 and more. */
static void load_by_helper(struct translator *t, const struct access *access)
{
	if (t->target->hook == TRANSLATE_XDP) {
		LOAD(BPF_W, BPF_REG_1, FRAME, slot(t, SLOT_DELTA));
		ALU64(BPF_ADD, BPF_REG_2, BPF_REG_1);
	}
	IF_K(BPF_JGT, BPF_REG_2, INT32_MAX, LABEL_REJECT);
	MOV(BPF_REG_3, FRAME);
	ALU64_K(BPF_ADD, BPF_REG_3, bounce(t));
	MOV_K(BPF_REG_4, access->size);
	call_load(t);
	add_load(t, access->dst, FRAME, bounce(t), access->size);
}

/*
 * At R2, which may be in front of a tag: out of the copy, where it is gone. Where the copy ends is behind the place of the
 * tag. The verifier must see the bounds of the offset, and this is the one place where a copied frame is read at one that
 * varies.
 */
static void load_around_tag(struct translator *t, const struct access *access)
{
	size_t beyond = t->code.count, done;

	SKIP_IF_K(BPF_JGT, BPF_REG_2, (int32_t)t->window - access->size, 0);
	MOV(BPF_REG_1, BPF_REG_2);
	ALU64_K(BPF_ADD, BPF_REG_1, access->size);
	IF(BPF_JGT, BPF_REG_1, COPIED, LABEL_REJECT);
	ALU64(BPF_ADD, BPF_REG_2, FRAME);
	add_copy_load(t, access, BPF_REG_2, copy(t), 1);
	done = t->code.count;
	SKIP(0);
	code_land(&t->code, beyond);
	load_by_helper(t, access);
	code_land(&t->code, done);
}

static void load(struct translator *t, const struct point *at, const struct access *access)
{
	uint32_t end = access_end(access);
	int off;

	if (!access->indirect && end <= t->window) {
		if (end > at->proven)
			IF_K(BPF_JLT, COPIED, (int32_t)end, LABEL_REJECT);
		off = copy(t) + (int)access->off;
		add_copy_load(t, access, FRAME, off, off % 4 == 0 ? 4 : off % 2 == 0 ? 2 : 1);
		return;
	}
	if (access->indirect) {
		MOV(BPF_REG_2, X);
		ALU64_K(BPF_ADD, BPF_REG_2, (int32_t)access->off);
	} else {
		MOV_K(BPF_REG_2, (int32_t)access->off);
	}
	if (t->target->hook == TRANSLATE_XDP && access->off < ADDRESSES_LEN)
		load_around_tag(t, access);
	else
		load_by_helper(t, access);
}

const struct loader load_copied = {
	.ctx = CTX,
	.a = A,
	.x = X,
	.prepare = prepare,
	.enter = enter,
	.proven_at_start = proven_at_start,
	.leaves = leaves,
	.load = load,
};
