/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the kernel programs send for each segment: a head of one cache line, which is all that nearly every segment needs, for
 * some one or two more lines, and how the programs and the reader share each CPU's latest lines. All in host byte order but
 * for addresses.
 */
#ifndef MIRUO_WIRE_H
#define MIRUO_WIRE_H

#include <stddef.h>

#include "segment.h"

#define WIRE_PAYLOAD_MAX 2048

enum wire_bit {
	WIRE_TIMESTAMP = 1,	/* the options are NOP NOP timestamp, and only in ts_value and ts_echo */
	WIRE_ADDRESSES = 2,	/* struct wire_addresses follows */
	WIRE_IPV6 = 4,		/* the addresses are there */
	WIRE_OPT_CUT = 8,
	WIRE_FRAG_LAST = 16,
	WIRE_FRAG_SHIFT = 6,	/* two bits: enum frag_part */
};

/* From seq to ifindex, and from flags to egress, as in struct segment: the reader copies them at once. */
struct wire_head {
	uint64_t ktime_ns;	/* CLOCK_MONOTONIC */
	uint8_t saddr[4];	/* IPv4 */
	uint8_t daddr[4];
	uint32_t seq;		/* FRAG_LATER: frag_off */
	uint32_t ack;
	uint32_t wire_len;
	uint32_t payload_len;
	uint16_t sport;
	uint16_t dport;
	uint16_t window;
	uint16_t segs;
	uint32_t ip_id;
	uint32_t ifindex;
	uint32_t ts_value;	/* both network order */
	uint32_t ts_echo;
	uint8_t flags;
	uint8_t ttl;
	uint8_t opt_len;	/* without WIRE_TIMESTAMP, if not 0: struct wire_options follows, behind the addresses */
	uint8_t egress;
	uint16_t vlan;		/* one tag */
	uint16_t bits;		/* enum wire_bit */
};

/* Of IPv6, and of packets with more than one tag. */
struct wire_addresses {
	uint8_t saddr[16];
	uint8_t daddr[16];
	uint64_t vlan;
	uint8_t pad[24];
};

struct wire_options {
	uint8_t opt[TCP_OPTIONS_MAX];
	uint32_t payload_cap;	/* of struct wire_payload */
	uint8_t pad[20];
};

/* With payload: sent by itself, with all its parts. */
struct wire_payload {
	struct wire_head head;
	struct wire_addresses addresses;
	struct wire_options options;
	uint8_t bytes[WIRE_PAYLOAD_MAX];
};

#define WIRE_LINE 64
#define WIRE_LINES_MAX 3	/* of a segment */

_Static_assert(sizeof(struct wire_head) == WIRE_LINE, "struct wire_head is a line");
_Static_assert(sizeof(struct wire_addresses) == WIRE_LINE, "struct wire_addresses is a line");
_Static_assert(sizeof(struct wire_options) == WIRE_LINE, "struct wire_options is a line");

#define BATCH_LINES 32		/* a batch of so many or more goes to the ring */

/*
 * The segments that a CPU has collected. When there are enough of them, the program copies state and the lines in use to the
 * ring and begins the next batch. The reader looks at those that wait in place, and skips them when the batch comes by the
 * ring. A batch that does not fit the ring stays, and segments are lost until it does.
 */
struct wire_batch {
	uint64_t state;		/* number of the batch in the upper 32 bits, lines in use in the lower ones */
	uint8_t line[BATCH_LINES - 1 + WIRE_LINES_MAX][WIRE_LINE];
};

#define BATCH_NUMBER(state) ((uint32_t)((state) >> 32))
#define BATCH_USED(state) ((uint32_t)(state))
#define BATCH_BYTES(used) (sizeof(uint64_t) + (used) * WIRE_LINE)

/* What the kernel programs count, on each CPU. The first are enum decode_result. */
enum kernel_counter {
	COUNT_SENT = 16,	/* segments collected for the reader */
	COUNT_RING_FULL,	/* segments lost because there was no room */
	COUNT_FULL_PLAIN,	/* of them, those without SYN, FIN and RST */
	COUNT_WAKE_UPS,
	COUNT_FILTERED,		/* frames that the expression rejected */
	COUNT_COUNT = 24
};

#define PAD_TO_LINE ((WIRE_LINE * 2 - (sizeof(struct segment) + 16) % WIRE_LINE) % WIRE_LINE)

/* Of one CPU; shared with the reader while the programs run, which only reads it. */
struct cpu_state {
	uint64_t count[COUNT_COUNT];
	struct segment seg;	/* being decoded: here the verifier does not follow each value that a field may have */
	uint32_t busy;		/* a program is at work here: one that interrupts it must not touch seg and batch */
	uint32_t tight;		/* the ring was nearly full when a batch was last sent */
	uint8_t pad[PAD_TO_LINE];
	struct wire_batch batch;	/* its lines are aligned to their size */
};

_Static_assert(offsetof(struct cpu_state, batch.line) % WIRE_LINE == 0, "struct cpu_state: lines of the batch");
_Static_assert(sizeof(struct cpu_state) % WIRE_LINE == 0, "struct cpu_state: one CPU's lines are not those of another");

/* Set by the loader before the programs are verified. */
struct bpf_config {
	uint32_t payload_bytes;	/* bring along so many bytes of payload, WIRE_PAYLOAD_MAX at most */
	uint32_t ring_bytes;	/* size of each ring */
	uint32_t wake_bytes;	/* wake the reader when a ring holds more than this */
	uint32_t filter;	/* there is an expression: the functions of bpf/filter.bpf.h decide */
	uint32_t in_order;	/* this kind of CPU shows stores to others in their order */
	uint32_t preempted;	/* a program may be interrupted by another on the same CPU at any time (PREEMPT_RT) */
};

/* Shared with the reader while the programs run. */
struct bpf_wake {
	uint32_t idle;		/* set by the reader before a long sleep: wake it with the next record */
	uint32_t asleep;	/* set by the reader before each sleep: wake it when a ring passes wake_bytes */
};

#endif
