/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "recovery.h"

#include "handshake.h"
#include "seq.h"
#include "session.h"

#define DUP_ACKS_FAST 3			/* RFC 5681 3.2 */
#define QUIET_US 50000u
#define RTO_MIN_US 200000u		/* of Linux; RFC 6298 2.4 asks for 1 s, which nobody waits */

/* Timers run late, hardly ever early; but what starts them passes the capture point a little later or earlier. */
static uint32_t about(uint32_t us)
{
	return us - us / 8;
}

/* Times of segments may go back a little: that is no time at all. */
static uint32_t elapsed_us(uint32_t then_us, uint32_t now_us)
{
	return (int32_t)(now_us - then_us) > 0 ? now_us - then_us : 0;
}

void recovery_acked(struct direction *own, const struct recovery *rec, uint32_t ack, uint32_t now_us)
{
	own->timer_us = now_us;
	if (own->episode && seq_diff(ack, rec->end) > 0)	/* before the numbers come round again */
		own->episode = RESEND_NONE;
}

static uint32_t added(uint32_t count, uint32_t segments)
{
	return segments < UINT32_MAX - count ? count + segments : UINT32_MAX;
}

static uint32_t larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* The shortest timeout of RFC 6298, and the one of a sender that keeps to RTO_MIN. */
static uint32_t rto_shortest_us(const struct rtt *rtt)
{
	return about(rtt->smoothed ? rtt_smoothed_us(rtt) + 4 * rtt->var_us : RTO_MIN_US);
}

static uint32_t rto_us(const struct rtt *rtt)
{
	return about(rtt_smoothed_us(rtt) + larger(4 * rtt->var_us, RTO_MIN_US));
}

/* ACKs that its sender had told that the data is lost. */
static bool is_reported(const struct direction *peer, const struct recovery *rec, const struct resent *r)
{
	return peer->dup_acks >= DUP_ACKS_FAST || (peer->flags & DIR_SACKED && seq_diff(rec->sacked_end, r->seq) > 0);
}

/* Nothing was told just now: RFC 8985 6.2 waits for a part of the RTT only to see whether it was reordering. */
static bool is_quiet(const struct recovery *rec, const struct rtt *rtt, uint32_t now_us)
{
	return elapsed_us(rec->told_us, now_us) >= larger(rtt_smoothed_us(rtt) / 2, QUIET_US);
}

/* The episode of that kind began before and covers this data: after partial ACKs (RFC 6582), or go-back-N after a timeout. */
static bool is_within(const struct direction *own, const struct direction *peer, const struct recovery *rec,
		      const struct resent *r, enum resend kind)
{
	return own->episode == kind && seq_diff(peer->ack, rec->end) < 0 && seq_diff(r->seq, rec->end) < 0;
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
			       const struct rtt *rtt, const struct resent *r, uint32_t after_us)
{
	bool busy = own->episode && seq_diff(peer->ack, rec->end) < 0;

	if (busy || r->segments != 1 || r->end != own->next_seq || peer->dup_acks || peer->flags & DIR_SACKED ||
	    !handshake_may_sack(own, peer))
		return false;
	if (!rtt->smoothed)
		return !is_head(peer, r);
	return after_us >= about(2 * rtt_smoothed_us(rtt)) && after_us / 2 <= rto_us(rtt);
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
static enum resend kind_of_acked(const struct direction *own, const struct recovery *rec, const struct rtt *rtt,
				 const struct resent *r, uint32_t after_us)
{
	bool within = own->episode && seq_diff(r->seq, rec->end) < 0;

	if (after_us >= rto_us(rtt) + RTO_MIN_US)
		return RESEND_TIMEOUT;
	if (after_us > rtt_smoothed_us(rtt) || !within || own->episode == RESEND_TAIL_LOSS_PROBE)
		return RESEND_NONE;
	return (enum resend)own->episode;
}

enum resend recovery_kind(const struct direction *own, const struct direction *peer, const struct recovery *rec,
			  const struct rtt *rtt, const struct resent *r, uint32_t now_us)
{
	uint32_t after_us = elapsed_us(own->timer_us, now_us);
	bool told;

	if (r->flags & TCP_SYN)
		return r->flags & TCP_ACK ? RESEND_SYN_ACK : RESEND_SYN;
	if (!(peer->flags & DIR_SENT))	/* its ACKs were not captured */
		return RESEND_NONE;
	if (r->acked)
		return kind_of_acked(own, rec, rtt, r, after_us);
	if (is_within(own, peer, rec, r, RESEND_TIMEOUT))
		return RESEND_TIMEOUT;
	if (is_tail_loss_probe(own, peer, rec, rtt, r, after_us))
		return RESEND_TAIL_LOSS_PROBE;
	told = is_reported(peer, rec, r) || is_within(own, peer, rec, r, RESEND_FAST) || is_refused_syn_data(own, peer, r);
	if (is_head(peer, r) && after_us >= rto_us(rtt) && (!told || is_quiet(rec, rtt, now_us)))
		return RESEND_TIMEOUT;
	if (told)
		return RESEND_FAST;
	return is_head(peer, r) && after_us >= rto_shortest_us(rtt) ? RESEND_TIMEOUT : RESEND_NONE;
}

void recovery_resent(struct direction *own, const struct direction *peer, struct recovery *rec, const struct rtt *rtt,
		     const struct resent *r, enum resend kind, uint32_t now_us)
{
	bool busy = own->episode && seq_diff(peer->ack, rec->end) < 0;
	bool by_time = elapsed_us(own->timer_us, now_us) >= rto_us(rtt);

	if (is_head(peer, r))
		own->timer_us = now_us;
	if (r->acked)
		rec->acked_before = added(rec->acked_before, r->segments);
	if (kind < RESEND_FAST || r->acked)
		return;
	if (busy && (kind != RESEND_TIMEOUT || (own->episode == RESEND_TIMEOUT && !by_time)) &&
	    !(own->episode == RESEND_TAIL_LOSS_PROBE && kind != RESEND_TAIL_LOSS_PROBE))
		return;
	own->episode = (uint8_t)kind;
	rec->end = own->next_seq;
}

void recovery_told(struct recovery *rec, uint32_t now_us)
{
	rec->told_us = now_us;
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
