/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words for what the analysis finds: of a segment in the stream of its side, of a pause, of a RST. */
#ifndef MIRUO_TRACK_VERDICT_H
#define MIRUO_TRACK_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

/* What a segment is in the stream of its side; the first that fits. */
enum verdict {
	VERDICT_NEW,		/* nothing it carries was seen before; or it carries nothing */
	VERDICT_RETRANSMIT,	/* some of its payload, SYN or FIN was sent before */
	VERDICT_OUT_OF_ORDER,	/* fills a hole that was skipped */
	VERDICT_KEEPALIVE,	/* one below the next sequence number, no new data (RFC 9293 3.8.4) */
	VERDICT_STRAY,		/* far outside of what this side sends */
	VERDICT_KEEPALIVE_ACK,	/* the answer to a keep-alive */
	VERDICT_ZERO_WINDOW_PROBE,	/* a keep-alive's form or a byte of data, sent into a closed window (RFC 9293 3.8.6.1) */
	VERDICT_ZERO_WINDOW_PROBE_ACK,
	VERDICT_DUP_ACK,	/* RFC 5681 2 */
	VERDICT_WINDOW_UPDATE,	/* carries nothing new but a larger window */
	VERDICT_COUNT
};

/* Why a side sent something again. */
enum resend {
	RESEND_NONE,		/* nothing was sent again, or nothing that was captured tells why */
	RESEND_SYN,
	RESEND_SYN_ACK,
	RESEND_FAST,		/* duplicate ACKs or SACK told of the loss (RFC 5681 3.2, RFC 6675, RFC 8985 6.2) */
	RESEND_TIMEOUT,		/* RFC 6298 */
	RESEND_TAIL_LOSS_PROBE,	/* RFC 8985 7 */
	RESEND_COUNT
};

/* What is to be said of a segment beside its verdict. */
enum remark {
	REMARK_ZERO_WINDOW = 1,		/* it closes its sender's window, or says again that it is closed */
	REMARK_WINDOW_FULL = 2,		/* it leaves no room for a full segment in the window that the other side gave */
	REMARK_GAP = 4,			/* what came before it was not captured, or comes late */
	REMARK_ACKS_UNSEEN = 8,		/* acknowledges data that was not captured */
	REMARK_SPURIOUS = 16,		/* sent again although it had arrived: was acknowledged before */
	REMARK_TELLS_SPURIOUS = 32,	/* its DSACK tells that the other side sent something for nothing (RFC 2883) */
	REMARK_CONGESTION = 64,		/* ECN: it echoes congestion, or tells that it reacted (RFC 3168) */
	REMARK_CHALLENGE = 128,		/* a challenge ACK (RFC 5961) */
};

/* On whom a pause was spent. */
enum wait {
	WAIT_NETWORK,		/* data or FIN was sent and not acknowledged yet */
	WAIT_SERVER,		/* the server had all it needed to go on: it answers, or goes on with its answer */
	WAIT_CLIENT,		/* the client is in the middle of its request, or has a greeting to answer */
	WAIT_ZERO_WINDOW,	/* data could not be sent: the receiver did not read */
	WAIT_IDLE,		/* the client has had its answer and has asked nothing yet: nobody waits */
	WAIT_COUNT
};

/* How a pause was spent, ns; the sum is the pause. */
struct pause_split {
	uint64_t ns[WAIT_COUNT];
};

/* What speaks for and against a RST being of the side whose addresses it has. */
enum rst_doubt {
	RST_DOUBT_WINDOW = 1,	/* its sequence number is outside of the window (RFC 5961 3) */
	RST_DOUBT_TTL = 2,	/* other TTL than this side's segments before */
	RST_DOUBT_IP_ID = 4,	/* its IP id does not go on from theirs */
	RST_DOUBT_TIMESTAMP = 8,	/* its timestamp does not go on from theirs */
};

#endif
