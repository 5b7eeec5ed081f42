/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each kind of eBPF instruction with the text that bpftool has for it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "listing.h"

static const struct {
	struct bpf_insn insn;	/* code, dst, src, off, imm */
	const char *text;
} table[] = {
	{ { 0xbf, 6, 1, 0, 0 }, "r6 = r1" },
	{ { 0xb7, 0, 0, 0, 1 }, "r0 = 1" },
	{ { 0xb4, 0, 0, 0, -1 }, "w0 = -1" },
	{ { 0xbc, 3, 7, 0, 0 }, "w3 = w7" },
	{ { 0x07, 2, 0, 0, -8 }, "r2 += -8" },
	{ { 0x0c, 7, 8, 0, 0 }, "w7 += w8" },
	{ { 0x14, 7, 0, 0, 4 }, "w7 -= 4" },
	{ { 0x24, 7, 0, 0, 3 }, "w7 *= 3" },
	{ { 0x3c, 7, 8, 0, 0 }, "w7 /= w8" },
	{ { 0x9c, 7, 8, 0, 0 }, "w7 %= w8" },
	{ { 0x44, 7, 0, 0, 2 }, "w7 |= 2" },
	{ { 0x54, 7, 0, 0, -65536 }, "w7 &= 0xffff0000" },
	{ { 0xac, 7, 8, 0, 0 }, "w7 ^= w8" },
	{ { 0x64, 8, 0, 0, 2 }, "w8 <<= 2" },
	{ { 0x74, 7, 0, 0, 4 }, "w7 >>= 4" },
	{ { 0xc7, 7, 0, 0, 32 }, "r7 s>>= 32" },
	{ { 0x84, 7, 0, 0, 0 }, "w7 = -w7" },
	{ { 0x87, 7, 0, 0, 0 }, "r7 = -r7" },
	{ { 0xdc, 7, 0, 0, 32 }, "r7 = be32 r7" },
	{ { 0xd4, 7, 0, 0, 16 }, "r7 = le16 r7" },
	{ { 0x61, 3, 1, 76, 0 }, "r3 = *(u32 *)(r1 +76)" },
	{ { 0x69, 7, 3, 12, 0 }, "r7 = *(u16 *)(r3 +12)" },
	{ { 0x71, 7, 3, 23, 0 }, "r7 = *(u8 *)(r3 +23)" },
	{ { 0x79, 7, 10, -16, 0 }, "r7 = *(u64 *)(r10 -16)" },
	{ { 0x63, 10, 7, -4, 0 }, "*(u32 *)(r10 -4) = r7" },
	{ { 0x62, 10, 0, -4, 5 }, "*(u32 *)(r10 -4) = 5" },
	{ { 0x7a, 10, 0, -8, 0 }, "*(u64 *)(r10 -8) = 0" },
	{ { 0x05, 0, 0, 9, 0 }, "goto pc+9" },
	{ { 0x15, 7, 0, 3, 80 }, "if r7 == 80 goto pc+3" },
	{ { 0x16, 7, 0, 3, 0x0a000005 }, "if w7 == 0xa000005 goto pc+3" },
	{ { 0x2d, 2, 4, 5, 0 }, "if r2 > r4 goto pc+5" },
	{ { 0x36, 7, 0, -2, 1024 }, "if w7 >= 1024 goto pc-2" },
	{ { 0x46, 7, 0, 1, 0x1fff }, "if w7 & 0x1fff goto pc+1" },
	{ { 0x55, 0, 0, 1, 0 }, "if r0 != 0 goto pc+1" },
	{ { 0xa6, 7, 0, 1, 5 }, "if w7 < 5 goto pc+1" },
	{ { 0xb5, 7, 0, 1, 5 }, "if r7 <= 5 goto pc+1" },
	{ { 0x65, 7, 0, 1, 5 }, "if r7 s> 5 goto pc+1" },
	{ { 0x75, 7, 0, 1, 5 }, "if r7 s>= 5 goto pc+1" },
	{ { 0xc5, 7, 0, 1, 5 }, "if r7 s< 5 goto pc+1" },
	{ { 0xd5, 7, 0, 1, 5 }, "if r7 s<= 5 goto pc+1" },
	{ { 0x85, 0, 0, 0, BPF_FUNC_skb_load_bytes }, "call skb_load_bytes#26" },
	{ { 0x85, 0, 0, 0, 1000000 }, "call #1000000" },
	{ { 0x85, 0, 0, 0, -1 }, "call #-1" },
	{ { 0x85, 0, BPF_PSEUDO_CALL, 0, 17 }, "call pc+17" },
	{ { 0x95, 0, 0, 0, 0 }, "exit" },
	{ { 0x18, 1, BPF_PSEUDO_MAP_FD, 0, 5 }, "r1 = map[fd:5]" },
	{ { 0x30, 0, 0, 0, 12 }, "unknown code 0x30" },		/* LD_ABS */
	{ { 0xe4, 0, 0, 0, 0 }, "unknown code 0xe4" },
	{ { 0xe5, 0, 0, 0, 0 }, "unknown code 0xe5" },
};

static void test_instructions(void **state)
{
	char buf[128];
	struct text t;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		text_init(&t, buf, sizeof(buf));
		listing_add(&t, &table[i].insn, 0);
		assert_string_equal(buf, table[i].text);
	}
}

/* Any bits give a line. */
static void test_all_codes(void **state)
{
	struct bpf_insn insn = { .dst_reg = 15, .src_reg = 15, .off = INT16_MIN, .imm = INT32_MIN };
	char buf[128];
	struct text t;
	unsigned int code;

	(void)state;
	for (code = 0; code < 256; code++) {
		insn.code = (uint8_t)code;
		text_init(&t, buf, sizeof(buf));
		listing_add(&t, &insn, INT32_MIN);
		assert_in_range(t.len, 4, 60);
		assert_false(t.cut);
	}
}

static void test_program(void **state)
{
	static const struct bpf_insn program[] = {
		{ 0x18, 1, 0, 0, 0x55667788 },
		{ 0x00, 0, 0, 0, 0x11223344 },
		{ 0xb7, 0, 0, 0, 1 },
		{ 0x95, 0, 0, 0, 0 },
	};
	char text[256] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");

	(void)state;
	listing_print(out, program, 4);
	fclose(out);
	assert_string_equal(text, "   0: (18) r1 = 0x1122334455667788\n"
				  "   2: (b7) r0 = 1\n"
				  "   3: (95) exit\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_instructions),
		cmocka_unit_test(test_all_codes),
		cmocka_unit_test(test_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
