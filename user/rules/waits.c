/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "waits.h"

#include "rule.h"
#include "timing.h"

static uint32_t longest_ms(enum reason reason, const struct timing *timing, const struct session *s)
{
	struct waits w;

	timing_waits(timing, s, &w);
	if (reason == REASON_SERVER_DELAY)
		return w.server_max_ms;
	return reason == REASON_CLIENT_DELAY ? w.client_max_ms : w.zero_window_ms;
}

static uint64_t pause_ns(enum reason reason, const struct pause_split *split)
{
	if (reason == REASON_SERVER_DELAY)
		return split->ns[WAIT_SERVER];
	if (reason == REASON_CLIENT_DELAY)
		return split->ns[WAIT_CLIENT] + split->ns[WAIT_IDLE];
	return split->ns[WAIT_ZERO_WINDOW];
}

bool wait_on_segment(enum reason reason, uint32_t limit_ms, const struct step *step)
{
	if (!limit_ms || !(step->seg->payload_len || step->seg->flags & TCP_FIN))
		return false;
	if (pause_ns(reason, &step->split) / NS_PER_MS >= limit_ms)
		return true;
	return !(step->session->reasons & 1u << reason) && longest_ms(reason, step->timing, step->session) >= limit_ms;
}

bool wait_on_end(enum reason reason, uint32_t limit_ms, const struct ending *end)
{
	return limit_ms && longest_ms(reason, end->timing, end->session) >= limit_ms;
}
