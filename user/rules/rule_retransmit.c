/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rule.h"

#include <string.h>

static bool retransmit_on_segment(const struct rules_config *cfg, const struct step *step)
{
	return cfg->retransmit_ms && step->verdict == VERDICT_RETRANSMIT && !(step->seg->flags & TCP_SYN) &&
	       step->since_original_ns / NS_PER_MS >= cfg->retransmit_ms;
}

/* Other options than the first time (with timestamps, the normal case): magenta. */
enum colour repeat_colour(const struct history *h, const struct step *step)
{
	const struct record *o = step->original;

	if (!o || (o->opt_len == step->seg->opt_len && memcmp(record_options(h, o), step->seg->opt, o->opt_len) == 0))
		return COLOUR_RED;
	return COLOUR_MAGENTA;
}

/* The first transmission and all that came between it and the repeat. */
void repeat_mark(const struct history *h, const struct step *step)
{
	struct record *r = step->original;

	if (!r)
		return;
	r->colour = COLOUR_GREEN;
	history_show(h, step->session, r);
	for (r = history_next(h, r); r && r != step->rec; r = history_next(h, r)) {
		if (r->colour)
			continue;
		r->colour = COLOUR_CYAN;
		history_show(h, step->session, r);
	}
}

const struct rule rule_retransmit = {
	.name = "retransmit",
	.text = "data or FIN sent again after -r or more",
	.occasions = OCCASION_REPEAT,
	.on_segment = retransmit_on_segment,
	.colour = repeat_colour,
	.mark = repeat_mark,
};
