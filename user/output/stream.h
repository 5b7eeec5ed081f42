/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Standard output for records: errors are kept until somebody asks, a reader that went away is not an error. */
#ifndef MIRUO_OUTPUT_STREAM_H
#define MIRUO_OUTPUT_STREAM_H

#include <stdbool.h>
#include <stdio.h>

struct stream {
	FILE *file;
	bool flush_records;	/* each record goes out at once: a terminal or a pipe, where somebody waits for it */
	int error;		/* errno of the first write that failed, 0: none */
};

void stream_init(struct stream *s, FILE *file);

/* After each record. False: nothing more can be written. */
bool stream_record_end(struct stream *s);

/* At the end: true if all that was written arrived, or the reader went away (EPIPE). */
bool stream_finish(struct stream *s);

#endif
