/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flow.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "array.h"
#include "session.h"

#define BUCKETS_MIN 1024u
#define BUCKETS_MAX (1u << 23)

struct flow_table {
	struct session *sessions;
	uint32_t mask;		/* number of buckets - 1 */
	uint32_t count;		/* sessions in the table */
	uint8_t secret[XXH3_SECRET_SIZE_MIN];
	uint32_t *bucket;	/* index of the first session of the chain, 0: empty */
};

uint8_t flow_key_of(const struct segment *seg, struct flow_key *key)
{
	int order = memcmp(seg->saddr, seg->daddr, sizeof(seg->saddr));
	uint8_t sender = order > 0 || (order == 0 && seg->sport > seg->dport);

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
	t->mask = BUCKETS_MIN - 1;
	t->bucket = array_alloc(BUCKETS_MIN, sizeof(t->bucket[0]));
	if (!t->bucket || getentropy(t->secret, sizeof(t->secret))) {
		flow_table_free(t);
		return NULL;
	}
	return t;
}

void flow_table_free(struct flow_table *t)
{
	if (!t)
		return;
	array_free(t->bucket, (size_t)t->mask + 1, sizeof(t->bucket[0]));
	free(t);
}

uint32_t flow_hash(const struct flow_table *t, const struct flow_key *key)
{
	return (uint32_t)XXH3_64bits_withSecret(key, sizeof(*key), t->secret, sizeof(t->secret));
}

uint32_t flow_find(const struct flow_table *t, const struct flow_key *key, uint32_t hash)
{
	uint32_t i;

	for (i = t->bucket[hash & t->mask]; i; i = t->sessions[i].hash_next) {
		const struct session *s = &t->sessions[i];

		if (s->hash == hash && memcmp(&s->key, key, sizeof(*key)) == 0)
			return i;
	}
	return 0;
}

/* Twice the buckets. Without memory for them the chains only get longer. */
static void flow_table_grow(struct flow_table *t)
{
	uint32_t buckets = t->mask + 1, i, next, *old = t->bucket;
	uint32_t *bucket = array_alloc((size_t)buckets * 2, sizeof(bucket[0]));

	if (!bucket)
		return;
	t->bucket = bucket;
	t->mask = buckets * 2 - 1;
	for (uint32_t b = 0; b < buckets; b++) {
		for (i = old[b]; i; i = next) {
			struct session *s = &t->sessions[i];

			next = s->hash_next;
			s->hash_next = bucket[s->hash & t->mask];
			bucket[s->hash & t->mask] = i;
		}
	}
	array_free(old, buckets, sizeof(old[0]));
}

void flow_insert(struct flow_table *t, uint32_t index)
{
	struct session *s = &t->sessions[index];
	uint32_t *bucket;

	if (++t->count > t->mask && t->mask + 1 < BUCKETS_MAX)
		flow_table_grow(t);
	bucket = &t->bucket[s->hash & t->mask];
	s->hash_next = *bucket;
	*bucket = index;
}

void flow_remove(struct flow_table *t, uint32_t index)
{
	uint32_t *link = &t->bucket[t->sessions[index].hash & t->mask];

	while (*link != index)
		link = &t->sessions[*link].hash_next;
	*link = t->sessions[index].hash_next;
	t->count--;
}
