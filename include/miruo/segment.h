/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * struct segment: one captured TCP segment (or a later IP fragment of one), decoded and put on wall-clock time.
 *
 * It is the only thing that passes from a source to the flow table. The BPF programs and the file reader fill it with the
 * same decoder (decode.h); nothing behind the source looks at packet bytes, except through the two borrowed pointers.
 */
#ifndef MIRUO_SEGMENT_H
#define MIRUO_SEGMENT_H

#include <stdint.h>

/* TCP header flags, RFC 9293 3.1 and RFC 3168. */
enum tcp_flag {
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_PSH = 0x08,
	TCP_ACK = 0x10,
	TCP_URG = 0x20,
	TCP_ECE = 0x40,
	TCP_CWR = 0x80,
};

#define TCP_OPTIONS_MAX 40	/* data offset 15 leaves 60 - 20 bytes */
#define TIMESTAMP_OPTIONS_LEN 12	/* NOP, NOP, timestamp (RFC 7323 appendix A): what most segments have */
#define VLAN_TAGS_MAX 4		/* deeper stacks are counted as unsupported */

/* What part of an IP datagram the frame held. */
enum frag_part {
	FRAG_NONE,	/* the whole datagram (an IPv6 atomic fragment too, RFC 6946) */
	FRAG_FIRST,	/* offset 0, more to come: the TCP header is here */
	FRAG_LATER,	/* no TCP header: ports, seq, ack, flags and options are 0 */
};

/*
 * Addresses and ports of a segment are the packet's own; all integers are in host byte order. From seq to ifindex, and from
 * flags to egress, the fields lie as in struct wire_head (wire.h).
 */
struct segment {
	uint64_t ts_ns;		/* ns since 1970-01-01 UTC; set by the source */
	uint64_t vlan;		/* VLAN ids, 16 bits each, outermost lowest; tags with id 0 (priority only) are left out */
	uint8_t saddr[16];	/* network order; IPv4 as ::ffff:a.b.c.d */
	uint8_t daddr[16];
	uint32_t seq;
	uint32_t ack;
	uint32_t wire_len;	/* frame on the wire, link header included */
	uint32_t payload_len;	/* TCP payload in this frame by the IP length, captured or not; FRAG_LATER: IP payload */
	uint16_t sport;
	uint16_t dport;
	uint16_t window;	/* as in the header, not scaled */
	uint16_t segs;		/* TCP segments the frame stands for (GSO, GRO); 0: not known; set by the source */
	uint32_t ip_id;		/* IPv4 identification or IPv6 fragment id; 0 for other IPv6 */
	uint32_t ifindex;	/* 0 where the source does not know; set by the source */
	uint32_t netns;		/* 0 where there is only one; set by the source */
	uint32_t frag_off;	/* FRAG_LATER: offset of this fragment in the IP payload, bytes */
	uint32_t opt_off;	/* from the first byte of the frame */
	uint32_t payload_off;	/* from the first byte of the frame; may lie behind what was captured */
	uint8_t flags;		/* enum tcp_flag */
	uint8_t ttl;		/* or hop limit */
	uint8_t opt_len;	/* captured option bytes, 0 to 40 */
	uint8_t egress;		/* 1: leaves this host, 0: enters it or not known; set by the source */
	uint8_t opt_cut;	/* the header has more option bytes than were captured */
	uint8_t ip_version;	/* 4 or 6 */
	uint8_t frag;		/* enum frag_part */
	uint8_t frag_last;	/* FRAG_LATER: no more fragments follow this one */

	/* Borrowed from the source, valid until its callback returns; NULL in the BPF programs. */
	const uint8_t *opt;	/* opt_len bytes */
	const uint8_t *payload;	/* payload_cap bytes */
	uint32_t payload_cap;
};

/* In halves: from a size on gcc takes an instruction for it that costs more than the stores. */
static inline __attribute__((always_inline)) void segment_clear(struct segment *seg)
{
	__builtin_memset(seg, 0, __builtin_offsetof(struct segment, seq));
	__builtin_memset(&seg->seq, 0, sizeof(*seg) - __builtin_offsetof(struct segment, seq));
}

#endif
