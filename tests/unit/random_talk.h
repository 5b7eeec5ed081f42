/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two sides that talk at random, with losses, repeats, closed windows, probes, SACKs and ACKs of what was not seen. */
#ifndef MIRUO_TESTS_RANDOM_TALK_H
#define MIRUO_TESTS_RANDOM_TALK_H

#include "make_segment.h"

struct talk {
	uint64_t random;		/* the seed, at first */
	uint64_t now_ns;
	uint32_t next[2], acked[2];	/* of each side: what it sends next, and what it has acknowledged */
	uint8_t options[TCP_OPTIONS_MAX];	/* of the latest segment */
};

static inline uint32_t random_below(struct talk *t, uint32_t n)
{
	t->random = t->random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((t->random >> 32) * n >> 32);
}

static inline bool one_in(struct talk *t, uint32_t n)
{
	return random_below(t, n) == 0;
}

static inline void put_number(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static inline void add_sack(struct talk *t, struct segment *seg, uint32_t from)
{
	t->options[0] = t->options[1] = 1;
	t->options[2] = 5;
	t->options[3] = 10;
	put_number(t->options + 4, from);
	put_number(t->options + 8, from + 1 + random_below(t, 2000));
	seg->opt_len = 12;
}

static inline void add_timestamps(struct talk *t, struct segment *seg)
{
	memcpy(t->options, "\1\1\10\12", 4);
	seg->opt_len = 12;
}

static inline uint8_t random_flags(struct talk *t)
{
	static const uint8_t rare[] = { TCP_ACK | TCP_FIN, TCP_RST, TCP_ACK | TCP_ECE, TCP_ACK | TCP_CWR, 0,
					TCP_ACK | TCP_URG, TCP_SYN | TCP_ACK };

	return one_in(t, 100) ? rare[random_below(t, sizeof(rare))] : TCP_ACK | (one_in(t, 2) ? TCP_PSH : 0);
}

/* The next segment of a side; it has taken note of it. options: of the talk. */
static inline struct segment random_segment(struct talk *t, uint8_t side)
{
	static const uint32_t lengths[] = { 0, 0, 1, 100, 1448, 1448, 60000 };
	uint32_t len = lengths[random_below(t, 7)], seq = t->next[side], ack;
	uint32_t unacked = t->next[!side] - t->acked[side];
	struct segment seg;

	if (one_in(t, 20))
		seq += random_below(t, 4000) - 2000;
	if (one_in(t, 300))
		seq += random_below(t, UINT32_MAX);
	ack = t->acked[side] + (unacked < 1u << 20 ? random_below(t, unacked + 1) : 0);
	if (one_in(t, 3))
		ack = t->next[!side];
	if (one_in(t, 30))
		ack += random_below(t, 4000) - 2000;
	if (one_in(t, 300))
		ack += random_below(t, UINT32_MAX);
	seg = make_segment(side ? SERVER : CLIENT, random_flags(t), seq, ack, len);
	seg.opt = t->options;
	seg.ts_ns = t->now_ns += random_below(t, one_in(t, 10) ? 3000000000u : 2000000u);
	seg.window = (uint16_t)(one_in(t, 15) ? 0 : one_in(t, 3) ? random_below(t, 65536) : 512);
	if (one_in(t, 15))
		add_sack(t, &seg, one_in(t, 2) ? ack + 1000 : ack - 1000);
	else if (one_in(t, 2))
		add_timestamps(t, &seg);
	seg.segs = (uint16_t)random_below(t, 2);
	if (seq == t->next[side])
		t->next[side] += len;
	t->acked[side] = ack;
	return seg;
}

/* The SYN of side 0 or the SYN/ACK of side 1, most of them with an MSS and a window scale; its side has taken note of it. */
static inline struct segment random_syn(struct talk *t, uint8_t side)
{
	static const uint8_t options[] = { 2, 4, 5, 0xb4, 3, 3, 7, 1 };
	struct segment seg = make_segment(side ? SERVER : CLIENT, side ? TCP_SYN | TCP_ACK : TCP_SYN, t->next[side]++,
					  side ? t->next[0] : 0, 0);

	seg.ts_ns = t->now_ns += MS;
	seg.opt = options;
	seg.opt_len = one_in(t, 5) ? 0 : sizeof(options);
	return seg;
}

#endif
