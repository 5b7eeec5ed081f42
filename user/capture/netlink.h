/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Netlink: messages and attributes out of the bytes of a datagram, and the socket. Linux only. Bytes are read through two
 * cursors that check every length; they need not be aligned.
 */
#ifndef MIRUO_CAPTURE_NETLINK_H
#define MIRUO_CAPTURE_NETLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NETLINK_DATAGRAM_MAX 65536	/* bytes; the kernel sends 32 KiB at most unless one message is larger */

struct netlink_cursor {
	const uint8_t *pos;
	size_t left;
};

struct netlink_message {
	uint16_t type, flags;
	uint32_t seq;
	const uint8_t *body;	/* borrowed from the datagram */
	size_t len;		/* of body, in bytes */
};

struct netlink_attr {
	uint16_t type;		/* without the flags for nesting and byte order */
	const uint8_t *data;	/* borrowed from the datagram */
	size_t len;		/* of data, in bytes */
};

/* The next whole message. Returns false at the end, and where the rest is no message (cut, or a length that is not true). */
bool netlink_next_message(struct netlink_cursor *c, struct netlink_message *out);

/* The next whole attribute; as above. */
bool netlink_next_attr(struct netlink_cursor *c, struct netlink_attr *out);

/* The attributes nested in attr. */
struct netlink_cursor netlink_nested(const struct netlink_attr *attr);

/* The attributes that follow the header of header_len bytes in the body; none if that is too short. */
struct netlink_cursor netlink_attrs(const struct netlink_message *message, size_t header_len);

/* Numbers in the byte order of the host. Return false and leave *out alone if the attribute is too short for one. */
bool netlink_attr_u32(const struct netlink_attr *attr, uint32_t *out);
bool netlink_attr_u64(const struct netlink_attr *attr, uint64_t *out);

/* Of a message of type NLMSG_ERROR or NLMSG_DONE: 0 or a negative errno. */
int netlink_status(const struct netlink_message *message);

/*
 * A non-blocking socket for protocol (NETLINK_ROUTE, ...) that hears the multicast groups (a mask, RTMGRP_*; 0: none).
 * Returns the descriptor, which the caller closes, or a negative errno.
 */
int netlink_open(int protocol, uint32_t groups);

/* Sends one request to the kernel; body (len <= 64 bytes) is copied behind the header. Returns 0 or a negative errno. */
int netlink_send(int fd, uint16_t type, uint16_t flags, uint32_t seq, const void *body, size_t len);

/*
 * Reads one datagram into buf without waiting, what does not fit is lost. Returns its bytes, 0 if it does not come from
 * the kernel, or a negative errno: -EAGAIN there is none, -ENOBUFS some were lost before this.
 */
int netlink_receive(int fd, void *buf, size_t size);

/* Called for each message of the answer. */
typedef void netlink_message_fn(void *ctx, const struct netlink_message *message);

/*
 * Waits until the answer to the request seq has ended, five seconds at most, with all messages but the last one given to fn.
 * For sockets without groups, and requests whose answer has an end: NLM_F_DUMP or NLM_F_ACK. Returns 0, what the kernel
 * refused with (a negative errno), or -ETIMEDOUT.
 */
int netlink_finish(int fd, uint32_t seq, netlink_message_fn *fn, void *ctx);

#endif
