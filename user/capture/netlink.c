/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netlink.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/netlink.h>

#define RECEIVE_BYTES (1 << 20)	/* queued for us in the kernel: hundreds of interfaces that change at once */
#define REQUEST_BODY_MAX 64
#define ANSWER_MS 5000

static void skip(struct netlink_cursor *c, size_t len)
{
	size_t step = len < c->left ? len : c->left;	/* the last one may lack its padding */

	c->pos += step;
	c->left -= step;
}

bool netlink_next_message(struct netlink_cursor *c, struct netlink_message *out)
{
	struct nlmsghdr header;

	if (c->left < sizeof(header))
		return false;
	memcpy(&header, c->pos, sizeof(header));
	if (header.nlmsg_len < sizeof(header) || header.nlmsg_len > c->left)
		return false;
	out->type = header.nlmsg_type;
	out->flags = header.nlmsg_flags;
	out->seq = header.nlmsg_seq;
	out->body = c->pos + NLMSG_HDRLEN;
	out->len = header.nlmsg_len - NLMSG_HDRLEN;
	skip(c, NLMSG_ALIGN((size_t)header.nlmsg_len));
	return true;
}

bool netlink_next_attr(struct netlink_cursor *c, struct netlink_attr *out)
{
	struct nlattr header;

	if (c->left < sizeof(header))
		return false;
	memcpy(&header, c->pos, sizeof(header));
	if (header.nla_len < sizeof(header) || header.nla_len > c->left)
		return false;
	out->type = header.nla_type & NLA_TYPE_MASK;
	out->data = c->pos + NLA_HDRLEN;
	out->len = (size_t)header.nla_len - NLA_HDRLEN;
	skip(c, NLA_ALIGN((size_t)header.nla_len));
	return true;
}

struct netlink_cursor netlink_nested(const struct netlink_attr *attr)
{
	return (struct netlink_cursor) { attr->data, attr->len };
}

struct netlink_cursor netlink_attrs(const struct netlink_message *message, size_t header_len)
{
	struct netlink_cursor c = { message->body, message->len };

	skip(&c, NLMSG_ALIGN(header_len));
	return c;
}

bool netlink_attr_u32(const struct netlink_attr *attr, uint32_t *out)
{
	if (attr->len < sizeof(*out))
		return false;
	memcpy(out, attr->data, sizeof(*out));
	return true;
}

bool netlink_attr_u64(const struct netlink_attr *attr, uint64_t *out)
{
	if (attr->len < sizeof(*out))
		return false;
	memcpy(out, attr->data, sizeof(*out));
	return true;
}

int netlink_status(const struct netlink_message *message)
{
	int status = 0;

	if (message->len >= sizeof(status))
		memcpy(&status, message->body, sizeof(status));
	return status < 0 ? status : 0;
}

int netlink_open(int protocol, uint32_t groups)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = groups };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
	int bytes = RECEIVE_BYTES, err;

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address))) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

int netlink_send(int fd, uint16_t type, uint16_t flags, uint32_t seq, const void *body, size_t len)
{
	struct {
		struct nlmsghdr header;
		uint8_t body[REQUEST_BODY_MAX];
	} request = { 0 };
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	if (len > sizeof(request.body))
		return -EMSGSIZE;
	request.header.nlmsg_len = (uint32_t)NLMSG_LENGTH(len);
	request.header.nlmsg_type = type;
	request.header.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	request.header.nlmsg_seq = seq;
	memcpy(request.body, body, len);
	if (sendto(fd, &request, request.header.nlmsg_len, 0, (struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		return -errno;
	return 0;
}

int netlink_receive(int fd, void *buf, size_t size)
{
	struct sockaddr_nl from = { 0 };
	socklen_t from_len = sizeof(from);
	ssize_t len;

	do {
		len = recvfrom(fd, buf, size, MSG_DONTWAIT, (struct sockaddr *)&from, &from_len);
	} while (len < 0 && errno == EINTR);
	if (len < 0)
		return -errno;
	return from_len >= sizeof(from) && from.nl_pid == 0 ? (int)len : 0;
}

static int64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Returns 1 once the answer has ended well, 0 if more is to come, or a negative errno. */
static int finish_datagram(struct netlink_cursor c, uint32_t seq, netlink_message_fn *fn, void *ctx)
{
	struct netlink_message message;
	int status;

	while (netlink_next_message(&c, &message)) {
		if (message.seq != seq)
			continue;
		if (message.type == NLMSG_ERROR || message.type == NLMSG_DONE) {
			status = netlink_status(&message);
			return status ? status : 1;
		}
		fn(ctx, &message);
	}
	return 0;
}

int netlink_finish(int fd, uint32_t seq, netlink_message_fn *fn, void *ctx)
{
	struct pollfd readable = { .fd = fd, .events = POLLIN };
	int64_t left = ANSWER_MS, end = clock_ms() + left;
	uint8_t *buf = malloc(NETLINK_DATAGRAM_MAX);
	int result = buf ? 0 : -ENOMEM;

	for (; !result && left > 0; left = end - clock_ms()) {
		poll(&readable, 1, (int)left);
		result = netlink_receive(fd, buf, NETLINK_DATAGRAM_MAX);
		if (result == -EAGAIN)
			result = 0;
		else if (result > 0)
			result = finish_datagram((struct netlink_cursor) { buf, (size_t)result }, seq, fn, ctx);
	}
	free(buf);
	if (!result)
		return -ETIMEDOUT;
	return result < 0 ? result : 0;
}
