/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "connection.h"

#include "seq.h"
#include "state.h"

/* Whether an event meant something to the sender or the receiver, and changed a state. */
struct outcome {
	bool expected, changed;
};

static struct outcome session_apply(struct session *s, uint8_t sender, enum tcp_event event)
{
	enum tcp_state sent = state_on_send(s->state[sender], event);
	enum tcp_state received = state_on_receive(s->state[!sender], event);
	struct outcome o = { .expected = sent || received };

	o.changed = (sent && sent != s->state[sender]) || (received && received != s->state[!sender]);
	if (sent)
		s->state[sender] = (uint8_t)sent;
	if (received)
		s->state[!sender] = (uint8_t)received;
	return o;
}

/* RFC 9293 3.10.7.3: an ACK that does not cover the SYN is not acceptable. A SYN that was not captured cannot be checked. */
static bool acks_syn(const struct direction *peer, const struct segment *seg)
{
	if (!(seg->flags & TCP_ACK))
		return false;
	return !(peer->flags & DIR_SYN) || seq_diff(seg->ack, peer->isn) > 0;
}

static bool acks_fin(const struct direction *peer, const struct segment *seg)
{
	return seg->flags & TCP_ACK && peer->flags & DIR_FIN && seq_diff(seg->ack, peer->fin_seq) > 0;
}

static void step_show(struct step *step, enum colour colour)
{
	step->state_shows = true;
	if (colour)
		step->colour = colour;
}

/* RFC 9293 3.10.7.3: a RST that answers a SYN acknowledges it; another one is not for this session. */
static bool rst_is_foreign(const struct step *step)
{
	const struct session *s = step->session;

	return step->side != s->client && s->state[s->client] == TS_SYN_SENT && step->seg->flags & TCP_ACK &&
	       !acks_syn(&s->dir[s->client], step->seg);
}

static void connection_reset(struct step *step)
{
	struct session *s = step->session;

	if (rst_is_foreign(step)) {
		step_show(step, COLOUR_RED);
		return;
	}
	step->rst = (s->dir[0].flags | s->dir[1].flags) & DIR_FIN ? RST_AFTER_FIN : RST_BREAK;
	s->flags |= SESSION_RST;
	s->rst_side = step->side;
	session_apply(s, step->side, EV_RST);
	s->state[0] = s->state[1] = TS_CLOSED;
	step_show(step, COLOUR_RED);
}

static void connection_syn(struct step *step)
{
	struct session *s = step->session;
	bool first = step->verdict != VERDICT_RETRANSMIT;

	if (session_apply(s, step->side, EV_SYN).expected && first)
		step_show(step, COLOUR_YELLOW);
}

static void connection_syn_ack(struct step *step)
{
	struct session *s = step->session;
	bool acked = acks_syn(&s->dir[!step->side], step->seg);

	if (acked && session_apply(s, step->side, EV_SYN_ACK).changed)
		step_show(step, COLOUR_YELLOW);
	else
		step_show(step, COLOUR_RED);
}

static void connection_ack(struct step *step)
{
	struct session *s = step->session;
	const struct direction *peer = &s->dir[!step->side];

	if (acks_syn(peer, step->seg) && session_apply(s, step->side, EV_ACKS_SYN).changed)
		step_show(step, COLOUR_YELLOW);
	if (!acks_fin(peer, step->seg) || !session_apply(s, step->side, EV_ACKS_FIN).changed)
		return;
	step_show(step, state_is_closed(s->state[0], s->state[1]) && s->state[step->side] == TS_TIME_WAIT ? COLOUR_BLUE
													  : COLOUR_NONE);
}

static void connection_fin(struct step *step)
{
	step_show(step, session_apply(step->session, step->side, EV_FIN).changed ? COLOUR_NONE : COLOUR_RED);
}

/* Nothing that an ACK could tell is awaited: nearly all segments come then. */
static bool acks_nothing(const struct session *s)
{
	return s->state[0] == TS_ESTABLISHED && s->state[1] == TS_ESTABLISHED && !((s->dir[0].flags | s->dir[1].flags) & DIR_FIN);
}

/* The server of a SYN still has an older connection on these ports: its ACK is not for this one. */
static bool is_of_older(const struct step *step)
{
	const struct session *s = step->session;

	return step->remarks & REMARK_CHALLENGE && s->state[s->client] == TS_SYN_SENT;
}

void connection_feed(struct step *step)
{
	uint8_t flags = step->seg->flags & (TCP_FIN | TCP_SYN | TCP_RST | TCP_ACK);

	if (flags == TCP_ACK && acks_nothing(step->session))
		return;
	if (flags & TCP_RST)
		connection_reset(step);
	else if (flags == TCP_SYN)
		connection_syn(step);
	else if (flags == (TCP_SYN | TCP_ACK))
		connection_syn_ack(step);
	else if (flags & TCP_SYN || !flags)
		step_show(step, COLOUR_RED);
	else if (step->verdict != VERDICT_STRAY && !is_of_older(step)) {
		connection_ack(step);
		if (flags & TCP_FIN)
			connection_fin(step);
	}
}
