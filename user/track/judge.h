/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Puts together what a segment is to be called, from what it carries (sequence.h), acknowledges (sack.h), repeats
 * (recovery.h) and says of windows (window.h).
 */
#ifndef MIRUO_TRACK_JUDGE_H
#define MIRUO_TRACK_JUDGE_H

#include "tracker.h"

/*
 * Fills in verdict, remarks, resend, segments, resent and spurious of the step and takes note of its segment in the sides of
 * step->session.
 */
void judge_segment(struct step *step);

/* The same for one of a session that is over, whose holes are forgotten: RETRANSMIT and what goes with it, or nothing. */
void judge_late(struct step *step);

#endif
