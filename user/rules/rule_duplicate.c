/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rule.h"

/* The SYN that opened the new session on ports that were in use. */
static bool duplicate_on_segment(const struct rules_config *cfg, const struct step *step)
{
	return cfg->quiet == 0 && step->id == 0 && step->session->flags & SESSION_REPLACES;
}

static bool duplicate_on_end(const struct rules_config *cfg, const struct ending *end)
{
	return cfg->quiet < 2 && end->why == END_DUPLICATE;
}

const struct rule rule_duplicate = {
	.name = "duplicate",
	.text = "a new SYN on ports that a session had in use",
	.occasions = OCCASION_OPENING,
	.on_segment = duplicate_on_segment,
	.on_end = duplicate_on_end,
	.colour_wins = true,
};
