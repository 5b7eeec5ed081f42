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

/* False: it is not such a segment, and nothing was noted. Otherwise as judge_segment(). */
bool prediction_judge(struct step *step, struct recovery recovery[2]);

#endif
