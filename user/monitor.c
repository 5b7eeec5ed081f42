/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "monitor.h"

#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "sink.h"

#define NS_PER_S 1000000000ull

struct monitor {
	const struct config *cfg;
	struct tracker *tracker;
	struct rules_stats rules;
	const struct sink_ops *sink_ops;
	struct sink sink;
	uint64_t lookups;
	uint64_t fed;
	uint64_t statistics_ns;	/* when the next block is due */
	void (*before_record)(void *ctx);
	void *before_record_ctx;
	uint64_t (*lost)(void *ctx);
	void *lost_ctx;
	char http_text[HTTP_TEXT_MAX];
};

static void record_begins(struct monitor *m)
{
	if (m->before_record)
		m->before_record(m->before_record_ctx);
}

/* The HTTP lines of a segment, kept with its record; NULL: none. */
static const char *monitor_inspect(struct monitor *m, const struct step *step)
{
	const struct segment *seg = step->seg;
	struct history *h;
	size_t len;

	if (!m->cfg->http.on || !seg->payload_cap)
		return NULL;
	h = tracker_history(m->tracker);
	len = http_inspect(&m->cfg->http, seg->payload, seg->payload_cap, m->http_text);
	if (!len)
		return NULL;
	if (step->rec && !m->cfg->sink.live) {
		history_note(h, step->rec, NOTE_BELOW, m->http_text, len);
		rules_show(&m->cfg->rules, h, step->session, step->rec);
	}
	return m->http_text;
}

/*
 * What is said at the end of the segment's line, kept with its record until the session is printed. Apart, as its buffer
 * would have the stack of each segment checked.
 */
static __attribute__((noinline)) void monitor_remarks(struct monitor *m, const struct step *step, uint32_t reasons)
{
	char text[REMARKS_TEXT_MAX];
	size_t len = step->rec ? format_remarks(step, reasons, text) : 0;

	if (len)
		history_note(tracker_history(m->tracker), step->rec, NOTE_BEHIND, text, len);
}

static void on_step(void *ctx, const struct step *step)
{
	struct monitor *m = ctx;
	struct mark mark = rules_segment(&m->cfg->rules, &m->rules, tracker_history(m->tracker), step);
	const char *note = monitor_inspect(m, step);

	if (m->sink.explain)
		explain_step(m->sink.explain, step, mark.reasons);
	if (!m->sink_ops->segment) {
		if (mark.reasons || step->rst)
			monitor_remarks(m, step, mark.reasons);
		return;
	}
	record_begins(m);
	m->sink_ops->segment(&m->sink, step, mark, note);
}

static void on_end(void *ctx, struct session *s, enum session_end why, uint64_t ts_ns)
{
	struct monitor *m = ctx;
	struct ending end = { .session = s, .timing = timing_of(s), .why = why, .ts_ns = ts_ns };

	if (rules_end(&m->cfg->rules, &m->rules, &end)) {
		m->lookups++;
		record_begins(m);
		if (m->sink.explain && m->lost)
			m->sink.lost = m->lost(m->lost_ctx);
		m->sink_ops->session(&m->sink, &end);
	}
	if (m->sink.explain)
		explain_forget(m->sink.explain, s);
}

/* All that looks at each segment must be named here, see struct tracker_events. */
static uint64_t quiet_ns(const struct config *cfg)
{
	return cfg->sink.live || cfg->explain || cfg->http.on ? 0 : rules_quiet_ns(&cfg->rules);
}

struct monitor *monitor_new(const struct config *cfg, struct stream *out)
{
	struct monitor *m = calloc(1, sizeof(*m));
	struct tracker_config tracker = cfg->tracker;
	struct tracker_events events = { .ctx = m, .segment = on_step, .quiet_ns = quiet_ns(cfg), .ended = on_end };

	if (!m)
		return NULL;
	m->cfg = cfg;
	tracker.context = cfg->rules.context;
	m->tracker = tracker_new(&tracker, &events);
	if (!m->tracker) {
		monitor_free(m);
		return NULL;
	}
	m->sink_ops = cfg->sink.live ? &sink_live : &sink_ladder;
	m->sink = (struct sink){ .cfg = &cfg->sink, .history = tracker_history(m->tracker), .out = out };
	if (cfg->explain) {
		m->sink.explain = explain_new(&cfg->rules, !cfg->sink.live);
		if (!m->sink.explain) {
			monitor_free(m);
			return NULL;
		}
	}
	return m;
}

void monitor_free(struct monitor *m)
{
	if (!m)
		return;
	tracker_free(m->tracker);
	explain_free(m->sink.explain);
	free(m);
}

void monitor_segments(void *monitor, const struct segment *segs, size_t count)
{
	struct monitor *m = monitor;

	m->fed += count;
	tracker_feed_all(m->tracker, segs, count);
}

uint64_t monitor_fed(const struct monitor *m)
{
	return m->fed;
}

void monitor_advance(struct monitor *m, uint64_t now_ns)
{
	if (now_ns)
		tracker_advance(m->tracker, now_ns);
}

void monitor_before_record(struct monitor *m, void (*fn)(void *ctx), void *ctx)
{
	m->before_record = fn;
	m->before_record_ctx = ctx;
}

void monitor_losses(struct monitor *m, uint64_t (*fn)(void *ctx), void *ctx)
{
	m->lost = fn;
	m->lost_ctx = ctx;
}

bool monitor_statistics_due(struct monitor *m)
{
	uint64_t interval_ns = m->cfg->stat_interval_s * NS_PER_S;
	struct tracker_stats stats;

	if (!interval_ns)
		return false;
	tracker_stats(m->tracker, &stats);
	if (!stats.first_ns)
		return false;
	if (!m->statistics_ns)
		m->statistics_ns = stats.first_ns + interval_ns;
	if (stats.last_ns < m->statistics_ns)
		return false;
	m->statistics_ns = stats.last_ns - (stats.last_ns - m->statistics_ns) % interval_ns + interval_ns;
	return true;
}

void monitor_finish(struct monitor *m)
{
	tracker_finish(m->tracker);
}

void monitor_statistics(const struct monitor *m, struct statistics *out)
{
	memset(out, 0, sizeof(*out));
	tracker_stats(m->tracker, &out->tracker);
	history_stats(tracker_history(m->tracker), &out->history);
	out->rules = m->rules;
	out->rules_config = m->cfg->rules;
	out->session_limit = m->cfg->tracker.session_limit ? m->cfg->tracker.session_limit : SESSION_LIMIT_MAX;
	out->segment_limit = m->cfg->tracker.segment_limit ? m->cfg->tracker.segment_limit : SEGMENT_LIMIT_MAX;
	out->ladders = !m->cfg->sink.live;
	out->lookups = m->lookups;
	out->explain_missing = m->sink.explain ? explain_missing(m->sink.explain) : 0;
	out->capture_ms = (out->tracker.last_ns - out->tracker.first_ns) / 1000000;
}
