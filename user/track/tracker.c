/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tracker.h"

#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "connection.h"
#include "copies.h"
#include "fragments.h"
#include "judge.h"
#include "mss.h"
#include "ordinary.h"
#include "rst_evidence.h"
#include "seq.h"
#include "sequence.h"
#include "state.h"
#include "timers.h"
#include "timing.h"

#define NS_PER_S 1000000000ull
#define TRANSIENT_TIMEOUT_S 30
#define IDLE_TIMEOUT_S 900
#define LINGER_S 60		/* late segments of a session that is over: 2 MSL of most systems */
#define LINGER_MIN 1024		/* sessions that linger, if -L is lower */
#define LINGER_MAX 65536
#define FLOOD_MIN 32		/* sessions without an answer: fewer are no flood */
#define UNANSWERED_AGE_NS NS_PER_S
#define ALWAYS_NS (0 - 2 * NS_PER_S)	/* as from_ns: no segment is of the second from there */
#define JUMP_S 3600		/* a time further away is not believed before a second segment has it too */
#define ORIGINAL_LOOK_BACK 1024
#define AHEAD 3			/* segments between two steps of fetching, see tracker_feed_batch() */
#define FEED_BATCH 32		/* segments fetched for together */

struct tracker {
	struct tracker_events events;
	struct session *sessions;	/* [0] is not used */
	uint32_t session_limit;
	uint32_t sessions_max;		/* session_limit and those that linger */
	uint32_t fresh;			/* sessions from here on were never used */
	uint32_t free;			/* list of used ones, by timers.link[].next */
	bool pickup;
	struct flow_table *flows;
	struct history *history;
	struct fragments *fragments;
	struct timers timers;
	uint64_t now_s;			/* all that was due before this second is done */
	uint64_t from_ns;		/* segments of the second from here on tell nothing new about time */
	uint64_t quiet_ns;		/* ordinary segments after a pause of less are told to nobody */
	uint64_t jump_s;		/* a time far away that one segment had; 0: none */
	struct tracker_stats stats;
};

static uint32_t or_all(uint32_t limit, uint32_t all)
{
	return limit && limit < all ? limit : all;
}

struct tracker *tracker_new(const struct tracker_config *cfg, const struct tracker_events *events)
{
	struct tracker *t = calloc(1, sizeof(*t));
	uint32_t linger;

	if (!t)
		return NULL;
	t->events = *events;
	t->session_limit = or_all(cfg->session_limit, SESSION_LIMIT_MAX);
	linger = t->session_limit < LINGER_MIN ? LINGER_MIN : t->session_limit;
	t->sessions_max = t->session_limit + (linger < LINGER_MAX ? linger : LINGER_MAX);
	t->sessions = array_alloc((size_t)t->sessions_max + 1, sizeof(t->sessions[0]));
	t->fresh = 1;
	t->from_ns = ALWAYS_NS;
	t->pickup = cfg->pickup;
	t->quiet_ns = events->quiet_ns < ORDINARY_PAUSE_NS ? events->quiet_ns : ORDINARY_PAUSE_NS;
	t->flows = flow_table_new(t->sessions, t->sessions_max);
	t->history = history_new(or_all(cfg->segment_limit, SEGMENT_LIMIT_MAX), cfg->context, t->sessions, t->sessions_max);
	t->fragments = fragments_new();
	t->timers.sessions = t->sessions;
	t->timers.link = array_alloc((size_t)t->sessions_max + 1, sizeof(t->timers.link[0]));
	if (!t->sessions || !t->timers.link || !t->flows || !t->history || !t->fragments) {
		tracker_free(t);
		return NULL;
	}
	return t;
}

void tracker_free(struct tracker *t)
{
	uint32_t i;

	if (!t)
		return;
	for (i = 1; t->sessions && i < t->fresh; i++) {
		gaps_free(&t->sessions[i].dir[0].gaps);
		gaps_free(&t->sessions[i].dir[1].gaps);
	}
	fragments_free(t->fragments);
	history_free(t->history);
	flow_table_free(t->flows);
	array_free(t->timers.link, (size_t)t->sessions_max + 1, sizeof(t->timers.link[0]));
	array_free(t->sessions, (size_t)t->sessions_max + 1, sizeof(t->sessions[0]));
	free(t);
}

static void prefetch(const void *p, size_t size)
{
	const char *line = p;
	size_t i;

	for (i = 0; i < size; i += 64)
		__builtin_prefetch(line + i, 1);
}

static uint32_t session_index(const struct tracker *t, const struct session *s)
{
	return (uint32_t)(s - t->sessions);
}

static uint64_t session_idle_end_s(const struct session *s)
{
	bool transient = state_is_transient(s->state[0]) || state_is_transient(s->state[1]);

	return s->last_ns / NS_PER_S + (transient ? TRANSIENT_TIMEOUT_S : IDLE_TIMEOUT_S) + 1;
}

/* After a change of state the session may be due earlier; where it is due later, the list it is on finds that out. */
static void session_schedule(struct tracker *t, struct session *s)
{
	timers_move(&t->timers, session_index(t, s), timers_second(session_idle_end_s(s)));
}

/* From a size on gcc takes an instruction for it that costs more than the stores. */
static inline __attribute__((always_inline)) void clear_in_halves(void *p, size_t half, size_t size)
{
	memset(p, 0, half);
	memset((uint8_t *)p + half, 0, size - half);
}

static void session_release(struct tracker *t, struct session *s)
{
	uint32_t i = session_index(t, s);

	clear_in_halves(s, offsetof(struct session, segments), sizeof(*s));
	t->timers.link[i].next = t->free;
	t->free = i;
}

static void session_forget(struct tracker *t, struct session *s)
{
	uint32_t i = session_index(t, s);

	if (t->events.forgotten)
		t->events.forgotten(t->events.ctx, s);
	timers_move(&t->timers, i, LIST_NONE);
	flow_remove(t->flows, i);
	session_release(t, s);
}

static void direction_end(struct direction *d)
{
	if (d->gaps)
		d->flags |= DIR_HOLES;
	gaps_free(&d->gaps);
}

/* Reports the session as over. It lingers, so that its late segments do not look like a session in mid-stream. */
static void session_end(struct tracker *t, struct session *s, enum session_end why, uint64_t ts_ns)
{
	if (s->flags & SESSION_RST)
		t->stats.resets++;
	t->stats.timeouts += why == END_TIMEOUT;
	t->stats.duplicates += why == END_DUPLICATE;
	t->stats.evicted += why == END_EVICTED;
	t->events.ended(t->events.ctx, s, why, ts_ns);
	history_clear(t->history, s);
	direction_end(&s->dir[0]);
	direction_end(&s->dir[1]);
	s->flags |= SESSION_CLOSED;
	if (why == END_TIMEOUT && s->list == LIST_HALF_OPEN)
		s->flags |= SESSION_UNANSWERED;
	t->stats.active--;
	if (why == END_CLOSED || s->flags & SESSION_UNANSWERED)
		timers_move(&t->timers, session_index(t, s), LIST_CLOSED);
	else if (why != END_CAPTURE)
		session_forget(t, s);
}

static struct session *list_first(struct tracker *t, uint16_t list)
{
	uint32_t i = t->timers.list[list].first;

	return i ? &t->sessions[i] : NULL;
}

/* A session whose last segment had a damaged time, far ahead of all others, must not hold up those behind it. */
static void list_pass_damaged(struct tracker *t, uint16_t list, uint64_t now_s)
{
	const struct session *s = list_first(t, list);

	if (s && s->last_ns / NS_PER_S > now_s + TIMERS_SECONDS)
		timers_move(&t->timers, session_index(t, s), list);
}

/* All that is due in one second. */
static void tracker_second(struct tracker *t, uint64_t now_s)
{
	uint16_t list = timers_second(now_s);
	uint32_t count = t->timers.list[list].count;
	struct session *s;

	list_pass_damaged(t, LIST_HALF_OPEN, now_s);
	list_pass_damaged(t, LIST_ONE_SIDED, now_s);
	list_pass_damaged(t, LIST_CLOSED, now_s);
	while ((s = list_first(t, LIST_HALF_OPEN)) && session_idle_end_s(s) <= now_s)
		session_end(t, s, END_TIMEOUT, now_s * NS_PER_S);
	while ((s = list_first(t, LIST_ONE_SIDED)) && session_idle_end_s(s) <= now_s)
		session_end(t, s, END_TIMEOUT, now_s * NS_PER_S);
	while ((s = list_first(t, LIST_CLOSED)) && s->last_ns / NS_PER_S + LINGER_S < now_s)
		session_forget(t, s);
	while (count--) {
		s = list_first(t, list);
		if (session_idle_end_s(s) <= now_s)
			session_end(t, s, END_TIMEOUT, now_s * NS_PER_S);
		else
			session_schedule(t, s);
	}
}

void tracker_advance(struct tracker *t, uint64_t now_ns)
{
	uint64_t end_s = now_ns / NS_PER_S, s = t->now_s;

	if (end_s <= t->now_s) {
		if (t->now_s - end_s > TIMERS_SECONDS)	/* the time before was a damaged one */
			t->now_s = end_s;
		return;
	}
	if (t->timers.list[LIST_CLOSED].count + t->stats.active) {
		while (s < end_s && s - t->now_s < TIMERS_SECONDS)
			tracker_second(t, ++s);
	}
	t->now_s = end_s;
}

/* The session of the list that has been silent for longest, if it is old, or one of a flood. */
static struct session *list_victim(struct tracker *t, uint16_t list, uint64_t now_ns)
{
	uint32_t count = t->timers.list[list].count;
	struct session *s = list_first(t, list);
	bool flood = count >= FLOOD_MIN && count > t->session_limit / 2;

	return s && (flood || s->last_ns + UNANSWERED_AGE_NS <= now_ns) ? s : NULL;
}

/* A full table: a session of which only one side was seen gives way. Others never do. */
static bool tracker_make_room(struct tracker *t, uint64_t now_ns)
{
	struct session *s;

	if (t->stats.active < t->session_limit)
		return true;
	s = list_victim(t, LIST_HALF_OPEN, now_ns);
	if (!s)
		s = list_victim(t, LIST_ONE_SIDED, now_ns);
	if (!s)
		return false;
	session_end(t, s, END_EVICTED, now_ns);
	return true;
}

/* Once all were used, the one that is over for longest, and the next such one is fetched out of memory for the next time. */
static uint32_t session_alloc(struct tracker *t)
{
	uint32_t i;

	if (!t->free && t->fresh > t->sessions_max) {
		session_forget(t, list_first(t, LIST_CLOSED));
		prefetch(&t->sessions[t->timers.list[LIST_CLOSED].first], sizeof(struct session));
	}
	i = t->free;
	if (i)
		t->free = t->timers.link[i].next;
	else
		i = t->fresh++;
	return i;
}

static bool is_syn(const struct segment *seg)
{
	return (seg->flags & (TCP_SYN | TCP_ACK | TCP_FIN | TCP_RST)) == TCP_SYN;
}

static bool is_syn_ack(const struct segment *seg)
{
	return (seg->flags & (TCP_SYN | TCP_ACK | TCP_FIN | TCP_RST)) == (TCP_SYN | TCP_ACK);
}

/* Who is the client, and in which states a session begins that is opened by this segment of that side. */
static void session_begin(struct session *s, const struct segment *seg, uint8_t side)
{
	if (is_syn(seg) || is_syn_ack(seg)) {
		s->client = is_syn(seg) ? side : !side;
		s->flags = is_syn(seg) ? 0 : SESSION_MID_STREAM;
		s->state[s->client] = TS_SYN_SENT;
		s->state[!s->client] = TS_SYN_RECV;
		return;
	}
	s->flags = SESSION_MID_STREAM | SESSION_GUESSED;
	s->client = seg->sport == seg->dport ? side : flow_port(&s->key, 1) > flow_port(&s->key, 0);
	s->state[0] = s->state[1] = TS_ESTABLISHED;
}

/* What can be told of a segment before it is its turn. */
struct lookup {
	struct flow_key key;
	uint32_t hash;
	uint8_t side;		/* that sent it */
	struct session *guess;	/* its session, most likely; no session if there is none */
};

/* A segment of no session, or of one that is over. */
static void count_outside(struct tracker_stats *stats, const struct segment *seg)
{
	struct direction unknown = { 0 };

	stats->offload_segments += mss_segments(&unknown, seg);
}

static struct session *session_refuse(struct tracker *t, const struct segment *seg)
{
	if (is_syn(seg))
		t->stats.refused++;
	t->stats.not_followed++;
	count_outside(&t->stats, seg);
	return NULL;
}

/* NULL if the session is not to be followed, or cannot be; that is counted. */
static struct session *session_open(struct tracker *t, const struct segment *seg, const struct lookup *l)
{
	struct session *s;
	uint32_t i;

	if (!is_syn(seg) && !t->pickup)
		return session_refuse(t, seg);
	if (!tracker_make_room(t, seg->ts_ns))
		return session_refuse(t, seg);
	i = session_alloc(t);
	s = &t->sessions[i];
	s->key = l->key;
	if (!flow_insert(t->flows, i, l->hash)) {
		session_release(t, s);
		return session_refuse(t, seg);
	}
	s->list = LIST_NONE;
	s->id = ++t->stats.sessions;
	s->start_ns = s->last_ns = seg->ts_ns;
	session_begin(s, seg, l->side);
	t->stats.mid_stream += !is_syn(seg);
	if (++t->stats.active > t->stats.active_max)
		t->stats.active_max = t->stats.active;
	return s;
}

/* The SYN is that of this session, not of one that takes its place. */
static bool syn_belongs(const struct session *s, const struct segment *seg, uint8_t side)
{
	const struct direction *d = &s->dir[side];

	if (d->flags & DIR_SYN)
		return seg->seq == d->isn;
	if (s->flags & SESSION_MID_STREAM)
		return d->flags & DIR_SEQ && seg->seq + 1 == d->first_seq;
	return s->state[s->client] == TS_SYN_SENT && side != s->client && !(d->flags & DIR_SENT);
}

/* A session that is over goes on: its end was not one (a forged RST), or its ports are in use again and the SYN was missed. */
static bool late_is_new(const struct session *s, const struct segment *seg, uint8_t side)
{
	const struct direction *d = &s->dir[side];
	uint32_t end = seg->seq + sequence_len(seg);

	if (is_syn(seg) || s->flags & SESSION_UNANSWERED)
		return true;
	if (seg->flags & TCP_RST)
		return false;
	if (is_syn_ack(seg))
		return d->flags & DIR_SYN ? seg->seq != d->isn : s->flags & SESSION_RST && side == s->rst_side;
	if (s->flags & SESSION_RST && side != s->rst_side)
		return false;
	if (sequence_len(seg) && d->flags & DIR_SEQ && seq_diff(end, d->next_seq) > 0)
		return true;
	return s->flags & SESSION_RST && d->flags & DIR_ACK && seg->flags & TCP_ACK && seq_diff(seg->ack, d->ack) > 0;
}

static void count_resent(struct tracker_stats *stats, const struct step *step)
{
	stats->retransmitted += step->resent;
	stats->resends[step->resend] += step->resent;
	stats->spurious += step->spurious;
}

static void session_count(struct session *s, const struct segment *seg, uint8_t side)
{
	struct direction *d = &s->dir[side];

	s->segments++;
	s->bytes += seg->wire_len;
	if (d->ttl != seg->ttl)
		d->ttl = d->flags & DIR_SENT ? 0 : seg->ttl;
}

/* Where all is captured at one place, a copy comes before the ACK. */
static bool late_was_acked(const struct session *s, const struct segment *seg, uint8_t side)
{
	const struct direction *own = &s->dir[side], *peer = &s->dir[!side];

	if (own->flags & DIR_ELSEWHERE || !(peer->flags & DIR_ACK))
		return false;
	return seq_diff(peer->ack, seg->seq + sequence_len(seg)) >= 0;
}

static void session_late(struct tracker *t, struct session *s, const struct segment *seg, uint8_t side)
{
	struct step step = { .session = s, .seg = seg, .side = side };

	if (copies_is_late(&s->dir[side], seg)) {
		t->stats.copies++;
		return;
	}
	session_count(s, seg, side);
	s->dir[side].flags |= DIR_SENT;
	t->stats.late++;
	count_outside(&t->stats, seg);
	if (copies_may_be(s, seg) && !late_was_acked(s, seg, side))
		return;
	judge_late(&step);
	count_resent(&t->stats, &step);
}

/* The SYN that was refused, or not answered for long, is sent once more. */
static bool syn_retries(const struct session *s, const struct segment *seg, uint8_t side)
{
	const struct direction *d = &s->dir[side];
	bool refused = s->flags & SESSION_RST && s->rst_side != side;

	return is_syn(seg) && (refused || s->flags & SESSION_UNANSWERED) && d->flags & DIR_SYN && seg->seq == d->isn;
}

/*
 * The session of a segment: the one that has its ports, or a new one. NULL: none is followed, or the segment is late.
 */
static struct session *session_for(struct tracker *t, const struct segment *seg, const struct lookup *l)
{
	bool guessed = l->guess->id && flow_key_equal(&l->guess->key, &l->key), retries;
	struct session *s = guessed ? l->guess : &t->sessions[flow_find(t->flows, &l->key, l->hash)];

	if (!s->id)
		return session_open(t, seg, l);
	if (s->flags & SESSION_CLOSED) {
		if (!late_is_new(s, seg, l->side)) {
			session_late(t, s, seg, l->side);
			return NULL;
		}
		retries = syn_retries(s, seg, l->side);
		session_forget(t, s);
		s = session_open(t, seg, l);
		if (s && is_syn(seg))
			s->flags |= retries ? SESSION_RETRIES : SESSION_REUSES;
		return s;
	}
	if (!is_syn(seg) || syn_belongs(s, seg, l->side))
		return s;
	session_end(t, s, END_DUPLICATE, seg->ts_ns);
	s = session_open(t, seg, l);
	if (s)
		s->flags |= SESSION_REPLACES;
	return s;
}

/* A session picked up in mid-stream whose handshake turns up after all, or shows who the client is. */
static void session_learn_client(struct session *s, const struct segment *seg, uint8_t side)
{
	const struct direction *d = &s->dir[side];
	uint8_t client = is_syn(seg) ? side : !side;

	if (!(s->flags & SESSION_MID_STREAM) || !(is_syn(seg) || is_syn_ack(seg)))
		return;
	if (is_syn_ack(seg) && d->flags & DIR_SEQ && seg->seq + 1 != d->first_seq)
		return;
	s->client = client;
	s->flags &= (uint16_t)~SESSION_GUESSED;
	if (is_syn(seg))
		s->flags &= (uint16_t)~SESSION_MID_STREAM;
}

/*
 * The first transmission of what the step's segment carries: the one with its first byte that was not itself a retransmission,
 * if it is held.
 */
static void step_find_original(struct tracker *t, struct step *step)
{
	struct history *h = t->history;
	const struct record *self = step->rec;
	struct record *r = self ? history_prev(h, self) : history_last(h, step->session);
	uint32_t len = sequence_len(step->seg);
	uint64_t from = step->seg->ts_ns;
	int i;

	for (i = 0; r && i < ORIGINAL_LOOK_BACK; i++, r = history_prev(h, r)) {
		if (!record_overlaps(r, step->side, step->seg->seq, len))
			continue;
		step->original = r;
		if (r->verdict != VERDICT_RETRANSMIT && seq_diff(r->seq, step->seg->seq) <= 0)
			break;
	}
	r = step->original ? step->original : history_oldest_hidden(h, step->session);
	if (r && r->ts_ns < from)
		step->since_original_ns = from - r->ts_ns;
}

/*
 * Sessions of which one side was seen alone wait in lists of their own, least recently active first, until the other side
 * speaks. In each list all have the same timeout.
 */
static uint16_t session_waits_in(const struct session *s)
{
	if (s->dir[0].flags & s->dir[1].flags & DIR_SENT)
		return LIST_NONE;
	if (!(s->flags & SESSION_MID_STREAM))
		return s->state[s->client] == TS_SYN_SENT ? LIST_HALF_OPEN : LIST_NONE;
	return s->state[0] == TS_ESTABLISHED && s->state[1] == TS_ESTABLISHED ? LIST_ONE_SIDED : LIST_NONE;
}

static void session_retime(struct tracker *t, struct session *s, const uint8_t before[2])
{
	uint16_t list = session_waits_in(s);

	if (list != LIST_NONE)
		timers_move(&t->timers, session_index(t, s), list);
	else if (s->list >= TIMERS_SECONDS || memcmp(before, s->state, sizeof(s->state)) != 0)
		session_schedule(t, s);
}

static void count_verdict(struct tracker_stats *stats, enum verdict verdict)
{
	stats->out_of_order += verdict == VERDICT_OUT_OF_ORDER;
	stats->keepalives += verdict == VERDICT_KEEPALIVE;
	stats->keepalive_acks += verdict == VERDICT_KEEPALIVE_ACK;
	stats->zero_window_probes += verdict == VERDICT_ZERO_WINDOW_PROBE;
	stats->dup_acks += verdict == VERDICT_DUP_ACK;
	stats->window_updates += verdict == VERDICT_WINDOW_UPDATE;
	stats->strays += verdict == VERDICT_STRAY;
}

static void count_step(struct tracker_stats *stats, const struct step *step)
{
	stats->segments++;
	stats->offload_segments += step->segments;
	if (step->resent | step->spurious)
		count_resent(stats, step);
	if (step->verdict != VERDICT_NEW)
		count_verdict(stats, step->verdict);
}

static void step_init(struct step *step, struct session *s, const struct segment *seg, uint8_t side)
{
	clear_in_halves(step, offsetof(struct step, split), sizeof(*step));
	step->session = s;
	step->seg = seg;
	step->side = side;
	step->state_before[0] = s->state[0];
	step->state_before[1] = s->state[1];
}

static void session_feed(struct tracker *t, struct session *s, const struct segment *seg, uint8_t side)
{
	struct direction *own = &s->dir[side], *peer = &s->dir[!side];
	struct step step;

	copies_note_where(own, seg);
	if (sequence_is_old(own, seg) && copies_has(t->history, s, seg, side)) {
		t->stats.copies++;
		return;
	}
	session_learn_client(s, seg, side);
	step_init(&step, s, seg, side);
	step.id = s->segments;
	step.pause_ns = step.id && seg->ts_ns > s->last_ns ? seg->ts_ns - s->last_ns : 0;
	judge_segment(&step);
	connection_feed(&step);
	timing_feed(&s->timing, &step, own, peer);
	if (step.rst)
		rst_evidence(t->history, &step);

	step.rec = history_add(t->history, s, seg, side, step.verdict);
	session_count(s, seg, side);
	own->flags |= DIR_SENT;
	count_step(&t->stats, &step);
	if (step.verdict == VERDICT_RETRANSMIT)
		step_find_original(t, &step);
	if (seg->ts_ns > s->last_ns)
		s->last_ns = seg->ts_ns;

	t->events.segment(t->events.ctx, &step);
	if (state_is_closed(s->state[0], s->state[1]))
		session_end(t, s, END_CLOSED, seg->ts_ns);
	else
		session_retime(t, s, step.state_before);
	ordinary_look(s);
}

static void fragments_to_session(struct tracker *t, const struct fragment_owner *o, uint32_t frames, uint64_t bytes)
{
	struct session *s = &t->sessions[o->session];
	uint32_t room = FRAGMENTS_MAX - s->fragments;

	s->fragments += frames < room ? frames : room;
	s->bytes += bytes;
	t->stats.fragments += frames;
}

/* The session of a datagram is still the one that its first fragment belonged to. */
static bool owner_is_there(const struct tracker *t, const struct fragment_owner *o)
{
	return o->session && t->sessions[o->session].id == o->session_id;
}

static void first_fragment(struct tracker *t, const struct segment *seg, const struct session *s, uint8_t side)
{
	struct fragment_owner *o = fragments_find(t->fragments, seg);

	o->session = session_index(t, s);
	o->session_id = s->id;
	o->side = side;
	o->seq = seg->seq + !!(seg->flags & TCP_SYN);
	o->header_len = seg->payload_off - seg->opt_off + 20;
	t->stats.fragments_orphaned -= o->waiting;
	fragments_to_session(t, o, o->waiting, o->waiting_bytes);
	o->waiting = 0;
	o->waiting_bytes = 0;
}

static void later_fragment(struct tracker *t, const struct segment *seg)
{
	struct fragment_owner *o = fragments_find(t->fragments, seg);
	struct session *s;

	if (!o->session) {
		o->waiting++;
		o->waiting_bytes += seg->wire_len;
		t->stats.fragments_orphaned++;
		return;
	}
	if (!owner_is_there(t, o)) {
		t->stats.fragments_orphaned++;
		return;
	}
	s = &t->sessions[o->session];
	fragments_to_session(t, o, 1, seg->wire_len);
	if (!(s->flags & SESSION_CLOSED) && seg->frag_off >= o->header_len)
		sequence_extend(&s->dir[o->side], o->seq + seg->frag_off - o->header_len, seg->payload_len);
}

/* One damaged time stamp must not let all sessions time out. */
static bool jump_is_believed(struct tracker *t, uint64_t s)
{
	bool far = t->now_s && (s > t->now_s + JUMP_S || s + JUMP_S < t->now_s);
	bool again = t->jump_s && s + JUMP_S > t->jump_s && s < t->jump_s + JUMP_S;

	t->jump_s = far && !again ? s : 0;
	return !t->jump_s;
}

/* Apart, as it is done once a second. */
static __attribute__((noinline)) void tracker_time(struct tracker *t, uint64_t ts_ns)
{
	if (!t->stats.first_ns)
		t->stats.first_ns = ts_ns;
	if (jump_is_believed(t, ts_ns / NS_PER_S))
		tracker_advance(t, ts_ns);
	t->from_ns = t->stats.first_ns && !t->jump_s ? t->now_s * NS_PER_S : ALWAYS_NS;
}

static void lookup_make(const struct tracker *t, const struct segment *seg, struct lookup *l)
{
	l->side = flow_key_of(seg, &l->key);
	l->hash = flow_hash(t->flows, &l->key);
	flow_prefetch(t->flows, l->hash);
}

/* False: the segment, of that side, is no ordinary one, or of another session than was guessed, and nothing was noted. */
static inline __attribute__((always_inline)) bool tracker_feed_ordinary(struct tracker *t, const struct segment *seg,
									 const struct lookup *l, uint8_t side)
{
	struct session *s = l->guess;
	uint64_t pause_ns = seg->ts_ns > s->last_ns ? seg->ts_ns - s->last_ns : 0;

	if (pause_ns >= t->quiet_ns || !ordinary_is(s, seg, side) || !flow_key_equal(&s->key, &l->key))
		return false;
	t->stats.offload_segments += ordinary_feed(s, seg, side, pause_ns);
	t->stats.segments++;
	history_add(t->history, s, seg, side, VERDICT_NEW);
	session_count(s, seg, side);
	s->last_ns += pause_ns;
	return true;
}

/*
 * For each side by itself, with all that it calls: what belongs to a known side lies at a fixed place in the session, and that
 * saves more steps than the branch costs, which nobody foresees.
 */
static __attribute__((noinline, flatten)) bool tracker_feed_side_0(struct tracker *t, const struct segment *seg,
								    const struct lookup *l)
{
	return tracker_feed_ordinary(t, seg, l, 0);
}

static __attribute__((noinline, flatten)) bool tracker_feed_side_1(struct tracker *t, const struct segment *seg,
								    const struct lookup *l)
{
	return tracker_feed_ordinary(t, seg, l, 1);
}

/* Apart: few segments come here, and its registers are not to be saved for all. */
static __attribute__((noinline)) void tracker_feed_other(struct tracker *t, const struct segment *seg, const struct lookup *l)
{
	struct session *s;

	if (seg->frag == FRAG_LATER) {
		later_fragment(t, seg);
		return;
	}
	s = session_for(t, seg, l);
	if (!s)
		return;
	if (seg->frag == FRAG_FIRST)
		first_fragment(t, seg, s, l->side);
	session_feed(t, s, seg, l->side);
}

static void tracker_feed_one(struct tracker *t, const struct segment *seg, const struct lookup *l)
{
	if (seg->ts_ns > t->stats.last_ns)
		t->stats.last_ns = seg->ts_ns;
	if (seg->ts_ns - t->from_ns >= NS_PER_S)
		tracker_time(t, seg->ts_ns);
	if (!(l->side ? tracker_feed_side_1(t, seg, l) : tracker_feed_side_0(t, seg, l)))
		tracker_feed_other(t, seg, l);
}

/* Needs the place in the flow table; fetches the session that lies there. */
static void lookup_guess(const struct tracker *t, struct lookup *l)
{
	l->guess = &t->sessions[flow_guess(t->flows, l->hash)];
	prefetch(l->guess, SESSION_ORDINARY_SIZE);
}

void tracker_feed(struct tracker *t, const struct segment *seg)
{
	struct lookup l;

	lookup_make(t, seg, &l);
	lookup_guess(t, &l);
	tracker_feed_one(t, seg, &l);
}

/*
 * Each segment goes through four steps, several segments apart, so that what one step fetches is there for the next one: table
 * place, session, what of its history is needed, feeding. What changes in between only makes a fetch useless.
 */
static void tracker_feed_batch(struct tracker *t, const struct segment *segs, size_t count)
{
	struct lookup look[FEED_BATCH];
	size_t i;

	for (i = 0; i < count + 3 * AHEAD; i++) {
		if (i < count)
			lookup_make(t, &segs[i], &look[i]);
		if (i - AHEAD < count)	/* wraps before the first */
			lookup_guess(t, &look[i - AHEAD]);
		if (i - 2 * AHEAD < count)
			history_prefetch(t->history, look[i - 2 * AHEAD].guess);
		if (i - 3 * AHEAD < count)
			tracker_feed_one(t, &segs[i - 3 * AHEAD], &look[i - 3 * AHEAD]);
	}
}

void tracker_feed_all(struct tracker *t, const struct segment *segs, size_t count)
{
	size_t n;

	for (; count; segs += n, count -= n) {
		n = count < FEED_BATCH ? count : FEED_BATCH;
		tracker_feed_batch(t, segs, n);
	}
}

struct by_id {
	uint64_t id;
	uint32_t index;
};

static int by_id_compare(const void *a, const void *b)
{
	const struct by_id *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static bool session_is_open(const struct session *s)
{
	return s->id && !(s->flags & SESSION_CLOSED);
}

/* As long as no slot was used twice the sessions lie in the order of their ids. */
static bool open_sessions_are_sorted(const struct tracker *t)
{
	uint64_t id = 0;
	uint32_t i;

	for (i = 1; i < t->fresh; i++) {
		if (!session_is_open(&t->sessions[i]))
			continue;
		if (t->sessions[i].id < id)
			return false;
		id = t->sessions[i].id;
	}
	return true;
}

/* Nothing comes any more: what is left of it may stay where it is. */
static void session_finish(struct tracker *t, struct session *s)
{
	session_end(t, s, END_CAPTURE, t->stats.last_ns);
	if (t->events.forgotten)
		t->events.forgotten(t->events.ctx, s);
}

void tracker_finish(struct tracker *t)
{
	struct by_id *open = NULL;
	uint32_t n = 0, i;
	struct session *s;

	if (!open_sessions_are_sorted(t))
		open = malloc(t->stats.active * sizeof(*open));
	for (i = 1; i < t->fresh; i++) {
		s = &t->sessions[i];
		if (!session_is_open(s))
			continue;
		if (open)
			open[n++] = (struct by_id){ s->id, i };
		else
			session_finish(t, s);
	}
	if (open)
		qsort(open, n, sizeof(*open), by_id_compare);
	for (i = 0; i < n; i++)
		session_finish(t, &t->sessions[open[i].index]);
	while ((s = list_first(t, LIST_CLOSED)))
		session_forget(t, s);
	free(open);
}

struct history *tracker_history(struct tracker *t)
{
	return t->history;
}

void tracker_stats(const struct tracker *t, struct tracker_stats *out)
{
	*out = t->stats;
}
