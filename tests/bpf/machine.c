/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "machine.h"

#include <endian.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUST(condition)                                                                                                     \
	do {                                                                                                                \
		if (!(condition)) {                                                                                         \
			fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);                           \
			abort();                                                                                            \
		}                                                                                                           \
	} while (0)

#define STACK     512
#define STEPS_MAX 100000
#define CTX       0x100000000ull /* addresses of what can be read: far from each other */
#define PACKET    0x200000000ull
#define FRAME     0x300000000ull /* where the stack ends */

struct machine {
	const struct translation *t;
	enum translate_hook hook;
	const struct machine_packet *packet;
	uint64_t r[11];
	uint8_t stack[STACK];
	bool written[STACK];
	bool known[11]; /* the register was written */
};

static uint64_t ctx_load(const struct machine *m, uint64_t off)
{
	const struct machine_packet *p = m->packet;

	if (m->hook == TRANSLATE_XDP) {
		switch (off) {
		case offsetof(struct xdp_md, data):
			return PACKET;
		case offsetof(struct xdp_md, data_end):
			return PACKET + p->linear;
		default:
			MUST(off == offsetof(struct xdp_md, ingress_ifindex));
			return p->ifindex;
		}
	}
	switch (off) {
	case offsetof(struct __sk_buff, data):
		return PACKET;
	case offsetof(struct __sk_buff, data_end):
		return PACKET + p->linear;
	case offsetof(struct __sk_buff, len):
		return p->len;
	case offsetof(struct __sk_buff, vlan_present):
		return p->vlan_present;
	case offsetof(struct __sk_buff, vlan_tci):
		return p->vlan_tci;
	default:
		MUST(off == offsetof(struct __sk_buff, ifindex));
		return p->ifindex;
	}
}

static size_t stack_at(const struct machine *m, uint64_t address, uint64_t size)
{
	(void)m;
	MUST(address >= FRAME - STACK && address + size <= FRAME && size > 0);
	return (size_t)(address - (FRAME - STACK));
}

static uint64_t load(const struct machine *m, uint64_t address, int size)
{
	const uint8_t *from;
	uint64_t value = 0;
	size_t at;
	int i;

	if (address >= CTX && address < CTX + sizeof(struct __sk_buff)) {
		MUST(size == 4);
		return ctx_load(m, address - CTX);
	}
	if (address >= PACKET && address < FRAME - STACK) {
		MUST(address - PACKET + (uint64_t)size <= m->packet->linear);
		from = m->packet->data + (address - PACKET);
	} else {
		at = stack_at(m, address, (uint64_t)size);
		MUST(address % (uint64_t)size == 0); /* as the verifier wants it */
		for (i = 0; i < size; i++)
			MUST(m->written[at + (size_t)i]);
		from = m->stack + at;
	}
	memcpy(&value, from, (size_t)size);
	return value;
}

static void store(struct machine *m, uint64_t address, uint64_t value, int size)
{
	size_t at = stack_at(m, address, (uint64_t)size);

	MUST(address % (uint64_t)size == 0);
	memcpy(m->stack + at, &value, (size_t)size);
	memset(m->written + at, 1, (size_t)size);
}

static uint64_t load_bytes(struct machine *m)
{
	size_t at = stack_at(m, m->r[3], m->r[4]);

	MUST(m->r[1] == CTX && m->r[2] <= INT32_MAX);
	if (m->r[2] + m->r[4] > m->packet->len)
		return (uint64_t)-14; /* EFAULT */
	memcpy(m->stack + at, m->packet->data + m->r[2], m->r[4]);
	memset(m->written + at, 1, m->r[4]);
	return 0;
}

static void helper(struct machine *m, int32_t number)
{
	if (number == BPF_FUNC_xdp_get_buff_len) {
		MUST(m->hook == TRANSLATE_XDP && m->r[1] == CTX);
		m->r[0] = m->packet->len;
	} else {
		MUST(number == (m->hook == TRANSLATE_XDP ? BPF_FUNC_xdp_load_bytes : BPF_FUNC_skb_load_bytes));
		m->r[0] = load_bytes(m);
	}
	memset(m->known + 1, 0, 5);
	m->known[0] = true;
}

static uint64_t alu(const struct bpf_insn *i, uint64_t a, uint64_t b)
{
	bool narrow = BPF_CLASS(i->code) == BPF_ALU;

	if (narrow) {
		a = (uint32_t)a;
		b = (uint32_t)b;
	}
	switch (BPF_OP(i->code)) {
	case BPF_ADD:
		a += b;
		break;
	case BPF_SUB:
		a -= b;
		break;
	case BPF_MUL:
		a *= b;
		break;
	case BPF_DIV:
		MUST(b);
		a /= b;
		break;
	case BPF_MOD:
		MUST(b);
		a %= b;
		break;
	case BPF_OR:
		a |= b;
		break;
	case BPF_AND:
		a &= b;
		break;
	case BPF_XOR:
		a ^= b;
		break;
	case BPF_LSH:
		MUST(b < 32);
		a <<= b;
		break;
	case BPF_RSH:
		MUST(b < 32);
		a >>= b;
		break;
	case BPF_NEG:
		a = 0 - a;
		break;
	case BPF_MOV:
		a = b;
		break;
	default:
		MUST(BPF_OP(i->code) == BPF_END);
		a = i->imm == 16 ? htobe16((uint16_t)a) : htobe32((uint32_t)a);
	}
	return narrow ? (uint32_t)a : a;
}

static bool jump(const struct bpf_insn *i, uint64_t a, uint64_t b)
{
	if (BPF_CLASS(i->code) == BPF_JMP32) {
		a = (uint32_t)a;
		b = (uint32_t)b;
	}
	switch (BPF_OP(i->code)) {
	case BPF_JA:
		return true;
	case BPF_JEQ:
		return a == b;
	case BPF_JNE:
		return a != b;
	case BPF_JGT:
		return a > b;
	case BPF_JGE:
		return a >= b;
	case BPF_JLT:
		return a < b;
	case BPF_JLE:
		return a <= b;
	default:
		MUST(BPF_OP(i->code) == BPF_JSET);
		return a & b;
	}
}

static uint64_t operand(const struct machine *m, const struct bpf_insn *i)
{
	if (BPF_SRC(i->code) == BPF_K || BPF_OP(i->code) == BPF_END)
		return (uint64_t)(int64_t)i->imm;
	MUST(m->known[i->src_reg]);
	return m->r[i->src_reg];
}

static void memory(struct machine *m, const struct bpf_insn *i)
{
	static const int sizes[] = { [BPF_W >> 3] = 4, [BPF_H >> 3] = 2, [BPF_B >> 3] = 1, [BPF_DW >> 3] = 8 };
	int size = sizes[BPF_SIZE(i->code) >> 3], base = BPF_CLASS(i->code) == BPF_LDX ? i->src_reg : i->dst_reg;
	uint64_t address = m->r[base] + (uint64_t)(int64_t)i->off;

	MUST(m->known[base] && BPF_MODE(i->code) == BPF_MEM);
	if (BPF_CLASS(i->code) == BPF_LDX) {
		m->r[i->dst_reg] = load(m, address, size);
		m->known[i->dst_reg] = true;
	} else if (BPF_CLASS(i->code) == BPF_STX) {
		MUST(m->known[i->src_reg]);
		store(m, address, m->r[i->src_reg], size);
	} else {
		store(m, address, (uint64_t)(int64_t)i->imm, size);
	}
}

/* The ALU classes; the destination must have been written unless it is moved to. */
static void arithmetic(struct machine *m, const struct bpf_insn *i)
{
	MUST(BPF_OP(i->code) == BPF_MOV || m->known[i->dst_reg]);
	MUST(i->dst_reg != 10);
	m->r[i->dst_reg] = alu(i, m->r[i->dst_reg], operand(m, i));
	m->known[i->dst_reg] = true;
}

static int function_run(struct machine *m, bool first)
{
	const struct bpf_insn *insns = first ? m->t->first : m->t->second, *i;
	size_t count = first ? m->t->first_count : m->t->second_count, pc;
	int steps = 0;

	memset(m->known, 0, sizeof(m->known));
	memset(m->written, 0, sizeof(m->written));
	m->r[1] = CTX;
	m->r[10] = FRAME;
	m->known[1] = m->known[10] = true;
	for (pc = 0; steps < STEPS_MAX; pc++, steps++) {
		MUST(pc < count);
		i = &insns[pc];
		switch (BPF_CLASS(i->code)) {
		case BPF_LDX:
		case BPF_STX:
		case BPF_ST:
			memory(m, i);
			break;
		case BPF_ALU:
		case BPF_ALU64:
			arithmetic(m, i);
			break;
		default:
			if (i->code == (BPF_JMP | BPF_EXIT)) {
				MUST(m->known[0] && m->r[0] <= 1);
				return (int)m->r[0];
			}
			if (i->code == (BPF_JMP | BPF_CALL) && i->src_reg == BPF_PSEUDO_CALL) {
				MUST(first && m->t->second && m->known[1] && m->r[1] == CTX);
				return function_run(m, false); /* all it does with the result is to return it */
			}
			if (i->code == (BPF_JMP | BPF_CALL)) {
				helper(m, i->imm);
				break;
			}
			MUST(BPF_OP(i->code) == BPF_JA || m->known[i->dst_reg]);
			MUST(i->off >= 0);
			if (jump(i, m->r[i->dst_reg], BPF_OP(i->code) == BPF_JA ? 0 : operand(m, i)))
				pc += (size_t)i->off;
		}
	}
	MUST(!"endless");
	return 0;
}

int machine_run(const struct translation *t, enum translate_hook hook, const struct machine_packet *p)
{
	struct machine m = { .t = t, .hook = hook, .packet = p };

	return function_run(&m, true);
}
