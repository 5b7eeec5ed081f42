/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sequence.h"

#include "seq.h"

uint32_t sequence_len(const struct segment *seg)
{
	return seg->payload_len + !!(seg->flags & TCP_SYN) + !!(seg->flags & TCP_FIN);
}

bool sequence_is_old(const struct direction *own, const struct segment *seg)
{
	uint32_t len = sequence_len(seg);

	if (!(own->flags & DIR_SEQ))
		return false;
	if (len)
		return seq_diff(seg->seq + len, own->next_seq) <= 0;
	return own->flags & DIR_ACK && seg->ack == own->ack;
}

/* The jump to seq was seen once already, and this segment goes on from there. */
static bool stray_is_confirmed(const struct direction *own, uint32_t seq)
{
	return own->flags & DIR_STRAY && seq == own->stray_seq;
}

static void sequence_restart(struct direction *own, uint32_t seq)
{
	gaps_free(&own->gaps);
	own->first_seq = own->next_seq = seq;
	own->flags |= DIR_SEQ;
	own->flags &= ~(uint32_t)DIR_STRAY;
}

static void sequence_move(struct direction *own, uint32_t next_seq)
{
	own->next_seq = next_seq;
	if (next_seq - own->first_seq <= KNOWN_DISTANCE)
		return;
	own->first_seq = next_seq - KNOWN_DISTANCE / 2;	/* far, so that it is not to be moved again at once */
	gaps_drop_below(own->gaps, own->first_seq);
}

/* How many of [seq, end), which lies below next_seq, were sent before. */
static uint32_t sequence_repeated(struct direction *own, uint32_t seq, uint32_t end)
{
	uint32_t first = own->first_seq;

	if (seq_diff(seq, first) >= 0)
		return end - seq - gaps_fill(&own->gaps, seq, end);
	if (seq_diff(end, first) <= 0) {	/* from before the capture began */
		if (end == first || gaps_prepend(&own->gaps, end, first))
			own->first_seq = seq;
		return 0;
	}
	own->first_seq = seq;
	return end - first - gaps_fill(&own->gaps, first, end);
}

static void sequence_of_data(struct direction *own, uint32_t seq, uint32_t end, struct placing *p)
{
	if (seq_diff(end, own->next_seq) <= 0) {
		p->repeated = sequence_repeated(own, seq, end);
		p->verdict = p->repeated ? VERDICT_RETRANSMIT : VERDICT_OUT_OF_ORDER;
		return;
	}
	if (seq_diff(seq, own->next_seq) > 0) {
		gaps_add(&own->gaps, own->next_seq, seq);
		p->remarks |= REMARK_GAP;
	} else if (seq != own->next_seq) {
		p->repeated = sequence_repeated(own, seq, own->next_seq);
	}
	sequence_move(own, end);
	p->verdict = p->repeated ? VERDICT_RETRANSMIT : VERDICT_NEW;
}

/* An ACK of something that was not captured shows that it was sent. */
static void sequence_acked(struct direction *peer, uint32_t ack, struct placing *p)
{
	if (!(peer->flags & DIR_SEQ)) {
		sequence_restart(peer, ack);
		return;
	}
	if (seq_diff(ack, peer->next_seq) <= 0 || seq_diff(ack, peer->next_seq) > STRAY_DISTANCE)
		return;
	if (peer->flags & DIR_SENT)	/* where the other side is not captured at all, it goes without saying */
		p->remarks |= REMARK_ACKS_UNSEEN;
	gaps_add(&peer->gaps, peer->next_seq, ack);
	sequence_move(peer, ack);
}

static void sequence_note_ack(struct direction *own, struct direction *peer, const struct segment *seg, struct placing *p)
{
	int32_t ahead;

	if (!(seg->flags & TCP_ACK))
		return;
	sequence_acked(peer, seg->ack, p);
	ahead = own->flags & DIR_ACK ? seq_diff(seg->ack, own->ack) : 1;
	if (ahead > 0 && ahead <= STRAY_DISTANCE) {
		own->ack = seg->ack;
		p->acks_new = true;
	}
	own->flags |= DIR_ACK;
}

/*
 * RFC 9293 3.8.4: sent when all is acknowledged. Otherwise it is an ACK that the last byte overtook, or that byte again.
 */
static bool is_keepalive(const struct direction *own, const struct direction *peer, const struct segment *seg)
{
	if (seg->flags & (TCP_SYN | TCP_FIN) || seg->seq != own->next_seq - 1 || seg->payload_len > 1)
		return false;
	if (own->flags & DIR_FIN && seg->seq == own->fin_seq)	/* an ACK that the FIN overtook */
		return false;
	if (!(peer->flags & DIR_ACK))
		return seg->payload_len == 0;
	return seq_diff(peer->ack, own->next_seq) >= 0;
}

/* In a simultaneous open each side's SYN/ACK has the number of its SYN (RFC 9293 figure 7): that alone repeats nothing. */
static bool is_first_syn_ack(struct direction *own, const struct segment *seg)
{
	bool first = !(own->flags & DIR_SYN_ACK);

	if ((seg->flags & (TCP_SYN | TCP_ACK)) != (TCP_SYN | TCP_ACK))
		return false;
	own->flags |= DIR_SYN_ACK;
	return first;
}

/* Far away from all that this side sent, and nothing went on from there yet. */
static bool is_stray(struct direction *own, const struct segment *seg)
{
	int32_t jump = seq_diff(seg->seq, own->next_seq);

	if (jump <= STRAY_DISTANCE && jump >= -STRAY_DISTANCE)
		return false;
	if (stray_is_confirmed(own, seg->seq)) {
		sequence_restart(own, seg->seq);
		return false;
	}
	own->stray_seq = seg->seq + sequence_len(seg);
	own->flags |= DIR_STRAY;
	return true;
}

static void sequence_note_marks(struct direction *own, const struct segment *seg)
{
	if (seg->flags & TCP_SYN && !(own->flags & DIR_SYN)) {
		own->isn = seg->seq;
		own->flags |= DIR_SYN;
	}
	if (seg->flags & TCP_FIN && !(own->flags & DIR_FIN)) {
		own->fin_seq = seg->seq + sequence_len(seg) - 1;
		own->flags |= DIR_FIN;
	}
}

void sequence_feed(struct direction *own, struct direction *peer, const struct segment *seg, struct placing *p)
{
	uint32_t len = sequence_len(seg);

	*p = (struct placing){ .verdict = VERDICT_NEW };
	if (!(own->flags & DIR_SEQ))
		sequence_restart(own, seg->seq);
	if (is_stray(own, seg)) {
		p->verdict = VERDICT_STRAY;
		return;
	}
	sequence_note_marks(own, seg);
	sequence_note_ack(own, peer, seg, p);
	if (is_keepalive(own, peer, seg)) {
		p->verdict = VERDICT_KEEPALIVE;
	} else if (is_first_syn_ack(own, seg)) {
		sequence_of_data(own, seg->seq, seg->seq + len, p);
		if (p->repeated)
			p->verdict = VERDICT_NEW;
		p->repeated = 0;
	} else if (len) {
		sequence_of_data(own, seg->seq, seg->seq + len, p);
	}
}

void sequence_note_rst(struct direction *own, const struct segment *seg)
{
	int32_t jump = seq_diff(seg->seq, own->next_seq);

	if (own->flags & DIR_SEQ && jump > 0 && jump <= STRAY_DISTANCE) {
		gaps_add(&own->gaps, own->next_seq, seg->seq);
		sequence_move(own, seg->seq);
	}
	if (own->flags & DIR_ACK && seg->flags & TCP_ACK && seq_diff(seg->ack, own->ack) > 0)
		own->ack = seg->ack;
}

void sequence_extend(struct direction *own, uint32_t seq, uint32_t len)
{
	int32_t jump = seq_diff(seq + len, own->next_seq);
	struct placing ignored = { 0 };

	if (own->flags & DIR_SEQ && len && jump < STRAY_DISTANCE && jump > -STRAY_DISTANCE)
		sequence_of_data(own, seq, seq + len, &ignored);
}
