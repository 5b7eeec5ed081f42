/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rules.h"

#include "rule.h"
#include "text.h"

static const struct rule *const rules[REASON_COUNT] = {
	[REASON_LONG_CONNECT] = &rule_long_connect,
	[REASON_LONG_DELAY] = &rule_long_delay,
	[REASON_RETRANSMIT] = &rule_retransmit,
	[REASON_SYN] = &rule_syn,
	[REASON_RST] = &rule_rst,
	[REASON_FRAGMENT] = &rule_fragment,
	[REASON_TIMEOUT] = &rule_timeout,
	[REASON_DUPLICATE] = &rule_duplicate,
	[REASON_RTT] = &rule_rtt,
	[REASON_HANDSHAKE] = &rule_handshake,
	[REASON_ZERO_WINDOW] = &rule_zero_window,
	[REASON_SERVER_DELAY] = &rule_server_delay,
	[REASON_CLIENT_DELAY] = &rule_client_delay,
	[REASON_HALF_OPEN] = &rule_half_open,
	[REASON_REUSE] = &rule_reuse,
	[REASON_ALL] = &rule_all,
};

_Static_assert(REASON_COUNT <= 16, "struct session: reasons");

#define REASONS_REPEATED (1u << REASON_RETRANSMIT | 1u << REASON_SYN)

static void session_note(struct rules_stats *stats, struct session *s, enum reason reason)
{
	uint32_t bit = 1u << reason;

	if (s->reasons & bit)
		return;
	stats->sessions[reason]++;
	if (bit & REASONS_REPEATED && !(s->reasons & REASONS_REPEATED))
		stats->repeated++;
	s->reasons |= (uint16_t)bit;
}

static void context_before(const struct history *h, struct session *s, const struct record *rec, uint32_t count)
{
	struct record *r = history_prev(h, rec);

	/* What lies before another record shown by its own right is already its context. */
	for (; r && count-- && !r->own; r = history_prev(h, r))
		history_show(h, s, r);
}

void rules_show(const struct rules_config *cfg, const struct history *h, struct session *s, struct record *rec)
{
	history_show(h, s, rec);
	if (rec->own)
		return;
	rec->own = 1;
	if (!cfg->context)
		return;
	context_before(h, s, rec, cfg->context);
	s->context_left = cfg->context < CONTEXT_ALL ? (uint16_t)cfg->context : CONTEXT_ALL;
}

static void show_as_context(const struct history *h, struct session *s, struct record *rec)
{
	if (!s->context_left)
		return;
	s->context_left -= s->context_left != CONTEXT_ALL;
	history_show(h, s, rec);
}

/* Those that the configuration gives to all segments. */
static uint32_t occasions_always(const struct rules_config *cfg)
{
	bool times = cfg->rtt_ms | cfg->handshake_ms | cfg->zero_window_ms | cfg->server_delay_ms | cfg->client_delay_ms;

	return times ? OCCASION_TIMES : 0;
}

/* From here on a pause is an occasion. */
static uint64_t pause_min_ns(const struct rules_config *cfg)
{
	return cfg->long_delay_ms ? cfg->long_delay_ms * NS_PER_MS : UINT64_MAX;
}

uint64_t rules_quiet_ns(const struct rules_config *cfg)
{
	return occasions_always(cfg) ? 0 : pause_min_ns(cfg);
}

static uint32_t occasions_of(const struct rules_config *cfg, const struct step *step)
{
	uint32_t occasions = occasions_always(cfg);

	occasions |= step->id == 0 ? OCCASION_OPENING : 0;
	occasions |= step->verdict == VERDICT_RETRANSMIT ? OCCASION_REPEAT : 0;
	occasions |= step->rst != RST_NONE ? OCCASION_RST : 0;
	occasions |= step->seg->frag != FRAG_NONE ? OCCASION_FRAGMENT : 0;
	occasions |= step->pause_ns >= pause_min_ns(cfg) ? OCCASION_PAUSE : 0;
	return occasions;
}

struct mark rules_segment(const struct rules_config *cfg, struct rules_stats *stats, const struct history *h,
			  const struct step *step)
{
	struct mark mark = { .shown = step->state_shows };
	uint32_t occasions = occasions_of(cfg, step);
	bool colour_wins = false;
	int i;

	if (!occasions && !step->state_shows && !step->colour && !step->session->context_left)
		return mark;	/* hidden and without colour, as its record is from the start */
	for (i = 0; occasions && i < REASON_COUNT; i++) {
		const struct rule *rule = rules[i];

		if (!(rule->occasions & occasions) || !rule->on_segment(cfg, step))
			continue;
		session_note(stats, step->session, (enum reason)i);
		mark.reasons |= 1u << i;
		mark.shown = true;
		mark.colour = rule->colour && !mark.colour ? rule->colour(h, step) : COLOUR_RED;
		colour_wins |= rule->colour_wins;
		if (rule->mark && step->rec)
			rule->mark(h, step);
	}
	if (step->colour && !colour_wins)
		mark.colour = step->colour;
	if (!step->rec)
		return mark;
	step->rec->colour = mark.colour;
	if (mark.shown)
		rules_show(cfg, h, step->session, step->rec);
	else
		show_as_context(h, step->session, step->rec);
	return mark;
}

bool rules_end(const struct rules_config *cfg, struct rules_stats *stats, const struct ending *end)
{
	int i;

	for (i = 0; i < REASON_COUNT; i++)
		if (rules[i]->on_end && rules[i]->on_end(cfg, end))
			session_note(stats, end->session, (enum reason)i);
	return end->session->reasons != 0;
}

void reasons_text(uint32_t reasons, char *buf, size_t size)
{
	struct text t;
	int i;

	text_init(&t, buf, size);
	for (i = 0; i < REASON_COUNT; i++)
		if (reasons & 1u << i)
			text_add(&t, "%s%s", t.len ? " " : "", rules[i]->name);
}
