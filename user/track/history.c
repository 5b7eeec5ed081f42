/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "history.h"

#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "copies.h"
#include "seq.h"

#define SHRINK_EVERY 64	/* segments, as long as there is room */
#define STEAL_TRIES 16	/* slots looked at for a hidden record when the limit is reached; more than STEAL_AHEAD */
#define STEAL_WORDS 4	/* 64 slots each, passed over to find the next one */
#define STEAL_AHEAD 8	/* found before they are needed */

/*
 * A session's records lie in two circles: from session.shown on the oldest ones, all of them shown, from session.oldest on all
 * others. Shown ones that come to be the oldest of these change over when the oldest hidden one is next asked for. In a circle
 * the new record of a busy session can take the slot of the oldest one as it is.
 *
 * The place of a slot in its circle, or in the list of free ones, is not in the records: these lie all over memory, and the
 * neighbours of one that comes or goes would have to be fetched for it.
 */
struct link {
	uint32_t prev;		/* a slot, and bits of enum link_flag of this one */
	uint32_t next;
};

enum link_flag {
	LINK_OPENING = 1 << 28,	/* the SYN that opens a session: does not count for the limit */
	LINK_LONG = 1 << 29,	/* has a second slot, for its options */
	LINK_SHOWN = 1 << 30,
	LINK_NOTED = 1u << 31,
};

#define SLOTS_MAX ((1u << 28) - 1)	/* what is left of struct link.prev */

struct history {
	struct record *slot;	/* [0] is not used */
	struct link *link;	/* by slot; [0] stays all 0 */
	char *(*note)[NOTE_PLACES];	/* by slot; allocated with the first note */
	size_t note_bytes;
	uint32_t slots;
	uint32_t fresh;		/* slots from here on were never used */
	uint32_t free;		/* list of used ones, by link.next */
	uint32_t limit;
	uint32_t settled_max;	/* hidden records of a session, if the oldest are settled */
	struct session *sessions;
	uint64_t *hidden;	/* a bit a slot: a hidden record is in it, not an opening one */
	uint32_t hand;		/* slot to look at next for a session that may give one */
	uint32_t ahead[STEAL_AHEAD], ahead_at;	/* those found, a ring */
	struct history_stats stats;
};

/* The context, and the record that it is of. */
static uint32_t settled_max(uint32_t context)
{
	if (context < HISTORY_SETTLED_MAX)
		return HISTORY_SETTLED_MAX;
	return context < HISTORY_HIDDEN_MAX ? context + 1 : HISTORY_HIDDEN_MAX;
}

struct history *history_new(uint32_t segment_limit, uint32_t context, struct session *sessions, uint32_t sessions_max)
{
	uint64_t slots = 2 * ((uint64_t)segment_limit + sessions_max) + 1;
	struct history *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->slots = slots < SLOTS_MAX ? (uint32_t)slots : SLOTS_MAX;
	h->slot = array_alloc(h->slots, sizeof(h->slot[0]));
	h->link = array_alloc(h->slots, sizeof(h->link[0]));
	h->hidden = array_alloc(h->slots / 64 + 1, sizeof(h->hidden[0]));
	h->fresh = 1;
	h->limit = segment_limit;
	h->settled_max = settled_max(context);
	h->sessions = sessions;
	if (!h->slot || !h->link || !h->hidden) {
		history_free(h);
		return NULL;
	}
	return h;
}

static void notes_release(struct history *h, uint32_t slot)
{
	int place;

	for (place = 0; place < NOTE_PLACES; place++) {
		char *note = h->note[slot][place];

		if (!note)
			continue;
		h->note_bytes -= strlen(note) + 1;
		free(note);
		h->note[slot][place] = NULL;
	}
}

void history_free(struct history *h)
{
	uint32_t i;

	if (!h)
		return;
	for (i = 0; h->note && i < h->fresh; i++)
		notes_release(h, i);
	array_free(h->note, h->slots, sizeof(h->note[0]));
	array_free(h->hidden, h->slots / 64 + 1, sizeof(h->hidden[0]));
	array_free(h->link, h->slots, sizeof(h->link[0]));
	array_free(h->slot, h->slots, sizeof(h->slot[0]));
	free(h);
}

static uint32_t slot_of(const struct history *h, const struct record *r)
{
	return (uint32_t)(r - h->slot);
}

static uint32_t slot_alloc(struct history *h)
{
	uint32_t i = h->free;

	if (i)
		h->free = h->link[i].next;
	else if (h->fresh < h->slots)
		i = h->fresh++;
	return i;
}

static void slot_free(struct history *h, uint32_t i)
{
	h->link[i].next = h->free;
	h->free = i;
}

/* Notes and the slot of long options: few records have either. */
static __attribute__((noinline)) void slot_drop_more(struct history *h, uint32_t i)
{
	if (h->link[i].prev & LINK_NOTED)
		notes_release(h, i);
	if (h->link[i].prev & LINK_LONG)
		slot_free(h, h->slot[i].more);
}

/* All but the slot itself. */
static inline void slot_drop_contents(struct history *h, uint32_t i)
{
	if (h->link[i].prev & (LINK_LONG | LINK_NOTED))
		slot_drop_more(h, i);
	h->stats.held -= !(h->link[i].prev & LINK_OPENING);
}

static uint32_t slot_before(const struct history *h, uint32_t i)
{
	return h->link[i].prev & SLOTS_MAX;
}

/* A circle is named by its first slot, 0 if it is empty; the last one is before that. flags: of the link that is added. */
static inline void circle_append(struct history *h, uint32_t *first, uint32_t i, uint32_t flags)
{
	struct link *link = h->link;
	uint32_t next = *first ? *first : i, last = *first ? slot_before(h, next) : i;

	*first = next;
	link[i] = (struct link){ .prev = flags | last, .next = next };
	link[last].next = i;
	link[next].prev = (link[next].prev & ~SLOTS_MAX) | i;
}

static void circle_remove(struct history *h, uint32_t *first, uint32_t i)
{
	struct link *link = h->link;
	uint32_t prev = slot_before(h, i), next = link[i].next;

	link[prev].next = next;
	link[next].prev = (link[next].prev & ~SLOTS_MAX) | prev;
	if (*first == i)
		*first = next == i ? 0 : next;
}

/* Off its circle, which is one of the session's; the slot is still in use. */
static inline void history_detach(struct history *h, struct session *s, uint32_t *first, uint32_t i)
{
	s->hidden -= !(h->link[i].prev & LINK_SHOWN);
	circle_remove(h, first, i);
	slot_drop_contents(h, i);
}

/* Shown records that no hidden one is before go where they are no longer in the way. */
static void shown_pass(struct history *h, struct session *s)
{
	uint32_t i;

	while ((i = s->oldest) && h->link[i].prev & LINK_SHOWN) {
		circle_remove(h, &s->oldest, i);
		circle_append(h, &s->shown, i, h->link[i].prev & ~SLOTS_MAX);
	}
}

static uint32_t oldest_hidden(struct history *h, struct session *s)
{
	if (s->hidden == 0)
		return 0;
	shown_pass(h, s);
	return s->oldest;
}

static void slot_prefetch(const struct history *h, uint32_t i)
{
	__builtin_prefetch(&h->link[i], 1);
	__builtin_prefetch(&h->slot[i], 1);
}

static void hidden_set(const struct history *h, uint32_t i)
{
	h->hidden[i / 64] |= 1ull << i % 64;
}

static void hidden_clear(const struct history *h, uint32_t i)
{
	h->hidden[i / 64] &= ~(1ull << i % 64);
}

static bool hidden_has(const struct history *h, uint32_t i)
{
	return h->hidden[i / 64] >> i % 64 & 1;
}

/* The next slot with a hidden record, in a circle: as slots are used again in that order, an old one. 0: none is near. */
static uint32_t hidden_next(struct history *h)
{
	uint32_t last = h->fresh / 64, w = h->hand / 64 <= last ? h->hand / 64 : 0, tries;
	uint64_t bits = h->hidden[w] & ~0ull << h->hand % 64;

	for (tries = 0; !bits && tries < STEAL_WORDS; tries++) {
		w = w < last ? w + 1 : 0;
		bits = h->hidden[w];
	}
	h->hand = w * 64 + (bits ? (uint32_t)__builtin_ctzll(bits) + 1 : 0);
	return bits ? h->hand - 1 : 0;
}

/* The same, but some calls later: until then the record, and then its session, come out of memory. */
static uint32_t hidden_take(struct history *h)
{
	uint32_t *ahead = h->ahead, taken = ahead[h->ahead_at % STEAL_AHEAD];
	uint32_t middle = ahead[(h->ahead_at + STEAL_AHEAD / 2) % STEAL_AHEAD];
	uint32_t found = hidden_next(h);

	ahead[h->ahead_at++ % STEAL_AHEAD] = found;
	slot_prefetch(h, found);
	if (hidden_has(h, middle))
		__builtin_prefetch(&h->sessions[h->slot[middle].session].hidden, 1);
	return taken;
}

/* Another session that has a hidden record; NULL if none was found soon. */
static struct session *history_victim(struct history *h)
{
	uint32_t i;
	int tries;

	for (tries = 0; tries < STEAL_TRIES; tries++) {
		i = hidden_take(h);
		if (hidden_has(h, i))
			return &h->sessions[h->slot[i].session];
	}
	return NULL;
}

/* The oldest record behind the first one, of a session that has no hidden ones; 0: none. */
static uint32_t second_shown(struct history *h, struct session *s)
{
	uint32_t i;

	shown_pass(h, s);
	i = s->shown ? h->link[s->shown].next : 0;
	return i != s->shown ? i : 0;
}

/* Of a hidden record of another session, or else of this one's oldest behind its first: the slot. 0: there is none. */
static __attribute__((noinline)) uint32_t history_take_other(struct history *h, struct session *s)
{
	struct session *from = history_victim(h);
	uint32_t i = from ? oldest_hidden(h, from) : second_shown(h, s);

	if (from)
		history_detach(h, from, &from->oldest, i);
	else if (i)
		history_detach(h, s, &s->shown, i);
	return i;
}

/*
 * All but the session, which may be there already, and the options. Each field by itself: what is left of the options stays as
 * it was. Neighbours that are read before any of them is written become one move.
 */
static void record_fill(struct record *r, const struct session *s, const struct segment *seg, uint8_t side, enum verdict verdict)
{
	uint32_t seq = seg->seq, ack = seg->ack, wire_len = seg->wire_len, payload_len = seg->payload_len;

	r->ts_ns = seg->ts_ns;
	r->seq = seq;
	r->ack = ack;
	r->wire_len = wire_len;
	r->payload_len = payload_len;
	r->id_low = (uint32_t)s->segments;
	r->ip_id = (uint16_t)seg->ip_id;
	r->id_high = (uint8_t)(s->segments >> 32);
	r->flags = seg->flags;
	memcpy(r->state, s->state, sizeof(r->state));
	r->where = record_where(seg);
	r->side = side;
	r->frag = seg->frag == FRAG_FIRST;
	r->opt_cut = seg->opt_cut;
	r->opt_len = seg->opt_len;
	r->verdict = verdict & 15;
	r->colour = COLOUR_NONE;
	r->own = 0;
}

/*
 * A long list takes another slot; without one, there are no options. Nothing is read from the record: its line may still be
 * on its way.
 */
static inline void record_fill_options(struct history *h, struct record *r, const struct segment *seg)
{
	if (seg->opt_len == TIMESTAMP_OPTIONS_LEN) {	/* nearly always: no call, whose length must be looked at */
		memcpy(r->opt, seg->opt, TIMESTAMP_OPTIONS_LEN);
	} else if (seg->opt_len <= RECORD_INLINE_OPTIONS) {
		memcpy(r->opt, seg->opt, seg->opt_len);
	} else if ((r->more = slot_alloc(h))) {
		memcpy(&h->slot[r->more], seg->opt, seg->opt_len);
		h->link[slot_of(h, r)].prev |= LINK_LONG;
	} else {
		r->opt_len = 0;
	}
}

static inline void history_append(struct history *h, struct session *s, uint32_t i, bool opening)
{
	circle_append(h, &s->oldest, i, opening ? LINK_OPENING : 0);
	s->hidden++;
	if (opening)
		hidden_clear(h, i);
	else
		hidden_set(h, i);
	if (!opening && ++h->stats.held > h->stats.held_max)
		h->stats.held_max = h->stats.held;
}

/* Sequence numbers that it takes. */
static uint32_t record_len(const struct record *r)
{
	return r->payload_len + !!(r->flags & TCP_SYN) + !!(r->flags & TCP_FIN);
}

/* The other side has acknowledged all that it brought, and no copy of it is to come. */
static bool is_settled(const struct session *s, const struct record *r)
{
	const struct direction *peer = &s->dir[!r->side];
	uint32_t len = record_len(r);
	bool is_empty = !len, acks = peer->flags & DIR_ACK, acked = seq_diff(peer->ack, r->seq + len) >= 0;

	if (r->ts_ns + copies_age_max(&s->dir[r->side]) >= s->last_ns)
		return false;
	return is_empty | (acks & acked);	/* no branch on what nobody foresees */
}

/* The slot of the session's oldest hidden record, if that must go for a new one, or is settled and one of many; or 0. */
static uint32_t history_take_own(struct history *h, struct session *s, bool must)
{
	uint32_t i;

	if (s->hidden < h->settled_max && !must)
		return 0;
	i = oldest_hidden(h, s);
	if (!must && s->hidden < HISTORY_HIDDEN_MAX && !is_settled(s, &h->slot[i]))
		return 0;
	history_detach(h, s, &s->oldest, i);
	return i;
}

/* Of a session that holds more than it must, some go once in a while: as much may be in flight again at once. */
static bool is_to_shrink(const struct history *h, const struct session *s)
{
	return s->hidden > h->settled_max && (s->segments % SHRINK_EVERY == 0 || h->stats.held > h->limit / 2);
}

static void history_shrink(struct history *h, struct session *s)
{
	uint32_t i = oldest_hidden(h, s);

	if (!is_settled(s, &h->slot[i]))
		return;
	history_detach(h, s, &s->oldest, i);
	hidden_clear(h, i);
	slot_free(h, i);
}

/*
 * The usual way in a busy session: its oldest hidden record gives its slot to the new one, as it is settled or the limit is
 * reached, and all counts stay as they are. So does the circle, which only begins one slot later. NULL: it is not so.
 */
static inline struct record *history_rotate(struct history *h, struct session *s)
{
	struct link l = h->link[s->oldest];
	struct record *r = &h->slot[s->oldest];

	if (l.prev > SLOTS_MAX || !l.next || is_to_shrink(h, s))
		return NULL;
	if (h->stats.held >= h->limit)
		h->stats.dropped++;
	else if (s->hidden < h->settled_max || !is_settled(s, r))
		return NULL;
	s->oldest = l.next;
	slot_prefetch(h, l.next);	/* the session's next segment often comes too soon to fetch it then */
	return r;
}

/* A slot for a new record; 0: there is none. */
static uint32_t history_take(struct history *h, struct session *s, bool opening)
{
	bool full = !opening && h->stats.held >= h->limit;
	uint32_t i;

	h->stats.dropped += full;
	i = history_take_own(h, s, full && s->hidden);
	if (i)
		return i;
	if (full)
		return history_take_other(h, s);
	i = slot_alloc(h);
	h->stats.dropped += !i;
	return i;
}

static struct record *slot_fill(struct history *h, uint32_t i, const struct session *s, const struct segment *seg, uint8_t side,
				enum verdict verdict)
{
	struct record *r = &h->slot[i];

	r->session = (uint32_t)(s - h->sessions);
	record_fill(r, s, seg, side, verdict);
	record_fill_options(h, r, seg);
	return r;
}

/* What is left to do of history_add(). Apart, as its registers are not to be saved for the usual ways. */
static __attribute__((noinline)) struct record *history_add_slowly(struct history *h, struct session *s,
								   const struct segment *seg, uint8_t side,
								   enum verdict verdict)
{
	bool opening = s->segments == 0 && (seg->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
	uint32_t i = history_take(h, s, opening);

	if (!i)
		return NULL;
	history_append(h, s, i, opening);
	if (is_to_shrink(h, s))
		history_shrink(h, s);
	return slot_fill(h, i, s, seg, side, verdict);
}

/* The usual way in a short session: there is room. */
static __attribute__((noinline)) struct record *history_place(struct history *h, struct session *s, const struct segment *seg,
							      uint8_t side, enum verdict verdict)
{
	uint32_t i = h->free;

	if (!i || !s->segments || s->hidden >= h->settled_max || h->stats.held >= h->limit)
		return history_add_slowly(h, s, seg, side, verdict);
	h->free = h->link[i].next;
	history_append(h, s, i, false);
	return slot_fill(h, i, s, seg, side, verdict);
}

struct record *history_add(struct history *h, struct session *s, const struct segment *seg, uint8_t side, enum verdict verdict)
{
	struct record *r = history_rotate(h, s);

	if (!r)
		return history_place(h, s, seg, side, verdict);
	record_fill(r, s, seg, side, verdict);
	record_fill_options(h, r, seg);
	return r;
}

void history_prefetch(const struct history *h, const struct session *s)
{
	slot_prefetch(h, s->oldest);
}

/* The circle goes before the free slots, as it is. */
static void circle_free(struct history *h, uint32_t *first)
{
	uint32_t i = *first, last;

	if (!i)
		return;
	last = slot_before(h, i);
	do {
		hidden_clear(h, i);
		slot_drop_contents(h, i);
	} while ((i = h->link[i].next) != *first);
	h->link[last].next = h->free;
	h->free = *first;
	*first = 0;
}

void history_clear(struct history *h, struct session *s)
{
	circle_free(h, &s->oldest);
	circle_free(h, &s->shown);
	s->hidden = 0;
}

static struct record *record_at(const struct history *h, uint32_t slot)
{
	return slot ? &h->slot[slot] : NULL;
}

struct record *history_oldest_hidden(struct history *h, struct session *s)
{
	return record_at(h, oldest_hidden(h, s));
}

struct record *history_first(const struct history *h, const struct session *s)
{
	return record_at(h, s->shown ? s->shown : s->oldest);
}

struct record *history_last(const struct history *h, const struct session *s)
{
	return record_at(h, slot_before(h, s->oldest ? s->oldest : s->shown));
}

struct record *history_next(const struct history *h, const struct record *r)
{
	const struct session *s = &h->sessions[r->session];
	uint32_t next = h->link[slot_of(h, r)].next;

	if (next == s->oldest)
		return NULL;
	return record_at(h, next == s->shown ? s->oldest : next);
}

struct record *history_prev(const struct history *h, const struct record *r)
{
	const struct session *s = &h->sessions[r->session];
	uint32_t i = slot_of(h, r);

	if (i == s->shown)
		return NULL;
	return record_at(h, slot_before(h, i == s->oldest ? s->shown : i));
}

bool record_overlaps(const struct record *r, uint8_t side, uint32_t seq, uint32_t len)
{
	uint32_t r_len = record_len(r);

	return r->side == side && r_len && !(r->flags & TCP_RST) && seq_diff(r->seq, seq + len) < 0 &&
	       seq_diff(seq, r->seq + r_len) < 0;
}

const uint8_t *record_options(const struct history *h, const struct record *r)
{
	return r->opt_len > RECORD_INLINE_OPTIONS ? (const uint8_t *)&h->slot[r->more] : r->opt;
}

bool record_is_shown(const struct history *h, const struct record *r)
{
	return h->link[slot_of(h, r)].prev & LINK_SHOWN;
}

void history_show(const struct history *h, struct session *s, struct record *r)
{
	struct link *link = &h->link[slot_of(h, r)];

	if (link->prev & LINK_SHOWN)
		return;
	link->prev |= LINK_SHOWN;
	hidden_clear(h, slot_of(h, r));
	s->hidden--;
}

void history_note(struct history *h, struct record *r, enum note_place place, const char *text, size_t len)
{
	char *copy;

	if (!h->note)
		h->note = array_alloc(h->slots, sizeof(h->note[0]));
	copy = h->note && h->note_bytes + len + 1 <= HISTORY_NOTES_MAX ? malloc(len + 1) : NULL;
	if (!copy) {
		h->stats.notes_dropped++;
		return;
	}
	memcpy(copy, text, len);
	copy[len] = '\0';
	h->note_bytes += len + 1;
	h->link[slot_of(h, r)].prev |= LINK_NOTED;
	h->note[slot_of(h, r)][place] = copy;
}

const char *record_note(const struct history *h, const struct record *r, enum note_place place)
{
	return h->note ? h->note[slot_of(h, r)][place] : NULL;
}

void history_stats(const struct history *h, struct history_stats *out)
{
	*out = h->stats;
}
