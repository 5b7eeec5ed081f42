/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which events of the state machine a segment is, and what they change. */
#ifndef MIRUO_TRACK_CONNECTION_H
#define MIRUO_TRACK_CONNECTION_H

#include "tracker.h"

/*
 * Takes step->session from one pair of states to the next by step->seg of step->side; sets state_shows, colour and rst of
 * the step. judge_segment() has seen the segment already.
 */
void connection_feed(struct step *step);

#endif
