/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asks all rules about each segment and each ended session, and decides which segments are shown, in which colour. */
#ifndef MIRUO_RULES_RULES_H
#define MIRUO_RULES_RULES_H

#include <stddef.h>

#include "rules_config.h"
#include "tracker.h"

/* Indices of the table of rules, in the order in which the words stand in the header line; session.reasons has these bits. */
enum reason {
	REASON_LONG_CONNECT,
	REASON_LONG_DELAY,
	REASON_RETRANSMIT,
	REASON_SYN,
	REASON_RST,
	REASON_FRAGMENT,
	REASON_TIMEOUT,
	REASON_DUPLICATE,
	REASON_RTT,
	REASON_HANDSHAKE,
	REASON_ZERO_WINDOW,
	REASON_SERVER_DELAY,
	REASON_CLIENT_DELAY,
	REASON_HALF_OPEN,
	REASON_REUSE,
	REASON_ALL,		/* last: only what no other rule wants */
	REASON_COUNT
};

/* Reasons to say on whom time was spent. */
#define REASONS_OF_WAITS \
	(1u << REASON_LONG_DELAY | 1u << REASON_ZERO_WINDOW | 1u << REASON_SERVER_DELAY | 1u << REASON_CLIENT_DELAY)

/* A session that ended, as the rules see it. */
struct ending {
	struct session *session;
	const struct timing *timing;	/* all 0 if no times were taken (timing.h) */
	enum session_end why;
	uint64_t ts_ns;		/* when; ns since 1970 */
};

struct rules_stats {
	uint64_t sessions[REASON_COUNT];	/* sessions that the rule hit */
	uint64_t repeated;			/* sessions that the retransmit or the syn rule hit */
};

/* What becomes of one segment. */
struct mark {
	bool shown;
	enum colour colour;
	uint32_t reasons;	/* rules that the segment hit, bits of enum reason */
};

/* Applies the rules to a segment and marks its record and others of its session. */
struct mark rules_segment(const struct rules_config *cfg, struct rules_stats *stats, const struct history *h,
			  const struct step *step);

/*
 * After a shorter pause than this no rule wants to hear of a segment that begins, repeats and ends nothing and is no context;
 * ns. 0: one looks at the times of each segment.
 */
uint64_t rules_quiet_ns(const struct rules_config *cfg);

/* Applies the rules to a session that ended. True: it is looked up. */
bool rules_end(const struct rules_config *cfg, struct rules_stats *stats, const struct ending *end);

/* A segment is shown for another reason than a rule or its state (it has lines of its own below it). */
void rules_show(const struct rules_config *cfg, const struct history *h, struct session *s, struct record *rec);

/* The reason words of a session, joined by blanks. */
void reasons_text(uint32_t reasons, char *buf, size_t size);

#endif
