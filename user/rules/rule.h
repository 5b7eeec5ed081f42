/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A lookup rule: one file rule_NAME.c with one of these at its end, and one row in rules.c.
 */
#ifndef MIRUO_RULES_RULE_H
#define MIRUO_RULES_RULE_H

#include <stdbool.h>

#include "rules.h"

#define NS_PER_MS 1000000ull

/* What sets few segments apart from all others. Rules are only asked about those that have something of what they look for. */
enum occasion {
	OCCASION_OPENING = 1,	/* the first segment of its session */
	OCCASION_REPEAT = 2,	/* VERDICT_RETRANSMIT */
	OCCASION_RST = 4,	/* ends its session */
	OCCASION_FRAGMENT = 8,
	OCCASION_PAUSE = 16,	/* if pauses are looked for: one of -t or more was before it */
	OCCASION_TIMES = 32,	/* any, if the times of a session are looked for */
};

struct rule {
	const char *name;	/* the reason word in the header line */
	const char *text;	/* what it looks for, for people */

	uint32_t occasions;	/* bits of enum occasion, one at least if there is on_segment: it is asked about these segments */

	/* The segment is what the rule looks for: its session is looked up, the segment shown. NULL: not asked. */
	bool (*on_segment)(const struct rules_config *cfg, const struct step *step);

	/* Of a segment that was hit by no other rule. NULL: red, also if others hit it. */
	enum colour (*colour)(const struct history *h, const struct step *step);

	/* Marks other records of the session, after a hit on a segment that is held. NULL: none. */
	void (*mark)(const struct history *h, const struct step *step);

	/* The session that ended is looked up. NULL: not asked. */
	bool (*on_end)(const struct rules_config *cfg, const struct ending *end);

	bool colour_wins;	/* over that of the state machine */
};

extern const struct rule rule_long_connect, rule_long_delay, rule_retransmit, rule_syn, rule_rst, rule_fragment, rule_timeout,
	rule_duplicate, rule_rtt, rule_handshake, rule_zero_window, rule_server_delay, rule_client_delay, rule_half_open,
	rule_reuse, rule_all;

/* Shared by the two rules for what was sent twice. */
enum colour repeat_colour(const struct history *h, const struct step *step);
void repeat_mark(const struct history *h, const struct step *step);

/* Shared by the rules for pauses: the segment before one is shown too, it tells who was waiting for whom. */
void pause_mark(const struct history *h, const struct step *step);

#endif
