/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "window.h"

#include "handshake.h"
#include "seq.h"

static uint32_t scaled(uint16_t window, int scale)
{
	return (uint32_t)window << (scale > 0 ? scale : 0);
}

static uint32_t window_size(const struct direction *own, const struct direction *peer)
{
	return scaled(own->window, own->flags & DIR_SYN_WINDOW ? 0 : handshake_scale(own, peer));
}

enum window_change window_compare(const struct direction *own, const struct direction *peer, uint16_t window)
{
	int scale = handshake_scale(own, peer);
	uint32_t before = window_size(own, peer), now = scaled(window, scale);

	if (own->flags & DIR_SYN_WINDOW && scale < 0)
		return WINDOW_NOT_KNOWN;
	if (now == before)
		return WINDOW_SAME;
	return now > before ? WINDOW_LARGER : WINDOW_SMALLER;
}

void window_note(struct direction *own, const struct segment *seg)
{
	own->window = seg->window;
	own->flags &= ~(uint32_t)DIR_SYN_WINDOW;
	if (seg->flags & TCP_SYN)
		own->flags |= DIR_SYN_WINDOW;
}

bool window_is_closed_at(const struct direction *peer, uint32_t seq)
{
	return peer->flags & DIR_ACK && !peer->window && peer->ack == seq;
}

bool window_is_full(const struct direction *own, const struct direction *peer, uint32_t end, uint32_t payload_len,
		    uint32_t payload_max)
{
	int32_t room;

	if (!(peer->flags & DIR_ACK) || !peer->window || seq_diff(end, peer->ack) < peer->window)
		return false;
	if (!(peer->flags & DIR_SYN_WINDOW) && handshake_scale(peer, own) < 0)
		return false;
	room = seq_diff(peer->ack + window_size(peer, own), end);
	return room == 0 || (room > 0 && payload_len >= payload_max && payload_max && (uint32_t)room < payload_max);
}
