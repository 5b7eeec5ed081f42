/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rule.h"

static bool syn_on_segment(const struct rules_config *cfg, const struct step *step)
{
	return cfg->syn && step->verdict == VERDICT_RETRANSMIT && step->seg->flags & TCP_SYN;
}

const struct rule rule_syn = {
	.name = "syn",
	.text = "SYN or SYN/ACK sent again",
	.occasions = OCCASION_REPEAT,
	.on_segment = syn_on_segment,
	.colour = repeat_colour,
	.mark = repeat_mark,
};
