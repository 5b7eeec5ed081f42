/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which session a later IP fragment belongs to: fragments of one datagram share addresses, protocol and identification
 * (RFC 791 3.2, RFC 8200 4.5). Datagrams are not put together.
 *
 * A fixed table of recent datagrams; the least recently used of a small set gives way. Fragments that come before their first
 * one wait for it as a count.
 */
#ifndef MIRUO_TRACK_FRAGMENTS_H
#define MIRUO_TRACK_FRAGMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "miruo/segment.h"

struct fragments;

/* Frames counted together, and who sent them. */
struct fragment_owner {
	uint32_t session;	/* index; 0: the first fragment was not seen yet */
	uint8_t side;
	uint64_t session_id;	/* which tells whether the index is that of another one by now */
	uint32_t seq;		/* sequence number of the first payload byte of the datagram */
	uint32_t header_len;	/* TCP header: payload byte 0 is at this offset of the datagram */
	uint32_t waiting;	/* fragments that came before the first one */
	uint64_t waiting_bytes;	/* of them, on the wire */
};

struct fragments *fragments_new(void);	/* NULL: out of memory */
void fragments_free(struct fragments *f);

/* The entry of seg's datagram, made if there is none. Valid until the next call. */
struct fragment_owner *fragments_find(struct fragments *f, const struct segment *seg);

#endif
