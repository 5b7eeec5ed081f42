/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Header prediction, as receivers have it (RFC 7323 5.6): nearly every segment is the next data of its side, an ACK of more
 * data, or both. It is judged in a few steps that come to the same as judge_in_full().
 */
#ifndef MIRUO_TRACK_PREDICTION_H
#define MIRUO_TRACK_PREDICTION_H

#include <stdbool.h>

#include "recovery.h"
#include "tracker.h"

/* It is such a segment. */
bool prediction_holds(const struct session *s, const struct segment *seg, uint8_t side);

/* What there is to say of it: VERDICT_NEW goes without saying. */
struct prediction {
	uint32_t segments;	/* TCP segments that the frame stands for */
	bool window_full;	/* REMARK_WINDOW_FULL */
};

/* Takes note of it in the sides of the session. recovery: that of side 0 and 1. */
struct prediction prediction_note(struct session *s, struct recovery recovery[2], const struct segment *seg, uint8_t side);

/* Both, as judge_segment() does. False: it is not such a segment, and nothing was noted. */
bool prediction_judge(struct step *step, struct recovery recovery[2]);

#endif
