/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rule.h"
#include "waits.h"

static bool client_delay_on_segment(const struct rules_config *cfg, const struct step *step)
{
	return wait_on_segment(REASON_CLIENT_DELAY, cfg->client_delay_ms, step);
}

static bool client_delay_on_end(const struct rules_config *cfg, const struct ending *end)
{
	return wait_on_end(REASON_CLIENT_DELAY, cfg->client_delay_ms, end);
}

const struct rule rule_client_delay = {
	.name = "client-delay",
	.text = "the client said nothing though it was its turn",
	.occasions = OCCASION_TIMES,
	.on_segment = client_delay_on_segment,
	.on_end = client_delay_on_end,
	.mark = pause_mark,
};
