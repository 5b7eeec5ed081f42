/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream.h"

#include <errno.h>
#include <sys/stat.h>

void stream_init(struct stream *s, FILE *file)
{
	struct stat st;

	s->file = file;
	s->error = 0;
	s->flush_records = fstat(fileno(file), &st) != 0 || !S_ISREG(st.st_mode);
}

bool stream_record_end(struct stream *s)
{
	if (!s->error && ((s->flush_records && fflush(s->file)) || ferror(s->file)))
		s->error = errno ? errno : EIO;
	return !s->error;
}

bool stream_finish(struct stream *s)
{
	if (!s->error && (fflush(s->file) || ferror(s->file)))
		s->error = errno ? errno : EIO;
	return !s->error || s->error == EPIPE;
}
