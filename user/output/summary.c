/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "summary.h"

#include <inttypes.h>

#include "format.h"
#include "state.h"
#include "text.h"
#include "timing.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define NS_PER_MS     1000000ull

/* What a line is made from. */
struct view {
	const struct summary *sum;
	const struct rules_config *cfg;
	const struct ending *end;
	struct waits waits;
	uint64_t lost;
};

void summary_count(struct summary *sum, const struct step *step)
{
	sum->verdicts[step->verdict]++;
	sum->resends[step->resend] += step->resent;
	sum->spurious += step->spurious;
	sum->dsacks += !!(step->remarks & REMARK_TELLS_SPURIOUS);
	sum->congestion += !!(step->remarks & REMARK_CONGESTION);
	sum->acks_unseen += !!(step->remarks & REMARK_ACKS_UNSEEN);
}

static void long_connect_line(struct text *t, const struct view *v)
{
	text_add(t, "lasted ");
	format_duration(t, v->end->session->last_ns - v->end->session->start_ns);
	text_add(t, "; over -T %" PRIu32, v->cfg->long_connect_ms);
}

static void timeout_line(struct text *t, const struct view *v)
{
	const struct session *s = v->end->session;

	text_add(t, "no segment for ");
	format_duration(t, v->end->ts_ns - s->last_ns);
	text_add(t, " in %s/%s", state_name(s->state[s->client]), state_name(s->state[!s->client]));
}

static void duplicate_line(struct text *t, const struct view *v)
{
	if (v->end->session->flags & SESSION_REPLACES)
		text_add(t, "its SYN came on ports in use");
	if (v->end->why == END_DUPLICATE)
		text_add(t, "%sa new SYN came on its ports", v->end->session->flags & SESSION_REPLACES ? ", " : "");
}

static void zero_window_line(struct text *t, const struct view *v)
{
	text_add(t, "data waited for ");
	format_duration(t, v->waits.zero_window_ms * NS_PER_MS);
	text_add(t, " at longest; reached --zero-window %" PRIu32, v->cfg->zero_window_ms);
}

static void server_delay_line(struct text *t, const struct view *v)
{
	format_duration(t, v->waits.server_max_ms * NS_PER_MS);
	text_add(t, " at longest; reached --server-delay %" PRIu32, v->cfg->server_delay_ms);
}

static void client_delay_line(struct text *t, const struct view *v)
{
	format_duration(t, v->waits.client_max_ms * NS_PER_MS);
	text_add(t, " at longest; reached --client-delay %" PRIu32, v->cfg->client_delay_ms);
}

static void half_open_line(struct text *t, const struct view *v)
{
	const struct session *s = v->end->session;
	uint64_t syns = (uint64_t)s->dir[s->client].retransmitted + !(s->flags & SESSION_RETRIES);

	text_add(t, "%" PRIu64 " SYN%s and no answer", syns, syns == 1 ? "" : "s");
}

static void reuse_line(struct text *t, const struct view *v)
{
	text_add(t, v->end->session->flags & SESSION_REPLACES ? "its SYN came on ports in use"
							      : "its SYN came on ports of a session that was just over");
}

static void all_line(struct text *t, const struct view *v)
{
	(void)v;
	text_add(t, "no rule hit it");
}

/* Reasons that belong to a segment are told with it. */
static void (*const reason_line[REASON_COUNT])(struct text *t, const struct view *v) = {
	[REASON_LONG_CONNECT] = long_connect_line,
	[REASON_TIMEOUT] = timeout_line,
	[REASON_DUPLICATE] = duplicate_line,
	[REASON_ZERO_WINDOW] = zero_window_line,
	[REASON_SERVER_DELAY] = server_delay_line,
	[REASON_CLIENT_DELAY] = client_delay_line,
	[REASON_HALF_OPEN] = half_open_line,
	[REASON_REUSE] = reuse_line,
	[REASON_ALL] = all_line,
};

static void add_reason(struct text *t, const struct view *v, enum reason reason)
{
	char word[32];

	if (!(v->end->session->reasons & 1u << reason) || !reason_line[reason])
		return;
	reasons_text(1u << reason, word, sizeof(word));
	text_add(t, "%s: ", word);
	reason_line[reason](t, v);
}

static void times_line(struct text *t, const struct view *v)
{
	uint32_t handshake_us = timing_handshake_us(v->end->timing), rtt_us = timing_rtt_us(v->end->timing);
	char waits[PAUSE_TEXT_MAX];

	if (v->end->session->last_ns == v->end->session->start_ns)
		return;
	pause_text(&v->waits.total, waits, sizeof(waits));
	text_add(t, "times: %s", waits);
	if (handshake_us) {
		text_add(t, "; handshake ");
		format_duration(t, handshake_us * 1000ull);
	}
	if (rtt_us) {
		text_add(t, "; round trip ");
		format_duration(t, rtt_us * 1000ull);
	}
}

static void mid_stream_line(struct text *t, const struct view *v)
{
	uint32_t flags = v->end->session->flags;

	if (!(flags & SESSION_MID_STREAM))
		return;
	text_add(t, "mid-stream: what was sent before the capture began is not known%s",
		 flags & SESSION_GUESSED ? "; who is the client is a guess by the ports" : "");
}

/* "WHAT N", parted from what stands there from begin on; nothing if n is 0. */
static void add_count(struct text *t, size_t begin, const char *what, uint64_t n)
{
	if (n)
		text_add(t, "%s%s %" PRIu64, t->len == begin ? "" : ", ", what, n);
}

static void add_resends(struct text *t, const struct summary *sum)
{
	static const char *const words[RESEND_COUNT] = {
		[RESEND_NONE] = "not known", [RESEND_SYN] = "SYN",         [RESEND_SYN_ACK] = "SYN/ACK",
		[RESEND_FAST] = "fast",      [RESEND_TIMEOUT] = "timeout", [RESEND_TAIL_LOSS_PROBE] = "tail-loss probe",
	};
	uint64_t all = 0;
	size_t begin;
	int i;

	for (i = 0; i < RESEND_COUNT; i++)
		all += sum->resends[i];
	if (!all)
		return;
	text_add(t, "retransmitted %" PRIu64 " (", all);
	begin = t->len;
	for (i = 0; i < RESEND_COUNT; i++)
		add_count(t, begin, words[i], sum->resends[i]);
	text_add(t, ")");
}

static void counts_line(struct text *t, const struct view *v)
{
	static const struct {
		enum verdict verdict;
		const char *what;
	} counted[] = {
		{ VERDICT_OUT_OF_ORDER, "out of order" },
		{ VERDICT_DUP_ACK, "duplicate ACKs" },
		{ VERDICT_KEEPALIVE, "keep-alives" },
		{ VERDICT_KEEPALIVE_ACK, "answers to keep-alives" },
		{ VERDICT_ZERO_WINDOW_PROBE, "zero-window probes" },
		{ VERDICT_ZERO_WINDOW_PROBE_ACK, "answers to zero-window probes" },
		{ VERDICT_WINDOW_UPDATE, "window updates" },
		{ VERDICT_STRAY, "strays" },
	};
	const struct summary *sum = v->sum;
	size_t i, begin;

	text_add(t, "counts: ");
	begin = t->len;
	add_resends(t, sum);
	add_count(t, begin, "spurious", sum->spurious);
	for (i = 0; i < LENGTH(counted); i++)
		add_count(t, begin, counted[i].what, sum->verdicts[counted[i].verdict]);
	add_count(t, begin, "DSACKs", sum->dsacks);
	add_count(t, begin, "ECN marks of congestion", sum->congestion);
	if (t->len == begin)
		text_truncate(t, 0);
}

static void missing_line(struct text *t, const struct view *v)
{
	add_count(t, 0, "findings that were not kept:", v->sum->missing);
}

/* What was not captured looks like what the network lost, and what was captured late like a delay. */
static void capture_line(struct text *t, const struct view *v)
{
	const struct session *s = v->end->session;
	uint64_t holes = (uint64_t)gaps_count(s->dir[0].gaps) + gaps_count(s->dir[1].gaps);
	size_t begin;

	if (!v->lost && !v->sum->acks_unseen && !holes)
		return;
	text_add(t, "capture: ");
	begin = t->len;
	add_count(t, begin, "packets that it has lost so far", v->lost);
	add_count(t, begin, "ACKs of data that was not captured", v->sum->acks_unseen);
	add_count(t, begin, "holes in the data that were not filled", holes);
	text_add(t, "; what looks like loss or a delay here may be the capture's");
}

static void (*const last_lines[])(struct text *t, const struct view *v) = {
	times_line, mid_stream_line, counts_line, missing_line, capture_line,
};

_Static_assert(LENGTH(last_lines) + REASON_COUNT == SUMMARY_LINES, "one line each");

bool summary_text(const struct summary *sum, const struct rules_config *cfg, const struct ending *end, uint64_t lost,
		  uint32_t i, char *buf, size_t size)
{
	struct view v = { .sum = sum, .cfg = cfg, .end = end, .lost = lost };
	struct text t;

	text_init(&t, buf, size);
	timing_waits(end->timing, end->session, &v.waits);
	if (i < REASON_COUNT)
		add_reason(&t, &v, (enum reason)i);
	else
		last_lines[i - REASON_COUNT](&t, &v);
	return t.len != 0;
}
