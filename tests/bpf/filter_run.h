/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Programs of filter_hooks.bpf.c with a filter in them, loaded. */
#ifndef MIRUO_TESTS_FILTER_RUN_H
#define MIRUO_TESTS_FILTER_RUN_H

#include <stdint.h>

#include "translate.h"

enum filter_program {
	ON_TC,
	ON_TC_VLAN,
	ON_XDP,
	EMPTY_TC,
	EMPTY_XDP,
	FILTER_PROGRAMS
};

extern const char *const filter_program_names[FILTER_PROGRAMS];

struct filter_run {
	struct filter_hooks_bpf *skel;
	int programs[FILTER_PROGRAMS];	/* file descriptors */
};

/* 0 or -errno; then why says what failed. NULL for program: the bodies stay as they were compiled, which reject all. */
int filter_run_open(struct filter_run *r, const struct sock_filter *program, size_t count, enum translate_form form,
		    struct text *why);
void filter_run_close(struct filter_run *r);

/* What the program returns for these bytes; -errno: it was not run. */
int filter_run(const struct filter_run *r, enum filter_program program, const uint8_t *data, uint32_t len);

#endif
