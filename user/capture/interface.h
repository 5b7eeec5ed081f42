/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One network interface as the messages RTM_NEWLINK and RTM_DELLINK tell it, and what its frames begin with. Linux only.
 */
#ifndef MIRUO_CAPTURE_INTERFACE_H
#define MIRUO_CAPTURE_INTERFACE_H

#include <stdbool.h>
#include <stdint.h>

#include "netlink.h"

#define INTERFACE_NAME_MAX 16	/* bytes, the final 0 included: IFNAMSIZ, whose headers clash with each other */
#define INTERFACE_KIND_MAX 16	/* bytes, the final 0 included; longer ones are cut */

/* What a frame begins with where TC and XDP programs see it. */
enum interface_link {
	INTERFACE_ETHERNET,
	INTERFACE_RAW_IP,	/* no link header, the version nibble tells IPv4 from IPv6 */
	INTERFACE_UNSUPPORTED,	/* why_not says why */
};

/* Ids of the XDP programs that are attached in each mode; 0: none. */
struct interface_xdp {
	uint32_t native, generic, offloaded;
};

struct interface {
	uint32_t index;
	uint32_t master;		/* index of the bridge, bond, VRF, ... it is a port of; 0: none */
	uint32_t flags;			/* IFF_* */
	uint16_t arphrd;		/* ARPHRD_* */
	char name[INTERFACE_NAME_MAX];		/* any bytes but / and white space: escape before printing */
	char kind[INTERFACE_KIND_MAX];	/* "veth", "tun", ...; empty for hardware */
	enum interface_link link;
	const char *why_not;		/* static; NULL unless unsupported */
	struct interface_xdp xdp;
};

/*
 * Reads a message into *out. Returns false if it is about something else: other types, other families (a bridge tells of
 * its ports by the same types), messages without a name (wireless events), cut ones. Of RTM_DELLINK the index is enough.
 */
bool interface_parse(const struct netlink_message *message, struct interface *out);

#endif
