/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rule.h"

/* Of a session that is given up a SYN may still be answered: no client sends it again sooner than this (RFC 6298 2.1). */
#define ANSWER_NS 1000000000ull

static bool half_open_on_end(const struct rules_config *cfg, const struct ending *end)
{
	const struct session *s = end->session;
	const struct direction *client = &s->dir[s->client], *server = &s->dir[!s->client];

	if (!cfg->half_open || !(client->flags & DIR_SYN) || server->flags & DIR_SENT)
		return false;
	if (client->flags & DIR_ACK) /* of an answer that was not captured */
		return false;
	if (end->why != END_CAPTURE && end->why != END_EVICTED)
		return true;
	return end->ts_ns >= s->last_ns + ANSWER_NS;
}

const struct rule rule_half_open = {
	.name = "half-open",
	.text = "a SYN that was not answered",
	.on_end = half_open_on_end,
};
