/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The pcap expression, compiled for one input after the other. A program is kept as long as it fits: rotated files are
 * alike, and long lists take a while to compile.
 */
#ifndef MIRUO_CAPTURE_FILTER_H
#define MIRUO_CAPTURE_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include <pcap/pcap.h>

#include "text.h"

struct filter {
	const char *expression;		/* borrowed; NULL lets all pass */
	struct bpf_program program;	/* valid if compiled */
	bool compiled;
	int dlt, snaplen, swapped;	/* what the program was compiled for, */
	bpf_u_int32 netmask;		/* this too */
};

void filter_init(struct filter *f, const char *expression);

/*
 * Makes the filter fit p. netmask is the IPv4 mask of the network that p captures from, in network order, or
 * PCAP_NETMASK_UNKNOWN: then "ip broadcast" is refused. Returns false and adds one line to err if the expression cannot be
 * used there.
 */
bool filter_compile(struct filter *f, pcap_t *p, bpf_u_int32 netmask, struct text *err);

/*
 * Whether the program, after filter_compile(), is too long for a socket of Linux and asks for what libpcap, which then runs
 * it outside of the kernel, cannot tell: bytes behind the first snaplen ones, or what the kernel knows beside the frame.
 * Adds a line to err if so.
 */
bool filter_is_too_long(const struct filter *f, uint32_t snaplen, struct text *err);

/* Whether the frame is wanted; after filter_compile(). */
bool filter_match(const struct filter *f, const struct pcap_pkthdr *header, const uint8_t *data);

void filter_fini(struct filter *f);

#endif
