/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TCP options out of their bytes (RFC 9293 3.1, RFC 7323, RFC 2018). Pure. */
#ifndef MIRUO_TRACK_TCPOPT_H
#define MIRUO_TRACK_TCPOPT_H

#include <stdint.h>

enum tcpopt_kind {
	TCPOPT_END = 0,
	TCPOPT_NOP = 1,
	TCPOPT_MSS = 2,
	TCPOPT_WSCALE = 3,
	TCPOPT_SACK_OK = 4,
	TCPOPT_SACK = 5,
	TCPOPT_TIMESTAMP = 8,
};

struct tcpopt {
	uint8_t kind;
	uint8_t len;		/* of the whole option, 2 to 40 */
	const uint8_t *value;	/* len - 2 bytes, into the caller's bytes */
};

/*
 * The option at *pos of the len bytes at bytes; *pos moves behind it. NOPs are passed over.
 * Returns 1 for an option, 0 at the end, -1 for one that does not fit (a length below 2 or beyond the end).
 */
int tcpopt_next(const uint8_t *bytes, uint32_t len, uint32_t *pos, struct tcpopt *opt);

#endif
