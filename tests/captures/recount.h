/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Counts what was sent again in the plainest way: every range of sequence numbers that was captured is remembered, and a
 * segment whose payload, SYN or FIN meets one of them repeats something. Nothing of the tracker is used.
 */
#ifndef MIRUO_TESTS_RECOUNT_H
#define MIRUO_TESTS_RECOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "miruo/segment.h"

struct recount_range {
	int64_t start, end;
};

/* One side of a connection. Positions are sequence numbers that do not wrap. */
struct recount_side {
	bool begun, acked;
	int64_t high;		/* one behind the highest position */
	uint32_t ack;		/* highest ACK it sent, if acked */
	struct recount_range *range;	/* ascending, disjoint */
	size_t count;
	uint64_t repeats;	/* frames; keep-alives (RFC 9293 3.8.4) are none */
};

/* True if the segment carries payload, SYN or FIN and is no keep-alive. */
bool recount_feed(struct recount_side *own, const struct recount_side *peer, const struct segment *seg);
void recount_fini(struct recount_side *side);

#endif
