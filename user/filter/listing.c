/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "listing.h"

#include <inttypes.h>

#define LINE_MAX_LEN 128

#define IS_LOAD_64(insn) ((insn)->code == (BPF_LD | BPF_IMM | BPF_DW))

/* By the upper half of the code of arithmetic; NULL: written otherwise. */
static const char *const operators[16] = {
	[BPF_ADD >> 4] = "+=", [BPF_SUB >> 4] = "-=", [BPF_MUL >> 4] = "*=", [BPF_DIV >> 4] = "/=",
	[BPF_OR >> 4] = "|=", [BPF_AND >> 4] = "&=", [BPF_LSH >> 4] = "<<=", [BPF_RSH >> 4] = ">>=",
	[BPF_MOD >> 4] = "%=", [BPF_XOR >> 4] = "^=", [BPF_MOV >> 4] = "=", [BPF_ARSH >> 4] = "s>>=",
};

/* Of conditional jumps. */
static const char *const comparisons[16] = {
	[BPF_JEQ >> 4] = "==", [BPF_JGT >> 4] = ">", [BPF_JGE >> 4] = ">=", [BPF_JSET >> 4] = "&",
	[BPF_JNE >> 4] = "!=", [BPF_JSGT >> 4] = "s>", [BPF_JSGE >> 4] = "s>=", [BPF_JLT >> 4] = "<",
	[BPF_JLE >> 4] = "<=", [BPF_JSLT >> 4] = "s<", [BPF_JSLE >> 4] = "s<=",
};

static const char *const sizes[4] = {
	[BPF_W >> 3] = "u32", [BPF_H >> 3] = "u16", [BPF_B >> 3] = "u8", [BPF_DW >> 3] = "u64",
};

#define HELPER_NAME(helper, ...) [BPF_FUNC_##helper] = #helper
static const char *const helpers[] = { __BPF_FUNC_MAPPER(HELPER_NAME) };

static const char *size_name(const struct bpf_insn *insn)
{
	return sizes[BPF_SIZE(insn->code) >> 3];
}

static void add_unknown(struct text *t, const struct bpf_insn *insn)
{
	text_add(t, "unknown code 0x%02x", insn->code);
}

/* Small numbers as people count, the others as addresses and masks are read. */
static void add_number(struct text *t, int32_t number)
{
	if (number > -4096 && number < 4096)
		text_add(t, "%" PRId32, number);
	else
		text_add(t, "0x%" PRIx32, (uint32_t)number);
}

static void add_operand(struct text *t, const struct bpf_insn *insn, char width)
{
	if (BPF_SRC(insn->code) == BPF_X)
		text_add(t, "%c%d", width, insn->src_reg);
	else
		add_number(t, insn->imm);
}

static void add_arithmetic(struct text *t, const struct bpf_insn *insn)
{
	char width = BPF_CLASS(insn->code) == BPF_ALU64 ? 'r' : 'w';
	const char *operator = operators[BPF_OP(insn->code) >> 4];

	if (BPF_OP(insn->code) == BPF_END && width == 'w') {
		text_add(t, "r%d = %s%" PRId32 " r%d", insn->dst_reg, BPF_SRC(insn->code) == BPF_TO_BE ? "be" : "le",
			 insn->imm, insn->dst_reg);
	} else if (BPF_OP(insn->code) == BPF_NEG) {
		text_add(t, "%c%d = -%c%d", width, insn->dst_reg, width, insn->dst_reg);
	} else if (operator) {
		text_add(t, "%c%d %s ", width, insn->dst_reg, operator);
		add_operand(t, insn, width);
	} else {
		add_unknown(t, insn);
	}
}

static void add_call(struct text *t, const struct bpf_insn *insn)
{
	size_t helper = (uint32_t)insn->imm;

	if (insn->src_reg == BPF_PSEUDO_CALL)
		text_add(t, "call pc%+" PRId32, insn->imm);
	else if (insn->src_reg == 0 && helper < sizeof(helpers) / sizeof(helpers[0]) && helpers[helper])
		text_add(t, "call %s#%zu", helpers[helper], helper);
	else
		text_add(t, "call #%" PRId32, insn->imm);
}

static void add_jump(struct text *t, const struct bpf_insn *insn)
{
	char width = BPF_CLASS(insn->code) == BPF_JMP ? 'r' : 'w';
	const char *comparison = comparisons[BPF_OP(insn->code) >> 4];

	if (insn->code == (BPF_JMP | BPF_CALL)) {
		add_call(t, insn);
	} else if (insn->code == (BPF_JMP | BPF_EXIT)) {
		text_add(t, "exit");
	} else if (insn->code == (BPF_JMP | BPF_JA)) {
		text_add(t, "goto pc%+d", insn->off);
	} else if (comparison) {
		text_add(t, "if %c%d %s ", width, insn->dst_reg, comparison);
		add_operand(t, insn, width);
		text_add(t, " goto pc%+d", insn->off);
	} else {
		add_unknown(t, insn);
	}
}

static void add_load_64(struct text *t, const struct bpf_insn *insn, int32_t second)
{
	uint64_t constant = (uint64_t)(uint32_t)second << 32 | (uint32_t)insn->imm;

	switch (insn->src_reg) {
	case BPF_PSEUDO_MAP_FD:
		text_add(t, "r%d = map[fd:%" PRId32 "]", insn->dst_reg, insn->imm);
		break;
	case BPF_PSEUDO_FUNC:
		text_add(t, "r%d = subprog[%+" PRId32 "]", insn->dst_reg, insn->imm);
		break;
	default:
		text_add(t, "r%d = 0x%" PRIx64, insn->dst_reg, constant);
	}
}

static void add_store(struct text *t, const struct bpf_insn *insn)
{
	text_add(t, "*(%s *)(r%d %+d) = ", size_name(insn), insn->dst_reg, insn->off);
	if (BPF_CLASS(insn->code) == BPF_STX)
		text_add(t, "r%d", insn->src_reg);
	else
		add_number(t, insn->imm);
}

static void add_memory(struct text *t, const struct bpf_insn *insn, int32_t second)
{
	if (IS_LOAD_64(insn))
		add_load_64(t, insn, second);
	else if (BPF_MODE(insn->code) != BPF_MEM || BPF_CLASS(insn->code) == BPF_LD)
		add_unknown(t, insn);
	else if (BPF_CLASS(insn->code) == BPF_LDX)
		text_add(t, "r%d = *(%s *)(r%d %+d)", insn->dst_reg, size_name(insn), insn->src_reg, insn->off);
	else
		add_store(t, insn);
}

void listing_add(struct text *t, const struct bpf_insn *insn, int32_t second)
{
	switch (BPF_CLASS(insn->code)) {
	case BPF_ALU:
	case BPF_ALU64:
		add_arithmetic(t, insn);
		break;
	case BPF_JMP:
	case BPF_JMP32:
		add_jump(t, insn);
		break;
	default:
		add_memory(t, insn, second);
	}
}

void listing_print(FILE *out, const struct bpf_insn *insns, size_t count)
{
	char line[LINE_MAX_LEN];
	struct text t;
	size_t i;

	for (i = 0; i < count; i++) {
		text_init(&t, line, sizeof(line));
		listing_add(&t, &insns[i], i + 1 < count ? insns[i + 1].imm : 0);
		fprintf(out, "%4zu: (%02x) %s\n", i, insns[i].code, line);
		i += IS_LOAD_64(&insns[i]);	/* it takes two */
	}
}
