/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "translate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "list.h"
#include "translator.h"

#define MSH_MAX         60 /* bytes: the header length that BPF_MSH reads */
#define PACKET_OUTGOING 4  /* linux/if_packet.h */
#define PACKET_HOST     0

/* What a load from an offset that no packet has means to Linux. */
enum metadata {
	METADATA_NONE,
	METADATA_PKTTYPE,
	METADATA_IFINDEX,
	METADATA_VLAN_TAG,
	METADATA_VLAN_PRESENT,
	METADATA_UNKNOWN,
};

void add_load(struct translator *t, int dst, int base, int off, int size)
{
	int width = size == 4 ? BPF_W : size == 2 ? BPF_H : BPF_B;

	LOAD(width, dst, base, off);
	if (size > 1)
		ADD(BPF_ALU | BPF_END | BPF_TO_BE, dst, 0, 0, size * 8);
}

void add_frame_length(struct translator *t, int ctx)
{
	MOV(BPF_REG_1, ctx);
	CALL(BPF_FUNC_xdp_get_buff_len);
	STORE(BPF_W, BPF_REG_10, slot(t, SLOT_LEN), BPF_REG_0);
}

static size_t label_of(size_t pc)
{
	return LABEL_FIRST + pc;
}

static bool is_return_k(const struct sock_filter *i)
{
	return BPF_CLASS(i->code) == BPF_RET && BPF_RVAL(i->code) == BPF_K;
}

static bool is_ja(const struct sock_filter *i)
{
	return BPF_CLASS(i->code) == BPF_JMP && BPF_OP(i->code) == BPF_JA;
}

/* The label that an instruction stands for: jumps are followed, returns are the ends. */
static size_t resolve(const struct translator *t, size_t pc)
{
	while (is_ja(&t->program[pc]))
		pc += 1 + t->program[pc].k;
	if (is_return_k(&t->program[pc]))
		return t->program[pc].k ? LABEL_ACCEPT : LABEL_REJECT;
	return label_of(pc);
}

static enum metadata metadata_of(const struct sock_filter *i)
{
	uint32_t first = (uint32_t)SKF_AD_OFF;

	if (BPF_CLASS(i->code) != BPF_LD || BPF_MODE(i->code) != BPF_ABS || i->k < first || i->k >= first + SKF_AD_MAX)
		return METADATA_NONE;
	switch (i->k - first) {
	case SKF_AD_PKTTYPE:
		return METADATA_PKTTYPE;
	case SKF_AD_IFINDEX:
		return METADATA_IFINDEX;
	case SKF_AD_VLAN_TAG:
		return METADATA_VLAN_TAG;
	case SKF_AD_VLAN_TAG_PRESENT:
		return METADATA_VLAN_PRESENT;
	default:
		return METADATA_UNKNOWN;
	}
}

static bool is_msh(const struct sock_filter *i)
{
	return BPF_CLASS(i->code) == BPF_LDX && BPF_MODE(i->code) == BPF_MSH;
}

static bool is_packet_load(const struct sock_filter *i)
{
	if (BPF_CLASS(i->code) == BPF_LD)
		return (BPF_MODE(i->code) == BPF_ABS || BPF_MODE(i->code) == BPF_IND) && metadata_of(i) == METADATA_NONE;
	return is_msh(i);
}

/* No packet has bytes there. */
static bool is_beyond_all(const struct sock_filter *i)
{
	return is_packet_load(i) && i->k > INT32_MAX;
}

bool access_read(const struct translator *t, const struct sock_filter *i, struct access *access)
{
	static const int sizes[] = { [BPF_W >> 3] = 4, [BPF_H >> 3] = 2, [BPF_B >> 3] = 1 };

	if (!is_packet_load(i) || is_beyond_all(i))
		return false;
	access->dst = is_msh(i) ? t->loader->x : t->loader->a;
	access->size = sizes[BPF_SIZE(i->code) >> 3];
	access->off = i->k;
	access->indirect = BPF_MODE(i->code) == BPF_IND;
	return true;
}

/* Checking */

static int refuse(struct text *why, size_t pc, const char *what)
{
	text_add(why, "%s (instruction %zu)", what, pc);
	return -EINVAL;
}

static bool is_known_alu(const struct sock_filter *i)
{
	return BPF_OP(i->code) <= BPF_XOR;
}

static bool is_known(const struct sock_filter *i)
{
	switch (BPF_CLASS(i->code)) {
	case BPF_LD:
		if (BPF_MODE(i->code) == BPF_ABS || BPF_MODE(i->code) == BPF_IND)
			return BPF_SIZE(i->code) <= BPF_B;
		return BPF_SIZE(i->code) == BPF_W && BPF_MODE(i->code) <= BPF_LEN;
	case BPF_LDX:
		if (is_msh(i))
			return BPF_SIZE(i->code) == BPF_B;
		return BPF_SIZE(i->code) == BPF_W &&
		       (BPF_MODE(i->code) == BPF_IMM || BPF_MODE(i->code) == BPF_MEM || BPF_MODE(i->code) == BPF_LEN);
	case BPF_ST:
		return i->code == BPF_ST;
	case BPF_STX:
		return i->code == BPF_STX;
	case BPF_ALU:
		return is_known_alu(i) && i->code <= 0xff;
	case BPF_JMP:
		return BPF_OP(i->code) <= BPF_JSET && i->code <= 0xff;
	case BPF_RET:
		return BPF_RVAL(i->code) == BPF_K || BPF_RVAL(i->code) == BPF_A;
	default:
		return BPF_MISCOP(i->code) == BPF_TAX || BPF_MISCOP(i->code) == BPF_TXA;
	}
}

static bool uses_memory(const struct sock_filter *i)
{
	int class = BPF_CLASS(i->code);

	if (class == BPF_LD || class == BPF_LDX)
		return BPF_MODE(i->code) == BPF_MEM;
	return class == BPF_ST || class == BPF_STX;
}

static bool divides_by_zero(const struct sock_filter *i)
{
	return BPF_CLASS(i->code) == BPF_ALU && (BPF_OP(i->code) == BPF_DIV || BPF_OP(i->code) == BPF_MOD) &&
	       BPF_SRC(i->code) == BPF_K && i->k == 0;
}

static int check_jump(const struct translator *t, size_t pc, struct text *why)
{
	const struct sock_filter *i = &t->program[pc];
	size_t left = t->count - pc - 1;

	if (is_ja(i) && i->k > INT32_MAX)
		return refuse(why, pc, "it jumps backwards, as protochain does, which kernel programs must not");
	if (is_ja(i) ? i->k >= left : i->jt >= left || i->jf >= left)
		return refuse(why, pc, "a jump leads out of the program");
	return 0;
}

static int check_instruction(const struct translator *t, size_t pc, struct text *why)
{
	const struct sock_filter *i = &t->program[pc];

	if (!is_known(i))
		return refuse(why, pc, "an operation is not known");
	if (metadata_of(i) == METADATA_UNKNOWN)
		return refuse(why, pc, "it asks for what only a socket filter can tell");
	if (uses_memory(i) && i->k >= BPF_MEMWORDS)
		return refuse(why, pc, "it uses more memory than there is");
	if (divides_by_zero(i))
		return refuse(why, pc, "it divides by zero");
	return BPF_CLASS(i->code) == BPF_JMP ? check_jump(t, pc, why) : 0;
}

static int check(const struct translator *t, struct text *why)
{
	size_t pc;
	int status = 0;

	if (!t->count || BPF_CLASS(t->program[t->count - 1].code) != BPF_RET)
		return refuse(why, t->count, "the program does not end");
	for (pc = 0; pc < t->count && !status; pc++)
		status = check_instruction(t, pc, why);
	return status;
}

/* What each instruction can rely on */

static void survey(struct translator *t)
{
	struct access access;
	size_t pc;

	for (pc = 0; pc < t->count; pc++) {
		const struct sock_filter *i = &t->program[pc];
		int class = BPF_CLASS(i->code);

		t->uses_packet |= access_read(t, i, &access);
		t->uses_vlan |= metadata_of(i) == METADATA_VLAN_TAG || metadata_of(i) == METADATA_VLAN_PRESENT;
		t->uses_len |= (class == BPF_LD || class == BPF_LDX) && BPF_MODE(i->code) == BPF_LEN;
		if ((class == BPF_LD || class == BPF_LDX) && BPF_MODE(i->code) == BPF_MEM)
			t->memory |= 1u << i->k;
	}
	t->uses_packet |= t->target->hook == TRANSLATE_XDP && (t->uses_vlan || t->uses_len); /* the tag is in it */
}

/* Another way leads to the instruction: only what is known on both is known. */
static void merge(struct translator *t, size_t label, const struct point *from)
{
	struct point *to;

	if (label < LABEL_FIRST)
		return;
	to = &t->points[label - LABEL_FIRST];
	if (!to->reached) {
		*to = *from;
		to->ways = 1;
		return;
	}
	to->ways++;
	if (from->proven < to->proven)
		to->proven = from->proven;
	if (from->x_max > to->x_max)
		to->x_max = from->x_max;
}

static bool leaves(const struct translator *t, const struct sock_filter *i)
{
	struct access access;

	return access_read(t, i, &access) && t->loader->leaves(t, &access);
}

static void learn(const struct translator *t, const struct sock_filter *i, struct point *p)
{
	struct access access;

	if (BPF_CLASS(i->code) == BPF_LDX)
		p->x_max = is_msh(i) ? MSH_MAX : BPF_MODE(i->code) == BPF_IMM ? i->k : X_UNKNOWN;
	else if (BPF_CLASS(i->code) == BPF_MISC && BPF_MISCOP(i->code) == BPF_TAX)
		p->x_max = X_UNKNOWN;
	if (access_read(t, i, &access) && !access.indirect && access_end(&access) <= t->window &&
	    (t->target->hook != TRANSLATE_XDP || access.off >= ADDRESSES_LEN) && access_end(&access) > p->proven)
		p->proven = access_end(&access);
}

/* All jumps go forward, so one pass sees each instruction after all that lead to it. */
static void flow(struct translator *t)
{
	struct point start = { .reached = true, .proven = t->loader->proven_at_start(t), .x_max = 0 };
	size_t pc;

	merge(t, resolve(t, 0), &start);
	for (pc = 0; pc < t->count; pc++) {
		const struct sock_filter *i = &t->program[pc];
		struct point p = t->points[pc];

		if (!p.reached || BPF_CLASS(i->code) == BPF_RET || is_beyond_all(i) || leaves(t, i))
			continue;
		learn(t, i, &p);
		if (BPF_CLASS(i->code) == BPF_JMP) {
			merge(t, resolve(t, pc + 1 + i->jt), &p);
			merge(t, resolve(t, pc + 1 + i->jf), &p);
		} else {
			merge(t, resolve(t, pc + 1), &p);
		}
	}
}

/* Lists */

static bool is_comparison(const struct sock_filter *i)
{
	return i->code == (BPF_JMP | BPF_JEQ | BPF_K);
}

/* The comparison behind the one at pc that belongs to the same list; 0: there is none. */
static size_t next_in_list(const struct translator *t, size_t pc)
{
	size_t next = resolve(t, pc + 1 + t->program[pc].jf), then = resolve(t, pc + 1 + t->program[pc].jt);

	if (next < LABEL_FIRST || next == then)
		return 0;
	next -= LABEL_FIRST;
	if (!is_comparison(&t->program[next]) || t->points[next].ways != 1 ||
	    resolve(t, next + 1 + t->program[next].jt) != then)
		return 0;
	return next;
}

/* The verifier follows each branch of a tree, so the form that is the easiest for it has none. */
static void find_lists(struct translator *t)
{
	size_t pc, at, count;

	for (pc = 0; pc < t->count && t->target->form != TRANSLATE_COPIED; pc++) {
		if (!t->points[pc].reached || !is_comparison(&t->program[pc]))
			continue;
		for (count = 1, at = pc; (at = next_in_list(t, at)); count++)
			;
		if (count < LIST_MIN)
			continue;
		t->points[pc].list = (uint32_t)count;
		for (at = pc; (at = next_in_list(t, at));)
			t->points[at].reached = false; /* it is part of the first one */
	}
}

static void add_list(struct translator *t, size_t pc, size_t next)
{
	size_t count = t->points[pc].list, then = resolve(t, pc + 1 + t->program[pc].jt), last = pc, i;
	uint32_t *values = malloc(count * sizeof(*values));

	if (!values) {
		t->code.no_memory = true;
		return;
	}
	for (i = 0; i < count; i++) {
		values[i] = t->program[pc].k;
		last = pc;
		pc = next_in_list(t, pc);
	}
	list_add(&t->code, t->loader->a, values, count, then, resolve(t, last + 1 + t->program[last].jf), next);
	free(values);
}

/* Instructions */

static int memory_slot(const struct translator *t, uint32_t word)
{
	return slot(t, SLOT_MEMORY) - (int)word * 4;
}

static void add_metadata(struct translator *t, enum metadata what)
{
	const struct loader *l = t->loader;
	bool xdp = t->target->hook == TRANSLATE_XDP;

	switch (what) {
	case METADATA_PKTTYPE:
		ALU32_K(BPF_MOV, l->a, t->target->egress ? PACKET_OUTGOING : PACKET_HOST);
		break;
	case METADATA_IFINDEX:
		LOAD(BPF_W, l->a, l->ctx,
		     xdp ? offsetof(struct xdp_md, ingress_ifindex) : offsetof(struct __sk_buff, ifindex));
		break;
	case METADATA_VLAN_TAG:
		if (xdp)
			LOAD(BPF_W, l->a, BPF_REG_10, slot(t, SLOT_TCI));
		else
			LOAD(BPF_W, l->a, l->ctx, offsetof(struct __sk_buff, vlan_tci));
		break;
	default:
		if (xdp)
			LOAD(BPF_W, l->a, BPF_REG_10, slot(t, SLOT_PRESENT));
		else
			LOAD(BPF_W, l->a, l->ctx, offsetof(struct __sk_buff, vlan_present));
	}
}

static void add_length(struct translator *t, int dst)
{
	if (t->target->hook == TRANSLATE_XDP)
		LOAD(BPF_W, dst, BPF_REG_10, slot(t, SLOT_LEN));
	else
		LOAD(BPF_W, dst, t->loader->ctx, offsetof(struct __sk_buff, len));
}

static void add_packet_load(struct translator *t, size_t pc, const struct access *access)
{
	const struct sock_filter *i = &t->program[pc];

	t->loader->load(t, &t->points[pc], access);
	if (!is_msh(i))
		return;
	ALU32_K(BPF_AND, access->dst, 0xf);
	ALU32_K(BPF_LSH, access->dst, 2);
}

/* LD and LDX from elsewhere than the packet. */
static void add_other_load(struct translator *t, const struct sock_filter *i)
{
	int dst = BPF_CLASS(i->code) == BPF_LD ? t->loader->a : t->loader->x;

	switch (BPF_MODE(i->code)) {
	case BPF_IMM:
		ALU32_K(BPF_MOV, dst, i->k);
		break;
	case BPF_MEM:
		LOAD(BPF_W, dst, BPF_REG_10, memory_slot(t, i->k));
		break;
	case BPF_LEN:
		add_length(t, dst);
		break;
	default:
		add_metadata(t, metadata_of(i));
	}
}

/* A word that is never read has no slot. */
static void add_store(struct translator *t, const struct sock_filter *i)
{
	if (t->memory & 1u << i->k)
		STORE(BPF_W, BPF_REG_10, memory_slot(t, i->k), BPF_CLASS(i->code) == BPF_ST ? t->loader->a : t->loader->x);
}

static void add_shift(struct translator *t, const struct sock_filter *i)
{
	int a = t->loader->a, x = t->loader->x, op = BPF_OP(i->code);

	if (BPF_SRC(i->code) == BPF_K && i->k >= 32) {
		ALU32_K(BPF_MOV, a, 0);
	} else if (BPF_SRC(i->code) == BPF_K) {
		ALU32_K(op, a, i->k);
	} else {
		SKIP_IF_K(BPF_JLT, x, 32, 2);
		ALU32_K(BPF_MOV, a, 0);
		SKIP(1);
		ALU32(op, a, x);
	}
}

static void add_alu(struct translator *t, const struct sock_filter *i)
{
	int a = t->loader->a, x = t->loader->x, op = BPF_OP(i->code);

	if (op == BPF_LSH || op == BPF_RSH) {
		add_shift(t, i);
	} else if (op == BPF_NEG) {
		ALU32_K(BPF_NEG, a, 0);
	} else if (BPF_SRC(i->code) == BPF_K) {
		ALU32_K(op, a, i->k);
	} else {
		if (op == BPF_DIV || op == BPF_MOD)
			IF_K(BPF_JEQ, x, 0, LABEL_REJECT);
		ALU32(op, a, x);
	}
}

static void add_jump(struct translator *t, size_t pc, size_t next)
{
	const struct sock_filter *i = &t->program[pc];
	int code = BPF_JMP32 | BPF_OP(i->code) | BPF_SRC(i->code);
	int x = BPF_SRC(i->code) == BPF_X ? t->loader->x : 0;

	code_branch(&t->code, insn(code, t->loader->a, x, 0, BPF_SRC(i->code) == BPF_X ? 0 : (int32_t)i->k),
		    resolve(t, pc + 1 + i->jt), resolve(t, pc + 1 + i->jf), next);
}

static void add_return_a(struct translator *t, size_t next)
{
	code_branch(&t->code, insn(BPF_JMP32 | BPF_JNE | BPF_K, t->loader->a, 0, 0, 0), LABEL_ACCEPT, LABEL_REJECT, next);
}

/* All but jumps and returns: these go on at the next one. */
static void add_step(struct translator *t, size_t pc)
{
	const struct sock_filter *i = &t->program[pc];
	struct access access;

	switch (BPF_CLASS(i->code)) {
	case BPF_LD:
	case BPF_LDX:
		if (access_read(t, i, &access))
			add_packet_load(t, pc, &access);
		else
			add_other_load(t, i);
		break;
	case BPF_ST:
	case BPF_STX:
		add_store(t, i);
		break;
	case BPF_ALU:
		add_alu(t, i);
		break;
	default:
		if (BPF_MISCOP(i->code) == BPF_TAX)
			ALU32(BPF_MOV, t->loader->x, t->loader->a);
		else
			ALU32(BPF_MOV, t->loader->a, t->loader->x);
	}
}

static void add_instruction(struct translator *t, size_t pc, size_t next)
{
	const struct sock_filter *i = &t->program[pc];

	code_place(&t->code, label_of(pc));
	if (t->points[pc].list) {
		add_list(t, pc, next);
	} else if (BPF_CLASS(i->code) == BPF_JMP) {
		add_jump(t, pc, next);
	} else if (BPF_CLASS(i->code) == BPF_RET) {
		add_return_a(t, next);
	} else if (is_beyond_all(i)) {
		code_goto(&t->code, LABEL_REJECT, next);
	} else if (leaves(t, i)) {
		code_goto(&t->code, LABEL_AGAIN, next);
	} else {
		add_step(t, pc);
		code_goto(&t->code, resolve(t, pc + 1), next);
	}
}

/* The first instruction from pc on that there is code for. */
static size_t next_reached(const struct translator *t, size_t pc)
{
	while (pc < t->count && !t->points[pc].reached)
		pc++;
	return pc;
}

static void add_start(struct translator *t)
{
	uint32_t word;

	t->loader->enter(t);
	ALU32_K(BPF_MOV, t->loader->a, 0);
	ALU32_K(BPF_MOV, t->loader->x, 0);
	for (word = 0; word < BPF_MEMWORDS; word++)
		if (t->memory & 1u << word)
			STORE_K(BPF_W, BPF_REG_10, memory_slot(t, word), 0);
}

static void add_all(struct translator *t)
{
	size_t pc = next_reached(t, 0), next;

	add_start(t);
	code_goto(&t->code, resolve(t, 0), label_of(pc));
	for (; pc < t->count; pc = next) {
		next = next_reached(t, pc + 1);
		add_instruction(t, pc, label_of(next));
	}
}

/* One of the two functions. */
static int translate_one(struct translator *t, const struct loader *loader, struct bpf_insn **insns, size_t *count)
{
	int status;

	t->loader = loader;
	code_init(&t->code, LABEL_FIRST + t->count);
	t->code.inline_ends = t->target->form != TRANSLATE_SHORT;
	memset(t->points, 0, t->count * sizeof(*t->points));
	survey(t);
	loader->prepare(t);
	flow(t);
	find_lists(t);
	add_all(t);
	status = code_finish(&t->code);
	if (!status) {
		*insns = t->code.insns;
		*count = t->code.count;
		t->code.insns = NULL;
	}
	code_fini(&t->code);
	return status;
}

static bool calls_second(const struct translation *out)
{
	size_t i;

	for (i = 0; i < out->first_count; i++)
		if (out->first[i].code == (BPF_JMP | BPF_CALL) && out->first[i].src_reg == BPF_PSEUDO_CALL)
			return true;
	return false;
}

int translate(const struct sock_filter *program, size_t count, const struct translate_target *target,
	      struct translation *out, struct text *why)
{
	const struct loader *first = target->form == TRANSLATE_COPIED ? &load_copied : &load_direct;
	struct translator t = { .program = program, .count = count, .target = target };
	int status;

	memset(out, 0, sizeof(*out));
	status = check(&t, why);
	if (status)
		return status;
	t.points = malloc(count * sizeof(*t.points));
	if (!t.points)
		status = -ENOMEM;
	if (!status)
		status = translate_one(&t, first, &out->first, &out->first_count);
	if (!status && calls_second(out))
		status = translate_one(&t, &load_copied, &out->second, &out->second_count);
	free(t.points);
	if (status)
		translation_free(out);
	if (status == -E2BIG)
		text_add(why, "it is too large");
	else if (status)
		text_add(why, "%s", strerror(-status));
	return status;
}

void translation_free(struct translation *t)
{
	free(t->first);
	free(t->second);
	memset(t, 0, sizeof(*t));
}
