/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Records that wait for a slow reader of the output: a terminal that is stopped, a pipe that nobody empties. Nobody waits for
 * that reader; when too much waits, further records are dropped, whole ones, and counted.
 */
#ifndef MIRUO_OUTPUT_BACKLOG_H
#define MIRUO_OUTPUT_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BACKLOG_MAX (4u << 20)	/* bytes that wait, beside the latest record */

struct backlog {
	int fd;
	bool own;		/* fd is ours alone, and does not block */
	char *data;		/* records, each behind its length (uint32_t) */
	size_t head, tail, size;
	size_t written;		/* bytes of the first record */
	uint64_t added, taken;	/* records, and those that were written out whole */
	uint64_t dropped;
};

/*
 * fd stays the caller's. What is written to it goes by a description of our own where it can be opened again, as others may
 * share that of fd and rely on that it blocks; else in pieces that do not block when poll() says so.
 */
void backlog_init(struct backlog *b, int fd);
void backlog_fini(struct backlog *b);

/* False: dropped. */
bool backlog_add(struct backlog *b, const char *record, size_t len);

/* Writes what the reader takes, and waits for it a few times, for up to so many ms each. 0 or the errno of a write. */
int backlog_write(struct backlog *b, int wait_ms);

/* Waits for the reader as long as it takes anything within patience_ms, and then drops what is left. 0 or an errno. */
int backlog_finish(struct backlog *b, int patience_ms);

static inline bool backlog_is_empty(const struct backlog *b)
{
	return b->head == b->tail;
}

#endif
