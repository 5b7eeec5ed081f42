/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rule.h"

static bool long_delay_on_segment(const struct rules_config *cfg, const struct step *step)
{
	return cfg->long_delay_ms && step->pause_ns / NS_PER_MS > cfg->long_delay_ms;
}

void pause_mark(const struct history *h, const struct step *step)
{
	struct record *before = history_prev(h, step->rec);

	if (before)
		history_show(h, step->session, before);
}

const struct rule rule_long_delay = {
	.name = "long-delay",
	.text = "a pause longer than -t",
	.occasions = OCCASION_PAUSE,
	.on_segment = long_delay_on_segment,
	.mark = pause_mark,
};
