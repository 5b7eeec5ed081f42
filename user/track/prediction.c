/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prediction.h"

#include "mss.h"
#include "sack.h"
#include "seq.h"
#include "sequence.h"
#include "state.h"
#include "window.h"

/* The side was seen, nothing but data and ACKs is to come from it, and no probe waits for its answer. */
static bool side_is_plain(const struct direction *d)
{
	const uint32_t known = DIR_SENT | DIR_SEQ | DIR_ACK, asks = DIR_FIN | DIR_KEPT | DIR_PROBED | DIR_PROVOKED;

	return (d->flags & (known | asks)) == known && d->window;
}

/* No option, and no state that an option left behind, has anything to say of the segment. */
static bool is_plain(const struct direction *own, const struct segment *seg)
{
	return (seg->flags & (uint8_t)~(TCP_PSH | TCP_URG)) == TCP_ACK && !(own->flags & DIR_SACKED) && seg->window &&
	       !sack_is_possible(seg);
}

/* It begins where its side left off, and stays in reach of what is known. */
static bool is_next(const struct direction *own, const struct segment *seg)
{
	return seg->seq == own->next_seq && seg->payload_len <= KNOWN_DISTANCE &&
	       seg->seq + seg->payload_len - own->first_seq <= KNOWN_DISTANCE;
}

static bool acks_what_was_seen(const struct direction *own, const struct direction *peer, const struct segment *seg)
{
	uint32_t ahead = seg->ack - own->ack;

	return seq_diff(seg->ack, peer->next_seq) <= 0 && ahead <= STRAY_DISTANCE && ahead | seg->payload_len;
}

static void note_data(struct direction *own, const struct direction *peer, const struct segment *seg, uint32_t now_us,
		      struct prediction *p)
{
	uint32_t end = seg->seq + seg->payload_len;

	own->next_seq = end;
	if (seq_diff(peer->ack, seg->seq) >= 0)
		own->timer_us = now_us;
	p->window_full = seq_diff(end, peer->ack) >= peer->window &&
			 window_is_full(own, peer, end, seg->payload_len, mss_payload_max(own, seg));
}

bool prediction_applies(const struct session *s)
{
	return s->state[0] == TS_ESTABLISHED && s->state[1] == TS_ESTABLISHED && side_is_plain(&s->dir[0]) &&
	       side_is_plain(&s->dir[1]);
}

bool prediction_holds(const struct session *s, const struct segment *seg, uint8_t side)
{
	const struct direction *own = &s->dir[side], *peer = &s->dir[!side];

	return is_plain(own, seg) && is_next(own, seg) && acks_what_was_seen(own, peer, seg);
}

struct prediction prediction_note(struct session *s, const struct segment *seg, uint8_t side, uint32_t now_us)
{
	struct direction *own = &s->dir[side], *peer = &s->dir[!side];
	struct prediction p = { .segments = mss_segments(own, seg) };

	if (seg->payload_len)
		note_data(own, peer, seg, now_us, &p);
	if (seg->ack != own->ack) {
		own->ack = seg->ack;
		own->dup_acks = 0;
		recovery_acked(peer, &s->recovery[!side], seg->ack, now_us);
	}
	window_note(own, seg);
	return p;
}
