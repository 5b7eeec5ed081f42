/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What this kernel and this process's privileges allow of BPF, found by trying. Nothing is attached, nothing stays. */
#ifndef MIRUO_SANDBOX_BPF_TRY_H
#define MIRUO_SANDBOX_BPF_TRY_H

#include <stdbool.h>

/* Each errno is 0 if it worked. */
struct bpf_try {
	int array_map, ring_map, tc_program, xdp_program;
	bool tcx;		/* TC programs attach by links (Linux 6.6); false as well if no program could be loaded */
	bool jit;		/* the TC program was compiled; false as well if it could not be loaded */
	bool memory_limited;	/* ring_map works, but not with RLIMIT_MEMLOCK 0 (before Linux 5.11) */
};

void bpf_try(struct bpf_try *t);

#endif
