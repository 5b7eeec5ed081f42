/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rule.h"

static bool rst_on_segment(const struct rules_config *cfg, const struct step *step)
{
	return step->rst == RST_BREAK ? cfg->rst >= 1 : step->rst == RST_AFTER_FIN && cfg->rst >= 2;
}

const struct rule rule_rst = {
	.name = "rst",
	.text = "ended by RST",
	.on_segment = rst_on_segment,
};
