/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The short way of the segments that nearly all are: in the middle of a session of which both sides were seen, the next data
 * or an ACK of more (prediction.h), after a pause that nobody asks about. It comes to the same as the long way (tracker.c),
 * which tells the rules and sinks of each segment: there is nothing that they would do about these.
 */
#ifndef MIRUO_TRACK_ORDINARY_H
#define MIRUO_TRACK_ORDINARY_H

#include <stdbool.h>
#include <stdint.h>

#include "miruo/segment.h"
#include "session.h"

#define ORDINARY_PAUSE_NS DELAYED_ACK_NS	/* after a longer one no segment is ordinary */

/* Notes as SESSION_STEADY whether segments of the session may be ordinary. To be asked after each one that was not. */
void ordinary_look(struct session *s);

/* The segment is ordinary, if it is of that side of the session. Also for a session that is over, or none: all 0. */
bool ordinary_is(const struct session *s, const struct segment *seg, uint8_t side);

/* Takes note of it in the session, but for its counts and last_ns. Returns how many TCP segments the frame stands for. */
uint32_t ordinary_feed(struct session *s, const struct segment *seg, uint8_t side, uint64_t pause_ns);

#endif
