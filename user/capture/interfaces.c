/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "interfaces.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/rtnetlink.h>

#include "netlink.h"

#define DATAGRAMS_PER_READ 64
#define DATAGRAMS_TO_SILENCE 10000	/* the same after an overrun */
#define FIRST_LIST_MS 5000
#define FIRST_LIST_STEP_MS 100

struct interfaces {
	int fd;			/* -1: not open */
	struct interface_set *set;
	uint32_t seq;		/* of the last request */
	bool listing;		/* its answer has not ended */
	bool stale;		/* something was missed: another list is needed */
	uint64_t overruns;
	uint8_t buffer[NETLINK_DATAGRAM_MAX];

	/* While reading: who gets the events. */
	interface_event_fn *fn;
	void *ctx;
};

static int request_list(struct interfaces *i)
{
	struct {
		struct ifinfomsg header;
		struct rtattr attr;
		uint32_t mask;
	} body = {
		.header.ifi_family = AF_UNSPEC,
		.attr = { .rta_len = RTA_LENGTH(sizeof(uint32_t)), .rta_type = IFLA_EXT_MASK },
		.mask = RTEXT_FILTER_SKIP_STATS,
	};
	int err;

	err = netlink_send(i->fd, RTM_GETLINK, NLM_F_DUMP, ++i->seq, &body, sizeof(body));
	if (err)
		return err;
	interface_set_begin(i->set);
	i->listing = true;
	i->stale = false;
	return 0;
}

static int end_list(struct interfaces *i, const struct netlink_message *message)
{
	int err = netlink_status(message);

	i->listing = false;
	if (err && err != -EINTR && err != -EBUSY && err != -ENOBUFS)
		return err;
	i->stale = i->stale || err;
	if (!i->stale)
		interface_set_end(i->set, i->fn, i->ctx);
	return 0;
}

/* Changes are told in the order of the list's parts, so both are taken in alike. */
static int take_message(struct interfaces *i, const struct netlink_message *message)
{
	struct interface iface;

	if (i->listing && message->seq == i->seq) {
		if (message->flags & NLM_F_DUMP_INTR)
			i->stale = true;
		if (message->type == NLMSG_DONE || message->type == NLMSG_ERROR)
			return end_list(i, message);
	}
	if (!interface_parse(message, &iface))
		return 0;
	if (message->type == RTM_DELLINK)
		interface_set_remove(i->set, iface.index, i->fn, i->ctx);
	else if (!interface_set_update(i->set, &iface, i->fn, i->ctx))
		return -ENOMEM;
	return 0;
}

static int take_datagram(struct interfaces *i, size_t len)
{
	struct netlink_cursor c = { i->buffer, len };
	struct netlink_message message;
	int err = 0;

	while (!err && netlink_next_message(&c, &message))
		err = take_message(i, &message);
	return err;
}

/*
 * After an overrun the kernel drops without a word until the queue was empty once: only a list requested then holds all that
 * was dropped. The parts of a list come without waiting, so one that has not ended by then was lost.
 */
static int take_silence(struct interfaces *i)
{
	i->stale = i->stale || i->listing;
	return i->stale ? request_list(i) : 0;
}

static bool goes_on(const struct interfaces *i, int datagrams)
{
	return datagrams < (i->stale && !i->listing ? DATAGRAMS_TO_SILENCE : DATAGRAMS_PER_READ);
}

int interfaces_read(struct interfaces *i, interface_event_fn *fn, void *ctx)
{
	int n, len, err = 0;

	i->fn = fn;
	i->ctx = ctx;
	for (n = 0; !err && goes_on(i, n); n++) {
		len = netlink_receive(i->fd, i->buffer, sizeof(i->buffer));
		if (len == -ENOBUFS) {
			i->overruns++;
			i->stale = true;
		} else if (len == -EAGAIN) {
			err = take_silence(i);
			if (!i->listing)
				break;
		} else {
			err = len < 0 ? len : take_datagram(i, (size_t)len);
		}
	}
	return err;
}

static int read_first_list(struct interfaces *i)
{
	struct pollfd readable = { .fd = i->fd, .events = POLLIN };
	int steps = FIRST_LIST_MS / FIRST_LIST_STEP_MS, err = request_list(i);

	while (!err && i->listing && steps--) {
		poll(&readable, 1, FIRST_LIST_STEP_MS);
		err = interfaces_read(i, NULL, NULL);
	}
	return !err && i->listing ? -ETIMEDOUT : err;
}

struct interfaces *interfaces_new(const char *const *names, size_t count, struct text *err, bool *usage)
{
	struct interfaces *i = calloc(1, sizeof(*i));
	int status = -ENOMEM;

	*usage = false;
	if (!i)
		goto fail;
	i->fd = -1;
	i->set = interface_set_new(names, count);
	if (!i->set)
		goto fail;
	status = i->fd = netlink_open(NETLINK_ROUTE, RTMGRP_LINK);
	if (status >= 0)
		status = read_first_list(i);
	if (status < 0)
		goto fail;
	*usage = !interface_set_check(i->set, err);
	if (!*usage)
		return i;
	interfaces_free(i);
	return NULL;
fail:
	text_add(err, "cannot list the network interfaces: %s", strerror(-status));
	interfaces_free(i);
	return NULL;
}

void interfaces_free(struct interfaces *i)
{
	if (!i)
		return;
	if (i->fd >= 0)
		close(i->fd);
	interface_set_free(i->set);
	free(i);
}

void interfaces_each(const struct interfaces *i, interface_fn *fn, void *ctx)
{
	interface_set_each(i->set, fn, ctx);
}

int interfaces_fd(const struct interfaces *i)
{
	return i->fd;
}

uint64_t interfaces_overruns(const struct interfaces *i)
{
	return i->overruns;
}
