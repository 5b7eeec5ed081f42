/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The TCP states of both ends of a session as a capture point sees them (RFC 9293 3.3.2).
 *
 * A capture point sees what was sent, not what arrived. The states are those that the ends have shown: the receiver of a SYN
 * is in SYN_RECV at once and the client is ESTABLISHED when the SYN/ACK passes, but nobody is in CLOSE_WAIT before its ACK
 * of the FIN was seen.
 */
#ifndef MIRUO_TRACK_STATE_H
#define MIRUO_TRACK_STATE_H

#include <stdbool.h>
#include <stdint.h>

enum tcp_state {
	TS_NONE,	/* in the tables: no such transition */
	TS_CLOSED,
	TS_SYN_SENT,
	TS_SYN_RECV,
	TS_ESTABLISHED,
	TS_FIN_WAIT1,
	TS_FIN_WAIT2,
	TS_CLOSE_WAIT,
	TS_CLOSING,
	TS_LAST_ACK,
	TS_TIME_WAIT,
	TS_COUNT
};

/* What a segment does to the connection. One segment may do several, in this order. */
enum tcp_event {
	EV_SYN,
	EV_SYN_ACK,	/* its ACK covers the receiver's SYN, if that was seen */
	EV_ACKS_SYN,	/* the first ACK that covers the receiver's SYN, if that was seen */
	EV_ACKS_FIN,	/* its ACK covers the receiver's FIN */
	EV_FIN,
	EV_RST,
	EV_COUNT
};

const char *state_name(enum tcp_state state);

/* The state after the event of the side that sent the segment, and of the other; TS_NONE: the event means nothing to it. */
enum tcp_state state_on_send(enum tcp_state state, enum tcp_event event);
enum tcp_state state_on_receive(enum tcp_state state, enum tcp_event event);

/* Neither side can send any more: the session is over. */
bool state_is_closed(enum tcp_state a, enum tcp_state b);

/* A state that should last seconds, not minutes: the session times out after 30 s without a segment, not 900 s. */
bool state_is_transient(enum tcp_state state);

#endif
