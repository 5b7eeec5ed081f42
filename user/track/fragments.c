/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fragments.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define FRAGMENT_SETS 1024
#define FRAGMENT_WAYS 4
#define FRAGMENT_TIMEOUT_NS 30000000000ull	/* the identification may be in use again; RFC 8200 4.5 says 60 s at most */

struct datagram_key {
	uint8_t saddr[16], daddr[16];
	uint64_t vlan;
	uint32_t netns;
	uint32_t ip_id;
};

_Static_assert(sizeof(struct datagram_key) == 48, "struct datagram_key is hashed and compared as bytes: no padding");

struct datagram {
	struct datagram_key key;
	uint64_t last_ns;	/* 0: not in use */
	struct fragment_owner owner;
};

struct fragments {
	uint8_t secret[XXH3_SECRET_SIZE_MIN];
	struct datagram set[FRAGMENT_SETS][FRAGMENT_WAYS];
};

struct fragments *fragments_new(void)
{
	struct fragments *f = calloc(1, sizeof(*f));

	if (f && getentropy(f->secret, sizeof(f->secret))) {
		free(f);
		f = NULL;
	}
	return f;
}

void fragments_free(struct fragments *f)
{
	free(f);
}

static bool datagram_expired(const struct datagram *d, uint64_t now_ns)
{
	return now_ns > d->last_ns && now_ns - d->last_ns > FRAGMENT_TIMEOUT_NS;
}

struct fragment_owner *fragments_find(struct fragments *f, const struct segment *seg)
{
	struct datagram_key key = { .vlan = seg->vlan, .netns = seg->netns, .ip_id = seg->ip_id };
	struct datagram *set, *oldest;
	int i;

	memcpy(key.saddr, seg->saddr, sizeof(key.saddr));
	memcpy(key.daddr, seg->daddr, sizeof(key.daddr));
	set = f->set[XXH3_64bits_withSecret(&key, sizeof(key), f->secret, sizeof(f->secret)) % FRAGMENT_SETS];
	oldest = set;
	for (i = 0; i < FRAGMENT_WAYS; i++) {
		if (set[i].last_ns && !datagram_expired(&set[i], seg->ts_ns) &&
		    memcmp(&set[i].key, &key, sizeof(key)) == 0) {
			set[i].last_ns = seg->ts_ns;
			return &set[i].owner;
		}
		if (set[i].last_ns < oldest->last_ns)
			oldest = &set[i];
	}
	*oldest = (struct datagram){ .key = key, .last_ns = seg->ts_ns ? seg->ts_ns : 1 };
	return &oldest->owner;
}
