/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A session as a ladder: header, shown segments, a line for each run of hidden ones. */
#include <inttypes.h>
#include <string.h>

#include "format.h"
#include "sink.h"
#include "state.h"
#include "timing.h"

#define MIDDLE 46	/* columns between the bars */

static void ladder_line_end(const struct sink *sink, enum colour colour)
{
	colour_end(sink->out->file, sink->cfg->colour, colour);
	fputc('\n', sink->out->file);
}

/* Reasons, the mark of a session picked up in mid-stream, VLAN ids. */
static void tags_text(const struct session *s, char *buf, size_t size)
{
	struct text t;
	uint64_t vlan;

	reasons_text(s->reasons, buf, size);
	t = (struct text){ .buf = buf, .size = size, .len = strlen(buf) };
	if (s->flags & SESSION_MID_STREAM)
		text_add(&t, " mid-stream");
	for (vlan = flow_vlan(&s->key); vlan; vlan >>= 16)
		text_add(&t, "%s%u", vlan == flow_vlan(&s->key) ? " vlan " : ".", (unsigned)(vlan & 0xffff));
}

/* On whom the session's time was spent, if that is what it was looked up for. */
static void ladder_waits(FILE *f, const struct ending *end)
{
	char text[PAUSE_TEXT_MAX];
	struct waits waits;

	if (!(end->session->reasons & REASONS_OF_WAITS))
		return;
	timing_waits(end->timing, end->session, &waits);
	pause_text(&waits.total, text, sizeof(text));
	fprintf(f, "; %s", text);
}

static void ladder_totals(FILE *f, const struct session *s)
{
	uint64_t retransmitted = (uint64_t)s->dir[0].retransmitted + s->dir[1].retransmitted;

	fprintf(f, "Total %" PRIu64 " segments", s->segments);
	if (s->fragments)
		fprintf(f, ", %u fragments", (unsigned)s->fragments);
	fprintf(f, ", %" PRIu64 " bytes", s->bytes);
	if (retransmitted)
		fprintf(f, ", %" PRIu64 " retransmitted", retransmitted);
}

static void ladder_header(const struct sink *sink, const struct ending *end)
{
	const struct session *s = end->session;
	uint64_t ms = (s->last_ns - s->start_ns) / 1000000;
	char client[ENDPOINT_TEXT_MAX], server[ENDPOINT_TEXT_MAX], tags[256];
	FILE *f = sink->out->file;

	format_endpoint(s, s->client, client);
	format_endpoint(s, !s->client, server);
	tags_text(s, tags, sizeof(tags));
	colour_begin(f, sink->cfg->colour, COLOUR_YELLOW);
	if (sink->cfg->quiet) {
		fprintf(f, "%8" PRIu64 ".%03u|%21s == %-21s|%" PRIu64 "seg(%" PRIu64 ") %s", ms / 1000,
			(unsigned)(ms % 1000), client, server, s->segments, s->bytes, tags);
	} else {
		fprintf(f, "%04" PRIu64 " %13" PRIu64 ".%03u |%21s == %-21s| ", session_id(s), ms / 1000,
			(unsigned)(ms % 1000), client, server);
		ladder_totals(f, s);
		ladder_waits(f, end);
		fprintf(f, " | %s", tags);
	}
	ladder_line_end(sink, COLOUR_YELLOW);
}

static void ladder_segment(const struct sink *sink, const struct session *s, const struct record *r)
{
	const char *client = state_name(r->state[s->client]), *server = state_name(r->state[!s->client]);
	char when[TIME_TEXT_MAX], arrow[9], options[OPTIONS_TEXT_MAX];
	const char *note = record_note(sink->history, r, NOTE_BELOW), *behind = record_note(sink->history, r, NOTE_BEHIND);
	FILE *f = sink->out->file;

	format_time(r->ts_ns, when);
	format_arrow(r->flags, r->side == s->client, arrow);
	colour_begin(f, sink->cfg->colour, r->colour);
	if (sink->cfg->quiet) {
		fprintf(f, "%s|%18s %s %-18s|%08X/%08X", when, client, arrow, server, r->seq, r->ack);
	} else {
		format_options(record_options(sink->history, r), r->opt_len, r->opt_cut, options);
		fprintf(f, "%04" PRIu64 ":%04" PRIu64 " %s |%18s %s %-18s| %08X/%08X %4u %s <%s>", session_id(s),
			record_id(r), when, client, arrow, server, r->seq, r->ack, r->wire_len,
			!sink->cfg->fragment_column ? "" : r->frag ? "F" : "-", options);
		if (behind)
			fprintf(f, " %s", behind);
	}
	ladder_line_end(sink, r->colour);
	if (note)
		note_print(f, sink->cfg->colour, note);
}

static void ladder_elision(const struct sink *sink, const struct session *s)
{
	if (sink->cfg->quiet)
		fprintf(sink->out->file, "%12s|%*s|\n", "", MIDDLE, "");
	else
		fprintf(sink->out->file, "%04" PRIu64 ":**** %12s |%*s|\n", session_id(s), "", MIDDLE, "");
}

static void ladder_end(const struct sink *sink, const struct session *s, const struct end_words *words, uint64_t ts_ns)
{
	int len = (int)strlen(words->message), left = (MIDDLE - len + 1) / 2;
	char when[TIME_TEXT_MAX];
	FILE *f = sink->out->file;

	format_time(ts_ns, when);
	colour_begin(f, sink->cfg->colour, COLOUR_RED);
	if (!sink->cfg->quiet)
		fprintf(f, "%04" PRIu64 ":%04" PRIu64 " ", session_id(s), s->segments);
	fprintf(f, sink->cfg->quiet ? "%s|%*s%s%*s|%s" : "%s |%*s%s%*s| %s", when, left, "", words->message,
		MIDDLE - len - left, "", words->reason);
	ladder_line_end(sink, COLOUR_RED);
}

static void ladder_session(const struct sink *sink, const struct ending *end)
{
	const struct end_words *words = format_end(end->why);
	const struct session *s = end->session;
	const struct record *r;
	uint64_t next_id = 0;

	ladder_header(sink, end);
	for (r = history_first(sink->history, s); r; r = history_next(sink->history, r)) {
		if (!record_is_shown(sink->history, r))
			continue;
		if (record_id(r) != next_id)
			ladder_elision(sink, s);
		ladder_segment(sink, s, r);
		next_id = record_id(r) + 1;
	}
	if (next_id != s->segments)
		ladder_elision(sink, s);
	if (words)
		ladder_end(sink, s, words, end->ts_ns);
	if (sink->explain)
		explain_print_session(sink->explain, sink->out->file, end, sink->lost);
	stream_record_end(sink->out);
}

const struct sink_ops sink_ladder = {
	.name = "ladder",
	.session = ladder_session,
};
