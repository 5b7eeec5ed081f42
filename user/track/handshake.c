/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "handshake.h"

#include "mss.h"
#include "tcpopt.h"

#define SCALE_MAX 14	/* RFC 7323 2.3 */

static void learn_option(struct direction *own, struct direction *peer, const struct tcpopt *opt)
{
	switch (opt->kind) {
	case TCPOPT_MSS:
		if (opt->len == 4)
			mss_announced(peer, (uint16_t)(opt->value[0] << 8 | opt->value[1]));
		break;
	case TCPOPT_WSCALE:
		if (opt->len != 3)
			break;
		own->flags |= DIR_SCALE;
		own->wscale = opt->value[0] < SCALE_MAX ? opt->value[0] : SCALE_MAX;
		break;
	case TCPOPT_SACK_OK:
		own->flags |= DIR_SACK_OK;
		break;
	}
}

void handshake_learn(struct direction *own, struct direction *peer, const struct segment *seg)
{
	struct tcpopt opt;
	uint32_t pos = 0;
	int more;

	own->flags &= ~(uint32_t)(DIR_SYN_OPTIONS | DIR_SCALE | DIR_SACK_OK | DIR_ECN);
	while ((more = tcpopt_next(seg->opt, seg->opt_len, &pos, &opt)) > 0)
		learn_option(own, peer, &opt);
	if (more == 0 && !seg->opt_cut)
		own->flags |= DIR_SYN_OPTIONS;
	if (seg->flags & TCP_ECE)
		own->flags |= DIR_ECN;
	if (seg->payload_len)
		own->flags |= DIR_SYN_DATA;
}

int handshake_scale(const struct direction *own, const struct direction *peer)
{
	bool refused = (own->flags & (DIR_SYN_OPTIONS | DIR_SCALE)) == DIR_SYN_OPTIONS ||
		       (peer->flags & (DIR_SYN_OPTIONS | DIR_SCALE)) == DIR_SYN_OPTIONS;

	if (refused)
		return 0;
	if (own->flags & DIR_SCALE && (own->flags & DIR_SYN_ACK || peer->flags & DIR_SCALE))
		return own->wscale;
	return -1;
}

static bool may_use(const struct direction *a, const struct direction *b, uint32_t offer)
{
	if (!(a->flags & b->flags & DIR_SYN_OPTIONS))
		return true;
	return a->flags & b->flags & offer;
}

bool handshake_may_sack(const struct direction *a, const struct direction *b)
{
	return may_use(a, b, DIR_SACK_OK);
}

bool handshake_may_ecn(const struct direction *a, const struct direction *b)
{
	return may_use(a, b, DIR_ECN);
}
