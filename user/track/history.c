/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "history.h"

#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "seq.h"

#define STEAL_TRIES 64	/* sessions looked at for a hidden record when the limit is reached */

struct history {
	struct record *slot;	/* [0] is not used */
	char **note;		/* by slot; allocated with the first note */
	size_t note_bytes;
	uint32_t slots;
	uint32_t fresh;		/* slots from here on were never used */
	uint32_t free;		/* list of used ones, by next */
	uint32_t limit;
	struct session *sessions;
	uint32_t sessions_used;	/* the highest index of a session that had a record */
	uint32_t hand;		/* session to look at next for a record to drop */
	struct history_stats stats;
};

static bool record_is_opening(const struct record *r)
{
	return (r->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN && r->id_low == 0 && r->id_high == 0;
}

struct history *history_new(uint32_t segment_limit, struct session *sessions, uint32_t sessions_max)
{
	uint64_t slots = 2 * ((uint64_t)segment_limit + sessions_max) + 1;
	struct history *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->slots = slots < UINT32_MAX ? (uint32_t)slots : UINT32_MAX;
	h->slot = array_alloc(h->slots, sizeof(h->slot[0]));
	h->fresh = 1;
	h->limit = segment_limit;
	h->sessions = sessions;
	if (!h->slot) {
		history_free(h);
		return NULL;
	}
	return h;
}

void history_free(struct history *h)
{
	uint32_t i;

	if (!h)
		return;
	for (i = 0; h->note && i < h->fresh; i++)
		free(h->note[i]);
	array_free(h->note, h->slots, sizeof(h->note[0]));
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
		h->free = h->slot[i].next;
	else if (h->fresh < h->slots)
		i = h->fresh++;
	return i;
}

static void slot_release(struct history *h, uint32_t i)
{
	struct record *r = &h->slot[i];

	if (h->note && h->note[i]) {
		h->note_bytes -= strlen(h->note[i]) + 1;
		free(h->note[i]);
		h->note[i] = NULL;
	}
	if (r->opt_len > RECORD_INLINE_OPTIONS) {
		h->slot[r->more].next = h->free;
		h->free = r->more;
	}
	r->next = h->free;
	h->free = i;
}

static void history_remove(struct history *h, struct session *s, struct record *r)
{
	if (r->prev)
		h->slot[r->prev].next = r->next;
	else
		s->head = r->next;
	if (r->next)
		h->slot[r->next].prev = r->prev;
	else
		s->tail = r->prev;
	if (s->seen_shown == slot_of(h, r))
		s->seen_shown = r->prev;
	if (!r->shown)
		s->hidden--;
	if (!record_is_opening(r))
		h->stats.held--;
	slot_release(h, slot_of(h, r));
}

/* Walks over the shown records before it once: seen_shown remembers how far. */
struct record *history_oldest_hidden(struct history *h, struct session *s)
{
	uint32_t i = s->seen_shown ? h->slot[s->seen_shown].next : s->head;

	if (s->hidden == 0)
		return NULL;
	while (h->slot[i].shown) {
		s->seen_shown = i;
		i = h->slot[i].next;
	}
	return &h->slot[i];
}

/* One record of any session must go. False if there is none that may. */
static bool history_make_room(struct history *h, struct session *s)
{
	struct record *r = history_oldest_hidden(h, s);
	int tries;

	for (tries = 0; !r && tries < STEAL_TRIES; tries++) {
		struct session *victim = &h->sessions[h->hand = h->hand % h->sessions_used + 1];

		r = history_oldest_hidden(h, victim);
		if (r) {
			history_remove(h, victim, r);
			return true;
		}
	}
	if (!r && s->head)
		r = history_next(h, &h->slot[s->head]);
	if (!r)
		return false;
	history_remove(h, s, r);
	return true;
}

static void record_fill(struct record *r, const struct segment *seg, uint64_t id, uint8_t side)
{
	memset(r, 0, sizeof(*r));
	r->ts_ns = seg->ts_ns;
	r->seq = seg->seq;
	r->ack = seg->ack;
	r->wire_len = seg->wire_len < RECORD_LEN_MAX ? seg->wire_len : RECORD_LEN_MAX;
	r->payload_len = seg->payload_len < RECORD_LEN_MAX ? seg->payload_len : RECORD_LEN_MAX;
	r->id_low = (uint32_t)id;
	r->id_high = (uint8_t)(id >> 32);
	r->flags = seg->flags;
	r->ip_id = (uint16_t)seg->ip_id;
	r->where = record_where(seg);
	r->side = side;
	r->frag = seg->frag == FRAG_FIRST;
	r->opt_cut = seg->opt_cut;
	r->opt_len = seg->opt_len;
}

/* Where the options of a record go; a long list takes another slot. NULL if there is none left. */
static uint8_t *options_place(struct history *h, struct record *r)
{
	if (r->opt_len <= RECORD_INLINE_OPTIONS)
		return r->opt;
	r->more = slot_alloc(h);
	return r->more ? (uint8_t *)&h->slot[r->more] : NULL;
}

struct record *history_add(struct history *h, struct session *s, const struct segment *seg, uint64_t id, uint8_t side)
{
	struct record *r;
	uint8_t *opt;
	uint32_t i;
	bool opening = id == 0 && (seg->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;

	if ((uint32_t)(s - h->sessions) > h->sessions_used)
		h->sessions_used = (uint32_t)(s - h->sessions);
	if (!opening && h->stats.held >= h->limit) {
		h->stats.dropped++;
		if (!history_make_room(h, s))
			return NULL;
	} else if (s->hidden >= HISTORY_HIDDEN_MAX) {
		history_remove(h, s, history_oldest_hidden(h, s));
	}
	i = slot_alloc(h);
	if (!i) {
		h->stats.dropped++;
		return NULL;
	}
	r = &h->slot[i];
	record_fill(r, seg, id, side);
	opt = options_place(h, r);
	if (opt)
		memcpy(opt, seg->opt, r->opt_len);
	else
		r->opt_len = 0;

	r->prev = s->tail;
	if (s->tail)
		h->slot[s->tail].next = i;
	else
		s->head = i;
	s->tail = i;
	s->hidden++;
	if (!opening && ++h->stats.held > h->stats.held_max)
		h->stats.held_max = h->stats.held;
	return r;
}

void history_prefetch(const struct history *h, const struct session *s)
{
	__builtin_prefetch(&h->slot[s->tail], 1);
	__builtin_prefetch(&h->slot[s->seen_shown ? s->seen_shown : s->head], 1);
}

void history_clear(struct history *h, struct session *s)
{
	while (s->head)
		history_remove(h, s, &h->slot[s->head]);
	s->seen_shown = 0;
}

static struct record *record_at(const struct history *h, uint32_t slot)
{
	return slot ? &h->slot[slot] : NULL;
}

struct record *history_first(const struct history *h, const struct session *s)
{
	return record_at(h, s->head);
}

struct record *history_last(const struct history *h, const struct session *s)
{
	return record_at(h, s->tail);
}

struct record *history_next(const struct history *h, const struct record *r)
{
	return record_at(h, r->next);
}

struct record *history_prev(const struct history *h, const struct record *r)
{
	return record_at(h, r->prev);
}

bool record_overlaps(const struct record *r, uint8_t side, uint32_t seq, uint32_t len)
{
	uint32_t r_len = r->payload_len + !!(r->flags & TCP_SYN) + !!(r->flags & TCP_FIN);

	return r->side == side && r_len && !(r->flags & TCP_RST) && seq_diff(r->seq, seq + len) < 0 &&
	       seq_diff(seq, r->seq + r_len) < 0;
}

const uint8_t *record_options(const struct history *h, const struct record *r)
{
	return r->opt_len > RECORD_INLINE_OPTIONS ? (const uint8_t *)&h->slot[r->more] : r->opt;
}

void history_show(struct session *s, struct record *r)
{
	if (r->shown)
		return;
	r->shown = 1;
	s->hidden--;
}

void history_note(struct history *h, struct record *r, const char *text, size_t len)
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
	h->note[slot_of(h, r)] = copy;
}

const char *record_note(const struct history *h, const struct record *r)
{
	return h->note ? h->note[slot_of(h, r)] : NULL;
}

void history_stats(const struct history *h, struct history_stats *out)
{
	*out = h->stats;
}
