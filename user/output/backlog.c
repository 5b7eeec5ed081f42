/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "backlog.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define PIECES_MAX 64	/* records a write */
#define WAITS_MAX 8	/* for a reader that empties a pipe again and again */

void backlog_init(struct backlog *b, int fd)
{
	char path[32];
	int own;

	snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	*b = (struct backlog){ .fd = own >= 0 ? own : fd, .own = own >= 0 };
}

void backlog_fini(struct backlog *b)
{
	if (b->own)
		close(b->fd);
	free(b->data);
}

/* Room for so many bytes more behind the tail. */
static bool backlog_grow(struct backlog *b, size_t more)
{
	size_t used = b->tail - b->head, size = b->size ? b->size : 65536;
	char *data;

	if (b->size - b->tail >= more)
		return true;
	if (b->head) {
		memmove(b->data, b->data + b->head, used);
		b->head = 0;
		b->tail = used;
	}
	while (size - used < more)
		size *= 2;
	if (size == b->size)
		return true;
	data = realloc(b->data, size);
	if (!data)
		return false;
	b->data = data;
	b->size = size;
	return true;
}

bool backlog_add(struct backlog *b, const char *record, size_t len)
{
	uint32_t prefix = (uint32_t)len;

	if (len > UINT32_MAX || b->tail - b->head > BACKLOG_MAX || !backlog_grow(b, sizeof(prefix) + len)) {
		b->dropped++;
		return false;
	}
	memcpy(b->data + b->tail, &prefix, sizeof(prefix));
	memcpy(b->data + b->tail + sizeof(prefix), record, len);
	b->tail += sizeof(prefix) + len;
	b->added++;
	return true;
}

/* The next pieces, of all together at most max bytes. */
static int backlog_pieces(const struct backlog *b, struct iovec *pieces, size_t max)
{
	size_t at = b->head, skip = b->written;
	uint32_t len;
	int count = 0;

	while (at < b->tail && count < PIECES_MAX && max) {
		memcpy(&len, b->data + at, sizeof(len));
		pieces[count].iov_base = b->data + at + sizeof(len) + skip;
		pieces[count].iov_len = len - skip < max ? len - skip : max;
		max -= pieces[count++].iov_len;
		at += sizeof(len) + len;
		skip = 0;
	}
	return count;
}

static void backlog_take(struct backlog *b, size_t bytes)
{
	uint32_t len;

	while (b->head < b->tail) {
		memcpy(&len, b->data + b->head, sizeof(len));
		if (bytes < len - b->written)
			break;
		bytes -= len - b->written;
		b->written = 0;
		b->head += sizeof(len) + len;
		b->taken++;
	}
	b->written += bytes;
	if (b->head == b->tail)
		b->head = b->tail = 0;
}

static bool backlog_can_write(const struct backlog *b, int wait_ms)
{
	struct pollfd fd = { .fd = b->fd, .events = POLLOUT };

	return poll(&fd, 1, wait_ms) > 0;
}

int backlog_write(struct backlog *b, int wait_ms)
{
	struct iovec pieces[PIECES_MAX];
	int count, waits = wait_ms ? WAITS_MAX : 0;
	ssize_t n;

	while (!backlog_is_empty(b)) {
		if (!b->own && !backlog_can_write(b, waits-- > 0 ? wait_ms : 0))
			return 0;
		count = backlog_pieces(b, pieces, b->own ? SIZE_MAX : PIPE_BUF);
		n = writev(b->fd, pieces, count);
		if (n >= 0)
			backlog_take(b, (size_t)n);
		else if (errno != EAGAIN && errno != EINTR)
			return errno;
		else if (waits-- <= 0 || !backlog_can_write(b, wait_ms))
			return 0;
	}
	return 0;
}

int backlog_finish(struct backlog *b, int patience_ms)
{
	uint64_t taken;
	size_t written;
	int error;

	do {
		taken = b->taken;
		written = b->written;
		error = backlog_write(b, patience_ms);
	} while (!error && !backlog_is_empty(b) && (b->taken != taken || b->written != written));
	b->dropped += b->added - b->taken;
	b->taken = b->added;
	b->head = b->tail;
	return error;
}
