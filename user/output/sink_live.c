/* SPDX-License-Identifier: GPL-3.0-or-later */
/* --live: one line a segment, of all sessions interleaved. */
#include <inttypes.h>

#include "format.h"
#include "sink.h"
#include "state.h"

/* Every retransmission is marked, also one that -r does not look up. */
static void live_repeat(FILE *f, const struct step *step)
{
	uint64_t ms = step->since_original_ns / 1000000;

	if (step->verdict != VERDICT_RETRANSMIT)
		return;
	fputs(" retransmit", f);
	if (step->original)
		fprintf(f, " %" PRIu64 ".%03u", ms / 1000, (unsigned)(ms % 1000));
}

static void live_segment(const struct sink *sink, const struct step *step, struct mark mark, const char *note)
{
	const struct session *s = step->session;
	const struct segment *seg = step->seg;
	bool on = sink->cfg->colour;
	char client[ENDPOINT_TEXT_MAX], server[ENDPOINT_TEXT_MAX], when[TIME_TEXT_MAX], arrow[9];
	char options[OPTIONS_TEXT_MAX], remarks[REMARKS_TEXT_MAX], states[32];
	FILE *f = sink->out->file;

	if (!mark.colour && step->verdict == VERDICT_RETRANSMIT)
		mark.colour = COLOUR_RED;
	format_endpoint(s, s->client, client);
	format_endpoint(s, !s->client, server);
	format_time(seg->ts_ns, when);
	format_arrow(seg->flags, step->side == s->client, arrow);
	format_options(seg->opt, seg->opt_len, seg->opt_cut, options);
	snprintf(states, sizeof(states), "%s/%s", state_name(s->state[s->client]), state_name(s->state[!s->client]));

	colour_begin(f, on, mark.colour);
	fprintf(f, "%04" PRIu64 ":%04" PRIu64 " %s %s %s %s %-23s %08X/%08X %4u %s <%s>", session_id(s), step->id, when,
		client, arrow, server, states, seg->seq, seg->ack, seg->wire_len,
		!sink->cfg->fragment_column ? "" : seg->frag == FRAG_FIRST ? "F" : "-", options);
	live_repeat(f, step);
	if (format_remarks(step, mark.reasons, remarks))
		fprintf(f, " %s", remarks);
	colour_end(f, on, mark.colour);
	fputc('\n', f);
	if (note)
		note_print(f, on, note);
	if (sink->explain)
		explain_print_step(sink->explain, f, step, mark.reasons);
	stream_record_end(sink->out);
}

static void live_end(const struct sink *sink, const struct ending *end, const struct end_words *words)
{
	const struct session *s = end->session;
	char when[TIME_TEXT_MAX];
	FILE *f = sink->out->file;

	format_time(end->ts_ns, when);
	colour_begin(f, sink->cfg->colour, COLOUR_RED);
	fprintf(f, "%04" PRIu64 ":%04" PRIu64 " %s %s (%s)", session_id(s), s->segments, when, words->message,
		words->reason);
	colour_end(f, sink->cfg->colour, COLOUR_RED);
	fputc('\n', f);
}

static void live_session(const struct sink *sink, const struct ending *end)
{
	const struct end_words *words = format_end(end->why);

	if (words)
		live_end(sink, end, words);
	if (sink->explain)
		explain_print_session(sink->explain, sink->out->file, end, sink->lost);
	if (words || sink->explain)
		stream_record_end(sink->out);
}

const struct sink_ops sink_live = {
	.name = "live",
	.segment = live_segment,
	.session = live_session,
};
