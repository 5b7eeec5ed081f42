/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Packets that were captured more than once: on two interfaces of the host, on the loopback both ways, by a mirror port, or
 * doubled by the network.
 */
#ifndef MIRUO_TRACK_COPIES_H
#define MIRUO_TRACK_COPIES_H

#include <stdbool.h>

#include "history.h"
#include "session.h"

#define COPY_NS 1000000u	/* a packet captured twice at one place */
#define COPY_ELSEWHERE_NS 100000000u	/* and at two: it may wait in a queue between them */

/* So long after a segment of the side a copy of it may come. */
static inline uint64_t copies_age_max(const struct direction *d)
{
	return d->flags & DIR_ELSEWHERE ? COPY_ELSEWHERE_NS : COPY_NS;
}

/* Takes note of where a side's segments are captured. For each segment, before copies_has(). */
void copies_note_where(struct direction *d, const struct segment *seg);

/* A segment that comes so soon after the last one of its session, whose records are gone, may be a copy. */
bool copies_may_be(const struct session *s, const struct segment *seg);

/*
 * The segment of a session that is over is not counted at this place: the side's segments are captured at several, and those
 * of the first one are. Where they only moved from one to another, as with a new route, that is too few.
 */
bool copies_is_late(const struct direction *d, const struct segment *seg);

/*
 * The packet was captured before. What tells a copy from a retransmission of the same bytes: another interface or direction,
 * the same IPv4 identification where the sender has one for each packet, or a time in which nobody retransmits. A SYN, FIN or
 * RST is only repeated at once as an answer to something.
 */
bool copies_has(const struct history *h, const struct session *s, const struct segment *seg, uint8_t side);

#endif
