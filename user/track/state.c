/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "state.h"

static const char *const names[TS_COUNT] = {
	[TS_NONE] = "NONE",
	[TS_CLOSED] = "CLOSED",
	[TS_SYN_SENT] = "SYN_SENT",
	[TS_SYN_RECV] = "SYN_RECV",
	[TS_ESTABLISHED] = "ESTABLISHED",
	[TS_FIN_WAIT1] = "FIN_WAIT1",
	[TS_FIN_WAIT2] = "FIN_WAIT2",
	[TS_CLOSE_WAIT] = "CLOSE_WAIT",
	[TS_CLOSING] = "CLOSING",
	[TS_LAST_ACK] = "LAST_ACK",
	[TS_TIME_WAIT] = "TIME_WAIT",
};

/* clang-format off */
static const uint8_t on_send[TS_COUNT][EV_COUNT] = {
	[TS_SYN_SENT]    [EV_SYN]      = TS_SYN_SENT,
	[TS_SYN_RECV]    [EV_SYN]      = TS_SYN_RECV,		/* simultaneous open, RFC 9293 figure 7 */
	[TS_SYN_SENT]    [EV_SYN_ACK]  = TS_SYN_RECV,
	[TS_SYN_SENT]    [EV_ACKS_SYN] = TS_ESTABLISHED,	/* the SYN/ACK was not captured */

	[TS_SYN_RECV]    [EV_ACKS_SYN] = TS_ESTABLISHED,	/* it goes on: it had the handshake's ACK, which was not captured */
	[TS_SYN_RECV]    [EV_ACKS_FIN] = TS_CLOSE_WAIT,
	[TS_ESTABLISHED] [EV_ACKS_FIN] = TS_CLOSE_WAIT,
	[TS_FIN_WAIT1]   [EV_ACKS_FIN] = TS_CLOSING,		/* simultaneous close, RFC 9293 figure 13 */
	[TS_FIN_WAIT2]   [EV_ACKS_FIN] = TS_TIME_WAIT,

	[TS_SYN_SENT]    [EV_FIN]      = TS_FIN_WAIT1,
	[TS_SYN_RECV]    [EV_FIN]      = TS_FIN_WAIT1,
	[TS_ESTABLISHED] [EV_FIN]      = TS_FIN_WAIT1,
	[TS_CLOSE_WAIT]  [EV_FIN]      = TS_LAST_ACK,

	[TS_SYN_SENT]    [EV_RST]      = TS_CLOSED,
	[TS_SYN_RECV]    [EV_RST]      = TS_CLOSED,
	[TS_ESTABLISHED] [EV_RST]      = TS_CLOSED,
	[TS_FIN_WAIT1]   [EV_RST]      = TS_CLOSED,
	[TS_FIN_WAIT2]   [EV_RST]      = TS_CLOSED,
	[TS_CLOSE_WAIT]  [EV_RST]      = TS_CLOSED,
	[TS_CLOSING]     [EV_RST]      = TS_CLOSED,
	[TS_LAST_ACK]    [EV_RST]      = TS_CLOSED,
	[TS_TIME_WAIT]   [EV_RST]      = TS_CLOSED,
};

static const uint8_t on_receive[TS_COUNT][EV_COUNT] = {
	[TS_SYN_SENT]    [EV_SYN]      = TS_SYN_RECV,		/* simultaneous open */
	[TS_SYN_SENT]    [EV_SYN_ACK]  = TS_ESTABLISHED,
	[TS_SYN_RECV]    [EV_SYN_ACK]  = TS_ESTABLISHED,
	[TS_SYN_SENT]    [EV_ACKS_SYN] = TS_ESTABLISHED,	/* the SYN/ACK was not captured */
	[TS_SYN_RECV]    [EV_ACKS_SYN] = TS_ESTABLISHED,

	[TS_FIN_WAIT1]   [EV_ACKS_FIN] = TS_FIN_WAIT2,
	[TS_CLOSING]     [EV_ACKS_FIN] = TS_TIME_WAIT,
	[TS_LAST_ACK]    [EV_ACKS_FIN] = TS_CLOSED,

	[TS_SYN_SENT]    [EV_RST]      = TS_CLOSED,
	[TS_SYN_RECV]    [EV_RST]      = TS_CLOSED,
	[TS_ESTABLISHED] [EV_RST]      = TS_CLOSED,
	[TS_FIN_WAIT1]   [EV_RST]      = TS_CLOSED,
	[TS_FIN_WAIT2]   [EV_RST]      = TS_CLOSED,
	[TS_CLOSE_WAIT]  [EV_RST]      = TS_CLOSED,
	[TS_CLOSING]     [EV_RST]      = TS_CLOSED,
	[TS_LAST_ACK]    [EV_RST]      = TS_CLOSED,
	[TS_TIME_WAIT]   [EV_RST]      = TS_CLOSED,
};
/* clang-format on */

const char *state_name(enum tcp_state state)
{
	return names[state];
}

enum tcp_state state_on_send(enum tcp_state state, enum tcp_event event)
{
	return on_send[state][event];
}

enum tcp_state state_on_receive(enum tcp_state state, enum tcp_event event)
{
	return on_receive[state][event];
}

bool state_is_closed(enum tcp_state a, enum tcp_state b)
{
	return (a == TS_CLOSED || a == TS_TIME_WAIT) && (b == TS_CLOSED || b == TS_TIME_WAIT);
}

bool state_is_transient(enum tcp_state state)
{
	return state != TS_ESTABLISHED && state != TS_TIME_WAIT && state != TS_CLOSED;
}
