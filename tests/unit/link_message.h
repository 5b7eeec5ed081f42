/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RTM_NEWLINK and RTM_DELLINK messages made by hand. */
#ifndef MIRUO_TESTS_LINK_MESSAGE_H
#define MIRUO_TESTS_LINK_MESSAGE_H

#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/if_tunnel.h>
#include <linux/rtnetlink.h>

struct link_message {
	uint8_t bytes[1024];
	uint32_t len;
};

static inline void put_bytes(struct link_message *m, const void *bytes, size_t len)
{
	memcpy(m->bytes + m->len, bytes, len);
	m->len += (uint32_t)len;
	while (m->len % NLMSG_ALIGNTO)
		m->bytes[m->len++] = 0;
}

/* Starts an attribute; put_end() gives it its length. */
static inline uint32_t put_begin(struct link_message *m, uint16_t type)
{
	struct rtattr attr = { .rta_type = type };
	uint32_t at = m->len;

	put_bytes(m, &attr, sizeof(attr));
	return at;
}

static inline void put_end(struct link_message *m, uint32_t at)
{
	struct rtattr attr;

	memcpy(&attr, m->bytes + at, sizeof(attr));
	attr.rta_len = (uint16_t)(m->len - at);
	memcpy(m->bytes + at, &attr, sizeof(attr));
}

static inline void put_attr(struct link_message *m, uint16_t type, const void *data, size_t len)
{
	struct rtattr attr = { .rta_type = type, .rta_len = (uint16_t)(sizeof(attr) + len) };

	put_bytes(m, &attr, sizeof(attr));
	put_bytes(m, data, len);
}

static inline void put_string(struct link_message *m, uint16_t type, const char *text)
{
	put_attr(m, type, text, strlen(text) + 1);
}

static inline void put_u32(struct link_message *m, uint16_t type, uint32_t value)
{
	put_attr(m, type, &value, sizeof(value));
}

static inline void put_length(struct link_message *m)
{
	memcpy(m->bytes, &m->len, sizeof(m->len));
}

static inline void put_header(struct link_message *m, uint16_t type, int index, uint16_t arphrd, uint8_t family)
{
	struct nlmsghdr header = { .nlmsg_type = type };
	struct ifinfomsg info = { .ifi_family = family, .ifi_type = arphrd, .ifi_index = index, .ifi_flags = 1 };

	m->len = 0;
	put_bytes(m, &header, sizeof(header));
	put_bytes(m, &info, sizeof(info));
	put_length(m);
}

static inline void put_kind(struct link_message *m, const char *kind)
{
	uint32_t at = put_begin(m, IFLA_LINKINFO);

	put_string(m, IFLA_INFO_KIND, kind);
	put_end(m, at);
	put_length(m);
}

#endif
