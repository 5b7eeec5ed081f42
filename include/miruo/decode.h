/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Frame bytes to struct segment: link header, VLAN tags, IPv4, IPv6 with extension headers, fragments, TCP.
 *
 * Compiled by clang for the BPF programs and by the host compiler for user space, so what the verifier proves is what the
 * fuzzer attacks. Bytes are only read through take(); no struct is laid over them. Two lengths are kept apart all the way:
 * a header that ends behind the captured bytes but before the end of the wire's is DECODE_TRUNCATED (the snap length cut
 * it), one that does not fit the wire length or contradicts itself is DECODE_BAD_*. Checksums are not looked at: a network
 * card may have yet to fill them in.
 */
#ifndef MIRUO_DECODE_H
#define MIRUO_DECODE_H

#include <stddef.h>

#include "counters.h"
#include "segment.h"

#define MIRUO_INLINE static inline __attribute__((always_inline))

enum link_type {
	LINK_ETHERNET,
	LINK_SLL,	/* Linux cooked capture, LINKTYPE_LINUX_SLL */
	LINK_SLL2,	/* LINKTYPE_LINUX_SLL2: knows the interface */
	LINK_RAW,	/* no link header, the version nibble tells IPv4 from IPv6 */
	LINK_NULL,	/* BSD loopback: 4 bytes of address family, in either byte order */
};

enum {
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_ARP = 0x0806,
	ETHERTYPE_VLAN = 0x8100,	/* 802.1Q */
	ETHERTYPE_IPV6 = 0x86dd,
	ETHERTYPE_MPLS = 0x8847,
	ETHERTYPE_MPLS_MULTICAST = 0x8848,
	ETHERTYPE_PPPOE = 0x8864,
	ETHERTYPE_QINQ = 0x88a8,	/* 802.1ad */
	ETHERTYPE_PBB = 0x88e7,		/* 802.1ah */
	ETHERTYPE_QINQ_OLD = 0x9100,
	ETHERTYPE_VNTAG = 0x8926,
	ETHERTYPE_FABRICPATH = 0x8903,

	ETHERTYPE_MIN = 0x0600,		/* below it: a length, IEEE 802.3 with LLC */
	SLL_PROTOCOL_LLC = 0x0004,
	SLL_OUTGOING = 4,
	ARPHRD_NETLINK = 824,

	PROTO_HOPOPTS = 0,
	PROTO_IPV4 = 4,
	PROTO_TCP = 6,
	PROTO_IPV6 = 41,
	PROTO_ROUTING = 43,
	PROTO_FRAGMENT = 44,
	PROTO_GRE = 47,
	PROTO_AH = 51,
	PROTO_DSTOPTS = 60,
	PROTO_MOBILITY = 135,
	PROTO_HIP = 139,
	PROTO_SHIM6 = 140,

	IPV6_EXTENSIONS_MAX = 8,
	OFFSET_MASK = 0x7fff,		/* more than all headers have */
	IP_MORE_FRAGMENTS = 0x2000,
	IP_OFFSET_MASK = 0x1fff,
};

struct cursor {
	const uint8_t *start;	/* of the frame */
	const uint8_t *pos;
	const uint8_t *end;	/* first byte that was not captured */
	uint32_t off;		/* of pos, from the first byte of the frame */
	uint32_t wire_len;	/* of the frame */
};

/* The next n bytes (n <= 2048), or NULL if they were not captured; then short_read() says what that means. */
MIRUO_INLINE const uint8_t *take(struct cursor *c, uint32_t n)
{
	const uint8_t *p = c->pos;

	if (p + n > c->end)
		return NULL;
	c->pos = p + n;
	c->off += n;
	return p;
}

/*
 * For the verifier, which else walks all that follows once for each way that leads there, as each has another offset and
 * other bounds of *left (NULL: there is none yet). What was in memory it no longer knows, so the ways become one.
 */
MIRUO_INLINE void forget_way(struct cursor *c, uint32_t *left, struct segment *seg)
{
	volatile uint32_t *memory = &seg->payload_len;

	*memory = c->off;
	c->off = *memory & OFFSET_MASK;
	c->pos = c->start + c->off;
	if (left) {
		*memory = *left;
		*left = *memory;
	}
}

MIRUO_INLINE enum decode_result short_read(const struct cursor *c, uint32_t n, enum decode_result bad)
{
	return c->off + n <= c->wire_len ? DECODE_TRUNCATED : bad;
}

/*
 * For the kernel programs, of which clang must not take packets apart byte by byte: where the CPU takes unaligned loads the
 * verifier does too.
 */
#ifdef __bpf__
#define ANY_ALIGNMENT(p, n) __builtin_assume_aligned((p), (n))
#else
#define ANY_ALIGNMENT(p, n) (p)
#endif

#if defined(__bpf__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
MIRUO_INLINE uint16_t be16(const uint8_t *p)
{
	return __builtin_bswap16(*(const uint16_t *)ANY_ALIGNMENT(p, 2));
}

MIRUO_INLINE uint32_t be32(const uint8_t *p)
{
	return __builtin_bswap32(*(const uint32_t *)ANY_ALIGNMENT(p, 4));
}
#else
MIRUO_INLINE uint16_t be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

MIRUO_INLINE uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}
#endif

MIRUO_INLINE enum decode_result decode_tcp(struct cursor *c, uint32_t ip_payload_len, struct segment *seg)
{
	const uint8_t *th;
	uint32_t header_len, opt_len, captured;

	if (ip_payload_len < 20)
		return DECODE_BAD_TCP;
	th = take(c, 20);
	if (!th)
		return short_read(c, 20, DECODE_BAD_TCP);
	seg->sport = be16(th);
	seg->dport = be16(th + 2);
	seg->seq = be32(th + 4);
	seg->ack = be32(th + 8);
	seg->flags = th[13];
	seg->window = be16(th + 14);

	header_len = (uint32_t)(th[12] >> 4) * 4;
	if (header_len < 20)
		return DECODE_BAD_TCP;
	opt_len = header_len - 20;
	if (header_len > ip_payload_len) {
		if (seg->frag != FRAG_FIRST)
			return DECODE_BAD_TCP;
		opt_len = ip_payload_len - 20;	/* the rest is in the next fragment */
		seg->opt_cut = 1;
	}
	seg->payload_len = ip_payload_len - 20 - opt_len;
	seg->opt_off = c->off;
	seg->payload_off = c->off + opt_len;

	captured = (uint32_t)(c->end - c->pos);
	if (opt_len > captured) {
		opt_len = captured;
		seg->opt_cut = 1;
	}
	seg->opt_len = (uint8_t)(opt_len <= TCP_OPTIONS_MAX ? opt_len : TCP_OPTIONS_MAX);
	return DECODE_TCP;
}

/* A later fragment: all that is known is whose datagram it belongs to. */
MIRUO_INLINE enum decode_result decode_later_fragment(uint32_t ip_payload_len, uint32_t offset, int last,
						      struct segment *seg)
{
	seg->frag = FRAG_LATER;
	seg->frag_off = offset;
	seg->frag_last = (uint8_t)last;
	seg->payload_len = ip_payload_len;
	return DECODE_FRAGMENT;
}

/*
 * Protocols that may have TCP inside that is not looked for: tunnels, AH over IPv4, and what a later fragment of IPv6 names
 * when such a header begins its fragmentable part (RFC 8200 4.5).
 */
MIRUO_INLINE enum decode_result other_protocol(uint8_t proto)
{
	switch (proto) {
	case PROTO_IPV4:
	case PROTO_IPV6:
	case PROTO_GRE:
	case PROTO_AH:
	case PROTO_DSTOPTS:
		return DECODE_UNSUPPORTED;
	default:
		return DECODE_NOT_TCP;
	}
}

MIRUO_INLINE enum decode_result decode_ipv4(struct cursor *c, struct segment *seg)
{
	uint32_t start = c->off, header_len, total_len, on_wire, frag;
	const uint8_t *ip = take(c, 20);

	if (!ip)
		return short_read(c, 20, DECODE_BAD_IP);
	header_len = (uint32_t)(ip[0] & 15) * 4;
	if (ip[0] >> 4 != 4 || header_len < 20)
		return DECODE_BAD_IP;
	on_wire = c->wire_len - start;
	total_len = be16(ip + 2);
	if (total_len == 0 || total_len > on_wire)	/* 0: segmentation offload, RFC 791 has no such packet */
		total_len = on_wire;
	if (total_len < header_len)
		return DECODE_BAD_IP;

	seg->ip_version = 4;
	seg->ip_id = be16(ip + 4);
	seg->ttl = ip[8];
	seg->saddr[10] = seg->saddr[11] = seg->daddr[10] = seg->daddr[11] = 0xff;
	__builtin_memcpy(seg->saddr + 12, ANY_ALIGNMENT(ip + 12, 4), 4);
	__builtin_memcpy(seg->daddr + 12, ANY_ALIGNMENT(ip + 16, 4), 4);
	if (ip[9] != PROTO_TCP)
		return other_protocol(ip[9]);

	frag = be16(ip + 6);
	if (frag & IP_OFFSET_MASK)
		return decode_later_fragment(total_len - header_len, (frag & IP_OFFSET_MASK) * 8,
					     !(frag & IP_MORE_FRAGMENTS), seg);
	if (frag & IP_MORE_FRAGMENTS)
		seg->frag = FRAG_FIRST;
	if (!take(c, header_len - 20))
		return short_read(c, header_len - 20, DECODE_BAD_IP);
	return decode_tcp(c, total_len - header_len, seg);
}

MIRUO_INLINE enum decode_result decode_ipv6(struct cursor *c, struct segment *seg)
{
	const uint8_t *ip = take(c, 40), *ext;
	uint32_t left, on_wire, len, frag;
	uint8_t next;
	int i;

	if (!ip)
		return short_read(c, 40, DECODE_BAD_IP);
	if (ip[0] >> 4 != 6)
		return DECODE_BAD_IP;
	on_wire = c->wire_len - c->off;
	left = be16(ip + 4);
	if (left == 0 || left > on_wire)	/* 0: jumbogram (RFC 2675) or segmentation offload */
		left = on_wire;
	next = ip[6];
	seg->ip_version = 6;
	seg->ttl = ip[7];
	__builtin_memcpy(seg->saddr, ANY_ALIGNMENT(ip + 8, 8), 16);
	__builtin_memcpy(seg->daddr, ANY_ALIGNMENT(ip + 24, 8), 16);

	for (i = 0; i < IPV6_EXTENSIONS_MAX && next != PROTO_TCP; i++) {
		switch (next) {
		case PROTO_HOPOPTS:
		case PROTO_ROUTING:
		case PROTO_FRAGMENT:
		case PROTO_AH:
		case PROTO_DSTOPTS:
		case PROTO_MOBILITY:
		case PROTO_HIP:
		case PROTO_SHIM6:
			break;
		default:
			return other_protocol(next);
		}
		ext = take(c, 8);
		if (!ext)
			return short_read(c, 8, DECODE_BAD_IP);
		if (next == PROTO_FRAGMENT) {
			len = 8;
			frag = be16(ext + 2);
			seg->ip_id = be32(ext + 4);
			if (left < len)
				return DECODE_BAD_IP;
			if (frag & 0xfff8) {
				if (ext[0] != PROTO_TCP)
					return other_protocol(ext[0]);
				return decode_later_fragment(left - len, frag & 0xfff8, !(frag & 1), seg);
			}
			if (frag & 1)
				seg->frag = FRAG_FIRST;
		} else if (next == PROTO_AH) {
			len = ((uint32_t)ext[1] + 2) * 4;	/* RFC 4302 2.2 */
		} else {
			len = ((uint32_t)ext[1] + 1) * 8;	/* RFC 8200 4.2 */
		}
		if (len < 8 || len > left)
			return DECODE_BAD_IP;
		next = ext[0];
		left -= len;
		if (!take(c, len - 8))
			return short_read(c, len - 8, DECODE_BAD_IP);
		forget_way(c, &left, seg);
	}
	return next == PROTO_TCP ? decode_tcp(c, left, seg) : DECODE_UNSUPPORTED;
}

/* LLC with SNAP and an Ethernet type (IEEE 802.2, RFC 1042): the type, 0 if it is another LLC user, -1 if cut. */
MIRUO_INLINE int decode_llc(struct cursor *c)
{
	const uint8_t *llc = take(c, 8);

	if (!llc)
		return -1;
	if (llc[0] != 0xaa || llc[1] != 0xaa || llc[2] != 0x03 || (llc[3] | llc[4] | llc[5]))
		return 0;
	return be16(llc + 6);
}

MIRUO_INLINE enum decode_result decode_network(struct cursor *c, uint16_t type, struct segment *seg)
{
	const uint8_t *tag;
	uint32_t depth = 0, id;
	int i, llc;

#pragma GCC unroll 5
	for (i = 0; i <= VLAN_TAGS_MAX; i++) {
		if (type != ETHERTYPE_VLAN && type != ETHERTYPE_QINQ && type != ETHERTYPE_QINQ_OLD)
			break;
		if (i == VLAN_TAGS_MAX)
			return DECODE_UNSUPPORTED;
		tag = take(c, 4);
		if (!tag)
			return short_read(c, 4, DECODE_BAD_LINK);
		id = be16(tag) & 0x0fff;
		if (id)
			seg->vlan |= (uint64_t)id << (16 * depth++);
		type = be16(tag + 2);
		forget_way(c, NULL, seg);
	}
	if (type < ETHERTYPE_MIN) {
		llc = decode_llc(c);
		if (llc < 0)
			return short_read(c, 8, DECODE_NOT_TCP);
		type = (uint16_t)llc;
		forget_way(c, NULL, seg);
	}
	switch (type) {
	case ETHERTYPE_IPV4:
		return decode_ipv4(c, seg);
	case ETHERTYPE_IPV6:
		return decode_ipv6(c, seg);
	case ETHERTYPE_MPLS:
	case ETHERTYPE_MPLS_MULTICAST:
	case ETHERTYPE_PPPOE:
	case ETHERTYPE_PBB:
	case ETHERTYPE_VNTAG:
	case ETHERTYPE_FABRICPATH:
		return DECODE_UNSUPPORTED;
	default:
		return DECODE_NOT_TCP;
	}
}

MIRUO_INLINE enum decode_result decode_ip(struct cursor *c, struct segment *seg)
{
	if (c->pos + 1 > c->end)
		return short_read(c, 1, DECODE_BAD_IP);
	switch (c->pos[0] >> 4) {
	case 4:
		return decode_ipv4(c, seg);
	case 6:
		return decode_ipv6(c, seg);
	default:
		return DECODE_BAD_IP;
	}
}

/* Address families of the BSD loopback header: IPv6 has another number in each system. */
MIRUO_INLINE enum decode_result decode_null(struct cursor *c, struct segment *seg)
{
	const uint8_t *p = take(c, 4);
	uint32_t family;

	if (!p)
		return short_read(c, 4, DECODE_BAD_LINK);
	family = be32(p);
	if (family > 0xffff)
		family = (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
	switch (family) {
	case 2:
		return decode_ipv4(c, seg);
	case 10:	/* Linux */
	case 24:	/* NetBSD, OpenBSD */
	case 28:	/* FreeBSD */
	case 30:	/* macOS */
		return decode_ipv6(c, seg);
	default:
		return DECODE_NOT_TCP;
	}
}

MIRUO_INLINE enum decode_result decode_sll(struct cursor *c, enum link_type link, struct segment *seg)
{
	uint32_t len = link == LINK_SLL2 ? 20 : 16;
	const uint8_t *p = take(c, len);
	uint16_t arphrd, protocol;

	if (!p)
		return short_read(c, len, DECODE_BAD_LINK);
	if (link == LINK_SLL2) {
		protocol = be16(p);
		seg->ifindex = be32(p + 4);
		arphrd = be16(p + 8);
		seg->egress = p[10] == SLL_OUTGOING;
	} else {
		seg->egress = be16(p) == SLL_OUTGOING;
		arphrd = be16(p + 2);
		protocol = be16(p + 14);
	}
	if (arphrd == ARPHRD_NETLINK)
		return DECODE_NOT_TCP;
	if (protocol < ETHERTYPE_MIN && protocol != SLL_PROTOCOL_LLC)
		return DECODE_NOT_TCP;
	return decode_network(c, protocol, seg);
}

/*
 * The same as decode_frame_zeroed() for an Ethernet frame with IPv4 and no tag, DECODE_RESULTS for any other: for who would
 * spare such frames the way through what they do not have.
 */
MIRUO_INLINE enum decode_result decode_untagged_ipv4(const uint8_t *data, const uint8_t *end, uint32_t wire_len,
						     struct segment *seg)
{
	struct cursor c = { .start = data, .pos = data, .end = end, .off = 0, .wire_len = wire_len };
	const uint8_t *eth = take(&c, 14);

	if (!eth || be16(eth + 12) != ETHERTYPE_IPV4)
		return DECODE_RESULTS;
	seg->wire_len = wire_len;
	return decode_ipv4(&c, seg);
}

/* decode_frame() into a segment that is all zero. */
MIRUO_INLINE enum decode_result decode_frame_zeroed(enum link_type link, const uint8_t *data, const uint8_t *end,
						    uint32_t wire_len, struct segment *seg)
{
	struct cursor c = { .start = data, .pos = data, .end = end, .off = 0, .wire_len = wire_len };
	const uint8_t *eth;

	seg->wire_len = wire_len;
	switch (link) {
	case LINK_ETHERNET:
		eth = take(&c, 14);
		if (!eth)
			return short_read(&c, 14, DECODE_BAD_LINK);
		return decode_network(&c, be16(eth + 12), seg);
	case LINK_SLL:
	case LINK_SLL2:
		return decode_sll(&c, link, seg);
	case LINK_RAW:
		return decode_ip(&c, seg);
	case LINK_NULL:
		return decode_null(&c, seg);
	}
	return DECODE_UNSUPPORTED;
}

/*
 * Decodes the frame that begins at data, of which the bytes before end were captured and wire_len were on the wire. Not less:
 * a source whose input claims that fewer bytes were sent than captured takes what was captured for wire_len.
 * Fills *seg, all of it but what segment.h says the source sets; ts_ns, netns and segs are left 0. Addresses, ip_version, ttl
 * and ip_id are valid for DECODE_TCP and DECODE_FRAGMENT, the rest as segment.h says; for any other result *seg is garbage.
 */
MIRUO_INLINE enum decode_result decode_frame(enum link_type link, const uint8_t *data, const uint8_t *end,
					     uint32_t wire_len, struct segment *seg)
{
	segment_clear(seg);
	return decode_frame_zeroed(link, data, end, wire_len, seg);
}

#endif
