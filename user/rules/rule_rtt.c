/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rule.h"
#include "timing.h"

/* Once a session. */
static bool rtt_on_segment(const struct rules_config *cfg, const struct step *step)
{
	return cfg->rtt_ms && !(step->session->reasons & 1u << REASON_RTT) &&
	       timing_rtt_us(step->timing) / 1000 >= cfg->rtt_ms;
}

const struct rule rule_rtt = {
	.name = "rtt",
	.text = "a long round trip",
	.occasions = OCCASION_TIMES,
	.on_segment = rtt_on_segment,
};
