/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many segments in one call do what the same segments do one by one, whatever the sessions before them do to the tables. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "make_segment.h"
#include "tracker.h"

#define SESSIONS 4000
#define SESSION_LIMIT 3000	/* some are refused or evicted */
#define LINES 8

/* All that is told, in a few numbers. */
struct told {
	uint64_t steps, ends, sum;
};

struct run {
	struct tracker *t;
	struct told told;
};

static void note(struct told *told, uint64_t a, uint64_t b)
{
	told->sum = (told->sum ^ a) * 0x9e3779b97f4a7c15u + b;
}

static void on_segment(void *ctx, const struct step *step)
{
	struct told *told = ctx;

	told->steps++;
	note(told, step->session->id, step->id << 16 | (uint64_t)step->verdict << 8 | step->session->state[0]);
	note(told, step->rec ? step->rec->seq : 0, step->original ? step->original->seq : 0);
}

static void on_end(void *ctx, struct session *s, enum session_end why, uint64_t ts_ns)
{
	struct told *told = ctx;

	told->ends++;
	note(told, s->id, (uint64_t)why << 60 | ts_ns);
}

static void run_begin(struct run *run)
{
	const struct tracker_config cfg = { .session_limit = SESSION_LIMIT, .segment_limit = 8000, .pickup = 1 };
	const struct tracker_events events = { .ctx = &run->told, .segment = on_segment, .ended = on_end };

	run->told = (struct told){ 0 };
	run->t = tracker_new(&cfg, &events);
	assert_non_null(run->t);
}

/* One line of each session's life, of all sessions; some close, some ports are used again. */
static struct segment line(uint32_t at, uint32_t session)
{
	static const struct {
		enum who from;
		uint8_t flags;
		uint32_t seq, ack, len;
	} lines[LINES] = {
		{ CLIENT, TCP_SYN, 100, 0, 0 },
		{ SERVER, TCP_SYN | TCP_ACK, 500, 101, 0 },
		{ CLIENT, TCP_ACK | TCP_PSH, 101, 501, 50 },
		{ CLIENT, TCP_ACK | TCP_PSH, 101, 501, 50 },
		{ SERVER, TCP_ACK | TCP_FIN, 501, 151, 0 },
		{ CLIENT, TCP_ACK | TCP_FIN, 151, 502, 0 },
		{ SERVER, TCP_ACK, 502, 152, 0 },
		{ SERVER, TCP_ACK, 502, 152, 0 },
	};
	bool again = at == 2 && session % 5 == 0;
	struct segment seg = make_segment(lines[at].from, again ? TCP_SYN : lines[at].flags, lines[at].seq + again * 7000,
					  lines[at].ack, again ? 0 : lines[at].len);

	make_address(lines[at].from == CLIENT ? seg.saddr : seg.daddr, 0x0a010000 + session);
	seg.frag = at == 3 && session % 97 == 0 ? FRAG_LATER : FRAG_NONE;
	seg.ts_ns = T0 + at * SEC + session * 1000;
	return seg;
}

static struct segment *make_all(size_t *count)
{
	struct segment *segs = calloc((size_t)SESSIONS * LINES, sizeof(*segs));
	uint32_t at, session;

	assert_non_null(segs);
	*count = 0;
	for (at = 0; at < LINES; at++)
		for (session = 0; session < SESSIONS; session++)
			segs[(*count)++] = line(at, session);
	return segs;
}

static void a_batch_is_as_single_segments(void **state)
{
	static const size_t sizes[] = { 32, 1, 7, 200, 33, 0, 2 };
	struct tracker_stats expected, stats;
	struct run single, batches;
	size_t count, at, n, i;
	struct segment *segs = make_all(&count);

	(void)state;
	run_begin(&single);
	run_begin(&batches);
	for (at = 0; at < count; at++)
		tracker_feed(single.t, &segs[at]);
	for (at = i = 0; at < count; at += n, i++) {
		n = sizes[i % (sizeof(sizes) / sizeof(sizes[0]))];
		n = n < count - at ? n : count - at;
		tracker_feed_all(batches.t, &segs[at], n);
	}
	tracker_finish(single.t);
	tracker_finish(batches.t);
	tracker_stats(single.t, &expected);
	tracker_stats(batches.t, &stats);
	assert_memory_equal(&stats, &expected, sizeof(stats));
	assert_memory_equal(&batches.told, &single.told, sizeof(batches.told));
	assert_true(stats.duplicates && stats.retransmitted && stats.late && stats.refused + stats.evicted &&
		    stats.fragments_orphaned);
	tracker_free(single.t);
	tracker_free(batches.t);
	free(segs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_batch_is_as_single_segments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
