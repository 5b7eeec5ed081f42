/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rule.h"

static bool reuse_on_segment(const struct rules_config *cfg, const struct step *step)
{
	return cfg->reuse && step->id == 0 && step->session->flags & (SESSION_REPLACES | SESSION_REUSES);
}

const struct rule rule_reuse = {
	.name = "reuse",
	.text = "a SYN on ports that a session has in use, or had a minute ago or less",
	.occasions = OCCASION_OPENING,
	.on_segment = reuse_on_segment,
};
