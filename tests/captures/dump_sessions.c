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

#include "read_capture.h"
#include "recount.h"
#include "tracker.h"

/* What the tracker does not add up, and the count that it is held against. One for each session, by its id. */
struct tally {
	struct flow_key key;
	uint64_t segments[2], copies[2];
	uint64_t bytes[2];		/* of both, on the wire ... */
	uint64_t copy_bytes;		/* ... and of the copies */
	bool fragments[2];		/* of datagrams of that side the first one was seen */
	uint64_t copies_of_data[2];	/* frames, see recount_feed() */
	uint64_t resent[2];		/* frames in which the tracker sees something that was sent before */
	struct recount_side recount[2];
};

struct dump {
	struct tracker *tracker;
	struct tally *tally;		/* [0]: of segments that belong to no session */
	size_t count;
	struct tracker_stats before;	/* the last segment */
	bool stepped;
};

static struct tally *tally_of(struct dump *d, uint64_t id)
{
	if (id >= d->count) {
		d->tally = realloc(d->tally, (id + 1) * sizeof(d->tally[0]));
		if (!d->tally)
			abort();
		memset(&d->tally[d->count], 0, (id + 1 - d->count) * sizeof(d->tally[0]));
		d->count = id + 1;
	}
	return &d->tally[id];
}

/* The latest session of those ends. */
static struct tally *tally_find(struct dump *d, const struct flow_key *key)
{
	size_t i;

	for (i = d->count; i-- > 1;)
		if (memcmp(&d->tally[i].key, key, sizeof(*key)) == 0)
			return &d->tally[i];
	return tally_of(d, 0);
}

static bool recount(struct tally *t, const struct segment *seg, uint8_t side)
{
	return seg->frag != FRAG_LATER && recount_feed(&t->recount[side], &t->recount[!side], seg);
}

static void count(struct tally *t, const struct segment *seg, uint8_t side)
{
	t->segments[side]++;
	t->bytes[side] += seg->wire_len;
	t->fragments[side] |= seg->frag == FRAG_FIRST;
}

static void on_segment(void *ctx, const struct step *step)
{
	struct dump *d = ctx;
	struct tally *t = tally_of(d, step->session->id);

	d->stepped = true;
	t->key = step->session->key;
	count(t, step->seg, step->side);
	t->resent[step->side] += step->resent > 0;
	recount(t, step->seg, step->side);
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

static void print_direction(const struct tally *t, int side, uint64_t fragments, uint64_t fragment_bytes)
{
	printf("\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64, t->segments[side],
	       fragments, t->copies[side], t->bytes[side] + fragment_bytes, t->resent[side], t->copies_of_data[side],
	       t->recount[side].repeats);
}

/* Later fragments name no ports, and the session counts those of both sides together: who sent a first one sent them. */
static void print_directions(const struct session *s, const struct tally *t)
{
	uint64_t whole = t->bytes[0] + t->bytes[1] - t->copy_bytes, bytes = s->bytes - whole;
	int side = t->fragments[1], i;

	for (i = 0; i < 2; i++)
		print_direction(t, i, i == side ? s->fragments : 0, i == side ? bytes : 0);
}

static void on_forgotten(void *ctx, const struct session *s)
{
	const struct tally *t = tally_of(ctx, s->id);

	printf("%" PRIu64 "\t", session_id(s));
	print_address(s->key.addr[0]);
	printf("\t%u\t", flow_port(&s->key, 0));
	print_address(s->key.addr[1]);
	printf("\t%u\t%u\t", flow_port(&s->key, 1), s->client);
	print_vlan(flow_vlan(&s->key));
	printf("\t%d\t%" PRIu64 "\t%" PRIu64, !!(s->flags & SESSION_MID_STREAM), s->start_ns, s->last_ns);
	print_directions(s, t);
	putchar('\n');
}

/* Copies, and what comes after a session has ended. */
static void feed_aside(struct dump *d, const struct segment *seg, const struct tracker_stats *now)
{
	struct flow_key key;
	uint8_t side = flow_key_of(seg, &key);
	struct tally *t = tally_find(d, &key);
	bool carries = recount(t, seg, side);

	t->resent[side] += now->retransmitted > d->before.retransmitted;
	if (now->copies == d->before.copies) {
		if (seg->frag != FRAG_LATER)
			count(t, seg, side);
		return;
	}
	t->copies[side]++;
	t->bytes[side] += seg->wire_len;
	t->copy_bytes += seg->wire_len;
	t->copies_of_data[side] += carries;
}

static void feed_one(void *ctx, const struct segment *seg)
{
	struct dump *d = ctx;
	struct tracker_stats now;

	d->stepped = false;
	tracker_feed(d->tracker, seg);
	tracker_stats(d->tracker, &now);
	if (!d->stepped)
		feed_aside(d, seg, &now);
	d->before = now;
}

static void dump_fini(struct dump *d)
{
	size_t i;

	for (i = 0; i < d->count; i++) {
		recount_fini(&d->tally[i].recount[0]);
		recount_fini(&d->tally[i].recount[1]);
	}
	free(d->tally);
	tracker_free(d->tracker);
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
	int status;

	if (argc != 2) {
		fprintf(stderr, "usage: dump_sessions FILE\n");
		return 2;
	}
	dump.tracker = tracker_new(&limits, &events);
	if (!dump.tracker) {
		fprintf(stderr, "out of memory\n");
		return 2;
	}
	printf("id\taddr_0\tport_0\taddr_1\tport_1\tclient\tvlan\tmid_stream\tfirst_ns\tlast_ns"
	       "\tsegments_0\tfragments_0\tcopies_0\tbytes_0\tresent_0\tcopies_of_data_0\trepeats_0"
	       "\tsegments_1\tfragments_1\tcopies_1\tbytes_1\tresent_1\tcopies_of_data_1\trepeats_1\n");
	status = read_capture(argv[1], feed, &dump);
	tracker_finish(dump.tracker);
	dump_fini(&dump);
	return status;
}
