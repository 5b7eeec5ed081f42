/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a fuzz target and its drivers share. */
#ifndef MIRUO_TESTS_FUZZ_H
#define MIRUO_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The target: called by libFuzzer or run_corpus.c. Returns 0; whatever is wrong ends the process. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void must(int condition, const char *file, int line, const char *text)
{
	if (condition)
		return;
	fprintf(stderr, "%s:%d: not true: %s\n", file, line, text);
	abort();
}

/* assert() that is there in release builds too. */
#define MUST(condition) must(!!(condition), __FILE__, __LINE__, #condition)

/* A copy of exactly this size, so that a sanitizer sees a read of one byte too many. The caller frees it. */
static inline uint8_t *exact_copy(const uint8_t *bytes, size_t size)
{
	uint8_t *copy = malloc(size);

	MUST(copy || !size);
	return size ? memcpy(copy, bytes, size) : copy;
}

#endif
