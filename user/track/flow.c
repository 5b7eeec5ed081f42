/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flow.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "array.h"
#include "session.h"

#define PLACES 8		/* of a bucket */
#define BUCKETS_MIN 128u

/* For a compiler that does several at once. */
typedef uint32_t four __attribute__((vector_size(16)));
typedef uint64_t two __attribute__((vector_size(16)));

/* A cache line. Nearly all searches end in the first one, without a look at the sessions of other keys. */
struct bucket {
	union {
		uint32_t hash[PLACES];
		four hashes[PLACES / 4];
	};
	union {
		uint32_t index[PLACES];	/* of the session; 0: empty, and so are those behind it */
		four indexes[PLACES / 4];
	};
};

struct flow_table {
	struct session *sessions;
	struct bucket *bucket;	/* a session is in the first one from hash & mask on that had room */
	uint64_t secret[XXH3_SECRET_SIZE_MIN / sizeof(uint64_t)];
	uint32_t sessions_max;
	uint32_t mask;		/* number of buckets - 1 */
	uint32_t count;		/* sessions in the table */
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

/* Addresses and ports change places without a branch: nobody foresees who sends. */
uint8_t flow_key_of(const struct segment *seg, struct flow_key *key)
{
	uint8_t sender = sender_is_higher(seg), shift = 16 * sender;
	uint32_t ports = (uint32_t)seg->dport << 16 | seg->sport;
	two s, d, exchanged;

	memcpy(&s, seg->saddr, sizeof(s));
	memcpy(&d, seg->daddr, sizeof(d));
	exchanged = (s ^ d) & -(uint64_t)sender;
	s ^= exchanged;
	d ^= exchanged;
	memcpy(key->addr[0], &s, sizeof(s));
	memcpy(key->addr[1], &d, sizeof(d));
	key->vlan = seg->vlan | (seg->ip_version == 4 ? 0 : FLOW_IPV6);
	key->rest = (uint64_t)seg->netns << 32 | (ports << shift | ports >> (-shift & 31));
	return sender;
}

struct flow_table *flow_table_new(struct session *sessions, uint32_t sessions_max)
{
	struct flow_table *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->sessions = sessions;
	t->sessions_max = sessions_max;
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

/* Apart: its registers are not to be saved for IPv4. */
static __attribute__((noinline)) uint32_t flow_hash_all(const struct flow_table *t, const struct flow_key *key)
{
	return (uint32_t)XXH3_64bits_withSecret(key, sizeof(*key), t->secret, sizeof(t->secret));
}

/* Of IPv4, which is most of what there is, only what can differ. */
uint32_t flow_hash(const struct flow_table *t, const struct flow_key *key)
{
	struct {
		uint8_t addr[2][4];
		uint64_t rest;
	} ipv4 = { .rest = key->rest };

	if (key->vlan)
		return flow_hash_all(t, key);
	memcpy(ipv4.addr[0], key->addr[0] + 12, sizeof(ipv4.addr[0]));
	memcpy(ipv4.addr[1], key->addr[1] + 12, sizeof(ipv4.addr[1]));
	return (uint32_t)XXH3_64bits_withSecret(&ipv4, sizeof(ipv4), t->secret, sizeof(t->secret));
}

/* memcmp() that need not find where they differ, and is not called; of IPv4 too only what can differ. */
bool flow_key_equal(const struct flow_key *a, const struct flow_key *b)
{
	uint64_t difference = (a->vlan ^ b->vlan) | (a->rest ^ b->rest);
	int side;

	for (side = 0; side < 2; side++)
		difference |= word_at(a->addr[side] + 8) ^ word_at(b->addr[side] + 8);
	if (a->vlan & FLOW_IPV6)
		for (side = 0; side < 2; side++)
			difference |= word_at(a->addr[side]) ^ word_at(b->addr[side]);
	return !difference;
}

static bool bucket_is_full(const struct bucket *b)
{
	return b->index[PLACES - 1];
}

/* The index that has this hash, without a branch: nobody foresees in which place it is. 0: none; several: any other number. */
static uint32_t bucket_index(const struct bucket *b, uint32_t hash)
{
	four wanted = { hash, hash, hash, hash };
	two index = (two)((b->indexes[0] & (four)(b->hashes[0] == wanted)) | (b->indexes[1] & (four)(b->hashes[1] == wanted)));
	uint64_t both = index[0] | index[1];

	return (uint32_t)(both | both >> 32);
}

static uint32_t bucket_find(const struct bucket *b, const struct session *sessions, const struct flow_key *key, uint32_t hash)
{
	int i;

	if (!bucket_index(b, hash))
		return 0;
	for (i = 0; i < PLACES && b->index[i]; i++)
		if (b->hash[i] == hash && flow_key_equal(&sessions[b->index[i]].key, key))
			return b->index[i];
	return 0;
}

uint32_t flow_find(const struct flow_table *t, const struct flow_key *key, uint32_t hash)
{
	uint32_t at = hash & t->mask, index;

	while (!(index = bucket_find(&t->bucket[at], t->sessions, key, hash)) && bucket_is_full(&t->bucket[at]))
		at = (at + 1) & t->mask;
	return index;
}

void flow_prefetch(const struct flow_table *t, uint32_t hash)
{
	__builtin_prefetch(&t->bucket[hash & t->mask]);
}

uint32_t flow_guess(const struct flow_table *t, uint32_t hash)
{
	uint32_t at = hash & t->mask, index;

	while (!(index = bucket_index(&t->bucket[at], hash)) && bucket_is_full(&t->bucket[at]))
		at = (at + 1) & t->mask;
	return index <= t->sessions_max ? index : 0;
}

static void bucket_append(struct bucket *b, uint32_t hash, uint32_t index)
{
	int i = 0;

	while (b->index[i])
		i++;
	b->hash[i] = hash;
	b->index[i] = index;
}

static int bucket_place(const struct bucket *b, uint32_t index)
{
	int i = 0;

	while (i < PLACES && b->index[i] != index)
		i++;
	return i;
}

/* The last one takes its place. */
static void bucket_take(struct bucket *b, int place)
{
	int last = PLACES - 1;

	while (!b->index[last])
		last--;
	b->hash[place] = b->hash[last];
	b->index[place] = b->index[last];
	b->index[last] = 0;
}

static void table_put(struct flow_table *t, uint32_t hash, uint32_t index)
{
	uint32_t at = hash & t->mask;

	while (bucket_is_full(&t->bucket[at]))
		at = (at + 1) & t->mask;
	bucket_append(&t->bucket[at], hash, index);
}

/* Twice the buckets. Without memory for them the searches only get longer. */
static void flow_table_grow(struct flow_table *t)
{
	uint32_t buckets = t->mask + 1, i, k;
	struct bucket *old = t->bucket, *bucket = array_alloc((size_t)buckets * 2, sizeof(bucket[0]));

	if (!bucket)
		return;
	t->bucket = bucket;
	t->mask = buckets * 2 - 1;
	for (i = 0; i < buckets; i++)
		for (k = 0; k < PLACES && old[i].index[k]; k++)
			table_put(t, old[i].hash[k], old[i].index[k]);
	array_free(old, buckets, sizeof(old[0]));
}

bool flow_insert(struct flow_table *t, uint32_t index, uint32_t hash)
{
	if (t->count / PLACES > t->mask / 8 * 5)
		flow_table_grow(t);
	if (t->count / PLACES == t->mask)	/* one must have room, where searches end */
		return false;
	t->count++;
	table_put(t, hash, index);
	return true;
}

/* A place in the bucket of one that belongs to the bucket at to, or before it; PLACES: there is none. */
static int bucket_displaced(const struct flow_table *t, uint32_t at, uint32_t to)
{
	const struct bucket *b = &t->bucket[at];
	int i;

	for (i = 0; i < PLACES && b->index[i]; i++)
		if (((at - b->hash[i]) & t->mask) >= ((at - to) & t->mask))
			return i;
	return PLACES;
}

/* Those that a full bucket had put off move up into its room, so that no search ends before it finds them. */
void flow_remove(struct flow_table *t, uint32_t index)
{
	uint32_t gap = flow_hash(t, &t->sessions[index].key) & t->mask, at;
	struct bucket *b;
	bool full;
	int i;

	while ((i = bucket_place(&t->bucket[gap], index)) == PLACES)
		gap = (gap + 1) & t->mask;
	full = bucket_is_full(&t->bucket[gap]);
	bucket_take(&t->bucket[gap], i);
	for (at = (gap + 1) & t->mask; full; at = (at + 1) & t->mask) {
		b = &t->bucket[at];
		full = bucket_is_full(b);
		i = bucket_displaced(t, at, gap);
		if (i == PLACES)
			continue;
		bucket_append(&t->bucket[gap], b->hash[i], b->index[i]);
		bucket_take(b, i);
		gap = at;
	}
	t->count--;
}
