/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Input: link type (1 byte), bytes of the frame that were not captured (2, big-endian), the bytes that were. */
#include "fuzz.h"

#include "miruo/decode.h"

#define PREFIX 3

static const enum link_type links[] = { LINK_ETHERNET, LINK_SLL, LINK_SLL2, LINK_RAW, LINK_NULL };

static int is_mapped(const uint8_t *addr)
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(addr, prefix, sizeof(prefix));
}

static void check_datagram(const struct segment *seg)
{
	MUST(seg->ip_version == 4 || seg->ip_version == 6);
	MUST(seg->ip_version == 6 || (is_mapped(seg->saddr) && is_mapped(seg->daddr)));
	MUST(seg->ip_version == 6 || seg->ip_id <= 0xffff);
}

static void check_tcp(const struct segment *seg, uint32_t cap_len)
{
	check_datagram(seg);
	MUST(seg->frag == FRAG_NONE || seg->frag == FRAG_FIRST);
	MUST(seg->frag_off == 0 && seg->frag_last == 0);
	MUST(seg->opt_off >= 40 && seg->opt_off <= cap_len);
	MUST(seg->opt_len <= TCP_OPTIONS_MAX && seg->opt_off + seg->opt_len <= cap_len);
	MUST(seg->payload_off >= seg->opt_off && seg->payload_off - seg->opt_off <= TCP_OPTIONS_MAX);
	MUST((seg->payload_off - seg->opt_off) % 4 == 0 || seg->opt_cut);
	MUST(seg->payload_off - seg->opt_off == seg->opt_len || seg->opt_cut);
	MUST(seg->payload_off <= seg->wire_len && seg->payload_len <= seg->wire_len - seg->payload_off);
}

static void check_later_fragment(const struct segment *seg)
{
	check_datagram(seg);
	MUST(seg->frag == FRAG_LATER);
	MUST(seg->frag_off > 0 && seg->frag_off % 8 == 0 && seg->frag_off <= 0xfff8);
	MUST(seg->frag_last <= 1);
	MUST(seg->payload_len < seg->wire_len);
	MUST(!seg->sport && !seg->dport && !seg->seq && !seg->ack && !seg->flags && !seg->window);
	MUST(!seg->opt_len && !seg->opt_off && !seg->opt_cut);
}

static void check_vlan(uint64_t vlan)
{
	for (; vlan; vlan >>= 16)	/* ids of 12 bits, none missing between two */
		MUST((vlan & 0xffff) > 0 && (vlan & 0xffff) <= 0xfff);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum decode_result result;
	enum link_type link;
	struct segment seg;
	uint32_t cap_len, wire_len;
	uint8_t *frame;

	if (size < PREFIX || size > 0x10000)
		return 0;
	link = links[data[0] % (sizeof(links) / sizeof(links[0]))];
	cap_len = (uint32_t)size - PREFIX;
	wire_len = cap_len + be16(data + 1);
	frame = exact_copy(data + PREFIX, cap_len);

	memset(&seg, 0xa5, sizeof(seg));
	result = decode_frame(link, frame, frame + cap_len, wire_len, &seg);
	MUST(result >= DECODE_TCP && result < DECODE_RESULTS);
	MUST(result != DECODE_TRUNCATED || wire_len > cap_len);
	MUST(seg.wire_len == wire_len);
	MUST(!seg.ts_ns && !seg.netns && !seg.segs && !seg.opt && !seg.payload && !seg.payload_cap);
	MUST(seg.egress <= 1 && seg.opt_cut <= 1);
	check_vlan(seg.vlan);
	if (result == DECODE_TCP)
		check_tcp(&seg, cap_len);
	else if (result == DECODE_FRAGMENT)
		check_later_fragment(&seg);
	free(frame);
	return 0;
}
