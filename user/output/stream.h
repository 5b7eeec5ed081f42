/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Standard output for records: errors are kept until somebody asks, a reader that went away is not an error. Of a file, nothing
 * is lost: who writes waits. Of live capture, records wait for a slow reader instead (backlog.h).
 */
#ifndef MIRUO_OUTPUT_STREAM_H
#define MIRUO_OUTPUT_STREAM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "backlog.h"

struct stream {
	FILE *file;		/* where sinks print */
	bool flush_records;	/* each record goes out at once: a terminal or a pipe, where somebody waits for it */
	int error;		/* errno of the first write that failed, 0: none */

	bool may_lose;		/* file is memory for one record, which then goes to the backlog */
	struct backlog backlog;
	char *record;		/* owned by file */
	size_t record_len;
};

/* may_lose: who prints never waits for the reader, if it is one that could make him wait. */
void stream_init(struct stream *s, FILE *file, bool may_lose);
void stream_fini(struct stream *s);

/* After each record. False: nothing more can be written. */
bool stream_record_end(struct stream *s);

/* Gives the reader what it takes; waits a little for it if there is time for that. */
void stream_push(struct stream *s, bool has_time);

/* At the end: true if all that was written arrived or was dropped, or the reader went away (EPIPE). */
bool stream_finish(struct stream *s);

/* Records that were not printed because the reader is too slow. */
uint64_t stream_dropped(const struct stream *s);

#endif
