/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dump_sessions FILE: what source and tracker make of a capture, one line a session, for compare.py.
 *
 * Status 0: the file was read to its end; 1: it could not be opened, or broke; what there was before is printed.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source.h"
#include "tracker.h"

/* The bytes of copies on the wire, which the tracker does not add up, by session. */
struct copies {
	struct flow_key key;
	uint64_t bytes[2];
};

struct dump {
	struct tracker *tracker;
	struct copies *copies;
	size_t copies_count;
	uint64_t copies_total;	/* segments */
};

static struct copies *copies_find(const struct dump *d, const struct flow_key *key)
{
	size_t i;

	for (i = 0; i < d->copies_count; i++)
		if (memcmp(&d->copies[i].key, key, sizeof(*key)) == 0)
			return &d->copies[i];
	return NULL;
}

static void copies_add(struct dump *d, const struct segment *seg)
{
	struct flow_key key;
	uint8_t side = flow_key_of(seg, &key);
	struct copies *c = copies_find(d, &key);

	if (!c) {
		d->copies = realloc(d->copies, (d->copies_count + 1) * sizeof(*c));
		if (!d->copies)
			abort();
		c = &d->copies[d->copies_count++];
		*c = (struct copies){ .key = key };
	}
	c->bytes[side] += seg->wire_len;
}

static void on_segment(void *ctx, const struct step *step)
{
	(void)ctx;
	(void)step;
}

static void on_ended(void *ctx, struct session *s, enum session_end why, uint64_t ts_ns)
{
	(void)ctx;
	(void)s;
	(void)why;
	(void)ts_ns;
}

static void print_address(const uint8_t addr[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	char text[INET6_ADDRSTRLEN] = "";

	if (memcmp(addr, mapped, sizeof(mapped)) == 0)
		inet_ntop(AF_INET, addr + sizeof(mapped), text, sizeof(text));
	else
		inet_ntop(AF_INET6, addr, text, sizeof(text));
	fputs(text, stdout);
}

static void print_vlan(uint64_t vlan)
{
	const char *before = "";

	if (!vlan)
		putchar('-');
	for (; vlan; vlan >>= 16, before = ",")
		printf("%s%u", before, (unsigned)(vlan & 0xffff));
}

static void print_direction(const struct direction *d, uint64_t copy_bytes)
{
	printf("\t%" PRIu64 "\t%" PRIu32 "\t%" PRIu32 "\t%" PRIu64 "\t%" PRIu32, d->segments, d->fragments, d->copies,
	       d->bytes + copy_bytes, d->retransmitted);
}

static void on_forgotten(void *ctx, const struct session *s)
{
	struct copies *copies = copies_find(ctx, &s->key), none = { 0 };

	copies = copies ? copies : &none;
	printf("%" PRIu64 "\t", s->id);
	print_address(s->key.addr[0]);
	printf("\t%u\t", s->key.port[0]);
	print_address(s->key.addr[1]);
	printf("\t%u\t%u\t", s->key.port[1], s->client);
	print_vlan(s->key.vlan);
	printf("\t%d\t%" PRIu64 "\t%" PRIu64, !!(s->flags & SESSION_MID_STREAM), s->start_ns, s->last_ns);
	print_direction(&s->dir[0], copies->bytes[0]);
	print_direction(&s->dir[1], copies->bytes[1]);
	putchar('\n');
	*copies = (struct copies){ .key = copies->key };
}

static void feed_one(void *ctx, const struct segment *seg)
{
	struct dump *d = ctx;
	struct tracker_stats stats;

	tracker_feed(d->tracker, seg);
	tracker_stats(d->tracker, &stats);
	if (stats.copies > d->copies_total)
		copies_add(d, seg);
	d->copies_total = stats.copies;
}

static void feed(void *ctx, const struct segment *segs, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		feed_one(ctx, &segs[i]);
}

int main(int argc, char *argv[])
{
	const struct tracker_config limits = { .session_limit = 1u << 17, .segment_limit = 1u << 18, .pickup = 1 };
	struct dump dump = { 0 };
	const struct tracker_events events = { .ctx = &dump, .segment = on_segment, .ended = on_ended, .forgotten = on_forgotten };
	const struct source_ops *ops = &source_pcap_file;
	struct source_config cfg = { .files = (const char *const *)argv + 1, .file_count = 1 };
	enum poll_result result = POLL_MORE;
	char err[SOURCE_ERROR_MAX];
	struct source *source;
	bool usage;

	if (argc != 2) {
		fprintf(stderr, "usage: dump_sessions FILE\n");
		return 2;
	}
	source = ops->open(&cfg, err, sizeof(err), &usage);
	if (!source) {
		fprintf(stderr, "%s\n", err);
		return 1;
	}
	dump.tracker = tracker_new(&limits, &events);
	if (!dump.tracker) {
		fprintf(stderr, "out of memory\n");
		return 2;
	}
	printf("id\taddr_0\tport_0\taddr_1\tport_1\tclient\tvlan\tmid_stream\tfirst_ns\tlast_ns"
	       "\tsegments_0\tfragments_0\tcopies_0\tbytes_0\tretransmitted_0"
	       "\tsegments_1\tfragments_1\tcopies_1\tbytes_1\tretransmitted_1\n");
	while (result == POLL_MORE)
		result = ops->poll(source, feed, &dump);
	tracker_finish(dump.tracker);
	if (result == POLL_FAILED)
		fprintf(stderr, "%s\n", ops->error(source));
	tracker_free(dump.tracker);
	free(dump.copies);
	ops->close(source);
	return result == POLL_FAILED;
}
