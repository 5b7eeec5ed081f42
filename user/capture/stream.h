/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The bytes of a file, a pipe or standard input as a FILE for libpcap: decompressed if they are gzip or zstd, and given on
 * as they arrive. A stream does not know what a capture is.
 */
#ifndef MIRUO_CAPTURE_STREAM_H
#define MIRUO_CAPTURE_STREAM_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "text.h"

struct stream;

/*
 * Opens path ("-": standard input) and waits for its first bytes. stop may be NULL; once it is not 0, waiting for a pipe
 * ends. Returns NULL and adds the reason to why (without the path) on failure.
 */
struct stream *stream_open(const char *path, const volatile sig_atomic_t *stop, struct text *why);

/*
 * The decompressed bytes. Who takes it closes it, before stream_close(); a second call is an error. NULL: no memory.
 * In regular files that are not compressed fseeko() with SEEK_SET works.
 */
FILE *stream_take_file(struct stream *s);

/* Whether the path can be opened again and gives the same bytes: regular files. */
bool stream_is_reopenable(const struct stream *s);

bool stream_is_compressed(const struct stream *s);

/* The open file itself, for pread(); it stays the stream's. */
int stream_fd(const struct stream *s);

/* Bytes of the file as it is stored; 0 if not known. */
uint64_t stream_size(const struct stream *s);

/* Bytes read from the file as it is stored. */
uint64_t stream_bytes_read(const struct stream *s);

/* Why reading failed, or NULL if it did not. Valid until stream_close(). */
const char *stream_error(const struct stream *s);

/* Whether the stream ended because of *stop. */
bool stream_stopped(const struct stream *s);

/* NULL is fine. */
void stream_close(struct stream *s);

#endif
