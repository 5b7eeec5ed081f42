/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE	/* fopencookie */
#endif
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec.h"

#define INPUT_SIZE (64u << 10)	/* what is read at once from a compressed file */
#define FILE_SIZE (64u << 10)	/* the FILE's own buffer */
#define HEAD_SIZE 6u		/* enough to recognise any format */
#define STOP_CHECK_MS 250	/* longest wait between two looks at *stop */

struct stream {
	int fd;
	bool regular, reopenable, stopped;
	const volatile sig_atomic_t *stop;
	uint64_t size;		/* of the file; 0: not known */
	uint64_t bytes_read;	/* from the file */
	uint64_t bytes_given;	/* to the FILE */
	const char *error;	/* error_text or the codec's; NULL: none */
	const struct codec *codec;	/* NULL: not compressed */
	void *codec_state;
	struct codec_input in;	/* read, but not yet given on or decompressed */
	uint8_t in_buf[INPUT_SIZE];
	char file_buf[FILE_SIZE];
	char error_text[96];
};

static const struct codec *const codecs[] = { &codec_gzip, &codec_zstd };

/* Formats that are worth a hint. */
static const struct {
	const char *magic, *name, *tool;
} unreadable[] = {
	{ "\xfd" "7zXZ", "xz", "xz -dc" },
	{ "BZh", "bzip2", "bzip2 -dc" },
	{ "\x04\x22\x4d\x18", "lz4", "lz4 -dc" },
	{ "PK\x03\x04", "zip", "unzip -p" },
};

static bool stop_wanted(const struct stream *s)
{
	return s->stop && *s->stop;
}

/* Waits until read() will not block. Returns false if the program is to stop. */
static bool wait_readable(struct stream *s)
{
	struct pollfd p = { .fd = s->fd, .events = POLLIN };

	if (s->regular)
		return true;
	while (!stop_wanted(s)) {
		int n = poll(&p, 1, STOP_CHECK_MS);

		if (n > 0 || (n < 0 && errno != EINTR))
			return true;	/* if poll() fails, read() will say why */
	}
	s->stopped = true;
	return false;
}

/* Like read(), but stopping looks like the end. */
static ssize_t read_stored(struct stream *s, void *buf, size_t size)
{
	ssize_t n;

	do {
		if (!wait_readable(s))
			return 0;
		n = read(s->fd, buf, size);
	} while (n < 0 && (errno == EINTR || errno == EAGAIN));	/* a pipe may be shared and non-blocking */
	if (n < 0) {
		snprintf(s->error_text, sizeof(s->error_text), "%s", strerror(errno));
		s->error = s->error_text;
	} else {
		s->bytes_read += (uint64_t)n;
	}
	return n;
}

static ssize_t read_plain(struct stream *s, uint8_t *buf, size_t size)
{
	size_t left = s->in.len - s->in.pos;

	if (left == 0)
		return read_stored(s, buf, size);
	if (size > left)
		size = left;
	memcpy(buf, s->in.buf + s->in.pos, size);
	s->in.pos += size;
	return (ssize_t)size;
}

/* Returns false at the end of the file and for errors. */
static bool refill(struct stream *s)
{
	ssize_t n = read_stored(s, s->in_buf, sizeof(s->in_buf));

	if (n == 0 && !s->stopped && !s->codec->complete(s->codec_state))
		s->error = "the compressed data end too early";
	if (n <= 0)
		return false;
	s->in.pos = 0;
	s->in.len = (size_t)n;
	return true;
}

static ssize_t read_decoded(struct stream *s, uint8_t *buf, size_t size)
{
	size_t n;

	while (!s->error) {
		n = s->codec->decode(s->codec_state, &s->in, buf, size, &s->error);
		if (n)
			return (ssize_t)n;
		if (!s->error && s->in.pos == s->in.len && !refill(s))
			break;
	}
	return s->error ? -1 : 0;
}

static ssize_t stream_read(void *cookie, char *buf, size_t size)
{
	struct stream *s = cookie;
	ssize_t n;

	if (size == 0)
		return 0;
	n = s->codec ? read_decoded(s, (uint8_t *)buf, size) : read_plain(s, (uint8_t *)buf, size);
	if (n > 0)
		s->bytes_given += (uint64_t)n;
	if (n < 0)
		errno = EIO;
	return n;
}

/* Enough for ftello(), and for going to a place of a plain file. */
static int64_t stream_seek(void *cookie, int64_t offset, int whence)
{
	struct stream *s = cookie;

	if (whence == SEEK_CUR && offset == 0)
		return (int64_t)s->bytes_given;
	if (whence != SEEK_SET || !s->reopenable || s->codec) {
		errno = ESPIPE;
		return -1;
	}
	if (lseek(s->fd, offset, SEEK_SET) < 0)
		return -1;
	s->in.pos = s->in.len = 0;
	s->bytes_read = s->bytes_given = (uint64_t)offset;
	return offset;
}

#ifdef __linux__
static int cookie_seek(void *cookie, off_t *offset, int whence)
{
	int64_t at = stream_seek(cookie, *offset, whence);

	*offset = at;
	return at < 0 ? -1 : 0;
}

static FILE *open_cookie(struct stream *s)
{
	return fopencookie(s, "r", (cookie_io_functions_t){ .read = stream_read, .seek = cookie_seek });
}
#else
static int cookie_read(void *cookie, char *buf, int size)
{
	return (int)stream_read(cookie, buf, (size_t)size);
}

static fpos_t cookie_seek(void *cookie, fpos_t offset, int whence)
{
	return (fpos_t)stream_seek(cookie, offset, whence);
}

static FILE *open_cookie(struct stream *s)
{
	return funopen(s, cookie_read, NULL, cookie_seek, NULL);
}
#endif

FILE *stream_take_file(struct stream *s)
{
	FILE *file = open_cookie(s);

	if (file)
		setvbuf(file, s->file_buf, _IOFBF, sizeof(s->file_buf));
	return file;
}

static int open_path(const char *path, const volatile sig_atomic_t *stop)
{
	int fd;

	if (!strcmp(path, "-"))
		return dup(STDIN_FILENO);
	do {
		fd = open(path, O_RDONLY | O_CLOEXEC);
	} while (fd < 0 && errno == EINTR && !(stop && *stop));
	return fd;
}

/* Returns what is wrong with the file, or NULL. */
static const char *check_file(struct stream *s, const char *path)
{
	struct stat st;

	if (fstat(s->fd, &st))
		return strerror(errno);
	if (S_ISDIR(st.st_mode))
		return "is a directory: name the capture files in it";
	if (isatty(s->fd))
		return "is a terminal: give a capture file, or pipe one in";
	s->regular = S_ISREG(st.st_mode);
	s->reopenable = s->regular && strcmp(path, "-") != 0;
	s->size = s->regular ? (uint64_t)st.st_size : 0;
	return NULL;
}

static bool read_head(struct stream *s)
{
	ssize_t n = 1;

	s->in.buf = s->in_buf;
	while (s->in.len < HEAD_SIZE && n > 0) {
		n = read_stored(s, s->in_buf + s->in.len, sizeof(s->in_buf) - s->in.len);
		if (n > 0)
			s->in.len += (size_t)n;
	}
	return n >= 0;
}

static void add_foreign_format(const struct stream *s, struct text *why)
{
	size_t i;

	for (i = 0; i < sizeof(unreadable) / sizeof(unreadable[0]); i++) {
		size_t len = strlen(unreadable[i].magic);

		if (s->in.len >= len && !memcmp(s->in_buf, unreadable[i].magic, len))
			text_add(why, "%s files are not read directly: use `%s FILE | miruo -f -`", unreadable[i].name,
				 unreadable[i].tool);
	}
}

static bool start_codec(struct stream *s)
{
	size_t i;

	for (i = 0; i < sizeof(codecs) / sizeof(codecs[0]); i++) {
		if (codecs[i]->match(s->in_buf, s->in.len)) {
			s->codec_state = codecs[i]->open();
			if (!s->codec_state)
				return false;
			s->codec = codecs[i];
		}
	}
	return true;
}

/* Adds to why and returns false if the file is not one to read from. */
static bool prepare(struct stream *s, const char *path, struct text *why)
{
	const char *wrong = check_file(s, path);
	size_t before = why->len;

	if (wrong) {
		text_add(why, "%s", wrong);
	} else if (!read_head(s)) {
		text_add(why, "%s", s->error);
	} else if (s->stopped) {
		text_add(why, "stopped while waiting for input");
	} else if (s->in.len == 0) {
		text_add(why, "is empty: 0 bytes");
	} else {
		add_foreign_format(s, why);
		if (why->len == before && !start_codec(s))
			text_add(why, "%s", strerror(ENOMEM));
	}
	return why->len == before;
}

struct stream *stream_open(const char *path, const volatile sig_atomic_t *stop, struct text *why)
{
	struct stream *s = calloc(1, sizeof(*s));

	if (!s) {
		text_add(why, "%s", strerror(ENOMEM));
		return NULL;
	}
	s->stop = stop;
	s->fd = open_path(path, stop);
	if (s->fd < 0) {
		text_add(why, "%s", strerror(errno));
		goto fail;
	}
	if (!prepare(s, path, why))
		goto fail;
	return s;
fail:
	stream_close(s);
	return NULL;
}

bool stream_is_reopenable(const struct stream *s)
{
	return s->reopenable;
}

bool stream_is_compressed(const struct stream *s)
{
	return s->codec != NULL;
}

int stream_fd(const struct stream *s)
{
	return s->fd;
}

uint64_t stream_size(const struct stream *s)
{
	return s->size;
}

uint64_t stream_bytes_read(const struct stream *s)
{
	return s->bytes_read;
}

const char *stream_error(const struct stream *s)
{
	return s->error;
}

bool stream_stopped(const struct stream *s)
{
	return s->stopped;
}

void stream_close(struct stream *s)
{
	if (!s)
		return;
	if (s->codec)
		s->codec->close(s->codec_state);
	if (s->fd >= 0)
		close(s->fd);
	free(s);
}
