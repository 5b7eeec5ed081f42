/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "turns.h"

#include "seq.h"
#include "sequence.h"

#define NS_PER_MS 1000000u
#define DELAYED_ACK_US 500000u		/* RFC 9293 3.8.6.3: no ACK is delayed for longer */
#define REACTION_NS (200 * NS_PER_MS)	/* who sends so soon after the window was opened had waited for it */

/* After the last segment. Those of two sides: the bit of side 0, shifted by the side. */
enum turns_flag {
	TURNS_FLIGHT = 1,	/* something of that side is not acknowledged */
	TURNS_CLOSED = 4,	/* the side's window is 0 */
	TURNS_SPOKE = 16,	/* it has sent data */
	TURNS_ACK = 64,		/* it has acknowledged all, or opened its window: the other side may have waited for that */
	TURNS_LAST = 256,	/* the data before was side 1's; valid if somebody spoke */
	TURNS_PROBED = 512,	/* the closed window was probed, so data waits */
};

#define FLIGHTS (TURNS_FLIGHT * 3)
#define SPOKEN (TURNS_SPOKE * 3)
#define ACKS (TURNS_ACK * 3)

static uint32_t clock_us(uint64_t ts_ns)
{
	return (uint32_t)(ts_ns / 1000);
}

/* Where nothing was acknowledged yet, what follows a SYN is in flight, if the other side is captured at all. */
static bool in_flight(const struct session *s, uint8_t side)
{
	const struct direction *d = &s->dir[side], *peer = &s->dir[!side];

	if (!(peer->flags & DIR_ACK))
		return d->flags & DIR_SYN && peer->flags & DIR_SENT;
	return d->flags & DIR_SEQ && seq_diff(d->next_seq, peer->ack) > 0;
}

static bool is_repeated(const struct step *step)
{
	return step->verdict == VERDICT_RETRANSMIT || step->verdict == VERDICT_OUT_OF_ORDER;
}

static bool is_probe(const struct step *step)
{
	return step->verdict == VERDICT_KEEPALIVE || step->verdict == VERDICT_ZERO_WINDOW_PROBE;
}

static bool speaks(const struct step *step)
{
	return step->seg->payload_len && (step->verdict == VERDICT_NEW || step->verdict == VERDICT_OUT_OF_ORDER);
}

/* Whose turn it is by what was said last. */
static enum wait turn_of(uint32_t flags, const struct session *s)
{
	bool mid_stream = s->flags & SESSION_MID_STREAM;

	if (!(flags & SPOKEN))
		return mid_stream ? WAIT_IDLE : WAIT_CLIENT;
	if (!!(flags & TURNS_LAST) == s->client)
		return WAIT_SERVER;
	return mid_stream || flags & TURNS_SPOKE << s->client ? WAIT_IDLE : WAIT_CLIENT;
}

/* Whose turn it was, now that somebody has taken it. */
static enum wait turn_taken(uint32_t flags, const struct step *step)
{
	const struct session *s = step->session;

	if (!speaks(step))
		return turn_of(flags, s);
	if (step->side != s->client)
		return WAIT_SERVER;
	return flags & SPOKEN && turn_of(flags, s) == WAIT_IDLE ? WAIT_IDLE : WAIT_CLIENT;
}

/* How much of the pause what a side sent was on its way to the other one, of which it is known that far away it is. */
static uint64_t travel_ns(const struct turns *t, const struct rtt *far, const struct step *step, uint8_t from)
{
	uint32_t age_us = clock_us(step->seg->ts_ns - step->pause_ns) - t->sent_us[from];
	uint64_t left_ns = far->min_us > age_us ? (far->min_us - age_us) * 1000ull : 0;

	return left_ns < step->pause_ns && far->min_us ? left_ns : step->pause_ns;
}

/* The same of what is to be acknowledged: the segment may show that it had not arrived. */
static uint64_t flight_ns(const struct turns *t, const struct rtt *far, const struct step *step, uint8_t from, bool acked)
{
	uint32_t age_us = clock_us(step->seg->ts_ns) - t->sent_us[from];
	bool late = step->pause_ns > DELAYED_ACK_US * 1000ull || age_us > far->min_us + DELAYED_ACK_US;
	bool alone = !step->seg->payload_len && !(step->seg->flags & TCP_FIN);
	bool lost = step->side == from ? late || is_repeated(step) : !acked || (late && alone);

	if (lost && !(step->seg->flags & TCP_RST) && !(t->flags & TURNS_CLOSED << !from))
		return step->pause_ns;
	return travel_ns(t, far, step, from);
}

static uint64_t network_ns(const struct turns *t, const struct rtt rtt[2], const struct step *step, uint32_t flights)
{
	uint8_t side = step->side;
	uint64_t ns = 0, own_ns;

	if (t->flags & TURNS_FLIGHT << !side)
		ns = flight_ns(t, &rtt[side], step, !side, !(flights & TURNS_FLIGHT << !side));
	else if (t->flags & TURNS_ACK << !side && speaks(step) && rtt[side].min_us)
		ns = travel_ns(t, &rtt[side], step, !side);
	if (!(t->flags & TURNS_FLIGHT << side))
		return ns;
	own_ns = flight_ns(t, &rtt[!side], step, side, false);
	return ns > own_ns ? ns : own_ns;
}

/* A closed window that the segment shows somebody waited for. */
static bool waits_for_window(uint32_t flags, const struct step *step)
{
	uint8_t side = step->side;

	if (!(flags & TURNS_CLOSED * 3))
		return false;
	if (flags & TURNS_PROBED)
		return true;
	if (flags & TURNS_CLOSED << !side)
		return is_probe(step) || speaks(step);
	return step->seg->window && !speaks(step) && !(step->seg->flags & (TCP_FIN | TCP_RST));
}

static void turns_pause(struct turns *t, const struct rtt rtt[2], struct step *step, uint32_t flights)
{
	uint64_t network = t->flags & (FLIGHTS | ACKS) ? network_ns(t, rtt, step, flights) : 0;
	uint64_t rest = step->pause_ns - network;

	step->split.ns[WAIT_NETWORK] = network;
	t->settled_ns[WAIT_NETWORK] += network;
	if (!rest)
		return;
	if (waits_for_window(t->flags, step)) {
		step->split.ns[WAIT_ZERO_WINDOW] = rest;
		t->closed_ns += rest;
		return;
	}
	step->split.ns[turn_taken(t->flags, step)] = rest;
	t->silent_ns += rest;
}

static void raise_max(uint32_t *max_ms, uint64_t ns)
{
	uint64_t ms = ns / NS_PER_MS;

	if (ms > *max_ms)
		*max_ms = ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX;
}

static void settle_silence(struct turns *t, enum wait who)
{
	if (who != WAIT_IDLE)
		t->settled_ns[who] += t->silent_ns;
	raise_max(who == WAIT_SERVER ? &t->server_max_ms : &t->client_max_ms, t->silent_ns);
	t->silent_ns = 0;
}

static void settle_closed(struct turns *t, bool waited)
{
	if (waited) {
		t->settled_ns[WAIT_ZERO_WINDOW] += t->closed_ns;
		raise_max(&t->closed_max_ms, t->closed_ns);
	} else {
		t->silent_ns += t->closed_ns;
	}
	t->closed_ns = 0;
	t->flags &= (uint16_t)~TURNS_PROBED;
}

/* Somebody took the turn, or the session ends. */
static void turns_settle(struct turns *t, const struct step *step)
{
	enum wait who;

	if (t->closed_ns && speaks(step) && !(t->flags & TURNS_CLOSED << !step->side))
		settle_closed(t, t->flags & TURNS_PROBED || step->pause_ns - step->split.ns[WAIT_NETWORK] <= REACTION_NS);
	if (!t->silent_ns)
		return;
	who = turn_taken(t->flags, step);
	settle_silence(t, who);
}

static void note_window(struct turns *t, const struct step *step)
{
	const struct segment *seg = step->seg;
	uint32_t closed = TURNS_CLOSED << step->side;

	if (!seg->window) {
		if (!(seg->flags & (TCP_SYN | TCP_RST)) && seg->ack == step->session->dir[step->side].ack)
			t->flags |= (uint16_t)closed;
	} else if (t->flags & closed) {
		t->flags &= (uint16_t)~closed;
		t->flags |= (uint16_t)(TURNS_ACK << step->side);
	}
}

void turns_begin(struct turns *t, const struct step *step)
{
	const struct session *s = step->session;
	const struct direction *client = &s->dir[s->client];

	if (s->flags & SESSION_MID_STREAM)
		return;
	t->flags = (uint16_t)(TURNS_FLIGHT << s->client);
	t->sent_us[s->client] = clock_us(s->start_ns);
	t->settled_ns[WAIT_NETWORK] = s->last_ns - s->start_ns;	/* the SYN sent again */
	if (step->side != s->client && seq_diff(client->next_seq, client->isn) > 1)	/* RFC 7413 */
		t->flags |= (uint16_t)(TURNS_SPOKE << s->client | (s->client ? TURNS_LAST : 0));
}

void turns_feed(struct turns *t, const struct rtt rtt[2], struct step *step)
{
	const struct session *s = step->session;
	uint8_t side = step->side, flags = step->seg->flags;
	uint32_t flights = (in_flight(s, 0) ? TURNS_FLIGHT : 0) | (in_flight(s, 1) ? TURNS_FLIGHT << 1 : 0);
	bool acked_all = t->flags & TURNS_FLIGHT << !side && !(flights & TURNS_FLIGHT << !side);

	if (step->pause_ns)
		turns_pause(t, rtt, step, flights);
	if (speaks(step)) {
		turns_settle(t, step);
		t->flags &= (uint16_t)~(ACKS | TURNS_LAST);
		t->flags |= (uint16_t)(TURNS_SPOKE << side | (side ? TURNS_LAST : 0));
	} else if (flags & (TCP_FIN | TCP_RST)) {
		turns_settle(t, step);
	} else if (acked_all) {
		t->flags |= (uint16_t)(TURNS_ACK << side);
	}
	t->flags = (uint16_t)((t->flags & ~FLIGHTS) | flights);
	if (is_probe(step)) {
		if (t->flags & TURNS_CLOSED << !side)
			t->flags |= TURNS_PROBED;
	} else if (sequence_len(step->seg) || (acked_all && !(flights & TURNS_FLIGHT << side))) {
		t->sent_us[side] = clock_us(step->seg->ts_ns);
	}
	note_window(t, step);
}

void turns_alone(struct step *step)
{
	bool opens = !(step->session->flags & SESSION_MID_STREAM);

	step->split.ns[opens ? WAIT_NETWORK : WAIT_IDLE] = step->pause_ns;
}

void turns_waits(const struct turns *t, const struct session *s, struct waits *out)
{
	struct turns end = *t;
	uint64_t idle_ns = s->last_ns - s->start_ns;
	int i;

	settle_closed(&end, t->flags & TURNS_PROBED);
	settle_silence(&end, turn_of(t->flags, s));
	for (i = 0; i < WAIT_IDLE; i++) {
		out->total.ns[i] = end.settled_ns[i];
		idle_ns -= end.settled_ns[i];
	}
	out->total.ns[WAIT_IDLE] = idle_ns;
	out->server_max_ms = end.server_max_ms;
	out->client_max_ms = end.client_max_ms;
	out->zero_window_ms = end.closed_max_ms;
}
