/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ordinary.h"

#include "copies.h"
#include "prediction.h"

void ordinary_look(struct session *s)
{
	bool steady = (s->flags & (SESSION_TIMED | SESSION_CLOSED)) == SESSION_TIMED && !s->context_left &&
		      timing_is_plain(&s->timing) && prediction_applies(s);

	s->flags = (uint16_t)((s->flags & ~SESSION_STEADY) | (steady ? SESSION_STEADY : 0));
}

/* One byte may be a keep-alive's. */
bool ordinary_is(const struct session *s, const struct segment *seg, uint8_t side)
{
	return s->flags & SESSION_STEADY && seg->frag == FRAG_NONE && seg->payload_len != 1 && prediction_holds(s, seg, side);
}

uint32_t ordinary_feed(struct session *s, const struct segment *seg, uint8_t side, uint64_t pause_ns)
{
	uint32_t now_us = clock_us(seg->ts_ns);
	struct prediction p = prediction_note(s, seg, side, now_us);

	copies_note_where(&s->dir[side], seg);
	if (!timing_feed_plain(s, seg, side, pause_ns, now_us, p.window_full))
		s->flags &= (uint16_t)~SESSION_STEADY;
	return p.segments;
}
