/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "turns.h"

#include "seq.h"
#include "tracker.h"

#define NS_PER_MS 1000000u
#define DELAYED_ACK_US (DELAYED_ACK_NS / 1000)
#define LITTLE 64			/* bytes: a last word, as that of TLS (RFC 8446 6.1), is no more */
#define REACTION_NS (200 * NS_PER_MS)	/* who sends so soon after the window was opened had waited for it */

/* Of a side, after the last segment. */
enum turns_flag {
	TURNS_FLIGHT = 1,	/* something it sent is not acknowledged */
	TURNS_ACK = 2,		/* it has acknowledged all, or opened its window: the other side may have waited for that */
	TURNS_SPOKE = 4,	/* it has sent data */
	TURNS_LAST = 8,		/* and nobody after it */
	TURNS_CLOSED = 16,	/* its window is 0 */
	TURNS_PROBED = 32,	/* the other side has probed it, so data waits */
	TURNS_LITTLE = 64,	/* the server's: its silence was ended by little data of its own */
	TURNS_FULL = 128,	/* its window is full with what the other side sent last */
	TURNS_PLAIN = TURNS_FLIGHT | TURNS_ACK | TURNS_SPOKE | TURNS_LAST,
};

/* What a segment does for the turns. */
enum act {
	ACT_SPEAKS = 1,		/* brings data that was not seen before */
	ACT_REPEATS = 2,	/* comes again, or late */
	ACT_PROBES = 4,
	ACT_ENDS = 8,		/* FIN or RST */
};

static const uint8_t acts_of_verdict[VERDICT_COUNT] = {
	[VERDICT_NEW] = ACT_SPEAKS,
	[VERDICT_RETRANSMIT] = ACT_REPEATS,
	[VERDICT_OUT_OF_ORDER] = ACT_SPEAKS | ACT_REPEATS,
	[VERDICT_KEEPALIVE] = ACT_PROBES,
	[VERDICT_ZERO_WINDOW_PROBE] = ACT_PROBES,
};

/* One byte, the first seen of a session in mid-stream: it may be a keep-alive (RFC 9293 3.8.4). */
static bool is_first_byte(const struct turns *t, const struct step *step)
{
	return step->session->flags & SESSION_MID_STREAM && !(t->flags[step->side] & TURNS_SPOKE);
}

static uint32_t acts_of(const struct turns *t, const struct step *step)
{
	uint32_t acts = acts_of_verdict[step->verdict], len = step->seg->payload_len;

	if (len <= 1 && (!len || is_first_byte(t, step)))
		acts &= ~(uint32_t)ACT_SPEAKS;
	if (!(step->seg->flags & (TCP_FIN | TCP_RST)))
		return acts;
	return step->seg->flags & TCP_RST ? ACT_ENDS : acts | ACT_ENDS;	/* the text in a RST is no answer */
}

/* Where nothing was acknowledged yet, all that was seen is in flight. */
static uint8_t in_flight(const struct direction *d, const struct direction *peer)
{
	uint32_t acked = peer->flags & DIR_ACK ? peer->ack : d->first_seq;

	return seq_diff(d->next_seq, acked) > 0 ? TURNS_FLIGHT : 0;
}

/* The client, with these flags, has asked something before. */
static bool has_asked(const struct session *s, uint8_t client)
{
	return (s->flags & SESSION_MID_STREAM) | (client & TURNS_SPOKE);
}

/* Whose turn it is by what was said last. Of a server that is not captured nobody knows what it owes. */
static enum wait turn_of(const struct turns *t, const struct session *s)
{
	if (t->flags[s->client] & TURNS_LAST)
		return s->dir[!s->client].flags & DIR_SENT ? WAIT_SERVER : WAIT_IDLE;
	return has_asked(s, t->flags[s->client]) ? WAIT_IDLE : WAIT_CLIENT;
}

/* Nobody waited, as this side shows that speaks: a client that had its answer asks anew. own, peer: flags of the sides. */
static bool was_idle(const struct session *s, uint8_t side, uint8_t own, uint8_t peer)
{
	bool answered = peer & TURNS_LAST;

	return (side == s->client) & has_asked(s, own) & answered;
}

/* Whose turn it was, now that this side speaks. */
static enum wait turn_of_speaker(const struct turns *t, const struct session *s, uint8_t side)
{
	if (was_idle(s, side, t->flags[side], t->flags[!side]))
		return WAIT_IDLE;
	return side == s->client ? WAIT_CLIENT : WAIT_SERVER;
}

static enum wait turn_taken(const struct turns *t, const struct step *step, uint32_t acts)
{
	return acts & ACT_SPEAKS ? turn_of_speaker(t, step->session, step->side) : turn_of(t, step->session);
}

/* How much of a pause something was on its way that was sent age_us before it; min_us: how far away it goes; 0: not known. */
static uint64_t travel_ns(uint32_t min_us, uint32_t age_us, uint64_t pause_ns)
{
	uint64_t left_ns = min_us > age_us ? (min_us - age_us) * 1000ull : 0;

	return left_ns < pause_ns && min_us ? left_ns : pause_ns;
}

/* So long before the step's pause a side last sent something. */
static uint32_t age_before_us(const struct turns *t, const struct step *step, uint8_t from)
{
	return clock_us(step->seg->ts_ns - step->pause_ns) - t->sent_us[from];
}

/* No ACK is delayed that long. */
static bool is_late(uint32_t min_us, uint32_t age_us)
{
	return age_us > min_us + DELAYED_ACK_US;
}

/* The same of what is to be acknowledged: the segment may show that it had not arrived. */
static uint64_t flight_ns(const struct turns *t, const struct rtt *far, const struct step *step, uint32_t acts, uint8_t from,
			  bool acked)
{
	bool late = step->pause_ns > DELAYED_ACK_NS || is_late(far->min_us, clock_us(step->seg->ts_ns) - t->sent_us[from]);
	bool alone = !(acts & ACT_ENDS) && !step->seg->payload_len;
	bool lost = step->side == from ? late || acts & ACT_REPEATS : !acked || (late && alone);

	if (lost && !(step->seg->flags & TCP_RST) && !(t->flags[!from] & TURNS_CLOSED))
		return step->pause_ns;
	return travel_ns(far->min_us, age_before_us(t, step, from), step->pause_ns);
}

/* acked: the segment acknowledges all that the other side sent. */
static uint64_t network_ns(const struct turns *t, const struct rtt rtt[2], const struct step *step, uint32_t acts,
			   bool acked)
{
	uint8_t side = step->side;
	bool own = t->flags[side] & TURNS_FLIGHT && step->session->dir[!side].flags & DIR_SENT;
	uint64_t ns = 0, own_ns;

	if (t->flags[!side] & TURNS_FLIGHT)
		ns = flight_ns(t, &rtt[side], step, acts, !side, acked);
	else if (t->flags[!side] & TURNS_ACK && acts & ACT_SPEAKS && rtt[side].min_us)
		ns = travel_ns(rtt[side].min_us, age_before_us(t, step, !side), step->pause_ns);
	if (!own)
		return ns;
	own_ns = flight_ns(t, &rtt[!side], step, acts, side, false);
	return ns > own_ns ? ns : own_ns;
}

/* A window, closed or filled until this ACK, that the segment shows somebody waited for. */
static bool waits_for_window(const struct turns *t, const struct step *step, uint32_t acts)
{
	uint8_t own = t->flags[step->side], peer = t->flags[!step->side];

	if (own & TURNS_FULL && peer & TURNS_FLIGHT && !(acts & (ACT_SPEAKS | ACT_ENDS)))
		return true;
	if (!((own | peer) & TURNS_CLOSED))
		return false;
	if ((own | peer) & TURNS_PROBED)
		return true;
	if (peer & TURNS_CLOSED)
		return acts & (ACT_PROBES | ACT_SPEAKS);
	return step->seg->window && !(acts & (ACT_SPEAKS | ACT_ENDS));
}

static void raise_max(uint32_t *max_ms, uint64_t ns)
{
	if (ns >= (*max_ms + 1ull) * NS_PER_MS)
		*max_ms = ns / NS_PER_MS < UINT32_MAX ? (uint32_t)(ns / NS_PER_MS) : UINT32_MAX;
}

/* Without a branch on who it was, as no processor predicts it. */
static void settle(struct turns *t, bool server, bool idle, uint64_t silent_ns)
{
	t->settled_ns[server ? WAIT_SERVER : WAIT_CLIENT] += silent_ns & (idle - 1ull);
	raise_max(&t->silent_max_ms[server], silent_ns);
}

static void settle_silence(struct turns *t, enum wait who)
{
	settle(t, who == WAIT_SERVER, who == WAIT_IDLE, t->silent_ns);
	t->silent_ns = 0;
}

/* A server that said little after its answer went on with it, or, if it closes at once, took leave of an idle client. */
static void settle_little(struct turns *t, uint8_t server, enum wait who)
{
	if (!(t->flags[server] & TURNS_LITTLE))
		return;
	settle_silence(t, who);
	t->flags[server] &= (uint8_t)~TURNS_LITTLE;
}

/* Whose the part of the pause is that is not the network's. */
static void divide_rest(struct turns *t, struct step *step, uint32_t acts, uint64_t rest_ns)
{
	settle_little(t, !step->session->client, WAIT_SERVER);
	if (waits_for_window(t, step, acts)) {
		step->split.ns[WAIT_ZERO_WINDOW] = rest_ns;
		t->closed_ns += rest_ns;
	} else {
		step->split.ns[turn_taken(t, step, acts)] = rest_ns;
		t->silent_ns += rest_ns;
	}
}

static void divide_pause(struct turns *t, const struct rtt rtt[2], struct step *step, uint32_t acts, bool acked)
{
	uint64_t network = 0;

	if ((t->flags[0] | t->flags[1]) & (TURNS_FLIGHT | TURNS_ACK))
		network = network_ns(t, rtt, step, acts, acked);
	step->split.ns[WAIT_NETWORK] = network;
	t->settled_ns[WAIT_NETWORK] += network;
	if (network < step->pause_ns)
		divide_rest(t, step, acts, step->pause_ns - network);
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
}

/*
 * The side ends a silence as it speaks; how much of it is not settled by that: all of it, if a server that spoke last says a
 * little more. own, peer: flags of the sides.
 */
static uint64_t settle_spoken(struct turns *t, const struct session *s, uint8_t side, uint32_t payload_len, uint8_t own,
			      uint8_t peer, uint64_t silent_ns)
{
	bool little = payload_len <= LITTLE, server = side != s->client, last = own & TURNS_LAST;

	if (little & server & last)	/* one branch, mostly foreseen */
		return silent_ns;
	settle(t, server, was_idle(s, side, own, peer), silent_ns);
	return 0;
}

/* Somebody took the turn, or the session ends. */
static void turns_settle(struct turns *t, const struct step *step, uint32_t acts)
{
	uint8_t *own = &t->flags[step->side], *peer = &t->flags[!step->side], server = !step->session->client;
	bool leaves = step->side == server && !(acts & ACT_SPEAKS);

	settle_little(t, server, leaves ? WAIT_IDLE : WAIT_SERVER);
	if (t->closed_ns && acts & ACT_SPEAKS && !(*peer & TURNS_CLOSED)) {
		bool at_once = step->pause_ns - step->split.ns[WAIT_NETWORK] <= REACTION_NS;

		settle_closed(t, *peer & TURNS_PROBED || (at_once && !(*own & TURNS_FULL)));
		*peer &= (uint8_t)~TURNS_PROBED;
	}
	if (!t->silent_ns)
		return;
	if (!(acts & ACT_SPEAKS)) {
		settle_silence(t, turn_of(t, step->session));
		return;
	}
	t->silent_ns = settle_spoken(t, step->session, step->side, step->seg->payload_len, *own, *peer, t->silent_ns);
	*own |= t->silent_ns ? TURNS_LITTLE : 0;
}

/* The segment's window is 0, or the one before was. */
static void note_window(struct turns *t, const struct step *step)
{
	const struct segment *seg = step->seg;
	uint8_t *flags = &t->flags[step->side];

	if (seg->window) {
		*flags = (uint8_t)((*flags & ~TURNS_CLOSED) | TURNS_ACK);
		if (!(*flags & TURNS_FLIGHT))
			t->sent_us[step->side] = clock_us(seg->ts_ns);
	} else if (!(seg->flags & (TCP_SYN | TCP_RST)) && seg->ack == step->session->dir[step->side].ack) {
		*flags |= TURNS_CLOSED;
	}
}

void turns_begin(struct turns *t, const struct step *step)
{
	const struct session *s = step->session;
	const struct direction *client = &s->dir[s->client];

	if (s->flags & SESSION_MID_STREAM)
		return;
	t->flags[s->client] = TURNS_FLIGHT;
	t->sent_us[s->client] = clock_us(s->start_ns);
	t->settled_ns[WAIT_NETWORK] = s->last_ns - s->start_ns;	/* the SYN sent again */
	if (step->side != s->client && seq_diff(client->next_seq, client->isn) > 1)	/* RFC 7413 */
		t->flags[s->client] |= TURNS_SPOKE | TURNS_LAST;
}

void turns_feed(struct turns *t, const struct rtt rtt[2], struct step *step, const struct direction *own,
		const struct direction *peer, uint32_t now_us)
{
	const struct segment *seg = step->seg;
	uint8_t side = step->side, own_now = in_flight(own, peer), peer_now = in_flight(peer, own);
	bool acked = t->flags[!side] & ~peer_now & TURNS_FLIGHT;
	uint32_t acts = acts_of(t, step);

	if (step->pause_ns)
		divide_pause(t, rtt, step, acts, acked);
	if (t->silent_ns | t->closed_ns && acts & (ACT_SPEAKS | ACT_ENDS))
		turns_settle(t, step, acts);
	own_now |= t->flags[side] & (uint8_t)~TURNS_FLIGHT;
	peer_now |= t->flags[!side] & (uint8_t)~TURNS_FLIGHT;
	if (acts & ACT_SPEAKS) {
		own_now = (uint8_t)((own_now & ~TURNS_ACK) | TURNS_SPOKE | TURNS_LAST);
		peer_now &= (uint8_t)~(TURNS_ACK | TURNS_LAST | TURNS_FULL);
		peer_now |= step->remarks & REMARK_WINDOW_FULL ? TURNS_FULL : 0;
	} else if (acked) {
		own_now |= TURNS_ACK;
	}
	if (acts & ACT_PROBES)
		peer_now |= peer_now & TURNS_CLOSED ? TURNS_PROBED : 0;
	else if (seg->payload_len || seg->flags & (TCP_SYN | TCP_FIN) || (acked && !(own_now & TURNS_FLIGHT)))
		t->sent_us[side] = now_us;
	t->flags[side] = own_now;
	t->flags[!side] = peer_now;
	if (!seg->window || own_now & TURNS_CLOSED)
		note_window(t, step);
}

/* As network_ns(); own_was, peer_was: the flags of the sides before the segment. */
static uint64_t plain_network_ns(const struct turns *t, const struct rtt rtt[2], const struct plain_move *m, uint8_t own_was,
				 uint8_t peer_was, bool acked)
{
	uint32_t min_us = rtt[m->side].min_us, before_us;
	uint64_t ns = 0, own_ns;

	if (peer_was & TURNS_FLIGHT && (!acked || (!m->payload_len && is_late(min_us, m->now_us - t->sent_us[!m->side]))))
		return m->pause_ns;
	if (own_was & TURNS_FLIGHT && is_late(rtt[!m->side].min_us, m->now_us - t->sent_us[m->side]))
		return m->pause_ns;
	before_us = clock_us(m->ts_ns - m->pause_ns);
	if (peer_was & TURNS_FLIGHT || (peer_was & TURNS_ACK && m->payload_len && min_us))
		ns = travel_ns(min_us, before_us - t->sent_us[!m->side], m->pause_ns);
	if (!(own_was & TURNS_FLIGHT))
		return ns;
	own_ns = travel_ns(rtt[!m->side].min_us, before_us - t->sent_us[m->side], m->pause_ns);
	return ns > own_ns ? ns : own_ns;
}

bool turns_are_plain(const struct turns *t)
{
	return !((t->flags[0] | t->flags[1]) & (uint8_t)~TURNS_PLAIN) && !t->closed_ns;
}

bool turns_feed_plain(struct turns *t, const struct rtt rtt[2], const struct plain_move *m)
{
	const struct direction *own = &m->session->dir[m->side], *peer = &m->session->dir[!m->side];
	uint8_t own_was = t->flags[m->side], peer_was = t->flags[!m->side];
	uint8_t own_now = seq_diff(own->next_seq, peer->ack) > 0 ? TURNS_FLIGHT : 0;
	uint8_t peer_now = seq_diff(peer->next_seq, own->ack) > 0 ? TURNS_FLIGHT : 0;
	bool acked = peer_was & ~peer_now & TURNS_FLIGHT;
	uint64_t network_ns = plain_network_ns(t, rtt, m, own_was, peer_was, acked);
	uint64_t silent_ns = t->silent_ns + m->pause_ns - network_ns;

	t->settled_ns[WAIT_NETWORK] += network_ns;
	if (m->payload_len) {
		if (silent_ns)
			silent_ns = settle_spoken(t, m->session, m->side, m->payload_len, own_was, peer_was, silent_ns);
		own_now |= TURNS_SPOKE | TURNS_LAST | (silent_ns ? TURNS_LITTLE : 0);
		peer_now |= (peer_was & TURNS_SPOKE) | (m->window_full ? TURNS_FULL : 0);
		t->sent_us[m->side] = m->now_us;
	} else {
		if (acked && !own_now)
			t->sent_us[m->side] = m->now_us;
		own_now |= (own_was & (uint8_t)~TURNS_FLIGHT) | (acked ? TURNS_ACK : 0);
		peer_now |= peer_was & (uint8_t)~TURNS_FLIGHT;
	}
	t->silent_ns = silent_ns;
	t->flags[m->side] = own_now;
	t->flags[!m->side] = peer_now;
	return !((own_now | peer_now) & (uint8_t)~TURNS_PLAIN);
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

	settle_little(&end, !s->client, WAIT_SERVER);
	settle_closed(&end, (t->flags[0] | t->flags[1]) & TURNS_PROBED);
	settle_silence(&end, turn_of(t, s));
	for (i = 0; i < WAIT_IDLE; i++) {
		out->total.ns[i] = end.settled_ns[i];
		idle_ns -= end.settled_ns[i];
	}
	out->total.ns[WAIT_IDLE] = idle_ns;
	out->server_max_ms = end.silent_max_ms[true];
	out->client_max_ms = end.silent_max_ms[false];
	out->zero_window_ms = end.closed_max_ms;
}
