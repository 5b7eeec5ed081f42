/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flow.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "array.h"
#include "session.h"

#define PLACES_MIN 1024u

/* Eight in a cache line: most searches end in the first line, without a look at the sessions of other keys. */
struct place {
	uint32_t hash;
	uint32_t index;		/* of the session; 0: empty */
};

struct flow_table {
	struct session *sessions;
	uint32_t mask;		/* number of places - 1 */
	uint32_t count;		/* sessions in the table */
	uint8_t secret[XXH3_SECRET_SIZE_MIN];
	struct place *place;	/* a session is in the first free one from hash & mask on */
};

static uint64_t word_at(const uint8_t *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return word;
}

/* Any order of the two ends does: this one tells those of IPv4 apart by the first words. */
static bool sender_is_higher(const struct segment *seg)
{
	uint64_t s = word_at(seg->saddr + 8), d = word_at(seg->daddr + 8);

	if (s == d) {
		s = word_at(seg->saddr);
		d = word_at(seg->daddr);
	}
	return s == d ? seg->sport > seg->dport : s > d;
}

uint8_t flow_key_of(const struct segment *seg, struct flow_key *key)
{
	uint8_t sender = sender_is_higher(seg);

	memcpy(key->addr[sender], seg->saddr, sizeof(seg->saddr));
	memcpy(key->addr[!sender], seg->daddr, sizeof(seg->daddr));
	key->port[sender] = seg->sport;
	key->port[!sender] = seg->dport;
	key->vlan = seg->vlan;
	key->netns = seg->netns;
	return sender;
}

struct flow_table *flow_table_new(struct session *sessions)
{
	struct flow_table *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->sessions = sessions;
	t->mask = PLACES_MIN - 1;
	t->place = array_alloc(PLACES_MIN, sizeof(t->place[0]));
	if (!t->place || getentropy(t->secret, sizeof(t->secret))) {
		flow_table_free(t);
		return NULL;
	}
	return t;
}

void flow_table_free(struct flow_table *t)
{
	if (!t)
		return;
	array_free(t->place, (size_t)t->mask + 1, sizeof(t->place[0]));
	free(t);
}

uint32_t flow_hash(const struct flow_table *t, const struct flow_key *key)
{
	return (uint32_t)XXH3_64bits_withSecret(key, sizeof(*key), t->secret, sizeof(t->secret));
}

/* memcmp() that need not find where they differ, and is not called. */
bool flow_key_equal(const struct flow_key *a, const struct flow_key *b)
{
	const uint8_t *x = (const uint8_t *)a, *y = (const uint8_t *)b;
	uint64_t difference = 0;
	size_t i;

	for (i = 0; i < sizeof(*a); i += sizeof(difference))
		difference |= word_at(x + i) ^ word_at(y + i);
	return !difference;
}

uint32_t flow_find(const struct flow_table *t, const struct flow_key *key, uint32_t hash)
{
	const struct place *p;
	uint32_t i;

	for (i = hash & t->mask; (p = &t->place[i])->index; i = (i + 1) & t->mask)
		if (p->hash == hash && flow_key_equal(&t->sessions[p->index].key, key))
			return p->index;
	return 0;
}

void flow_prefetch(const struct flow_table *t, uint32_t hash)
{
	__builtin_prefetch(&t->place[hash & t->mask]);
}

uint32_t flow_guess(const struct flow_table *t, uint32_t hash)
{
	uint32_t i = hash & t->mask;

	while (t->place[i].index && t->place[i].hash != hash)
		i = (i + 1) & t->mask;
	return t->place[i].index;
}

static void place_put(struct flow_table *t, struct place new)
{
	uint32_t i = new.hash & t->mask;

	while (t->place[i].index)
		i = (i + 1) & t->mask;
	t->place[i] = new;
}

/* Twice the places. Without memory for them the searches only get longer. */
static void flow_table_grow(struct flow_table *t)
{
	uint32_t places = t->mask + 1, i;
	struct place *old = t->place, *place = array_alloc((size_t)places * 2, sizeof(place[0]));

	if (!place)
		return;
	t->place = place;
	t->mask = places * 2 - 1;
	for (i = 0; i < places; i++)
		if (old[i].index)
			place_put(t, old[i]);
	array_free(old, places, sizeof(old[0]));
}

bool flow_insert(struct flow_table *t, uint32_t index, uint32_t hash)
{
	if (t->count > t->mask / 8 * 5)
		flow_table_grow(t);
	if (t->count == t->mask)	/* one must stay empty, where searches end */
		return false;
	t->count++;
	place_put(t, (struct place){ .hash = hash, .index = index });
	return true;
}

/* Those behind it that were put off by it move up, so that no search ends before it finds them. */
void flow_remove(struct flow_table *t, uint32_t index)
{
	uint32_t gap = flow_hash(t, &t->sessions[index].key) & t->mask, i;

	while (t->place[gap].index != index)
		gap = (gap + 1) & t->mask;
	for (i = (gap + 1) & t->mask; t->place[i].index; i = (i + 1) & t->mask) {
		uint32_t home = t->place[i].hash & t->mask;

		if (((i - home) & t->mask) < ((i - gap) & t->mask))
			continue;
		t->place[gap] = t->place[i];
		gap = i;
	}
	t->place[gap].index = 0;
	t->count--;
}
