/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "probe.h"

#include <string.h>

#define ETHERNET 14
#define SLL 16
#define SLL_OUTGOING 4		/* packet type; 0: to this host */
#define TAG 4
#define IP4 20
#define IP6 40
#define TCP 20
#define MSS_OPTION 4
#define PAYLOAD_WRITABLE 32
#define FIRST_PAYLOAD 1400	/* of a probe as it is made */

/* TCP flags */
#define FIN 0x01
#define SYN 0x02
#define RST 0x04
#define PSH 0x08
#define ACK 0x10

static void put(uint8_t *at, uint32_t size, uint32_t value)
{
	while (size--) {
		at[size] = (uint8_t)value;
		value >>= 8;
	}
}

static uint32_t ip_size(const struct probe *p)
{
	return p->ip6 ? IP6 : IP4;
}

static uint32_t transport(const struct probe *p)
{
	return p->network + ip_size(p);
}

static uint32_t payload(const struct probe *p)
{
	return transport(p) + (p->head[transport(p) + 12] >> 4) * 4;
}

/* Sets the lengths. */
static void set_payload(struct probe *p, uint32_t bytes)
{
	uint8_t *ip = p->head + p->network;

	p->len = payload(p) + bytes;
	if (p->ip6)
		put(ip + 4, 2, p->len - p->network - IP6);
	else
		put(ip + 2, 2, p->len - p->network);
}

/* Returns where the network layer begins. */
static uint32_t put_link(struct probe *p, unsigned int tags)
{
	static const uint8_t macs[] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2 };
	uint32_t type = p->ip6 ? 0x86dd : 0x0800, at = 12;

	if (p->link == PROBE_SLL) {
		put(p->head + 2, 2, 1);
		put(p->head + 4, 2, 6);
		memcpy(p->head + 6, macs, 6);
		put(p->head + 14, 2, type);
		return SLL;
	}
	memcpy(p->head, macs, sizeof(macs));
	for (; tags--; at += TAG) {
		put(p->head + at, 2, 0x8100);
		put(p->head + at + 2, 2, 1);
	}
	put(p->head + at, 2, type);
	return at + 2;
}

static void put_ip4(uint8_t *ip)
{
	ip[0] = 0x45;
	put(ip + 4, 2, 0x1234);
	ip[6] = 0x40;		/* don't fragment */
	ip[8] = 64;
	ip[9] = 6;
	put(ip + 12, 4, 0xc0000201);
	put(ip + 16, 4, 0xc6336402);
}

static void put_ip6(uint8_t *ip)
{
	ip[0] = 0x60;
	ip[6] = 6;
	ip[7] = 64;
	put(ip + 8, 4, 0x20010db8);
	put(ip + 20, 4, 1);
	put(ip + 24, 4, 0x20010db8);
	put(ip + 36, 4, 2);
}

void probe_init(struct probe *p, enum probe_link link, unsigned int tags, bool ip6)
{
	uint8_t *tcp;

	*p = (struct probe){ .link = link, .ip6 = ip6 };
	p->network = put_link(p, tags);
	if (ip6)
		put_ip6(p->head + p->network);
	else
		put_ip4(p->head + p->network);
	tcp = p->head + transport(p);
	put(tcp, 2, 40000);
	put(tcp + 2, 2, 40001);
	put(tcp + 4, 4, 1000);
	put(tcp + 8, 4, 2000);
	tcp[12] = (TCP / 4) << 4;
	tcp[13] = ACK;
	put(tcp + 14, 2, 8192);
	set_payload(p, FIRST_PAYLOAD);
}

/* Where a write may go, from the beginning of a header. */
struct range {
	uint32_t from, to;
};

static const struct range ethernet_ranges[] = { { 0, 12 }, { 0, 0 } };
static const struct range sll_ranges[] = { { 0, 2 }, { 0, 0 } };
static const struct range ip4_ranges[] = { { 1, 2 }, { 8, 9 }, { 12, 16 }, { 16, 20 }, { 0, 0 } };
static const struct range ip6_ranges[] = { { 7, 8 }, { 8, 24 }, { 24, 40 }, { 0, 0 } };
static const struct range tcp_ranges[] = {
	{ 0, 2 }, { 2, 4 }, { 4, 8 }, { 8, 12 }, { 13, 14 }, { 14, 16 }, { 0, 0 },
};

static bool in_ranges(const struct range *r, uint32_t base, uint32_t offset, uint32_t size)
{
	for (; r->to; r++)
		if (offset >= base + r->from && offset + size <= base + r->to)
			return true;
	return false;
}

static bool in_tag(const struct probe *p, uint32_t offset, uint32_t size)
{
	return p->link == PROBE_ETHERNET && size == 2 && offset >= ETHERNET && offset < p->network &&
	       (offset - ETHERNET) % TAG == 0;
}

static bool in_payload(const struct probe *p, uint32_t offset, uint32_t size)
{
	uint32_t from = payload(p);

	return offset >= from && offset + size <= from + PAYLOAD_WRITABLE && offset + size <= p->len;
}

static bool is_writable(const struct probe *p, uint32_t offset, uint32_t size)
{
	if (offset > PROBE_HEAD - 4)
		return false;
	return in_ranges(p->link == PROBE_ETHERNET ? ethernet_ranges : sll_ranges, 0, offset, size) ||
	       in_tag(p, offset, size) ||
	       in_ranges(p->ip6 ? ip6_ranges : ip4_ranges, p->network, offset, size) ||
	       in_ranges(tcp_ranges, transport(p), offset, size) || in_payload(p, offset, size);
}

bool probe_write(struct probe *p, uint32_t offset, uint32_t size, uint32_t value)
{
	if (!is_writable(p, offset, size))
		return false;
	put(p->head + offset, size, value);
	return true;
}

uint32_t probe_read(const struct probe *p, uint32_t offset, uint32_t size)
{
	uint32_t value = 0;

	for (; size && offset < PROBE_HEAD; size--)
		value = value << 8 | p->head[offset++];
	return value;
}

static bool ip4_is_plausible(const uint8_t *address)
{
	return address[0] > 0 && address[0] < 224;
}

bool probe_is_plausible(const struct probe *p)
{
	const uint8_t *ip = p->head + p->network;

	if (p->link == PROBE_SLL && probe_read(p, 0, 2) != 0 && probe_read(p, 0, 2) != SLL_OUTGOING)
		return false;
	if (p->link == PROBE_ETHERNET && (p->head[0] & 1 || p->head[6] & 1))
		return false;
	if (p->ip6)
		return ip[8] != 0xff && ip[24] != 0xff;
	return ip4_is_plausible(ip + 12) && ip4_is_plausible(ip + 16);
}

static void swap(uint8_t *at, uint32_t size)
{
	uint8_t first[16];

	memcpy(first, at, size);
	memcpy(at, at + size, size);
	memcpy(at + size, first, size);
}

void probe_mirror(struct probe *p)
{
	if (p->link == PROBE_ETHERNET)
		swap(p->head, 6);
	else
		p->head[1] ^= SLL_OUTGOING;
	if (p->ip6)
		swap(p->head + p->network + 8, 16);
	else
		swap(p->head + p->network + 12, 4);
	swap(p->head + transport(p), 2);
}

static const struct kind {
	uint8_t flags;
	uint32_t seq, ack, payload;
} kinds[PROBE_KINDS] = {
	{ SYN, 77000, 0, 0 },
	{ SYN | ACK, 88000, 77001, 0 },
	{ ACK, 77001, 88001, 0 },
	{ PSH | ACK, 77001, 88001, 100 },
	{ ACK, 77101, 88301, FIRST_PAYLOAD },
	{ FIN | ACK, 78501, 88301, 0 },
	{ RST, 78502, 0, 0 },
	{ RST | ACK, 78502, 88302, 0 },
};

void probe_kind(struct probe *p, unsigned int kind)
{
	const struct kind *k = &kinds[kind];
	uint8_t *tcp = p->head + transport(p);
	bool option = k->flags & SYN;

	put(tcp + 4, 4, k->seq);
	put(tcp + 8, 4, k->ack);
	tcp[12] = (uint8_t)((TCP + (option ? MSS_OPTION : 0)) / 4 << 4);
	tcp[13] = k->flags;
	put(tcp + 14, 2, k->flags & RST ? 0 : 64240);
	if (option)
		put(tcp + TCP, 4, 0x020405b4);
	set_payload(p, k->payload);
}
