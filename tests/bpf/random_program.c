/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "random_program.h"

#define COUNT_OF(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))

/* Mostly where packets have bytes. */
static uint32_t random_offset(void)
{
	static const uint32_t far[] = { 0x7fff,     0x8000,     0xffdd,     0xffff,    0x10000,
					0x7ffffffb, 0x7fffffff, 0x80000000, 0xf0000000 };

	switch (random_below(10)) {
	case 0:
		return far[random_below(COUNT_OF(far))];
	case 1:
		return random_below(2000);
	default:
		return random_below(64);
	}
}

static uint32_t random_constant(void)
{
	static const uint32_t odd[] = { 0, 1, 0x800, 0x7fffffff, 0x80000000, 0xffffffff };

	switch (random_below(3)) {
	case 0:
		return odd[random_below(COUNT_OF(odd))];
	case 1:
		return random_below(256);
	default:
		return random_below(0x10000) << 16 | random_below(0x10000);
	}
}

static struct sock_filter random_load(void)
{
	static const uint16_t sizes[] = { BPF_W, BPF_H, BPF_B };
	uint16_t size = sizes[random_below(3)];

	switch (random_below(7)) {
	case 0:
		return (struct sock_filter)BPF_STMT(BPF_LD | BPF_IMM, random_constant());
	case 1:
		return (struct sock_filter)BPF_STMT(BPF_LD | BPF_MEM, random_below(BPF_MEMWORDS));
	case 2:
		return (struct sock_filter)BPF_STMT((uint16_t)(BPF_LD | (random_below(2) ? BPF_LEN : BPF_IMM)),
						    random_below(99));
	case 3:
	case 4:
		return (struct sock_filter)BPF_STMT((uint16_t)(BPF_LD | BPF_IND | size), random_offset());
	default:
		return (struct sock_filter)BPF_STMT((uint16_t)(BPF_LD | BPF_ABS | size), random_offset());
	}
}

static struct sock_filter random_index_load(void)
{
	switch (random_below(4)) {
	case 0:
		return (struct sock_filter)BPF_STMT(BPF_LDX | BPF_IMM, random_below(2) ? random_offset() : random_below(16));
	case 1:
		return (struct sock_filter)BPF_STMT(BPF_LDX | BPF_MEM, random_below(BPF_MEMWORDS));
	case 2:
		return (struct sock_filter)BPF_STMT(BPF_LDX | BPF_LEN, 0);
	default:
		return (struct sock_filter)BPF_STMT(BPF_LDX | BPF_MSH | BPF_B, random_offset());
	}
}

static struct sock_filter random_alu(void)
{
	uint16_t op = (uint16_t)(random_below(11) << 4), source = random_below(2) ? BPF_X : BPF_K;
	uint32_t k = random_constant();

	if (op == BPF_LSH || op == BPF_RSH)
		k = random_below(32);
	if (op == BPF_DIV || op == BPF_MOD)
		k |= 1;
	return (struct sock_filter)BPF_STMT((uint16_t)(BPF_ALU | op | (op == BPF_NEG ? BPF_K : source)), k);
}

static struct sock_filter random_jump(uint32_t left)
{
	uint16_t op = (uint16_t)(random_below(5) << 4);

	if (op == BPF_JA)
		return (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, random_below(left < 4 ? left : 4));
	return (struct sock_filter)BPF_JUMP((uint16_t)(BPF_JMP | op | (random_below(3) ? BPF_K : BPF_X)), random_constant(),
					    (uint8_t)random_below(left), (uint8_t)random_below(left));
}

/* left: how many instructions follow. */
static struct sock_filter random_instruction(uint32_t left)
{
	switch (random_below(12)) {
	case 0:
	case 1:
	case 2:
		return random_load();
	case 3:
	case 4:
		return random_index_load();
	case 5:
		return (struct sock_filter)BPF_STMT((uint16_t)(random_below(2) ? BPF_ST : BPF_STX),
						    random_below(BPF_MEMWORDS));
	case 6:
	case 7:
		return random_alu();
	case 8:
		return (struct sock_filter)BPF_STMT((uint16_t)(BPF_MISC | (random_below(2) ? BPF_TAX : BPF_TXA)), 0);
	case 9:
		if (random_below(4) == 0)
			return (struct sock_filter)BPF_STMT((uint16_t)(BPF_RET | (random_below(3) ? BPF_K : BPF_A)),
							    random_below(2));
		return random_load();
	default:
		return random_jump(left);
	}
}

size_t random_program(struct sock_filter *program)
{
	size_t count = BPF_MEMWORDS + 2 + random_below(RANDOM_PROGRAM_MAX - BPF_MEMWORDS - 2), i;

	for (i = 0; i < BPF_MEMWORDS; i++)
		program[i] = (struct sock_filter)BPF_STMT(BPF_ST, (uint32_t)i);
	for (; i < count - 1; i++)
		program[i] = random_instruction((uint32_t)(count - i - 1));
	program[i] = (struct sock_filter)BPF_STMT((uint16_t)(BPF_RET | (random_below(2) ? BPF_K : BPF_A)), random_below(2));
	return count;
}
