/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "judge.h"

#include "handshake.h"
#include "mss.h"
#include "sack.h"
#include "seq.h"
#include "sequence.h"
#include "state.h"
#include "window.h"

/* A segment, its side and the other one; what was known of its side before it. */
struct view {
	const struct segment *seg;
	struct direction *own, *peer;
	struct recovery *own_rec, *peer_rec;
	struct placing placing;
	uint32_t flags_before, next_before;
	const struct rtt *rtt;		/* to the other side */
	uint32_t now_us;		/* clock_us() */
};

/*
 * RFC 9293 3.5.1, figure 9: the server still has an older connection on these ports and says where that one was, in answer
 * to the SYN. Its numbers are not those of this session.
 */
static bool is_of_older_connection(const struct session *s, const struct view *v)
{
	if (s->flags & SESSION_MID_STREAM || v->own == &s->dir[s->client] || s->state[s->client] != TS_SYN_SENT)
		return false;
	if ((v->seg->flags & (TCP_SYN | TCP_ACK | TCP_FIN | TCP_RST)) != TCP_ACK || v->seg->payload_len)
		return false;
	return seq_diff(v->seg->ack, v->peer->isn) <= 0 || seq_diff(v->seg->ack, v->peer->next_seq) > 0;
}

static void judge_resent(struct step *step, struct view *v)
{
	uint32_t end = v->seg->seq + sequence_len(v->seg);
	struct resent r = { .seq = v->seg->seq, .end = end, .flags = v->seg->flags };
	uint32_t spurious = recovery_spurious(v->own, v->own_rec);

	if (seq_diff(end, v->next_before) > 0)
		r.end = v->next_before;
	r.segments = mss_segments_of(v->seg, step->segments, v->placing.repeated);
	r.acked = v->peer->flags & DIR_ACK && seq_diff(v->peer->ack, r.end) >= 0;
	step->resent = r.segments;
	step->resend = recovery_kind(v->own, v->peer, v->own_rec, v->rtt, &r, v->now_us);
	recovery_resent(v->own, v->peer, v->own_rec, v->rtt, &r, step->resend, v->now_us);
	v->own->retransmitted += r.segments;
	step->spurious = recovery_spurious(v->own, v->own_rec) - spurious;
	if (r.acked)
		step->remarks |= REMARK_SPURIOUS;
	if (r.acked && v->seg->flags & TCP_SYN)	/* RFC 5961 4.2 */
		v->own->flags |= DIR_PROVOKED;
}

/* RFC 9293 3.8.6.1: one byte into a closed window, the same one each time. */
static bool is_probe_byte(const struct view *v)
{
	if (v->seg->payload_len != 1 || v->seg->flags & (TCP_SYN | TCP_FIN) || v->placing.remarks & REMARK_GAP)
		return false;
	return v->seg->seq + 1 == v->own->next_seq && window_is_closed_at(v->peer, v->seg->seq);
}

/* A SYN that opens a session, although it is not the first one. */
static void judge_retry(struct step *step, struct view *v)
{
	step->resent = 1;
	step->resend = RESEND_SYN;
	v->own->retransmitted++;
}

static void judge_new_data(struct step *step, struct view *v)
{
	uint32_t end = v->own->next_seq;
	bool idle = v->peer->flags & DIR_ACK ? seq_diff(v->peer->ack, v->next_before) >= 0 : !(v->flags_before & DIR_SEQ);

	if (idle)
		v->own->timer_us = v->now_us;
	if (v->seg->payload_len && window_is_full(v->own, v->peer, end, v->seg->payload_len, mss_payload_max(v->own, v->seg)))
		step->remarks |= REMARK_WINDOW_FULL;
}

/* The last byte again whose ACK is lost, or late, behind the capture point. A keep-alive is sent after seconds of silence. */
static bool is_last_byte_again(const struct view *v)
{
	return v->seg->payload_len == 1 && (int32_t)(v->now_us - v->own->timer_us) < 1000000;
}

static void judge_keepalive(struct step *step, struct view *v)
{
	if (window_is_closed_at(v->peer, v->own->next_seq)) {
		step->verdict = VERDICT_ZERO_WINDOW_PROBE;
	} else if (is_last_byte_again(v)) {
		step->verdict = VERDICT_RETRANSMIT;
		v->placing.repeated = 1;
		judge_resent(step, v);
	}
}

static void judge_sent(struct step *step, struct view *v)
{
	if (step->verdict == VERDICT_KEEPALIVE) {
		judge_keepalive(step, v);
	} else if (is_probe_byte(v)) {
		step->verdict = VERDICT_ZERO_WINDOW_PROBE;
	} else if (step->verdict == VERDICT_RETRANSMIT) {
		judge_resent(step, v);
	} else if (step->verdict == VERDICT_NEW && sequence_len(v->seg)) {
		judge_new_data(step, v);
	}
	if (step->verdict == VERDICT_KEEPALIVE)
		v->own->flags |= DIR_KEPT;
	if (step->verdict == VERDICT_ZERO_WINDOW_PROBE)
		v->own->flags |= DIR_PROBED;
}

/* RFC 5681 2, and RFC 6675 2 for one that tells of more data that came. */
static bool is_dup_ack(const struct view *v, const struct sack *sack, enum window_change change)
{
	return seq_diff(v->peer->next_seq, v->seg->ack) > 0 && (change == WINDOW_SAME || sack->above);
}

static void note_dup_ack(struct view *v)
{
	if (v->own->dup_acks < DUP_ACKS_MAX)
		v->own->dup_acks++;
	recovery_told(v->peer_rec, v->now_us);
}

static enum verdict verdict_of_ack(struct view *v, const struct sack *sack)
{
	bool moved = v->placing.acks_new;
	enum window_change change;

	if (v->peer->flags & DIR_PROBED && (!moved || v->seg->ack == v->peer->next_seq)) {
		v->peer->flags &= ~(uint32_t)DIR_PROBED;
		return VERDICT_ZERO_WINDOW_PROBE_ACK;
	}
	if (v->peer->flags & DIR_KEPT && !moved) {
		v->peer->flags &= ~(uint32_t)DIR_KEPT;
		return VERDICT_KEEPALIVE_ACK;
	}
	if (moved)
		return VERDICT_NEW;
	change = window_compare(v->own, v->peer, v->seg->window);
	if (is_dup_ack(v, sack, change)) {
		if (sack->above || !sack->twice)
			note_dup_ack(v);
		return VERDICT_DUP_ACK;
	}
	return change == WINDOW_LARGER ? VERDICT_WINDOW_UPDATE : VERDICT_NEW;
}

static void note_sack(struct view *v, const struct sack *sack)
{
	struct recovery *rec = v->peer_rec;

	if (v->own->flags & DIR_SACKED && seq_diff(rec->sacked_end, v->own->ack) <= 0)
		v->own->flags &= ~(uint32_t)DIR_SACKED;
	if (!sack->above || (v->own->flags & DIR_SACKED && seq_diff(sack->end, rec->sacked_end) <= 0))
		return;
	v->own->flags |= DIR_SACKED;
	rec->sacked_end = sack->end;
	recovery_told(rec, v->now_us);
}

static void note_twice(struct step *step, struct view *v, const struct sack *sack)
{
	uint32_t mss = v->peer->mss, spurious = recovery_spurious(v->peer, v->peer_rec);

	step->remarks |= REMARK_TELLS_SPURIOUS;
	recovery_told_twice(v->peer_rec, mss ? (sack->twice - 1) / mss + 1 : 1);
	step->spurious += recovery_spurious(v->peer, v->peer_rec) - spurious;
}

static bool is_pure_ack(const struct step *step)
{
	return step->verdict == VERDICT_NEW && !step->seg->payload_len && !(step->seg->flags & (TCP_SYN | TCP_FIN));
}

/* For a segment whose ACK is not older than those before it. */
static void judge_ack(struct step *step, struct view *v)
{
	struct sack sack = { 0 };

	if (sack_is_possible(v->seg))
		sack_read(v->seg, v->peer->next_seq, &sack);
	if (v->placing.acks_new) {
		recovery_acked(v->peer, v->peer_rec, v->seg->ack, v->now_us);
		v->own->dup_acks = 0;
	}
	note_sack(v, &sack);
	if (is_pure_ack(step)) {
		step->verdict = verdict_of_ack(v, &sack);
		if (v->peer->flags & DIR_PROVOKED && !v->placing.acks_new)
			step->remarks |= REMARK_CHALLENGE;
		v->peer->flags &= ~(uint32_t)DIR_PROVOKED;
	}
	if (v->placing.acks_new)
		v->peer->flags &= ~(uint32_t)(DIR_KEPT | DIR_PROBED | DIR_PROVOKED);
	if (sack.twice && step->verdict != VERDICT_KEEPALIVE_ACK && step->verdict != VERDICT_ZERO_WINDOW_PROBE_ACK)
		note_twice(step, v, &sack);
	window_note(v->own, v->seg);
	if (!v->seg->window && !(v->seg->flags & (TCP_SYN | TCP_FIN)))
		step->remarks |= REMARK_ZERO_WINDOW;
}

/* An ACK that others overtook is news no more, but what its DSACK tells no other one does. */
static void judge_overtaken_ack(struct step *step, struct view *v)
{
	struct sack sack = { 0 };

	if (sack_is_possible(v->seg))
		sack_read(v->seg, v->peer->next_seq, &sack);
	if (sack.twice)
		note_twice(step, v, &sack);
}

static void judge(struct step *step, struct view *v)
{
	uint8_t flags = v->seg->flags;

	sequence_feed(v->own, v->peer, v->seg, &v->placing);
	step->verdict = v->placing.verdict;
	step->remarks = v->placing.remarks;
	if (step->verdict == VERDICT_STRAY) {	/* RFC 9293 3.10.7.4: what is not acceptable is answered by an ACK */
		v->own->flags |= DIR_PROVOKED;
		return;
	}
	if (flags & TCP_SYN)
		handshake_learn(v->own, v->peer, v->seg);
	if (step->session->flags & SESSION_RETRIES && !(v->flags_before & DIR_SENT) && flags & TCP_SYN && !(flags & TCP_ACK))
		judge_retry(step, v);
	judge_sent(step, v);
	if (flags & TCP_ACK && v->seg->ack == v->own->ack)
		judge_ack(step, v);
	else if (flags & TCP_ACK)
		judge_overtaken_ack(step, v);
	if (flags & (TCP_ECE | TCP_CWR) && !(flags & TCP_SYN) && handshake_may_ecn(v->own, v->peer))
		step->remarks |= REMARK_CONGESTION;
}

static struct view view_of(const struct step *step)
{
	struct session *s = step->session;

	return (struct view){
		.seg = step->seg,
		.own = &s->dir[step->side],
		.peer = &s->dir[!step->side],
		.own_rec = &s->recovery[step->side],
		.peer_rec = &s->recovery[!step->side],
		.flags_before = s->dir[step->side].flags,
		.next_before = s->dir[step->side].next_seq,
		.rtt = &s->timing.rtt[!step->side],
		.now_us = clock_us(step->seg->ts_ns),
	};
}

void judge_segment(struct step *step)
{
	struct view v = view_of(step);

	step->segments = mss_segments(v.own, v.seg);
	if (v.seg->flags & TCP_RST)
		sequence_note_rst(v.own, v.seg);
	else if (is_of_older_connection(step->session, &v))
		step->remarks = REMARK_CHALLENGE;
	else
		judge(step, &v);
}

void judge_late(struct step *step)
{
	struct view v = view_of(step);
	uint32_t len = sequence_len(v.seg);

	step->segments = mss_segments(v.own, v.seg);
	if (!len || v.seg->flags & TCP_RST || !sequence_is_old(v.own, v.seg))
		return;
	if (v.own->flags & DIR_HOLES && !(v.seg->flags & TCP_FIN))
		return;
	step->verdict = VERDICT_RETRANSMIT;
	v.placing.repeated = len;
	judge_resent(step, &v);
}
