/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rule.h"

/* The segment that opens a session does not count. */
static bool fragment_on_segment(const struct rules_config *cfg, const struct step *step)
{
	return cfg->fragment && step->seg->frag == FRAG_FIRST && step->id != 0;
}

const struct rule rule_fragment = {
	.name = "fragment",
	.text = "a segment came in IP fragments",
	.occasions = OCCASION_FRAGMENT,
	.on_segment = fragment_on_segment,
};
