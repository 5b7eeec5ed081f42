/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The flow key and the hash table over it. One key stands for both directions of a session.
 *
 * Who sends packets chooses keys, so the hash is keyed with random bytes: nobody outside can aim at one bucket.
 */
#ifndef MIRUO_TRACK_FLOW_H
#define MIRUO_TRACK_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "miruo/segment.h"

struct session;

#define FLOW_IPV6 (1ull << 63)	/* no VLAN id has this bit */

/* Two sessions on the same addresses and ports in different VLANs or namespaces are two sessions; interfaces do not count. */
struct flow_key {
	uint8_t addr[2][16];	/* network order; which end is side 0 is the same for both directions */
	uint64_t vlan;		/* with FLOW_IPV6 if the addresses are not those of IPv4 */
	uint64_t rest;		/* the namespace, the ports of side 1 and 0: a word, as it is read back at once to be hashed */
};

static inline uint16_t flow_port(const struct flow_key *key, uint8_t side)
{
	return (uint16_t)(key->rest >> 16 * side);
}

static inline uint64_t flow_vlan(const struct flow_key *key)
{
	return key->vlan & ~FLOW_IPV6;
}

_Static_assert(sizeof(struct flow_key) == 48, "struct flow_key is hashed as bytes: no padding");

/* Fills in the key of a segment; returns the side (0 or 1) that sent it. */
uint8_t flow_key_of(const struct segment *seg, struct flow_key *key);

/*
 * A table for sessions of an array that the caller owns; sessions are named by their index in it, from 1 to sessions_max. It
 * grows with the number of sessions in it.
 */
struct flow_table;

struct flow_table *flow_table_new(struct session *sessions, uint32_t sessions_max);	/* NULL: out of memory */
void flow_table_free(struct flow_table *t);

uint32_t flow_hash(const struct flow_table *t, const struct flow_key *key);
uint32_t flow_find(const struct flow_table *t, const struct flow_key *key, uint32_t hash);	/* 0: not there */

/* By the key of that session, of which hash is the hash. False: out of memory, it is not in the table. */
bool flow_insert(struct flow_table *t, uint32_t index, uint32_t hash);
void flow_remove(struct flow_table *t, uint32_t index);

/*
 * For who will need several sessions soon: first flow_prefetch() for each, then flow_guess(), which gives the session that
 * flow_find() will most likely find (0: none) without touching it.
 */
void flow_prefetch(const struct flow_table *t, uint32_t hash);
uint32_t flow_guess(const struct flow_table *t, uint32_t hash);

/* If so of the key of a session that flow_guess() gave, and that still is one, flow_find() would give it too. */
bool flow_key_equal(const struct flow_key *a, const struct flow_key *b);

#endif
