/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rule.h"

static bool long_connect_on_end(const struct rules_config *cfg, const struct ending *end)
{
	const struct session *s = end->session;

	return cfg->long_connect_ms && (s->last_ns - s->start_ns) / NS_PER_MS > cfg->long_connect_ms;
}

const struct rule rule_long_connect = {
	.name = "long-connect",
	.text = "the session lasted longer than -T",
	.on_end = long_connect_on_end,
};
