/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rule.h"
#include "waits.h"

static bool server_delay_on_segment(const struct rules_config *cfg, const struct step *step)
{
	return wait_on_segment(REASON_SERVER_DELAY, cfg->server_delay_ms, step);
}

static bool server_delay_on_end(const struct rules_config *cfg, const struct ending *end)
{
	return wait_on_end(REASON_SERVER_DELAY, cfg->server_delay_ms, end);
}

const struct rule rule_server_delay = {
	.name = "server-delay",
	.text = "the server let the client wait",
	.occasions = OCCASION_TIMES,
	.on_segment = server_delay_on_segment,
	.on_end = server_delay_on_end,
	.mark = pause_mark,
};
