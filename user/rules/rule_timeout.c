/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rule.h"

static bool timeout_on_end(const struct rules_config *cfg, const struct ending *end)
{
	(void)cfg;
	return end->why == END_TIMEOUT;
}

const struct rule rule_timeout = {
	.name = "timeout",
	.text = "no segment for 30 s while opening or closing, or for 900 s",
	.on_end = timeout_on_end,
};
