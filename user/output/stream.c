/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#define PUSH_WAIT_MS 2
#define PATIENCE_MS 10000	/* at the end, for a reader that takes nothing */

void stream_init(struct stream *s, FILE *file, bool may_lose)
{
	struct stat st;
	FILE *memory = NULL;

	*s = (struct stream){ .file = file };
	s->flush_records = fstat(fileno(file), &st) != 0 || !S_ISREG(st.st_mode);
	if (may_lose && s->flush_records)
		memory = open_memstream(&s->record, &s->record_len);
	if (!memory)
		return;
	backlog_init(&s->backlog, fileno(file));
	s->file = memory;
	s->may_lose = true;
}

void stream_fini(struct stream *s)
{
	if (!s->may_lose)
		return;
	fclose(s->file);
	free(s->record);
	backlog_fini(&s->backlog);
}

bool stream_record_end(struct stream *s)
{
	if (s->may_lose) {
		if (!s->error && fflush(s->file) == 0)
			backlog_add(&s->backlog, s->record, s->record_len);
		else
			s->backlog.dropped++;	/* out of memory */
		rewind(s->file);
		return !s->error;
	}
	if (!s->error && ((s->flush_records && fflush(s->file)) || ferror(s->file)))
		s->error = errno ? errno : EIO;
	return !s->error;
}

void stream_push(struct stream *s, bool has_time)
{
	if (s->may_lose && !s->error)
		s->error = backlog_write(&s->backlog, has_time ? PUSH_WAIT_MS : 0);
}

bool stream_finish(struct stream *s)
{
	if (s->may_lose) {
		if (!s->error)
			s->error = backlog_finish(&s->backlog, PATIENCE_MS);
	} else if (!s->error && (fflush(s->file) || ferror(s->file))) {
		s->error = errno ? errno : EIO;
	}
	return !s->error || s->error == EPIPE;
}

uint64_t stream_dropped(const struct stream *s)
{
	return s->backlog.dropped;
}
