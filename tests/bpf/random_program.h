/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random classic BPF programs that are valid: all operations, loads near and far, divisions and shifts by anything. */
#ifndef MIRUO_TESTS_RANDOM_PROGRAM_H
#define MIRUO_TESTS_RANDOM_PROGRAM_H

#include <stddef.h>
#include <stdint.h>

#include <linux/filter.h>

#define RANDOM_PROGRAM_MAX 40

/* The caller's source of randomness: a number below n. */
uint32_t random_below(uint32_t n);

/* Fills program (RANDOM_PROGRAM_MAX) and returns its length. All of M[] is written before anything else. */
size_t random_program(struct sock_filter *program);

#endif
