/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "prediction.h"

#include "mss.h"
#include "sack.h"
#include "seq.h"
#include "sequence.h"
#include "state.h"
#include "window.h"

/* Both sides were seen, and nothing but data and ACKs is to come. */
static bool is_established(const struct session *s)
{
	return s->state[0] == TS_ESTABLISHED && s->state[1] == TS_ESTABLISHED;
}

/* No option, and no state that an option, an ACK or a probe left behind, has anything to say of the segment. */
static bool is_plain(const struct direction *own, const struct direction *peer, const struct segment *seg)
{
	const uint32_t known = DIR_SENT | DIR_SEQ | DIR_ACK, own_asks = DIR_FIN | DIR_SACKED,
		       peer_asks = DIR_FIN | DIR_KEPT | DIR_PROBED | DIR_PROVOKED;

	return (seg->flags & (uint8_t)~(TCP_PSH | TCP_URG)) == TCP_ACK && (own->flags & (known | own_asks)) == known &&
	       (peer->flags & (known | peer_asks)) == known && seg->window && peer->window && !sack_is_possible(seg);
}

/* It begins where its side left off, and stays in reach of what is known. */
static bool is_next(const struct direction *own, const struct segment *seg)
{
	return seg->seq == own->next_seq && seg->payload_len <= KNOWN_DISTANCE &&
	       seg->seq + seg->payload_len - own->first_seq <= KNOWN_DISTANCE;
}

static bool acks_what_was_seen(const struct direction *own, const struct direction *peer, const struct segment *seg)
{
	int32_t ahead = seq_diff(seg->ack, own->ack);

	return seq_diff(seg->ack, peer->next_seq) <= 0 && ahead >= !seg->payload_len && ahead <= STRAY_DISTANCE;
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

bool prediction_holds(const struct session *s, const struct segment *seg, uint8_t side)
{
	const struct direction *own = &s->dir[side], *peer = &s->dir[!side];

	return is_established(s) && is_plain(own, peer, seg) && is_next(own, seg) && acks_what_was_seen(own, peer, seg);
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
