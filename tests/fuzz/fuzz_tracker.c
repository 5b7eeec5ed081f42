/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Input: SETTINGS_LEN bytes of limits and options, then SEGMENT_LEN bytes a segment (and its TCP options behind it). The
 * fields are small, so that few bytes make segments that have to do with each other. They go through the tracker and the
 * rules to both sinks.
 */
#include "fuzz.h"

#include "sink.h"
#include "timing.h"

#define SETTINGS_LEN 4
#define SEGMENT_LEN  10
#define NS_PER_S     1000000000ull
#define MAX_SESSIONS 8
#define MAX_SEGMENTS 4096 /* an input */

struct run {
	struct rules_config rules;
	struct rules_stats rules_stats;
	struct sink_config sink_config;
	struct sink sink;
	struct stream out;
	struct tracker *tracker;
	uint32_t session_limit, segment_limit;
	uint64_t steps, ends, forgotten;
};

static uint64_t sum_ns(const struct pause_split *split)
{
	uint64_t sum = 0;
	int i;

	for (i = 0; i < WAIT_COUNT; i++)
		sum += split->ns[i];
	return sum;
}

/* All of the session's time was spent on somebody, and on none more than there was. */
static void check_times(const struct session *s)
{
	uint64_t elapsed_ns = s->last_ns - s->start_ns;
	struct waits waits;
	int i;

	timing_waits(timing_of(s), s, &waits);
	for (i = 0; i < WAIT_COUNT; i++)
		MUST(waits.total.ns[i] <= elapsed_ns);
	MUST(sum_ns(&waits.total) == elapsed_ns);
	MUST(waits.server_max_ms <= waits.total.ns[WAIT_SERVER] / 1000000);
	MUST(waits.zero_window_ms <= waits.total.ns[WAIT_ZERO_WINDOW] / 1000000);
}

static void check_session(const struct history *h, const struct session *s)
{
	const struct record *r, *last = NULL;
	uint32_t hidden = 0;

	for (r = history_first(h, s); r; last = r, r = history_next(h, r)) {
		MUST(history_prev(h, r) == last);
		MUST(!last || record_id(last) < record_id(r));
		MUST(record_id(r) < s->segments);
		hidden += !record_is_shown(h, r);
	}
	MUST(history_last(h, s) == last);
	MUST(hidden == s->hidden && hidden <= HISTORY_HIDDEN_MAX);
	MUST(gaps_count(s->dir[0].gaps) <= GAPS_MAX && gaps_count(s->dir[1].gaps) <= GAPS_MAX);
	MUST(s->start_ns <= s->last_ns);
}

static void on_segment(void *ctx, const struct step *step)
{
	struct run *run = ctx;
	const struct history *h = tracker_history(run->tracker);
	struct mark mark = rules_segment(&run->rules, &run->rules_stats, h, step);

	run->steps++;
	MUST(step->id + 1 == step->session->segments);
	if (step->rec)
		MUST(record_id(step->rec) == step->id && history_last(h, step->session) == step->rec);
	if (step->original)
		MUST(step->original != step->rec && step->original->side == step->side);
	MUST(sum_ns(&step->split) == step->pause_ns);
	MUST((step->rst_doubts & ~step->rst_checked) == 0);
	check_session(h, step->session);
	check_times(step->session);
	if (run->sink.explain)
		explain_step(run->sink.explain, step, mark.reasons);
	sink_live.segment(&run->sink, step, mark, NULL);
}

static void on_end(void *ctx, struct session *s, enum session_end why, uint64_t ts_ns)
{
	struct run *run = ctx;
	struct ending end = { .session = s, .timing = timing_of(s), .why = why, .ts_ns = ts_ns };
	bool lookup = rules_end(&run->rules, &run->rules_stats, &end);

	run->ends++;
	check_session(tracker_history(run->tracker), s);
	check_times(s);
	MUST(lookup == (s->reasons != 0) && (!run->rules.all || lookup));
	sink_live.session(&run->sink, &end);
	sink_ladder.session(&run->sink, &end);
	if (run->sink.explain)
		explain_forget(run->sink.explain, s);
}

static void on_forgotten(void *ctx, const struct session *s)
{
	struct run *run = ctx;

	MUST(s->flags & SESSION_CLOSED);
	run->forgotten++;
}

static void run_set(struct run *run, const uint8_t *data)
{
	run->session_limit = 1 + data[0] % MAX_SESSIONS;
	run->segment_limit = 1 + data[1] % 64;
	run->rules = (struct rules_config) {
		.long_connect_ms = data[2] & 1 ? 1000 : 0,
		.long_delay_ms = data[2] & 2 ? 1000 : 0,
		.retransmit_ms = data[2] & 4 ? 1 : 0,
		.syn = data[2] >> 3 & 1,
		.rst = data[2] >> 4 & 3,
		.fragment = data[2] >> 6 & 1,
		.all = data[2] >> 7,
		.context = data[3] & 8 ? UINT32_MAX : data[3] & 7,
		.quiet = data[3] >> 4 & 1,
		.rtt_ms = data[3] >> 6 & 1,
		.handshake_ms = data[3] >> 6 & 1,
		.zero_window_ms = data[3] >> 6 & 1,
		.server_delay_ms = data[3] >> 6 & 1,
		.client_delay_ms = data[3] >> 6 & 1,
		.half_open = data[3] >> 6 & 1,
		.reuse = data[3] >> 6 & 1,
	};
	run->sink_config = (struct sink_config) {
		.quiet = run->rules.quiet,
		.colour = data[3] >> 5 & 1,
		.fragment_column = run->rules.fragment,
	};
}

static uint64_t time_after(uint64_t now_ns, uint8_t step)
{
	static const int64_t steps[] = {
		0,     1000,        100000,         1000000, 1000000000, 31000000000, 901000000000, 90000000000000,
		-1000, -1000000000, -2000000000000,
	};

	if (step < sizeof(steps) / sizeof(steps[0]))
		return now_ns + (uint64_t)steps[step];
	return step == 255 ? UINT64_MAX : step == 254 ? 0 : now_ns + step * 10000ull;
}

/* Sequence numbers near the beginning, in windows that wrap, or anywhere. */
static uint32_t number(uint8_t high, uint8_t low)
{
	return high >> 4 == 15 ? (uint32_t)high << 24 | low : 0xfffffe00u + ((uint32_t)high << 8 | low);
}

/* data: SEGMENT_LEN bytes. */
static void segment_set(struct segment *seg, const uint8_t *data)
{
	uint8_t flow = data[0] & 3, reverse = data[0] >> 2 & 1, v6 = data[0] >> 7;

	memset(seg->saddr, 0, sizeof(seg->saddr));
	memset(seg->daddr, 0, sizeof(seg->daddr));
	seg->saddr[10] = seg->saddr[11] = seg->daddr[10] = seg->daddr[11] = v6 ? 0 : 0xff;
	seg->saddr[15] = 1 + reverse;
	seg->daddr[15] = 2 - reverse;
	seg->ip_version = v6 ? 6 : 4;
	seg->sport = reverse ? 80 : 1000 + flow;
	seg->dport = reverse ? 1000 + flow : 80;
	seg->vlan = data[0] >> 3 & 1;
	seg->ifindex = data[0] >> 4 & 1;
	seg->frag = (data[0] >> 5 & 3) % 3;
	seg->flags = data[1];
	seg->seq = number(data[2], data[3]);
	seg->ack = number(data[4], data[5]);
	seg->payload_len = data[6] < 250 ? data[6] : 1u << (data[6] - 226); /* up to 512 MiB */
	seg->wire_len = 54 + seg->payload_len;
	seg->ip_id = data[7] & 3;
	seg->frag_off = 8u * data[7];
	seg->frag_last = data[7] & 1;
	seg->opt_off = 54;
	seg->opt_len = data[8] % 64 <= TCP_OPTIONS_MAX ? data[8] % 64 : 0;
	seg->opt_cut = data[8] >> 7;
	seg->payload_off = 54 + seg->opt_len;
	seg->ts_ns = time_after(seg->ts_ns, data[9]);
	if (seg->frag == FRAG_LATER) {
		seg->sport = seg->dport = seg->flags = seg->opt_len = 0;
		seg->seq = seg->ack = 0;
	}
}

static void check_limits(const struct run *run)
{
	struct tracker_stats stats;
	struct history_stats held;

	tracker_stats(run->tracker, &stats);
	history_stats(tracker_history(run->tracker), &held);
	MUST(stats.active <= run->session_limit);
	MUST(held.held <= run->segment_limit);
	MUST(stats.sessions == run->ends + stats.active);
	MUST(stats.segments == run->steps);
}

static void run_segments(struct run *run, const uint8_t *data, size_t size)
{
	struct segment seg = { .ts_ns = 1700000000 * NS_PER_S };
	uint8_t *options;
	int n;

	for (n = 0; n < MAX_SEGMENTS && size >= SEGMENT_LEN; n++) {
		segment_set(&seg, data);
		data += SEGMENT_LEN;
		size -= SEGMENT_LEN;
		if (seg.opt_len > size)
			seg.opt_len = (uint8_t)size;
		options = exact_copy(data, seg.opt_len);
		seg.opt = options;
		data += seg.opt_len;
		size -= seg.opt_len;
		tracker_feed(run->tracker, &seg);
		free(options);
		if (n % 16 == 0) /* not cheap */
			check_limits(run);
	}
}

/* Lines of what a terminal shows, and of colours. */
static void check_output(const char *text, size_t len)
{
	size_t i;

	MUST(len == 0 || text[len - 1] == '\n');
	for (i = 0; i < len; i++)
		MUST(text[i] == '\n' || text[i] == '\x1b' || (text[i] >= 0x20 && text[i] <= 0x7e));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tracker_config limits = { 0 };
	struct tracker_events events = { .segment = on_segment, .ended = on_end, .forgotten = on_forgotten };
	struct run run = { 0 };
	char *text = NULL;
	size_t len = 0;
	FILE *file;

	if (size < SETTINGS_LEN)
		return 0;
	run_set(&run, data);
	limits.session_limit = run.session_limit;
	limits.segment_limit = run.segment_limit;
	limits.pickup = data[3] >> 6 & 1;
	events.ctx = &run;
	run.tracker = tracker_new(&limits, &events);
	file = open_memstream(&text, &len);
	MUST(run.tracker && file);
	stream_init(&run.out, file, false);
	run.sink = (struct sink) { .cfg = &run.sink_config, .history = tracker_history(run.tracker), .out = &run.out };
	if (data[3] >> 6 & 1)
		run.sink.explain = explain_new(&run.rules, true);

	run_segments(&run, data + SETTINGS_LEN, size - SETTINGS_LEN);
	if (!(data[3] >> 7)) {
		tracker_finish(run.tracker);
		check_limits(&run);
		MUST(run.forgotten == run.ends);
	}
	tracker_free(run.tracker);
	explain_free(run.sink.explain);
	fclose(file);
	check_output(text, len);
	free(text);
	return 0;
}
