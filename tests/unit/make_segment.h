/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hand-made segments between a client, 10.0.0.1:40000, and a server, 10.0.0.2:80. */
#ifndef MIRUO_TESTS_MAKE_SEGMENT_H
#define MIRUO_TESTS_MAKE_SEGMENT_H

#include <string.h>

#include "miruo/segment.h"

#define MS  1000000ull
#define SEC 1000000000ull
#define T0  (1700000000 * SEC) /* when tests begin */

#define HEADERS_LEN 54u /* Ethernet, IPv4, TCP */

enum who {
	CLIENT,
	SERVER,
};

static inline void make_address(uint8_t addr[16], uint32_t v4)
{
	uint8_t bytes[16] = { [10] = 0xff,
			      [11] = 0xff,
			      [12] = (uint8_t)(v4 >> 24),
			      [13] = (uint8_t)(v4 >> 16),
			      [14] = (uint8_t)(v4 >> 8),
			      [15] = (uint8_t)v4 };

	memcpy(addr, bytes, sizeof(bytes));
}

/* The IPv4 id is 0, as that of many hosts that forbid fragments. */
static inline struct segment make_segment(enum who from, uint8_t flags, uint32_t seq, uint32_t ack, uint32_t payload_len)
{
	static const uint8_t no_options[1];
	struct segment seg = {
		.ts_ns = T0,
		.seq = seq,
		.ack = ack,
		.flags = flags,
		.payload_len = payload_len,
		.wire_len = HEADERS_LEN + payload_len,
		.sport = from == CLIENT ? 40000 : 80,
		.dport = from == CLIENT ? 80 : 40000,
		.opt_off = HEADERS_LEN,
		.payload_off = HEADERS_LEN,
		.ip_version = 4,
		.ttl = 64,
		.window = 512,
		.opt = no_options,
	};

	make_address(seg.saddr, from == CLIENT ? 0x0a000001 : 0x0a000002);
	make_address(seg.daddr, from == CLIENT ? 0x0a000002 : 0x0a000001);
	return seg;
}

#endif
