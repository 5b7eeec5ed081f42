/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ordinary.h"

#include "copies.h"
#include "prediction.h"
#include "state.h"

/* Both sides were seen, and nothing but data and ACKs is to come. */
static bool is_in_the_middle(const struct session *s)
{
	uint32_t both = s->dir[0].flags & s->dir[1].flags, any = s->dir[0].flags | s->dir[1].flags;

	return s->state[0] == TS_ESTABLISHED && s->state[1] == TS_ESTABLISHED && both & DIR_SENT && !(any & DIR_FIN);
}

bool ordinary_is(const struct session *s, const struct segment *seg, uint8_t side)
{
	return seg->frag == FRAG_NONE && (s->flags & (SESSION_TIMED | SESSION_CLOSED)) == SESSION_TIMED && !s->context_left &&
	       is_in_the_middle(s) && timing_is_plain(s, seg, side) && prediction_holds(s, seg, side);
}

uint32_t ordinary_feed(struct session *s, const struct segment *seg, uint8_t side, uint64_t pause_ns)
{
	struct prediction p = prediction_note(s, s->recovery, seg, side);

	copies_note_where(&s->dir[side], seg);
	timing_feed_plain(s, seg, side, pause_ns, p.window_full);
	return p.segments;
}
