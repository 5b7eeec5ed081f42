/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The record that the kernel programs put into the ring buffer for each segment: a head of one cache line, which is all that
 * nearly every segment needs, and for the others a tail of fixed size. All in host byte order but for addresses.
 */
#ifndef MIRUO_WIRE_H
#define MIRUO_WIRE_H

#include "segment.h"

#define WIRE_PAYLOAD_MAX 2048

enum wire_bit {
	WIRE_IPV6 = 1,		/* addresses are in the tail */
	WIRE_EGRESS = 2,
	WIRE_TIMESTAMP = 4,	/* the options are NOP NOP timestamp, and only in ts_value and ts_echo */
	WIRE_TAIL = 8,
	WIRE_OPT_CUT = 16,
	WIRE_FRAG_LAST = 32,
	WIRE_FRAG_SHIFT = 6,	/* two bits: enum frag_part */
};

struct wire_head {
	uint64_t ktime_ns;	/* CLOCK_MONOTONIC */
	uint8_t saddr[4];	/* IPv4 */
	uint8_t daddr[4];
	uint32_t seq;		/* FRAG_LATER: frag_off */
	uint32_t ack;
	uint32_t payload_len;
	uint32_t wire_len;
	uint32_t ts_value;
	uint32_t ts_echo;
	uint32_t ifindex;
	uint16_t sport;
	uint16_t dport;
	uint16_t window;
	uint16_t segs;
	uint16_t ip_id;		/* of IPv4; IPv6 has it in the tail */
	uint16_t vlan;		/* one tag; more are in the tail */
	uint8_t flags;
	uint8_t ttl;
	uint8_t bits;		/* enum wire_bit */
	uint8_t opt_len;
};

struct wire_tail {
	uint8_t saddr[16];
	uint8_t daddr[16];
	uint64_t vlan;
	uint32_t ip_id;
	uint32_t payload_cap;	/* bytes behind the tail; only in records that are long enough */
	uint8_t opt[TCP_OPTIONS_MAX];
	uint8_t pad[8];
};

_Static_assert(sizeof(struct wire_head) == 64, "struct wire_head: layout of the ring buffer's records");
_Static_assert(sizeof(struct wire_tail) == 96, "struct wire_tail: layout of the ring buffer's records");

/* The three sizes of a record. */
enum {
	WIRE_SHORT = sizeof(struct wire_head),
	WIRE_LONG = WIRE_SHORT + sizeof(struct wire_tail),
	WIRE_PAYLOAD = WIRE_LONG + WIRE_PAYLOAD_MAX,
};

/* What the kernel programs count, on each CPU. The first are enum decode_result. */
enum kernel_counter {
	COUNT_SENT = 16,	/* records in the ring */
	COUNT_RING_FULL,	/* segments lost because there was no room */
	COUNT_WAKE_UPS,
	COUNT_COUNT = 24
};

/* Set by the loader before the programs are verified. */
struct bpf_config {
	uint32_t payload_bytes;	/* bring along so many bytes of payload, WIRE_PAYLOAD_MAX at most */
	uint32_t wake_bytes;	/* wake the reader when a ring holds more than this */
};

/* Shared with the reader while the programs run. */
struct bpf_wake {
	uint32_t idle;		/* set by the reader before a long sleep: wake it with the next record */
	uint32_t asleep;	/* set by the reader before each sleep: wake it when a ring passes wake_bytes */
};

#endif
