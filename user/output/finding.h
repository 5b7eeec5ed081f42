/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What --explain tells of a segment, one finding a line: taken from a step, kept until its session ends, made into text. */
#ifndef MIRUO_OUTPUT_FINDING_H
#define MIRUO_OUTPUT_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules.h"
#include "tracker.h"

enum finding_kind {
	FINDING_PAUSE,		/* the time before the segment, if a rule hit it */
	FINDING_VERDICT,
	FINDING_REMARKS,
	FINDING_RST,
	FINDING_RTT,
	FINDING_HANDSHAKE,
	FINDING_FRAGMENT,
	FINDING_KINDS		/* a step has no more than one of each */
};

/* The evidence, as it was when the step was made. */
struct finding {
	uint64_t id;			/* of the packet in its session */
	uint64_t other_id;		/* FINDING_PAUSE: before it; a retransmission's original; FINDING_NO_ID: not known */
	uint64_t ns;			/* since that one, or how long it is */
	struct pause_split split;	/* FINDING_PAUSE */
	uint32_t payload_len;
	uint32_t segments;		/* that the frame stands for; of a retransmission, those that repeat something */
	uint32_t remarks;		/* bits of enum remark */
	uint32_t reasons;		/* rules that the segment hit */
	uint8_t kind;			/* enum finding_kind */
	uint8_t verdict, resend, rst;
	uint8_t rst_doubts, rst_checked;	/* bits of enum rst_doubt */
	uint8_t dup_acks;		/* of the other side, DUP_ACKS_MAX at most */
	bool sacked;			/* and its last ACK had a SACK */
	uint8_t flags;			/* enum tcp_flag */
	uint8_t side;			/* that sent it */
	uint8_t state[2];		/* of side 0 and 1 before it */
};

#define FINDING_NO_ID UINT64_MAX
#define FINDING_TEXT_MAX 512

/*
 * The findings of a step, in the order of their lines. reasons: rules that hit it. Returns how many; most steps have none.
 */
uint32_t findings_of(const struct step *step, uint32_t reasons, struct finding out[FINDING_KINDS]);

/* One line, without ids and newline; cfg has the thresholds, client is the side that is the client. */
void finding_text(const struct finding *f, const struct rules_config *cfg, uint8_t client, char *buf, size_t size);

#endif
