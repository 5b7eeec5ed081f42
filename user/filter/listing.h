/* SPDX-License-Identifier: GPL-3.0-or-later */
/* eBPF instructions as text for people, in the notation of `bpftool prog dump xlated`. */
#ifndef MIRUO_FILTER_LISTING_H
#define MIRUO_FILTER_LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <linux/bpf.h>

#include "text.h"

/*
 * Adds one instruction: "r0 = *(u32 *)(r1 +76)", "if w7 == 80 goto pc+3". second is the imm of the instruction behind,
 * which holds the upper half of a 64-bit constant; else it is not looked at. An instruction that is not known is told by its
 * code.
 */
void listing_add(struct text *t, const struct bpf_insn *insn, int32_t second);

/* Prints a program, numbered, one instruction a line. */
void listing_print(FILE *out, const struct bpf_insn *insns, size_t count);

#endif
