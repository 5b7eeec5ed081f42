/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "interface.h"

#include <string.h>
#include <sys/socket.h>

#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/if_tunnel.h>
#include <linux/rtnetlink.h>

_Static_assert(INTERFACE_NAME_MAX == IFNAMSIZ, "names of interfaces");

#define NO_TCP "its frames carry no TCP that could be read"

/*
 * What a frame begins with at TC: on the way out with what the stack put there (a link header only if the driver has one
 * to make), on the way in with the MAC header, whose length is 0 where the driver sets it equal to the network header.
 * The tunnels do so since Linux 5.14. Types that are not here are passed over: unknown headers would be taken for IP.
 */
static const struct {
	uint16_t arphrd;
	enum interface_link link;
	const char *why_not;
} links[] = {
	/* Hardware, veth, bridge, bond, VLAN, macvlan, tap, gretap, netkit (in layer-3 mode with zeroed addresses), ... */
	{ ARPHRD_ETHER, INTERFACE_ETHERNET, NULL },
	{ ARPHRD_LOOPBACK, INTERFACE_ETHERNET, NULL },	/* with zeroed addresses */

	{ ARPHRD_NONE, INTERFACE_RAW_IP, NULL },	/* tun, WireGuard, bareudp, GTP, VXLAN-GPE, modems in raw IP mode */
	{ ARPHRD_RAWIP, INTERFACE_RAW_IP, NULL },	/* rmnet; what is multiplexed on the interface below counts as not IP */
	{ ARPHRD_PPP, INTERFACE_RAW_IP, NULL },		/* the protocol field comes after TC; but see ppp_header() */
	{ ARPHRD_TUNNEL, INTERFACE_RAW_IP, NULL },	/* ipip */
	{ ARPHRD_TUNNEL6, INTERFACE_RAW_IP, NULL },	/* ip6tnl */
	{ ARPHRD_SIT, INTERFACE_RAW_IP, NULL },
	{ ARPHRD_IPGRE, INTERFACE_RAW_IP, NULL },	/* but see outer_header() */
	{ ARPHRD_IP6GRE, INTERFACE_RAW_IP, NULL },

	{ ARPHRD_INFINIBAND, INTERFACE_UNSUPPORTED, "the header of IP over InfiniBand is not supported" },
	{ ARPHRD_IEEE80211, INTERFACE_UNSUPPORTED, "wireless monitor mode is not supported" },
	{ ARPHRD_IEEE80211_PRISM, INTERFACE_UNSUPPORTED, "wireless monitor mode is not supported" },
	{ ARPHRD_IEEE80211_RADIOTAP, INTERFACE_UNSUPPORTED, "wireless monitor mode is not supported" },
	{ ARPHRD_CAN, INTERFACE_UNSUPPORTED, NO_TCP },
	{ ARPHRD_NETLINK, INTERFACE_UNSUPPORTED, NO_TCP },
	{ ARPHRD_VSOCKMON, INTERFACE_UNSUPPORTED, NO_TCP },
	{ ARPHRD_PIMREG, INTERFACE_UNSUPPORTED, NO_TCP },
};

/* What only some messages hold and only the choice of the link needs. */
struct details {
	struct netlink_attr broadcast;	/* of a tunnel: the other end's address; all 0: any */
	bool per_packet;		/* a tunnel whose other end comes with each packet (collect_md) */
};

static bool is_kind(const struct interface *i, const char *kind)
{
	return !strcmp(i->kind, kind);
}

/*
 * IPsec puts the MAC header of the interface below in front of what it decrypted, so that frames come in with an Ethernet
 * header (if that is Ethernet) and go out without.
 */
static bool borrows_header(const struct interface *i)
{
	return is_kind(i, "xfrm") || is_kind(i, "vti") || is_kind(i, "vti6");
}

/* The synchronous PPP of serial cards has a link header, the kernel's common PPP (that of pppd) has none. */
static bool ppp_header(const struct interface *i)
{
	return i->arphrd == ARPHRD_PPP && !is_kind(i, "ppp");
}

/* GRE to any peer, or to a multicast group, makes and keeps the outer headers as its link header. */
static bool outer_header(const struct interface *i, const struct details *d)
{
	const uint8_t *address = d->broadcast.data;
	size_t k;

	if ((i->arphrd != ARPHRD_IPGRE && i->arphrd != ARPHRD_IP6GRE) || d->per_packet)
		return false;
	if (i->arphrd == ARPHRD_IPGRE && d->broadcast.len && (address[0] & 0xf0) == 0xe0)
		return true;
	for (k = 0; k < d->broadcast.len; k++)
		if (address[k])
			return false;
	return true;
}

static const char *kind_refusal(const struct interface *i, const struct details *d)
{
	if (borrows_header(i))
		return "IPsec: frames come in with a link header and go out without one";
	if (ppp_header(i))
		return "PPP with a link header of its driver's own is not supported";
	if (outer_header(i, d))
		return "GRE without a single peer: its frames begin with the outer headers";
	return NULL;
}

static void choose_link(struct interface *i, const struct details *d)
{
	size_t k;

	i->link = INTERFACE_UNSUPPORTED;
	i->why_not = "its link layer is not known";
	for (k = 0; k < sizeof(links) / sizeof(links[0]); k++) {
		if (links[k].arphrd == i->arphrd) {
			i->link = links[k].link;
			i->why_not = links[k].why_not;
		}
	}
	if (i->link != INTERFACE_RAW_IP)
		return;
	i->why_not = kind_refusal(i, d);
	if (i->why_not)
		i->link = INTERFACE_UNSUPPORTED;
}

static void read_name(const struct netlink_attr *attr, struct interface *i)
{
	size_t len = strnlen((const char *)attr->data, attr->len);

	if (len < attr->len && len < sizeof(i->name))
		memcpy(i->name, attr->data, len + 1);
}

static void read_kind(const struct netlink_attr *attr, struct interface *i)
{
	size_t len = strnlen((const char *)attr->data, attr->len);

	if (len >= sizeof(i->kind))
		len = sizeof(i->kind) - 1;
	memcpy(i->kind, attr->data, len);
	i->kind[len] = '\0';
}

static void read_xdp(const struct netlink_attr *xdp, struct interface *i)
{
	struct netlink_cursor c = netlink_nested(xdp);
	struct netlink_attr attr;

	while (netlink_next_attr(&c, &attr)) {
		if (attr.type == IFLA_XDP_DRV_PROG_ID)
			netlink_attr_u32(&attr, &i->xdp.native);
		else if (attr.type == IFLA_XDP_SKB_PROG_ID)
			netlink_attr_u32(&attr, &i->xdp.generic);
		else if (attr.type == IFLA_XDP_HW_PROG_ID)
			netlink_attr_u32(&attr, &i->xdp.offloaded);
	}
}

static bool holds_attr(const struct netlink_attr *nest, uint16_t type)
{
	struct netlink_cursor c = netlink_nested(nest);
	struct netlink_attr attr;

	while (netlink_next_attr(&c, &attr))
		if (attr.type == type)
			return true;
	return false;
}

/* What IFLA_INFO_DATA holds depends on the kind: only that of GRE is read. */
static void read_info(const struct netlink_attr *info, struct interface *i, struct details *d)
{
	struct netlink_cursor c = netlink_nested(info);
	struct netlink_attr attr, data = { 0 };

	while (netlink_next_attr(&c, &attr)) {
		if (attr.type == IFLA_INFO_KIND)
			read_kind(&attr, i);
		else if (attr.type == IFLA_INFO_DATA)
			data = attr;
	}
	if (is_kind(i, "gre") || is_kind(i, "ip6gre"))
		d->per_packet = holds_attr(&data, IFLA_GRE_COLLECT_METADATA);
}

static void read_attr(const struct netlink_attr *attr, struct interface *i, struct details *d)
{
	switch (attr->type) {
	case IFLA_IFNAME:
		read_name(attr, i);
		break;
	case IFLA_MASTER:
		netlink_attr_u32(attr, &i->master);
		break;
	case IFLA_BROADCAST:
		d->broadcast = *attr;
		break;
	case IFLA_LINKINFO:
		read_info(attr, i, d);
		break;
	case IFLA_XDP:
		read_xdp(attr, i);
		break;
	}
}

bool interface_parse(const struct netlink_message *message, struct interface *out)
{
	struct netlink_cursor c = netlink_attrs(message, sizeof(struct ifinfomsg));
	struct details details = { 0 };
	struct ifinfomsg header;
	struct netlink_attr attr;

	if (message->type != RTM_NEWLINK && message->type != RTM_DELLINK)
		return false;
	if (message->len < sizeof(header))
		return false;
	memcpy(&header, message->body, sizeof(header));
	if (header.ifi_family != AF_UNSPEC || header.ifi_index <= 0)
		return false;
	memset(out, 0, sizeof(*out));
	out->index = (uint32_t)header.ifi_index;
	out->flags = header.ifi_flags;
	out->arphrd = header.ifi_type;
	while (netlink_next_attr(&c, &attr))
		read_attr(&attr, out, &details);
	choose_link(out, &details);
	return message->type == RTM_DELLINK || out->name[0];
}
