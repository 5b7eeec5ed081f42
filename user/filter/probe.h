/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Segments made up to ask an expression about. */
#ifndef MIRUO_FILTER_PROBE_H
#define MIRUO_FILTER_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#define PROBE_HEAD 160		/* bytes of headers, and of payload that can be written to */
#define PROBE_MAX 1600		/* bytes of a frame */
#define PROBE_KINDS 8		/* kinds of segment, see probe_kind() */

enum probe_link {
	PROBE_ETHERNET,
	PROBE_SLL,		/* DLT_LINUX_SLL */
};

struct probe {
	uint8_t head[PROBE_HEAD];	/* what follows is 0 */
	uint32_t len;			/* of the frame, payload included */
	enum probe_link link;
	uint32_t network;		/* offset of the IP header; that of TCP follows without options or extensions */
	bool ip6;
};

/* A segment of some session, with payload. Ethernet has up to 2 VLAN tags, SLL none. */
void probe_init(struct probe *p, enum probe_link link, unsigned int tags, bool ip6);

/*
 * Writes size (1, 2, 4) bytes at offset. Returns false, with nothing written, where that would not leave a segment: only
 * addresses, ports, tags, what varies in IP and TCP, and the first payload bytes can be written to.
 */
bool probe_write(struct probe *p, uint32_t offset, uint32_t size, uint32_t value);

/* Size (1, 2, 4) bytes at offset, which are there. */
uint32_t probe_read(const struct probe *p, uint32_t offset, uint32_t size);

/* No broadcast or multicast, which have no TCP. */
bool probe_is_plausible(const struct probe *p);

/* Turns the segment around: addresses of both layers, ports, incoming and outgoing. */
void probe_mirror(struct probe *p);

/* Makes it another segment of the same session and direction: a SYN, SYN/ACK, ACK, ... kind is below PROBE_KINDS. */
void probe_kind(struct probe *p, unsigned int kind);

#endif
