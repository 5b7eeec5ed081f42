/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One TCP segment, described, to the bytes of the frame or frames that carry it. */
#ifndef MIRUO_TOOLS_FRAME_H
#define MIRUO_TOOLS_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_PAYLOAD_MAX 200000u
#define FRAME_MAX (FRAME_PAYLOAD_MAX + 256u)
#define FRAME_VLANS_MAX 8

enum frame_link { FRAME_ETHERNET, FRAME_SLL, FRAME_SLL2, FRAME_RAW, FRAME_NULL, FRAME_LOOP };

struct frame_end {
	uint8_t addr[16];	/* network order; IPv4 in the first four bytes */
	uint16_t port;
	uint8_t ip_version;	/* 4 or 6 */
	uint8_t host;		/* last byte of its MAC address */
};

struct frame_spec {
	enum frame_link link;
	struct frame_end src, dst;
	uint8_t flags;
	uint32_t seq, ack;
	uint16_t window;
	uint8_t opt[40];
	uint32_t opt_len;	/* a multiple of 4 */
	const uint8_t *payload;
	uint32_t payload_len;	/* at most FRAME_PAYLOAD_MAX */

	uint8_t ttl;
	uint32_t ip_id;		/* IPv4; IPv6 only in fragments */
	uint16_t vlan[FRAME_VLANS_MAX];
	uint32_t vlan_count;
	uint32_t pad;		/* zero bytes behind the IP packet */
	uint32_t frag_len;	/* IP payload bytes in a fragment, a multiple of 8; 0: whole */
	bool frag_reversed;	/* last fragment first */
	bool more_fragments;	/* set the bit in a whole datagram */
	bool snap;		/* IEEE 802.3 with LLC/SNAP instead of an Ethernet II type */
	bool hop_by_hop;	/* IPv6: an 8-byte hop-by-hop options header */
	bool bad_checksum;
	int32_t ip_len;		/* replaces the IP length field; -1: the true one */
	int32_t data_offset;	/* replaces the data offset, 0 to 15; -1: the true one */
};

typedef void frame_fn(void *ctx, const uint8_t *frame, size_t len);

/* Calls fn for each frame of the segment. The bytes are borrowed. Returns NULL, or what is impossible about spec. */
const char *frame_build(const struct frame_spec *spec, frame_fn *fn, void *ctx);

#endif
