/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "classic.h"

struct machine {
	const struct classic_packet *packet;
	uint32_t a, x, memory[BPF_MEMWORDS];
	bool beyond;	/* a load was beyond the end, or a division by zero */
};

static uint32_t packet_load(struct machine *m, uint64_t off, int code)
{
	uint32_t size = BPF_SIZE(code) == BPF_W ? 4 : BPF_SIZE(code) == BPF_H ? 2 : 1, value = 0, i;

	if (off > INT32_MAX || off + size > m->packet->len) {
		m->beyond = true;
		return 0;
	}
	for (i = 0; i < size; i++)
		value = value << 8 | m->packet->data[off + i];
	return value;
}

static uint32_t absolute(struct machine *m, const struct sock_filter *i)
{
	switch (i->k - (uint32_t)SKF_AD_OFF) {
	case SKF_AD_PKTTYPE:
		return m->packet->pkttype;
	case SKF_AD_IFINDEX:
		return m->packet->ifindex;
	case SKF_AD_VLAN_TAG:
		return m->packet->vlan_tci;
	case SKF_AD_VLAN_TAG_PRESENT:
		return m->packet->vlan_present;
	default:
		return packet_load(m, i->k, i->code);
	}
}

static uint32_t load(struct machine *m, const struct sock_filter *i)
{
	switch (BPF_MODE(i->code)) {
	case BPF_IMM:
		return i->k;
	case BPF_ABS:
		return absolute(m, i);
	case BPF_IND:
		return packet_load(m, i->k > INT32_MAX ? UINT64_MAX / 2 : (uint64_t)m->x + i->k, i->code);
	case BPF_MEM:
		return m->memory[i->k];
	case BPF_LEN:
		return m->packet->len;
	default:
		return (packet_load(m, i->k, BPF_B) & 0xf) * 4;
	}
}

static uint32_t alu(struct machine *m, const struct sock_filter *i)
{
	uint32_t v = BPF_SRC(i->code) == BPF_X ? m->x : i->k;

	switch (BPF_OP(i->code)) {
	case BPF_ADD:
		return m->a + v;
	case BPF_SUB:
		return m->a - v;
	case BPF_MUL:
		return m->a * v;
	case BPF_DIV:
	case BPF_MOD:
		if (v == 0) {
			m->beyond = true;
			return 0;
		}
		return BPF_OP(i->code) == BPF_DIV ? m->a / v : m->a % v;
	case BPF_OR:
		return m->a | v;
	case BPF_AND:
		return m->a & v;
	case BPF_XOR:
		return m->a ^ v;
	case BPF_LSH:
		return v < 32 ? m->a << v : 0;
	case BPF_RSH:
		return v < 32 ? m->a >> v : 0;
	default:
		return 0 - m->a;
	}
}

static uint32_t jump(const struct machine *m, const struct sock_filter *i)
{
	uint32_t v = BPF_SRC(i->code) == BPF_X ? m->x : i->k;

	switch (BPF_OP(i->code)) {
	case BPF_JA:
		return i->k;
	case BPF_JEQ:
		return m->a == v ? i->jt : i->jf;
	case BPF_JGT:
		return m->a > v ? i->jt : i->jf;
	case BPF_JGE:
		return m->a >= v ? i->jt : i->jf;
	default:
		return m->a & v ? i->jt : i->jf;
	}
}

bool classic_run(const struct sock_filter *program, const struct classic_packet *p)
{
	struct machine m = { .packet = p };
	const struct sock_filter *i;

	for (i = program; !m.beyond; i++) {
		switch (BPF_CLASS(i->code)) {
		case BPF_LD:
			m.a = load(&m, i);
			break;
		case BPF_LDX:
			m.x = load(&m, i);
			break;
		case BPF_ST:
			m.memory[i->k] = m.a;
			break;
		case BPF_STX:
			m.memory[i->k] = m.x;
			break;
		case BPF_ALU:
			m.a = alu(&m, i);
			break;
		case BPF_JMP:
			i += jump(&m, i);
			break;
		case BPF_RET:
			return (BPF_RVAL(i->code) == BPF_A ? m.a : i->k) != 0;
		default:
			if (BPF_MISCOP(i->code) == BPF_TAX)
				m.x = m.a;
			else
				m.a = m.x;
		}
	}
	return false;
}

bool classic_has_metadata(const struct sock_filter *program, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (BPF_CLASS(program[i].code) == BPF_LD && BPF_MODE(program[i].code) == BPF_ABS &&
		    program[i].k >= (uint32_t)SKF_AD_OFF)
			return true;
	return false;
}
