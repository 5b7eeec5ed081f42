/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "frame.h"

#include <string.h>

enum {
	TYPE_IPV4 = 0x0800,
	TYPE_IPV6 = 0x86dd,
	TYPE_VLAN = 0x8100,
	TYPE_QINQ = 0x88a8,
	PROTO_TCP = 6,
	PROTO_FRAGMENT = 44,
	MORE_FRAGMENTS = 0x2000,
	DONT_FRAGMENT = 0x4000,
	AF_INET_BSD = 2,
	AF_INET6_BSD = 30,
	ARPHRD_ETHERNET = 1,
};

static uint8_t tcp_buf[60 + FRAME_PAYLOAD_MAX];
static uint8_t frame_buf[FRAME_MAX];

static uint8_t *put8(uint8_t *p, uint32_t v)
{
	*p = (uint8_t)v;
	return p + 1;
}

static uint8_t *put16(uint8_t *p, uint32_t v)
{
	return put8(put8(p, v >> 8), v);
}

static uint8_t *put32(uint8_t *p, uint32_t v)
{
	return put16(put16(p, v >> 16), v);
}

static uint8_t *put(uint8_t *p, const void *bytes, size_t len)
{
	memcpy(p, bytes, len);
	return p + len;
}

/* RFC 1071 sum, not yet folded. */
static uint64_t sum(uint64_t acc, const uint8_t *p, size_t len)
{
	size_t i;

	for (i = 0; i + 1 < len; i += 2)
		acc += (uint32_t)p[i] << 8 | p[i + 1];
	if (len & 1)
		acc += (uint32_t)p[len - 1] << 8;
	return acc;
}

static uint16_t fold(uint64_t acc)
{
	while (acc >> 16)
		acc = (acc & 0xffff) + (acc >> 16);
	return (uint16_t)~acc;
}

static size_t address_len(const struct frame_end *end)
{
	return end->ip_version == 4 ? 4 : 16;
}

static uint32_t build_tcp(const struct frame_spec *s)
{
	uint32_t header = 20 + s->opt_len, len = header + s->payload_len;
	size_t alen = address_len(&s->src);
	uint8_t *p = tcp_buf;
	uint64_t acc = PROTO_TCP + len;

	p = put16(p, s->src.port);
	p = put16(p, s->dst.port);
	p = put32(p, s->seq);
	p = put32(p, s->ack);
	p = put8(p, (s->data_offset < 0 ? header / 4 : (uint32_t)s->data_offset) << 4);
	p = put8(p, s->flags);
	p = put16(p, s->window);
	p = put32(p, 0);
	p = put(p, s->opt, s->opt_len);
	if (s->payload_len)
		put(p, s->payload, s->payload_len);

	acc = sum(acc, s->src.addr, alen);
	acc = sum(acc, s->dst.addr, alen);
	acc = sum(acc, tcp_buf, len);
	put16(tcp_buf + 16, (uint32_t)fold(acc) ^ (s->bad_checksum ? 0x5555 : 0));
	return len;
}

static uint8_t *put_ethernet(uint8_t *p, const struct frame_spec *s, uint32_t type, uint32_t network_len)
{
	static const uint8_t oui[5] = { 2, 0, 0, 0, 0 };
	uint32_t i;

	p = put8(put(p, oui, 5), s->dst.host);
	p = put8(put(p, oui, 5), s->src.host);
	for (i = 0; i < s->vlan_count; i++) {
		p = put16(p, i + 1 < s->vlan_count ? TYPE_QINQ : TYPE_VLAN);
		p = put16(p, s->vlan[i]);
	}
	if (!s->snap)
		return put16(p, type);
	p = put16(p, network_len + 8);
	p = put(p, "\xaa\xaa\x03\0\0", 6);
	return put16(p, type);
}

static uint8_t *put_sll(uint8_t *p, const struct frame_spec *s, uint32_t type)
{
	const uint8_t address[8] = { 2, 0, 0, 0, 0, s->src.host };

	if (s->link == FRAME_SLL) {
		p = put16(put16(put16(p, 0), ARPHRD_ETHERNET), 6);
		return put16(put(p, address, 8), type);
	}
	p = put32(put16(put16(p, type), 0), 1);
	return put(put8(put8(put16(p, ARPHRD_ETHERNET), 0), 6), address, 8);
}

/* Address family in the byte order of the capturing host (here: little endian), or big endian for LOOP. */
static uint8_t *put_family(uint8_t *p, const struct frame_spec *s)
{
	uint8_t family = s->src.ip_version == 4 ? AF_INET_BSD : AF_INET6_BSD;

	memset(p, 0, 4);
	p[s->link == FRAME_LOOP ? 3 : 0] = family;
	return p + 4;
}

static uint8_t *put_link(uint8_t *p, const struct frame_spec *s, uint32_t network_len)
{
	uint32_t type = s->src.ip_version == 4 ? TYPE_IPV4 : TYPE_IPV6;

	switch (s->link) {
	case FRAME_ETHERNET:
		return put_ethernet(p, s, type, network_len);
	case FRAME_SLL:
	case FRAME_SLL2:
		return put_sll(p, s, type);
	case FRAME_NULL:
	case FRAME_LOOP:
		return put_family(p, s);
	case FRAME_RAW:
		break;
	}
	return p;
}

struct part {
	uint32_t off, len;	/* of tcp_buf */
	bool more;
	bool fragment;
};

static uint8_t *put_ipv4(uint8_t *p, const struct frame_spec *s, const struct part *part)
{
	uint8_t *ip = p;

	p = put16(p, 0x4500);
	p = put16(p, s->ip_len < 0 ? 20 + part->len : (uint32_t)s->ip_len);
	p = put16(p, s->ip_id);
	p = put16(p, part->off / 8 | (part->more ? MORE_FRAGMENTS : 0) | (part->fragment ? 0 : DONT_FRAGMENT));
	p = put8(put8(p, s->ttl), PROTO_TCP);
	p = put16(p, 0);
	p = put(p, s->src.addr, 4);
	p = put(p, s->dst.addr, 4);
	put16(ip + 10, fold(sum(0, ip, 20)));
	return p;
}

static uint8_t *put_ipv6(uint8_t *p, const struct frame_spec *s, const struct part *part)
{
	uint32_t ext = (s->hop_by_hop ? 8 : 0) + (part->fragment ? 8 : 0);
	uint8_t next = part->fragment ? PROTO_FRAGMENT : PROTO_TCP;

	p = put32(p, 6u << 28);
	p = put16(p, s->ip_len < 0 ? ext + part->len : (uint32_t)s->ip_len);
	p = put8(put8(p, s->hop_by_hop ? 0 : next), s->ttl);
	p = put(p, s->src.addr, 16);
	p = put(p, s->dst.addr, 16);
	if (s->hop_by_hop)
		p = put(put8(p, next), "\0\1\4\0\0\0", 7);	/* PadN, RFC 8200 4.2 */
	if (part->fragment)
		p = put32(put16(put16(p, PROTO_TCP << 8), part->off | part->more), s->ip_id);
	return p;
}

static void build_part(const struct frame_spec *s, const struct part *part, frame_fn *fn, void *ctx)
{
	bool v4 = s->src.ip_version == 4;
	uint8_t network[64], *end, *p;

	end = v4 ? put_ipv4(network, s, part) : put_ipv6(network, s, part);
	p = put_link(frame_buf, s, (uint32_t)(end - network) + part->len);
	p = put(p, network, (size_t)(end - network));
	p = put(p, tcp_buf + part->off, part->len);
	memset(p, 0, s->pad);
	fn(ctx, frame_buf, (size_t)(p - frame_buf) + s->pad);
}

const char *frame_build(const struct frame_spec *spec, frame_fn *fn, void *ctx)
{
	uint32_t len, step, count, i, n;
	struct part part;

	if (spec->src.ip_version != spec->dst.ip_version)
		return "one end is IPv4, the other IPv6";
	if (spec->payload_len > FRAME_PAYLOAD_MAX || spec->pad > 64)
		return "too long";
	if (spec->link != FRAME_ETHERNET && (spec->vlan_count || spec->snap))
		return "vlan and snap need link ethernet";
	if (spec->hop_by_hop && spec->src.ip_version != 6)
		return "hopopts needs IPv6";
	if (spec->frag_len % 8)
		return "the length of a fragment is a multiple of 8";

	len = build_tcp(spec);
	step = spec->frag_len ? spec->frag_len : len;
	count = (len + step - 1) / step;
	if (step > 65495 && spec->ip_len < 0)
		return "longer than an IP packet: add iplen 0, or frag";
	for (i = 0; i < count; i++) {
		n = spec->frag_reversed ? count - 1 - i : i;
		part.off = n * step;
		part.len = n + 1 < count ? step : len - part.off;
		part.more = n + 1 < count || spec->more_fragments;
		part.fragment = count > 1 || spec->more_fragments;
		build_part(spec, &part, fn, ctx);
	}
	return NULL;
}
