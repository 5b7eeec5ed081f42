/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of -D. Whether a driver has XDP of its own is told by the generic netlink family "netdev" since Linux 6.3. */
#include "interfaces.h"

#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/ethtool.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/sockios.h>

#include "netlink.h"

#define FIELD_MAX 68	/* bytes for one field: a name with each byte escaped */

/* Of linux/netdev.h, which systems with older headers do not have; the numbers are fixed. */
enum {
	NETDEV_DEV_GET = 1,
	NETDEV_DEV_IFINDEX = 1,
	NETDEV_DEV_XDP_FEATURES = 3,
	NETDEV_XDP_BASIC = 1 << 0,	/* PASS, DROP, TX and ABORTED work in the driver */
};

struct xdp_support {
	uint32_t index;
	uint64_t features;
};

struct table {
	FILE *out;
	int fd;				/* generic netlink; -1: not open. Also for ioctl(): a socket of any family will do */
	uint16_t family;		/* "netdev"; 0: the kernel does not have it */
	struct xdp_support *support;	/* support_count interfaces, in no order */
	size_t support_count, support_room;
};

static void on_family(void *ctx, const struct netlink_message *message)
{
	struct netlink_cursor c = netlink_attrs(message, GENL_HDRLEN);
	struct table *t = ctx;
	struct netlink_attr attr;

	while (netlink_next_attr(&c, &attr))
		if (attr.type == CTRL_ATTR_FAMILY_ID && attr.len >= sizeof(t->family))
			memcpy(&t->family, attr.data, sizeof(t->family));
}

static void find_family(struct table *t)
{
	struct {
		struct genlmsghdr header;
		struct nlattr attr;
		char name[8];
	} body = {
		.header = { .cmd = CTRL_CMD_GETFAMILY, .version = 1 },
		.attr = { .nla_len = NLA_HDRLEN + sizeof("netdev"), .nla_type = CTRL_ATTR_FAMILY_NAME },
		.name = "netdev",
	};

	if (!netlink_send(t->fd, GENL_ID_CTRL, NLM_F_ACK, 1, &body, sizeof(body)))
		netlink_finish(t->fd, 1, on_family, t);
}

static void add_support(struct table *t, struct xdp_support support)
{
	size_t room = t->support_room ? 2 * t->support_room : 64;
	struct xdp_support *grown;

	if (t->support_count == t->support_room) {
		grown = realloc(t->support, room * sizeof(*grown));
		if (!grown)
			return;		/* shown as not known */
		t->support = grown;
		t->support_room = room;
	}
	t->support[t->support_count++] = support;
}

static void on_device(void *ctx, const struct netlink_message *message)
{
	struct netlink_cursor c = netlink_attrs(message, GENL_HDRLEN);
	struct xdp_support support = { 0 };
	struct netlink_attr attr;
	bool told = false;

	while (netlink_next_attr(&c, &attr)) {
		if (attr.type == NETDEV_DEV_IFINDEX)
			netlink_attr_u32(&attr, &support.index);
		else if (attr.type == NETDEV_DEV_XDP_FEATURES)
			told = netlink_attr_u64(&attr, &support.features);
	}
	if (told)
		add_support(ctx, support);
}

static void find_support(struct table *t)
{
	struct genlmsghdr header = { .cmd = NETDEV_DEV_GET, .version = 1 };

	t->fd = netlink_open(NETLINK_GENERIC, 0);
	if (t->fd < 0)
		return;
	find_family(t);
	if (t->family && !netlink_send(t->fd, t->family, NLM_F_DUMP, 2, &header, sizeof(header)))
		netlink_finish(t->fd, 2, on_device, t);
}

static const char *xdp_text(const struct table *t, uint32_t index)
{
	size_t k;

	for (k = 0; k < t->support_count; k++)
		if (t->support[k].index == index)
			return t->support[k].features & NETDEV_XDP_BASIC ? "native" : "generic";
	return "?";
}

static const char *state_text(uint32_t flags)
{
	if (!(flags & IFF_UP))
		return "down";
	return flags & IFF_RUNNING ? "up" : "no-carrier";
}

static const char *link_text(const struct interface *i)
{
	switch (i->link) {
	case INTERFACE_ETHERNET:
		return "Ethernet";
	case INTERFACE_RAW_IP:
		return "raw IP";
	case INTERFACE_UNSUPPORTED:
		break;
	}
	return "not watched: ";
}

static void driver_text(const struct table *t, const struct interface *i, struct text *out)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	struct ifreq request = { 0 };

	memcpy(request.ifr_name, i->name, sizeof(request.ifr_name));
	request.ifr_data = (char *)&info;
	if (t->fd >= 0 && !ioctl(t->fd, SIOCETHTOOL, &request))
		text_add_escaped(out, info.driver, strnlen(info.driver, sizeof(info.driver)));
	if (!out->len)
		text_add(out, "?");
}

static void add_program(struct text *t, uint32_t id, const char *mode)
{
	if (id)
		text_add(t, "%s%u %s", t->len ? ", " : "", id, mode);
}

static void print_row(void *ctx, const struct interface *i)
{
	char name_buf[FIELD_MAX], kind_buf[FIELD_MAX], driver_buf[4 * 32 + 1], programs_buf[FIELD_MAX];
	struct text name, kind, driver, programs;
	const struct table *t = ctx;

	text_init(&name, name_buf, sizeof(name_buf));
	text_add_escaped(&name, i->name, strlen(i->name));
	text_init(&kind, kind_buf, sizeof(kind_buf));
	text_add_escaped(&kind, i->kind, strlen(i->kind));
	text_init(&driver, driver_buf, sizeof(driver_buf));
	driver_text(t, i, &driver);
	text_init(&programs, programs_buf, sizeof(programs_buf));
	add_program(&programs, i->xdp.native, "native");
	add_program(&programs, i->xdp.generic, "generic");
	add_program(&programs, i->xdp.offloaded, "offloaded");
	fprintf(t->out, "%-15s %6u  %-10s  %-10s  %-12s  %-7s  %-14s  %s%s\n", name_buf, i->index, state_text(i->flags),
		kind.len ? kind_buf : "-", driver_buf, xdp_text(t, i->index), programs.len ? programs_buf : "-",
		link_text(i), i->why_not ? i->why_not : "");
}

bool interfaces_print(FILE *out, struct text *err)
{
	static const char *const any[] = { "any" };
	struct table t = { .out = out, .fd = -1 };
	struct interfaces *i;
	bool usage;

	i = interfaces_new(any, 1, err, &usage);
	if (!i)
		return false;
	find_support(&t);
	fprintf(out, "%-15s %6s  %-10s  %-10s  %-12s  %-7s  %-14s  %s\n", "INTERFACE", "INDEX", "STATE", "KIND", "DRIVER",
		"XDP", "XDP PROGRAMS", "LINK LAYER");
	interfaces_each(i, print_row, &t);
	if (t.fd >= 0)
		close(t.fd);
	free(t.support);
	interfaces_free(i);
	return true;
}
