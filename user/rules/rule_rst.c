/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rule.h"

/* A RST of which no session was seen accuses nobody: it may be the late end of one that was followed and is forgotten. */
static bool rst_on_segment(const struct rules_config *cfg, const struct step *step)
{
	if (step->id == 0)
		return false;
	return step->rst == RST_BREAK ? cfg->rst >= 1 : step->rst == RST_AFTER_FIN && cfg->rst >= 2;
}

const struct rule rule_rst = {
	.name = "rst",
	.text = "ended by RST",
	.occasions = OCCASION_RST,
	.on_segment = rst_on_segment,
};
