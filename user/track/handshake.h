/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the two sides agreed on by the options of their SYNs. Of a session picked up in mid-stream nothing is known. */
#ifndef MIRUO_TRACK_HANDSHAKE_H
#define MIRUO_TRACK_HANDSHAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "session.h"

/* Takes note of a SYN or SYN/ACK of own; its MSS applies to what the peer sends. The last one holds. */
void handshake_learn(struct direction *own, struct direction *peer, const struct segment *seg);

/* By how many bits the windows of own are to be shifted (RFC 7323 2.2); -1: not known. */
int handshake_scale(const struct direction *own, const struct direction *peer);

/* Selective ACKs (RFC 2018) and ECN (RFC 3168) may be in use: both sides offered them, or a SYN was not captured. */
bool handshake_may_sack(const struct direction *a, const struct direction *b);
bool handshake_may_ecn(const struct direction *a, const struct direction *b);

#endif
