/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sack.h"

#include "seq.h"
#include "tcpopt.h"

#define BLOCK_LEN 8

struct block {
	uint32_t start, end;
};

static uint32_t number_at(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static struct block block_at(const uint8_t *p)
{
	return (struct block){ number_at(p), number_at(p + 4) };
}

/* RFC 2883 4: the first block lies below the ACK, or within the second one. */
static bool is_twice(const struct block *b, const struct tcpopt *opt, uint32_t ack)
{
	struct block second;

	if (seq_diff(b->end, ack) <= 0)
		return true;
	if (opt->len < 2 + 2 * BLOCK_LEN)
		return false;
	second = block_at(opt->value + BLOCK_LEN);
	return seq_diff(b->start, second.start) >= 0 && seq_diff(b->end, second.end) <= 0;
}

static void read_blocks(const struct tcpopt *opt, uint32_t ack, uint32_t sent, struct sack *out)
{
	uint32_t i;

	for (i = 0; i + BLOCK_LEN + 2 <= opt->len; i += BLOCK_LEN) {
		struct block b = block_at(opt->value + i);

		if (seq_diff(b.end, b.start) <= 0 || seq_diff(b.end, sent) > 0)
			continue;
		if (i == 0 && is_twice(&b, opt, ack)) {
			out->twice = b.end - b.start;
		} else if (seq_diff(b.start, ack) > 0 && (!out->above || seq_diff(b.end, out->end) > 0)) {
			out->above = true;
			out->end = b.end;
		}
	}
}

void sack_read(const struct segment *seg, uint32_t sent, struct sack *out)
{
	struct tcpopt opt;
	uint32_t pos = 0;

	*out = (struct sack){ 0 };
	while (tcpopt_next(seg->opt, seg->opt_len, &pos, &opt) > 0)
		if (opt.kind == TCPOPT_SACK)
			read_blocks(&opt, seg->ack, sent, out);
}
