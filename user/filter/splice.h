/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Functions of kernel programs get another body while libbpf loads them. Before that moment a program is not whole yet, and
 * after it it cannot be changed any more.
 *
 * How to: splices_begin(); open the object; splices_object(); splices_add() for each function of each program; load the
 * object; splices_end(). Programs are those of the sections "tc", "xdp" and "xdp.frags". For one object at a time in a
 * process.
 */
#ifndef MIRUO_FILTER_SPLICE_H
#define MIRUO_FILTER_SPLICE_H

#include <stddef.h>

#include <linux/bpf.h>

struct bpf_object;

#define SPLICES_MAX 16 /* functions of all programs of an object */

/*
 * A call of a subprogram (BPF_PSEUDO_CALL) in the new body calls callee. A function without instructions is left out;
 * nothing may call it then.
 */
struct splice {
	const char *program, *function;
	const struct bpf_insn *insns; /* borrowed until splices_end() */
	size_t count;
	const char *callee; /* another function of the same program; NULL: there is no such call */
};

struct splices {
	struct splice all[SPLICES_MAX];
	size_t count;
	const struct bpf_object *object;
	struct splice_tables *tables; /* what libbpf must find until the object is loaded */
};

/* 0 or -errno; then there is nothing to end. */
int splices_begin(struct splices *s);

void splices_object(struct splices *s, const struct bpf_object *object);

/* -ENOSPC: there are SPLICES_MAX. */
int splices_add(struct splices *s, const struct splice *splice);

void splices_end(struct splices *s);

#endif
