/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Header prediction, as receivers have it (RFC 7323 5.6): in an established connection nearly every segment is the next data
 * of its side, an ACK of more data, or both. It is judged in a few steps that come to the same as judge_segment().
 */
#ifndef MIRUO_TRACK_PREDICTION_H
#define MIRUO_TRACK_PREDICTION_H

#include <stdbool.h>

#include "miruo/segment.h"
#include "session.h"

/* Such segments may come. That stays so until one comes that is none. */
bool prediction_applies(const struct session *s);

/* The segment, of that side of a session of which they may come, is such a one. */
bool prediction_holds(const struct session *s, const struct segment *seg, uint8_t side);

/* What there is to say of it: VERDICT_NEW goes without saying. */
struct prediction {
	uint32_t segments;	/* TCP segments that the frame stands for */
	bool window_full;	/* REMARK_WINDOW_FULL */
};

/* Takes note of it in the sides of the session. now_us: clock_us() of the segment. */
struct prediction prediction_note(struct session *s, const struct segment *seg, uint8_t side, uint32_t now_us);

#endif
