/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What translated programs decide, run by an interpreter that allows what the verifier would; in all forms, on both hooks. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "classic.h"
#include "machine.h"
#include "random_program.h"
#include "translate.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define LEN             60

static uint64_t random_state;

uint32_t random_below(uint32_t n)
{
	random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(random_state >> 33) % n;
}

/* Byte n is n, but for an EtherType that is none of a tag. */
static uint8_t packet[LEN];

static void fill_packet(void)
{
	uint8_t i;

	for (i = 0; i < LEN; i++)
		packet[i] = i;
}

static int translated(const struct sock_filter *program, size_t count, enum translate_hook hook, enum translate_form form,
		      bool egress, struct translation *t, char *reason, size_t size)
{
	const struct translate_target target = { .hook = hook, .form = form, .egress = egress };
	struct text why;

	text_init(&why, reason, size);
	return translate(program, count, &target, t, &why);
}

static int decide(const struct sock_filter *program, size_t count, enum translate_hook hook, enum translate_form form,
		  const struct machine_packet *p, bool egress)
{
	struct translation t;
	char reason[200];
	int verdict;

	assert_int_equal(translated(program, count, hook, form, egress, &t, reason, sizeof(reason)), 0);
	verdict = machine_run(&t, hook, p);
	translation_free(&t);
	return verdict;
}

/* On both hooks, in all forms, with all of the packet linear and with only its beginning. */
static void expect(const struct sock_filter *program, size_t count, int wanted)
{
	static const uint32_t linear[] = { LEN, 34, 14 };
	size_t i;
	int hook, form;

	for (hook = TRANSLATE_TC; hook <= TRANSLATE_XDP; hook++)
		for (form = 0; form < TRANSLATE_FORMS; form++)
			for (i = 0; i < COUNT_OF(linear); i++) {
				struct machine_packet p = { .data = packet, .len = LEN, .linear = linear[i] };

				assert_int_equal(decide(program, count, (enum translate_hook)hook, (enum translate_form)form,
							&p, false),
						 wanted);
			}
}

#define EXPECT(wanted, ...)                                                                                                 \
	do {                                                                                                                \
		const struct sock_filter program_[] = { __VA_ARGS__ };                                                      \
		expect(program_, COUNT_OF(program_), wanted);                                                               \
	} while (0)

/* A is k: accept. */
#define A_IS(value)                                                                                                         \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1), BPF_STMT(BPF_RET | BPF_K, 262144), BPF_STMT(BPF_RET | BPF_K, 0)

static void returns_are_0_or_1(void **state)
{
	(void)state;
	EXPECT(1, BPF_STMT(BPF_RET | BPF_K, 262144));
	EXPECT(1, BPF_STMT(BPF_RET | BPF_K, 0x80000000));
	EXPECT(0, BPF_STMT(BPF_RET | BPF_K, 0));
	EXPECT(0, BPF_STMT(BPF_RET | BPF_A, 0));
	EXPECT(1, BPF_STMT(BPF_LD | BPF_IMM, 0x100), BPF_STMT(BPF_RET | BPF_A, 0));
}

static void loads_are_in_network_order(void **state)
{
	(void)state;
	EXPECT(1, BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 26), A_IS(0x1a1b1c1d));
	EXPECT(1, BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12), A_IS(0x0c0d));
	EXPECT(1, BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 59), A_IS(59));
	EXPECT(1, BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 9), A_IS(0x090a0b0c));
	EXPECT(1, BPF_STMT(BPF_LDX | BPF_IMM, 5), BPF_STMT(BPF_LD | BPF_W | BPF_IND, 5), A_IS(0x0a0b0c0d));
	EXPECT(1, BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 14), BPF_STMT(BPF_MISC | BPF_TXA, 0), A_IS(56));
	EXPECT(1, BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0), A_IS(LEN));
	EXPECT(1, BPF_STMT(BPF_LDX | BPF_W | BPF_LEN, 0), BPF_STMT(BPF_MISC | BPF_TXA, 0), A_IS(LEN));
}

/* Whatever would be made of the value. */
static void loads_beyond_the_end_reject(void **state)
{
	static const uint32_t off[] = { 57, 60, 94, 1000, 0xffe0, 0xffff, 0x7fffffff, 0x80000000, 0xffff0000 };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(off); i++) {
		EXPECT(0, BPF_STMT(BPF_LD | BPF_W | BPF_ABS, off[i]), BPF_STMT(BPF_RET | BPF_K, 1));
		EXPECT(0, BPF_STMT(BPF_LDX | BPF_IMM, off[i]), BPF_STMT(BPF_LD | BPF_W | BPF_IND, 0),
		       BPF_STMT(BPF_RET | BPF_K, 1));
		EXPECT(0, BPF_STMT(BPF_LDX | BPF_IMM, 4), BPF_STMT(BPF_LD | BPF_W | BPF_IND, off[i]),
		       BPF_STMT(BPF_RET | BPF_K, 1));
	}
	EXPECT(1, BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 56), BPF_STMT(BPF_RET | BPF_K, 1));
	EXPECT(0, BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 60), BPF_STMT(BPF_RET | BPF_K, 1));
}

/* X + k does not wrap. */
static void an_index_does_not_wrap(void **state)
{
	(void)state;
	EXPECT(0, BPF_STMT(BPF_LDX | BPF_IMM, 0xffffffff), BPF_STMT(BPF_LD | BPF_B | BPF_IND, 15),
	       BPF_STMT(BPF_RET | BPF_K, 1));
	EXPECT(0, BPF_STMT(BPF_LDX | BPF_IMM, 15), BPF_STMT(BPF_LD | BPF_B | BPF_IND, 0xffffffff),
	       BPF_STMT(BPF_RET | BPF_K, 1));
}

static void arithmetic_has_32_bits(void **state)
{
	(void)state;
	EXPECT(1, BPF_STMT(BPF_LD | BPF_IMM, 0xffffffff), BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 2), A_IS(1));
	EXPECT(1, BPF_STMT(BPF_LD | BPF_IMM, 1), BPF_STMT(BPF_ALU | BPF_SUB | BPF_K, 2), A_IS(0xffffffff));
	EXPECT(1, BPF_STMT(BPF_LD | BPF_IMM, 1), BPF_STMT(BPF_ALU | BPF_NEG, 0), A_IS(0xffffffff));
	EXPECT(1, BPF_STMT(BPF_LD | BPF_IMM, 0xffffffff), BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 2), A_IS(0x7fffffff));
	EXPECT(1, BPF_STMT(BPF_LD | BPF_IMM, 0xffffffff), BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, 16), A_IS(15));
	EXPECT(1, BPF_STMT(BPF_LD | BPF_IMM, 0x10000), BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, 0x10001), A_IS(0x10000));
	EXPECT(1, BPF_STMT(BPF_LD | BPF_IMM, 0x80000000), BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 31), A_IS(1));
	EXPECT(1, BPF_STMT(BPF_LD | BPF_IMM, 0xff), BPF_STMT(BPF_ALU | BPF_XOR | BPF_K, 0xf0f), A_IS(0xff0));
	/* comparisons are unsigned */
	EXPECT(1, BPF_STMT(BPF_LD | BPF_IMM, 0x80000000), BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 1, 0, 1),
	       BPF_STMT(BPF_RET | BPF_K, 1), BPF_STMT(BPF_RET | BPF_K, 0));
}

static void division_by_zero_rejects(void **state)
{
	(void)state;
	EXPECT(0, BPF_STMT(BPF_LDX | BPF_IMM, 0), BPF_STMT(BPF_ALU | BPF_DIV | BPF_X, 0), BPF_STMT(BPF_RET | BPF_K, 1));
	EXPECT(0, BPF_STMT(BPF_LDX | BPF_IMM, 0), BPF_STMT(BPF_ALU | BPF_MOD | BPF_X, 0), BPF_STMT(BPF_RET | BPF_K, 1));
}

static void far_shifts_give_0(void **state)
{
	static const uint32_t by[] = { 32, 33, 64, 0xffffffff };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(by); i++) {
		EXPECT(1, BPF_STMT(BPF_LD | BPF_IMM, 3), BPF_STMT(BPF_LDX | BPF_IMM, by[i]),
		       BPF_STMT(BPF_ALU | BPF_LSH | BPF_X, 0), A_IS(0));
		EXPECT(1, BPF_STMT(BPF_LD | BPF_IMM, 3), BPF_STMT(BPF_LDX | BPF_IMM, by[i]),
		       BPF_STMT(BPF_ALU | BPF_RSH | BPF_X, 0), A_IS(0));
		EXPECT(1, BPF_STMT(BPF_LD | BPF_IMM, 3), BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, by[i]), A_IS(0));
	}
	EXPECT(1, BPF_STMT(BPF_LD | BPF_IMM, 1), BPF_STMT(BPF_LDX | BPF_IMM, 31), BPF_STMT(BPF_ALU | BPF_LSH | BPF_X, 0),
	       A_IS(0x80000000));
}

static void memory_is_kept(void **state)
{
	(void)state;
	EXPECT(1, BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 20), BPF_STMT(BPF_ST, 15), BPF_STMT(BPF_LD | BPF_IMM, 0),
	       BPF_STMT(BPF_LDX | BPF_MEM, 15), BPF_STMT(BPF_STX, 0), BPF_STMT(BPF_LD | BPF_MEM, 0), A_IS(20));
}

static void direction_is_that_of_the_hook(void **state)
{
	const struct sock_filter outbound[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE)),
		A_IS(4),
	};
	struct machine_packet p = { .data = packet, .len = LEN, .linear = LEN };

	(void)state;
	assert_int_equal(decide(outbound, COUNT_OF(outbound), TRANSLATE_TC, TRANSLATE_SHORT, &p, false), 0);
	assert_int_equal(decide(outbound, COUNT_OF(outbound), TRANSLATE_TC, TRANSLATE_SHORT, &p, true), 1);
	assert_int_equal(decide(outbound, COUNT_OF(outbound), TRANSLATE_XDP, TRANSLATE_SHORT, &p, false), 0);
}

static void metadata_is_that_of_the_packet(void **state)
{
	const struct sock_filter tag[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 3),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_VLAN_TAG)),
		A_IS(10),
	};
	const struct sock_filter interface[] = { BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_IFINDEX)),
						 A_IS(7) };
	struct machine_packet p = {
		.data = packet, .len = LEN, .linear = LEN, .ifindex = 7, .vlan_present = 1, .vlan_tci = 10
	};
	int form;

	(void)state;
	for (form = 0; form < TRANSLATE_FORMS; form++) {
		assert_int_equal(decide(tag, COUNT_OF(tag), TRANSLATE_TC, (enum translate_form)form, &p, false), 1);
		assert_int_equal(decide(interface, COUNT_OF(interface), TRANSLATE_TC, (enum translate_form)form, &p, false),
				 1);
		assert_int_equal(decide(interface, COUNT_OF(interface), TRANSLATE_XDP, (enum translate_form)form, &p, false),
				 1);
	}
	p.vlan_present = 0;
	assert_int_equal(decide(tag, COUNT_OF(tag), TRANSLATE_TC, TRANSLATE_SHORT, &p, false), 0);
}

/* The frame is seen without its tag, wherever in it a load is. */
static void xdp_sees_no_tag(void **state)
{
	static const struct sock_filter addresses[] = { BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 8), A_IS(0x08090a0b) };
	static const struct sock_filter type[] = { BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12), A_IS(0x0800) };
	static const struct sock_filter around[] = { BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 10), A_IS(0x0a0b0800) };
	static const struct sock_filter index[] = { BPF_STMT(BPF_LDX | BPF_IMM, 11), BPF_STMT(BPF_LD | BPF_W | BPF_IND, 0),
						    A_IS(0x0b080012) };
	static const struct sock_filter end[] = { BPF_STMT(BPF_LD | BPF_B | BPF_ABS, LEN - 5), A_IS(LEN - 1) };
	static const struct sock_filter beyond[] = { BPF_STMT(BPF_LD | BPF_B | BPF_ABS, LEN - 4),
						     BPF_STMT(BPF_RET | BPF_K, 1) };
	static const struct sock_filter len[] = { BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0), A_IS(LEN - 4) };
	static const struct sock_filter tag[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 3),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_VLAN_TAG)),
		A_IS(0x200a),
	};
	static const struct {
		const struct sock_filter *program;
		size_t count;
		int wanted;
	} cases[] = {
		{ addresses, COUNT_OF(addresses), 1 },
		{ type, COUNT_OF(type), 1 },
		{ around, COUNT_OF(around), 1 },
		{ index, COUNT_OF(index), 1 },
		{ end, COUNT_OF(end), 1 },
		{ beyond, COUNT_OF(beyond), 0 },
		{ len, COUNT_OF(len), 1 },
		{ tag, COUNT_OF(tag), 1 },
	};
	static const uint16_t types[] = { 0x8100, 0x88a8 };
	size_t i, j;
	int form;

	(void)state;
	for (j = 0; j < COUNT_OF(types); j++) {
		packet[12] = (uint8_t)(types[j] >> 8);
		packet[13] = (uint8_t)types[j];
		memcpy(packet + 14, "\x20\x0a\x08\x00", 4);
		for (i = 0; i < COUNT_OF(cases); i++)
			for (form = 0; form < TRANSLATE_FORMS; form++) {
				struct machine_packet p = { .data = packet, .len = LEN, .linear = LEN };

				assert_int_equal(decide(cases[i].program, cases[i].count, TRANSLATE_XDP,
							(enum translate_form)form, &p, false),
						 cases[i].wanted);
				p.linear = 16;
				assert_int_equal(decide(cases[i].program, cases[i].count, TRANSLATE_XDP,
							(enum translate_form)form, &p, false),
						 cases[i].wanted);
			}
	}
	fill_packet();
}

/* Nearly all packets stay in the first function, and a filter that reads no packet needs no second. */
static void a_second_function_only_where_it_is_needed(void **state)
{
	static const struct sock_filter reads[] = { BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12), A_IS(0x0800) };
	static const struct sock_filter does_not[] = { BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0), A_IS(60) };
	struct translation t;
	char reason[200];

	(void)state;
	assert_int_equal(
		translated(reads, COUNT_OF(reads), TRANSLATE_TC, TRANSLATE_SHORT, false, &t, reason, sizeof(reason)), 0);
	assert_true(t.first_count > 0 && t.second_count > 0);
	translation_free(&t);
	assert_int_equal(
		translated(does_not, COUNT_OF(does_not), TRANSLATE_TC, TRANSLATE_SHORT, false, &t, reason, sizeof(reason)),
		0);
	assert_true(t.first_count > 0 && t.second_count == 0);
	translation_free(&t);
	assert_int_equal(
		translated(reads, COUNT_OF(reads), TRANSLATE_TC, TRANSLATE_COPIED, false, &t, reason, sizeof(reason)), 0);
	assert_true(t.first_count > 0 && t.second_count == 0);
	translation_free(&t);
}

#define REFUSED(words, ...)                                                                                                 \
	do {                                                                                                                \
		const struct sock_filter program_[] = { __VA_ARGS__ };                                                      \
		struct translation t_;                                                                                      \
		char reason_[200];                                                                                          \
		assert_int_equal(translated(program_, COUNT_OF(program_), TRANSLATE_TC, TRANSLATE_SHORT, false, &t_,        \
					    reason_, sizeof(reason_)),                                                      \
				 -EINVAL);                                                                                  \
		assert_non_null(strstr(reason_, words));                                                                    \
		assert_null(t_.first);                                                                                      \
	} while (0)

static void what_cannot_be_translated_is_refused(void **state)
{
	const struct sock_filter accept = BPF_STMT(BPF_RET | BPF_K, 1);

	(void)state;
	REFUSED("backwards", BPF_STMT(BPF_LD | BPF_IMM, 0), BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)-2), accept);
	REFUSED("out of the program", BPF_STMT(BPF_JMP | BPF_JA, 1), accept);
	REFUSED("out of the program", BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1), accept);
	REFUSED("does not end", BPF_STMT(BPF_LD | BPF_IMM, 0));
	REFUSED("not known", BPF_STMT(0xffff, 0), accept);
	REFUSED("not known", BPF_STMT(BPF_ALU | 0xb0, 0), accept);
	REFUSED("not known", BPF_STMT(BPF_LD | BPF_H | BPF_IMM, 0), accept);
	REFUSED("not known", BPF_STMT(BPF_LDX | BPF_W | BPF_ABS, 0), accept);
	REFUSED("memory", BPF_STMT(BPF_ST, BPF_MEMWORDS), accept);
	REFUSED("divides by zero", BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), accept);
	REFUSED("divides by zero", BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, 0), accept);
	REFUSED("socket filter", BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_RANDOM)), accept);
}

/* The values of a list are not in order, and some are twice in it; the first byte of the addresses is looked for. */
static void a_list_has_what_is_in_it(void **state)
{
	enum { VALUES = 40 };
	static const uint32_t odd[] = { 0, 0x7fffffff, 0x80000000, 0xffffffff, 7, 7 };
	struct sock_filter program[VALUES + 3];
	uint32_t i, byte, k, wanted;

	(void)state;
	program[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0);
	for (i = 0; i < VALUES; i++) {
		k = i < COUNT_OF(odd) ? odd[i] : (i * 37 + 11) % 256;
		program[i + 1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, k, (uint8_t)(VALUES - i - 1), 0);
	}
	program[VALUES].jf = 1;
	for (byte = 0; byte < 256; byte++) {
		for (wanted = 0, i = 0; i < VALUES; i++)
			wanted |= program[i + 1].k == byte;
		packet[0] = (uint8_t)byte;
		program[VALUES + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 1);
		program[VALUES + 2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
		expect(program, COUNT_OF(program), (int)wanted);
		program[VALUES + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
		program[VALUES + 2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 1);
		expect(program, COUNT_OF(program), !wanted);
	}
	fill_packet();
}

/* Into the middle of what would be a list, with other values of A. */
static void a_list_is_not_entered_in_its_middle(void **state)
{
	struct sock_filter program[24];
	uint32_t i;

	(void)state;
	program[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 20);
	program[1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 19, 10, 0);
	for (i = 2; i < 22; i++)
		program[i] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, i + 3, (uint8_t)(22 - i), 0);
	program[22] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
	program[23] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 1);
	expect(program, COUNT_OF(program), 1); /* 20 is looked for by the 17th */
	program[17].k = 5;
	expect(program, COUNT_OF(program), 0);
	program[2].k = 20; /* which is jumped over */
	expect(program, COUNT_OF(program), 0);
}

static int translated_long(struct sock_filter *program, size_t count, enum translate_form form)
{
	struct translation t;
	char reason[200] = "";
	int status = translated(program, count, TRANSLATE_TC, form, false, &t, reason, sizeof(reason));

	if (status)
		assert_string_equal(reason, "it is too large");
	else
		translation_free(&t);
	return status;
}

/* An end that is too far away for a jump can stand where it is reached; other instructions cannot. */
static void long_programs_need_another_form(void **state)
{
	enum { MIDDLE = 40000 };
	struct sock_filter *program = malloc((MIDDLE + 5) * sizeof(*program));
	struct machine_packet p = { .data = packet, .len = LEN, .linear = LEN };
	uint32_t i;

	(void)state;
	assert_non_null(program);
	program[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 20);
	program[1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 20, 0, 1);
	program[2] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, MIDDLE + 1);
	for (i = 0; i <= MIDDLE; i++)
		program[3 + i] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, i);
	program[MIDDLE + 3] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
	program[MIDDLE + 4] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 1);
	assert_int_equal(translated_long(program, MIDDLE + 5, TRANSLATE_SHORT), -E2BIG);
	assert_int_equal(translated_long(program, MIDDLE + 5, TRANSLATE_INLINE_ENDS), 0);
	assert_int_equal(translated_long(program, MIDDLE + 5, TRANSLATE_COPIED), 0);
	assert_int_equal(decide(program, MIDDLE + 5, TRANSLATE_TC, TRANSLATE_INLINE_ENDS, &p, false), 1);
	program[MIDDLE + 4] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_A, 0);
	for (i = 0; i < TRANSLATE_FORMS; i++)
		assert_int_equal(translated_long(program, MIDDLE + 5, (enum translate_form)i), -E2BIG);
	free(program);
}

static void random_programs_decide_alike(void **state)
{
	struct sock_filter program[RANDOM_PROGRAM_MAX];
	struct classic_packet c = { .data = packet, .len = LEN };
	size_t count;
	int i;

	(void)state;
	random_state = 1;
	for (i = 0; i < 3000; i++) {
		count = random_program(program);
		expect(program, count, classic_run(program, &c));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(returns_are_0_or_1),
		cmocka_unit_test(loads_are_in_network_order),
		cmocka_unit_test(loads_beyond_the_end_reject),
		cmocka_unit_test(an_index_does_not_wrap),
		cmocka_unit_test(arithmetic_has_32_bits),
		cmocka_unit_test(division_by_zero_rejects),
		cmocka_unit_test(far_shifts_give_0),
		cmocka_unit_test(memory_is_kept),
		cmocka_unit_test(direction_is_that_of_the_hook),
		cmocka_unit_test(metadata_is_that_of_the_packet),
		cmocka_unit_test(xdp_sees_no_tag),
		cmocka_unit_test(a_second_function_only_where_it_is_needed),
		cmocka_unit_test(what_cannot_be_translated_is_refused),
		cmocka_unit_test(a_list_has_what_is_in_it),
		cmocka_unit_test(a_list_is_not_entered_in_its_middle),
		cmocka_unit_test(long_programs_need_another_form),
		cmocka_unit_test(random_programs_decide_alike),
	};

	fill_packet();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
