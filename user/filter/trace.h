/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs a classic BPF program on a frame and tells of each comparison where in the frame the value came from. It serves to
 * find frames that make the program go other ways; for its verdict ask libpcap.
 */
#ifndef MIRUO_FILTER_TRACE_H
#define MIRUO_FILTER_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include <pcap/pcap.h>

/* value = (field >> shift) & mask, field being size bytes (1, 2, 4) at offset in network order. size 0: from nowhere. */
struct origin {
	uint32_t offset, size, shift, mask;
};

/* A comparison with a constant. */
struct branch {
	uint32_t at;		/* index of the instruction */
	uint16_t operation;	/* BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET */
	bool taken;		/* it was true */
	uint32_t k, value;
	struct origin origin;	/* of the value */
};

/* frame has len bytes, on the wire too. Returns the number of branches written, up to max; later ones are left out. */
unsigned int trace_run(const struct bpf_program *program, const uint8_t *frame, uint32_t len, struct branch *branches,
		       unsigned int max);

/*
 * A field value with which the comparison goes the other way, all bits that are not compared as in field. Returns false if
 * there is none.
 */
bool branch_turn(const struct branch *b, uint32_t field, uint32_t *turned);

#endif
