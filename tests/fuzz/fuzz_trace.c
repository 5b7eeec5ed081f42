/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Input: a byte with the number of instructions, the instructions of a classic BPF program, a frame. Instructions are made
 * such that libpcap takes them.
 */
#include "fuzz.h"

#include "trace.h"

#define BRANCHES 64

/* Jumps stay inside, M[] too, and the end is a return. */
static void make_valid(struct bpf_insn *insns, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		unsigned int left = count - i - 1;

		if (BPF_CLASS(insns[i].code) == BPF_JMP && BPF_OP(insns[i].code) == BPF_JA)
			insns[i].k %= left ? left : 1;
		insns[i].jt = (u_char)(left ? insns[i].jt % left : 0);
		insns[i].jf = (u_char)(left ? insns[i].jf % left : 0);
		if (BPF_MODE(insns[i].code) == BPF_MEM || BPF_CLASS(insns[i].code) == BPF_ST ||
		    BPF_CLASS(insns[i].code) == BPF_STX)
			insns[i].k %= BPF_MEMWORDS;
	}
	insns[count - 1] = (struct bpf_insn)BPF_STMT(BPF_RET | BPF_K, 0);
}

static void check_branch(const struct bpf_program *program, const struct branch *b, uint32_t len)
{
	uint32_t field = 0, turned;

	MUST(b->at < program->bf_len && BPF_CLASS(program->bf_insns[b->at].code) == BPF_JMP);
	MUST(b->origin.size == 0 || (b->origin.offset + b->origin.size <= len && b->origin.shift < 32));
	if (b->origin.size && branch_turn(b, field, &turned))
		MUST(!(turned & ~(b->origin.mask << b->origin.shift)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct branch branches[BRANCHES];
	struct bpf_program program;
	unsigned int count, i;
	uint8_t *frame;
	uint32_t len;

	if (size < 1 || !data[0] || size - 1 < data[0] * sizeof(struct bpf_insn))
		return 0;
	program.bf_len = data[0];
	program.bf_insns = malloc(program.bf_len * sizeof(struct bpf_insn));
	MUST(program.bf_insns);
	memcpy(program.bf_insns, data + 1, program.bf_len * sizeof(struct bpf_insn));
	make_valid(program.bf_insns, program.bf_len);
	len = (uint32_t)(size - 1 - program.bf_len * sizeof(struct bpf_insn));
	frame = exact_copy(data + size - len, len);
	if (bpf_validate(program.bf_insns, (int)program.bf_len)) {
		count = trace_run(&program, frame, len, branches, BRANCHES);
		MUST(count <= BRANCHES);
		for (i = 0; i < count; i++)
			check_branch(&program, &branches[i], len);
	}
	free(frame);
	free(program.bf_insns);
	return 0;
}
