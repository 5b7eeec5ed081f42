/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rule.h"
#include "waits.h"

static bool zero_window_on_segment(const struct rules_config *cfg, const struct step *step)
{
	return wait_on_segment(REASON_ZERO_WINDOW, cfg->zero_window_ms, step);
}

static bool zero_window_on_end(const struct rules_config *cfg, const struct ending *end)
{
	return wait_on_end(REASON_ZERO_WINDOW, cfg->zero_window_ms, end);
}

const struct rule rule_zero_window = {
	.name = "zero-window",
	.text = "data waited for a closed window",
	.occasions = OCCASION_TIMES,
	.on_segment = zero_window_on_segment,
	.on_end = zero_window_on_end,
	.mark = pause_mark,
};
