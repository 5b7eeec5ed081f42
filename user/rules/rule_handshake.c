/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rule.h"
#include "timing.h"

/* Once a session: on the segment that ends the handshake. */
static bool handshake_on_segment(const struct rules_config *cfg, const struct step *step)
{
	return cfg->handshake_ms && !(step->session->reasons & 1u << REASON_HANDSHAKE) &&
	       timing_handshake_us(step->timing) / 1000 >= cfg->handshake_ms;
}

const struct rule rule_handshake = {
	.name = "handshake",
	.text = "a long handshake",
	.occasions = OCCASION_TIMES,
	.on_segment = handshake_on_segment,
};
