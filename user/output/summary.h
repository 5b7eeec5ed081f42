/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What --explain tells of a whole session: why it was looked up, what was counted, and what may be the capture's fault. */
#ifndef MIRUO_OUTPUT_SUMMARY_H
#define MIRUO_OUTPUT_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules.h"
#include "tracker.h"

/* Counted from the steps of one session. */
struct summary {
	uint64_t verdicts[VERDICT_COUNT];	/* captured segments */
	uint64_t resends[RESEND_COUNT];		/* TCP segments, those in an offloaded packet each */
	uint64_t spurious, dsacks, congestion;
	uint64_t acks_unseen;			/* ACKs of what was not captured */
	uint64_t missing;			/* findings that could not be kept */
};

void summary_count(struct summary *sum, const struct step *step);

/*
 * Line i, from 0, of a session that ended: without ids and newline. False: there is nothing to say in this line, others may
 * follow until SUMMARY_LINES. lost: packets that the capture has lost so far.
 */
bool summary_text(const struct summary *sum, const struct rules_config *cfg, const struct ending *end, uint64_t lost,
		  uint32_t i, char *buf, size_t size);

#define SUMMARY_LINES (REASON_COUNT + 5)
#define SUMMARY_TEXT_MAX 640

#endif
