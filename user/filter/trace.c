/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "trace.h"

#include <string.h>

#define STEPS_FACTOR 4	/* "protochain" jumps back; whoever loops longer than this is left */

struct value {
	uint32_t v;
	struct origin origin;
};

struct machine {
	const uint8_t *frame;
	uint32_t len;
	struct value a, x, memory[BPF_MEMWORDS];
	struct branch *branches;
	unsigned int count, max;
};

static struct value constant(uint32_t v)
{
	return (struct value){ .v = v };
}

static uint32_t load_size(const struct bpf_insn *insn)
{
	switch (BPF_SIZE(insn->code)) {
	case BPF_B:
		return 1;
	case BPF_H:
		return 2;
	default:
		return 4;
	}
}

static bool load_field(const struct machine *m, uint32_t offset, uint32_t size, struct value *out)
{
	uint32_t i;

	if (offset > m->len || size > m->len - offset)
		return false;
	out->v = 0;
	for (i = 0; i < size; i++)
		out->v = out->v << 8 | m->frame[offset + i];
	out->origin = (struct origin){ offset, size, 0, UINT32_MAX >> (32 - 8 * size) };
	return true;
}

static bool load(struct machine *m, const struct bpf_insn *insn, struct value *out)
{
	switch (BPF_MODE(insn->code)) {
	case BPF_IMM:
		*out = constant(insn->k);
		return true;
	case BPF_LEN:
		*out = constant(m->len);
		return true;
	case BPF_MEM:
		*out = m->memory[insn->k % BPF_MEMWORDS];
		return true;
	case BPF_ABS:
		return load_field(m, insn->k, load_size(insn), out);
	case BPF_IND:
		return m->x.v <= UINT32_MAX - insn->k && load_field(m, m->x.v + insn->k, load_size(insn), out);
	case BPF_MSH:
		if (!load_field(m, insn->k, 1, out))
			return false;
		*out = constant((out->v & 0xf) * 4);
		return true;
	default:
		return false;
	}
}

/* A value out of a field stays one when bits are taken off; anything else is a value from nowhere. */
static struct origin narrow(struct origin o, uint16_t operation, uint32_t operand)
{
	if (operation == BPF_AND) {
		o.mask &= operand;
	} else if (operation == BPF_RSH && operand < 32) {
		o.shift += operand;
		o.mask >>= operand;
	} else {
		o.mask = 0;
	}
	return o.mask ? o : (struct origin){ 0 };
}

static bool calculate(struct machine *m, const struct bpf_insn *insn)
{
	uint32_t operand = BPF_SRC(insn->code) == BPF_X ? m->x.v : insn->k, a = m->a.v;
	uint16_t operation = BPF_OP(insn->code);

	switch (operation) {
	case BPF_ADD:
		a += operand;
		break;
	case BPF_SUB:
		a -= operand;
		break;
	case BPF_MUL:
		a *= operand;
		break;
	case BPF_DIV:
	case BPF_MOD:
		if (!operand)
			return false;
		a = operation == BPF_DIV ? a / operand : a % operand;
		break;
	case BPF_AND:
		a &= operand;
		break;
	case BPF_OR:
		a |= operand;
		break;
	case BPF_XOR:
		a ^= operand;
		break;
	case BPF_LSH:
		a = operand < 32 ? a << operand : 0;
		break;
	case BPF_RSH:
		a = operand < 32 ? a >> operand : 0;
		break;
	case BPF_NEG:
		a = 0 - a;
		break;
	default:
		return false;
	}
	m->a.v = a;
	m->a.origin = narrow(m->a.origin, operation, operand);
	return true;
}

static bool compare(uint16_t operation, uint32_t value, uint32_t k)
{
	switch (operation) {
	case BPF_JEQ:
		return value == k;
	case BPF_JGT:
		return value > k;
	case BPF_JGE:
		return value >= k;
	default:
		return value & k;
	}
}

/* Returns how far to jump. */
static uint32_t branch(struct machine *m, const struct bpf_insn *insn, uint32_t at)
{
	uint16_t operation = BPF_OP(insn->code);
	bool with_x = BPF_SRC(insn->code) == BPF_X, taken;

	if (operation == BPF_JA)
		return insn->k;
	taken = compare(operation, m->a.v, with_x ? m->x.v : insn->k);
	if (!with_x && m->count < m->max)
		m->branches[m->count++] = (struct branch){ at, operation, taken, insn->k, m->a.v, m->a.origin };
	return taken ? insn->jt : insn->jf;
}

/* All but jumps and returns; false: a load or a division that ends the program. */
static bool step(struct machine *m, const struct bpf_insn *insn)
{
	switch (BPF_CLASS(insn->code)) {
	case BPF_LD:
		return load(m, insn, &m->a);
	case BPF_LDX:
		return load(m, insn, &m->x);
	case BPF_ST:
		m->memory[insn->k % BPF_MEMWORDS] = m->a;
		return true;
	case BPF_STX:
		m->memory[insn->k % BPF_MEMWORDS] = m->x;
		return true;
	case BPF_ALU:
		return calculate(m, insn);
	default:
		if (BPF_MISCOP(insn->code) == BPF_TAX)
			m->x = m->a;
		else
			m->a = m->x;
		return true;
	}
}

unsigned int trace_run(const struct bpf_program *program, const uint8_t *frame, uint32_t len, struct branch *branches,
		       unsigned int max)
{
	struct machine m = { .frame = frame, .len = len, .branches = branches, .max = max };
	uint64_t steps = (uint64_t)program->bf_len * STEPS_FACTOR;
	const struct bpf_insn *insn;
	uint32_t at;

	for (at = 0; at < program->bf_len && steps--; at++) {
		insn = &program->bf_insns[at];
		if (BPF_CLASS(insn->code) == BPF_RET)
			break;
		if (BPF_CLASS(insn->code) == BPF_JMP)
			at += branch(&m, insn, at);
		else if (!step(&m, insn))
			break;
	}
	return m.count;
}

/* A value that makes the comparison true, or false. */
static bool value_for(const struct branch *b, bool truth, uint32_t *value)
{
	uint32_t lowest = b->origin.mask & (0 - b->origin.mask);

	switch (b->operation) {
	case BPF_JEQ:
		*value = truth ? b->k : b->k ^ lowest;
		return true;
	case BPF_JGT:
		*value = truth ? b->k + 1 : b->k;
		return !truth || b->k != UINT32_MAX;
	case BPF_JGE:
		*value = truth ? b->k : b->k - 1;
		return truth || b->k;
	default:
		*value = truth ? b->value | (b->k & b->origin.mask) : b->value & ~b->k;
		return true;
	}
}

bool branch_turn(const struct branch *b, uint32_t field, uint32_t *turned)
{
	uint32_t value;

	if (!b->origin.size || !value_for(b, !b->taken, &value) || value & ~b->origin.mask)
		return false;
	if (compare(b->operation, value, b->k) == b->taken)
		return false;
	*turned = (field & ~(b->origin.mask << b->origin.shift)) | value << b->origin.shift;
	return true;
}
