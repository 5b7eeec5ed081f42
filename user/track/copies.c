/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "copies.h"

#include <string.h>

#include "sequence.h"

#define COPY_SAME_NS 10000u	/* the same when nothing but the time tells it from a retransmission */
#define COPY_DOUBLED_NS 100000000u	/* and when its identification does: networks that double packets take their time */
#define COPY_LOOK_BACK 1024	/* records */

void copies_note_where(struct direction *d, const struct segment *seg)
{
	if (!(d->flags & DIR_SENT))
		d->where = record_where(seg);
	else if (d->where != record_where(seg))
		d->flags |= DIR_ELSEWHERE;
}

static bool record_options_equal(const struct history *h, const struct record *r, const struct segment *seg)
{
	return r->opt_len == seg->opt_len && memcmp(record_options(h, r), seg->opt, seg->opt_len) == 0;
}

static bool record_equals(const struct history *h, const struct record *r, const struct segment *seg, uint8_t side)
{
	return r->ip_id == (uint16_t)seg->ip_id && r->seq == seg->seq && r->ack == seg->ack && r->side == side &&
	       r->flags == seg->flags && r->payload_len == seg->payload_len && record_options_equal(h, r, seg);
}

/*
 * The packet of the record, or a part of it, seen at another place: offloads cut and join packets on their way through the
 * host, and leave everything but lengths, PSH and identification as it was.
 */
static bool record_is_elsewhere(const struct history *h, const struct record *r, const struct segment *seg, uint8_t side)
{
	uint32_t len = sequence_len(seg);

	if (r->where == record_where(seg) || r->ack != seg->ack || (r->flags ^ seg->flags) & (uint8_t)~TCP_PSH)
		return false;
	if (len ? !record_overlaps(r, side, seg->seq, len) : r->side != side || r->seq != seg->seq || r->payload_len)
		return false;
	return record_options_equal(h, r, seg);
}

bool copies_may_be(const struct session *s, const struct segment *seg)
{
	uint64_t a = copies_age_max(&s->dir[0]), b = copies_age_max(&s->dir[1]);

	return seg->ts_ns <= s->last_ns + (a > b ? a : b);
}

bool copies_is_late(const struct direction *d, const struct segment *seg)
{
	return d->flags & DIR_ELSEWHERE && d->where != record_where(seg);
}

/* The packet before it has another identification: its sender does not give all the same one. */
static bool record_is_identified(const struct history *h, const struct record *r)
{
	const struct record *before = history_prev(h, r);
	int i;

	for (i = 0; before && before->side != r->side && i < COPY_LOOK_BACK; i++)
		before = history_prev(h, before);
	return r->ip_id != (before && before->side == r->side ? before->ip_id : 0);
}

bool copies_has(const struct history *h, const struct session *s, const struct segment *seg, uint8_t side)
{
	const struct record *r = history_last(h, s);
	uint64_t age_max = sequence_len(seg) ? COPY_DOUBLED_NS : copies_age_max(&s->dir[side]);
	bool answers = false;
	int i;

	for (i = 0; r && i < COPY_LOOK_BACK; i++, r = history_prev(h, r)) {
		uint64_t age = seg->ts_ns > r->ts_ns ? seg->ts_ns - r->ts_ns : r->ts_ns - seg->ts_ns;

		if (age > age_max)
			return false;
		answers |= r->side != side;
		if (record_is_elsewhere(h, r, seg, side))
			return true;
		if (!record_equals(h, r, seg, side))
			continue;
		if (sequence_len(seg) && record_is_identified(h, r))
			return true;
		if (age > COPY_NS)
			continue;
		if (seg->ip_version == 4 && seg->ip_id)
			return true;
		if (seg->flags & (TCP_SYN | TCP_FIN | TCP_RST) && !answers)
			return true;
		return sequence_len(seg) && age <= COPY_SAME_NS;
	}
	return false;
}
