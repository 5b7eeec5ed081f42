/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The windows that the sides give each other, and the segments that serve them: probes, their answers, updates. */
#ifndef MIRUO_TRACK_WINDOW_H
#define MIRUO_TRACK_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "session.h"
#include "verdict.h"

enum window_change {
	WINDOW_SAME,
	WINDOW_LARGER,
	WINDOW_SMALLER,
	WINDOW_NOT_KNOWN,	/* the one before was that of a SYN, which is not scaled, and the scale is not known */
};

/* The window field of a segment that is no SYN, against the window that its side gave last. */
enum window_change window_compare(const struct direction *own, const struct direction *peer, uint16_t window);

/* Takes note of the window in a segment that is not a RST and whose ACK is not older than the last one. */
void window_note(struct direction *own, const struct segment *seg);

/* The other side has closed its window, and all that was sent into it before is acknowledged up to seq. */
bool window_is_closed_at(const struct direction *peer, uint32_t seq);

/*
 * Data of own up to end leaves no room in the window of peer: none at all, or less than the full segment that it is, which
 * the sender does not fill by halves (RFC 9293 3.8.6.2.1). payload_max: of a full segment, 0: not known.
 */
bool window_is_full(const struct direction *own, const struct direction *peer, uint32_t end, uint32_t payload_len,
		    uint32_t payload_max);

#endif
