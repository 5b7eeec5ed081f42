/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MIRUO_RULES_RULES_CONFIG_H
#define MIRUO_RULES_RULES_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

/* What the rules look for; 0 switches a rule off. */
struct rules_config {
	uint32_t long_connect_ms;	/* -T: sessions that lasted longer */
	uint32_t long_delay_ms;		/* -t: pauses that were longer */
	uint32_t retransmit_ms;		/* -r: data sent again after this time or more */
	uint32_t syn;			/* -S: 1: SYN and SYN/ACK sent again */
	uint32_t rst;			/* -R: 1: RST, but not after a FIN, 2: any RST */
	uint32_t fragment;		/* -F: 1: IP fragments */
	uint32_t rtt_ms;		/* --rtt: round trips that were as long or longer */
	uint32_t handshake_ms;		/* --handshake */
	uint32_t zero_window_ms;	/* --zero-window: times with a closed window while data waited */
	uint32_t server_delay_ms;	/* --server-delay: times that the server let the client wait */
	uint32_t client_delay_ms;	/* --client-delay: times that the client said nothing in its turn, idle or not */
	bool half_open;			/* --half-open: SYNs that were not answered */
	bool reuse;			/* --reuse: SYNs on ports in use or just closed */
	bool all;			/* --all, --live: every session */
	uint32_t context;		/* -v: segments shown around each one of interest; UINT32_MAX: all */
	uint32_t quiet;			/* -q: 2 or more: duplicate connections are not looked up, 1: the session after one */
};

#endif
