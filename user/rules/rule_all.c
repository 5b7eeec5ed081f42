/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rule.h"

/* Only what no other rule wants: the word would say nothing beside another. */
static bool all_on_end(const struct rules_config *cfg, const struct ending *end)
{
	return cfg->all && !end->session->reasons;
}

const struct rule rule_all = {
	.name = "all",
	.text = "every session was asked for (--all, --live)",
	.on_end = all_on_end,
};
