/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "recovery.h"

#include "handshake.h"
#include "seq.h"
#include "session.h"

#define DUP_ACKS_FAST 3			/* RFC 5681 3.2 */
#define SEGMENTS_MAX 0xffffffu		/* of the counts in struct recovery */
#define QUIET (50 * TICKS_PER_MS)
#define RTO_MIN (200 * TICKS_PER_MS)	/* of Linux; RFC 6298 2.4 asks for 1 s, which nobody waits */

/* Timers run late, hardly ever early; but what starts them passes the capture point a little later or earlier. */
static uint32_t about(uint32_t ticks)
{
	return ticks - ticks / 8;
}

/* Times of segments may go back a little: that is no time at all. */
static uint32_t ticks_since(uint32_t then, uint32_t now)
{
	return (int32_t)(now - then) > 0 ? now - then : 0;
}

void recovery_sent(struct direction *own, uint32_t end, bool idle, uint32_t now)
{
	if (idle)
		own->timer = now;
	if (own->flags & DIR_TIMED)
		return;
	own->timed_seq = end;
	own->timed_at = now;
	own->flags |= DIR_TIMED;
}

/* RFC 6298 2.2, 2.3 */
static void sample_rtt(struct recovery *rec, uint32_t rtt)
{
	uint32_t off;

	if (!rec->srtt) {
		rec->srtt = rtt ? rtt : 1;
		rec->rttvar = rtt / 2;
		return;
	}
	off = rtt > rec->srtt ? rtt - rec->srtt : rec->srtt - rtt;
	rec->rttvar = rec->rttvar - rec->rttvar / 4 + off / 4;
	rec->srtt = rec->srtt - rec->srtt / 8 + rtt / 8;
	rec->srtt += !rec->srtt;
}

void recovery_acked(struct direction *own, struct recovery *rec, uint32_t ack, uint32_t now)
{
	own->timer = now;
	if (!(own->flags & DIR_TIMED) || seq_diff(ack, own->timed_seq) < 0)
		return;
	own->flags &= ~(uint32_t)DIR_TIMED;
	sample_rtt(rec, ticks_since(own->timed_at, now));
	if (rec->kind && seq_diff(ack, rec->end) >= 0)	/* before the numbers come round again */
		rec->kind = RESEND_NONE;
}

static uint32_t added(uint32_t count, uint32_t segments)
{
	return (segments < SEGMENTS_MAX - count ? count + segments : SEGMENTS_MAX) & SEGMENTS_MAX;
}

static uint32_t larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* The shortest timeout of RFC 6298, and the one of a sender that keeps to RTO_MIN. */
static uint32_t rto_shortest(const struct recovery *rec)
{
	return rec->srtt ? about(rec->srtt + 4 * rec->rttvar) : about(RTO_MIN);
}

static uint32_t rto(const struct recovery *rec)
{
	return about(rec->srtt + larger(4 * rec->rttvar, RTO_MIN));
}

/* ACKs that its sender had told that the data is lost. */
static bool is_reported(const struct direction *peer, const struct recovery *rec, const struct resent *r)
{
	return peer->dup_acks >= DUP_ACKS_FAST || (peer->flags & DIR_SACKED && seq_diff(rec->sacked_end, r->seq) > 0);
}

/* Nothing was told just now: RFC 8985 6.2 waits for a part of the RTT only to see whether it was reordering. */
static bool is_quiet(const struct recovery *rec, uint32_t now)
{
	return ticks_since(rec->told_at, now) >= larger(rec->srtt / 2, QUIET);
}

/* The episode of that kind began before and covers this data: after partial ACKs (RFC 6582), or go-back-N after a timeout. */
static bool is_within(const struct direction *peer, const struct recovery *rec, const struct resent *r, enum resend kind)
{
	return rec->kind == kind && seq_diff(peer->ack, rec->end) < 0 && seq_diff(r->seq, rec->end) < 0;
}

static bool is_head(const struct direction *peer, const struct resent *r)
{
	return seq_diff(r->seq, peer->ack) <= 0;
}

/*
 * RFC 8985 7.3: the last segment of the flight, once an episode, when no ACK told of a loss, 2 RTT after it was sent. A
 * flight of one segment is left more time for a delayed ACK, up to the timeout, and can only be told from it by being the first.
 */
static bool is_tail_loss_probe(const struct direction *own, const struct direction *peer, const struct recovery *rec,
			       const struct resent *r, uint32_t elapsed)
{
	bool busy = rec->kind && seq_diff(peer->ack, rec->end) < 0;

	if (busy || r->segments != 1 || r->end != own->next_seq || peer->dup_acks || peer->flags & DIR_SACKED ||
	    !handshake_may_sack(own, peer))
		return false;
	if (!rec->srtt)
		return !is_head(peer, r);
	return elapsed >= about(2 * rec->srtt) && elapsed / 2 <= rto(rec);
}

/* RFC 7413 4.2: the SYN/ACK did not take the data of the SYN. */
static bool is_refused_syn_data(const struct direction *own, const struct direction *peer, const struct resent *r)
{
	return own->flags & DIR_SYN_DATA && r->seq == own->isn + 1 && peer->ack == r->seq;
}

/*
 * What was acknowledged here its sender did not know of: the ACK had just passed, and the episode goes on; or the ACK was
 * lost, after a time in which every ACK arrives.
 */
static enum resend kind_of_acked(const struct recovery *rec, const struct resent *r, uint32_t elapsed)
{
	if (elapsed >= rto(rec) + RTO_MIN)
		return RESEND_TIMEOUT;
	if (elapsed > rec->srtt || !rec->kind || rec->kind == RESEND_TAIL_LOSS_PROBE || seq_diff(r->seq, rec->end) >= 0)
		return RESEND_NONE;
	return (enum resend)rec->kind;
}

enum resend recovery_kind(const struct direction *own, const struct direction *peer, const struct recovery *rec,
			  const struct resent *r, uint32_t now)
{
	uint32_t elapsed = ticks_since(own->timer, now);
	bool told;

	if (r->flags & TCP_SYN)
		return r->flags & TCP_ACK ? RESEND_SYN_ACK : RESEND_SYN;
	if (!(peer->flags & DIR_SENT))	/* its ACKs were not captured */
		return RESEND_NONE;
	if (r->acked)
		return kind_of_acked(rec, r, elapsed);
	if (is_within(peer, rec, r, RESEND_TIMEOUT))
		return RESEND_TIMEOUT;
	if (is_tail_loss_probe(own, peer, rec, r, elapsed))
		return RESEND_TAIL_LOSS_PROBE;
	told = is_reported(peer, rec, r) || is_within(peer, rec, r, RESEND_FAST) || is_refused_syn_data(own, peer, r);
	if (is_head(peer, r) && elapsed >= rto(rec) && (!told || is_quiet(rec, now)))
		return RESEND_TIMEOUT;
	if (told)
		return RESEND_FAST;
	return is_head(peer, r) && elapsed >= rto_shortest(rec) ? RESEND_TIMEOUT : RESEND_NONE;
}

void recovery_resent(struct direction *own, const struct direction *peer, struct recovery *rec, const struct resent *r,
		     enum resend kind, uint32_t now)
{
	bool busy = rec->kind && seq_diff(peer->ack, rec->end) < 0;
	bool by_time = ticks_since(own->timer, now) >= rto(rec);

	own->flags &= ~(uint32_t)DIR_TIMED;	/* an ACK would not tell which transmission it is for (Karn) */
	if (is_head(peer, r))
		own->timer = now;
	if (r->acked)
		rec->acked_before = added(rec->acked_before, r->segments);
	if (kind < RESEND_FAST || r->acked)
		return;
	if (busy && (kind != RESEND_TIMEOUT || (rec->kind == RESEND_TIMEOUT && !by_time)) &&
	    !(rec->kind == RESEND_TAIL_LOSS_PROBE && kind != RESEND_TAIL_LOSS_PROBE))
		return;
	rec->kind = kind & 0xff;
	rec->end = own->next_seq;
}

void recovery_told(struct recovery *rec, uint32_t now)
{
	rec->told_at = now;
}

void recovery_told_twice(struct recovery *rec, uint32_t segments)
{
	rec->told_twice = added(rec->told_twice, segments);
}

uint32_t recovery_spurious(const struct direction *own, const struct recovery *rec)
{
	uint32_t n = larger(rec->acked_before, rec->told_twice);

	return n < own->retransmitted ? n : own->retransmitted;
}
