/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Zstandard, RFC 8878: any number of frames, skippable ones (which pzstd writes) among them. */
#include "codec.h"

#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#define BLOCK_HEADER_LEN 3u	/* RFC 8878 3.1.1.2 */

struct zstd {
	ZSTD_DStream *stream;
	size_t wanted;	/* input bytes until the block is complete, and the header of the next one */
	bool full;	/* the last call filled its buffer: there may be more without more input */
	bool complete;
};

static bool zstd_match(const uint8_t *head, size_t len)
{
	static const uint8_t frame[4] = { 0x28, 0xb5, 0x2f, 0xfd };
	static const uint8_t skippable[3] = { 0x2a, 0x4d, 0x18 };

	return len >= 4 && (!memcmp(head, frame, 4) || (head[0] >> 4 == 5 && !memcmp(head + 1, skippable, 3)));
}

static void zstd_close(void *state)
{
	struct zstd *z = state;

	ZSTD_freeDStream(z->stream);
	free(z);
}

static void *zstd_open(void)
{
	struct zstd *z = calloc(1, sizeof(*z));

	if (!z)
		return NULL;
	z->stream = ZSTD_createDStream();
	if (!z->stream) {
		zstd_close(z);
		return NULL;
	}
	z->wanted = ZSTD_initDStream(z->stream);
	return z;
}

/*
 * When a call fails, libzstd does not say what it wrote before. So a block goes in by itself, without the header of the next
 * one: what fails then has written nothing.
 */
static size_t next_step(const struct zstd *z, size_t left)
{
	size_t step = z->wanted > BLOCK_HEADER_LEN ? z->wanted - BLOCK_HEADER_LEN : z->wanted;

	return step < left ? step : left;
}

static size_t zstd_decode(void *state, struct codec_input *in, uint8_t *out, size_t size, const char **error)
{
	struct zstd *z = state;
	ZSTD_inBuffer zin = { .src = in->buf + in->pos, .size = next_step(z, in->len - in->pos) };
	ZSTD_outBuffer zout = { .dst = out, .size = size };
	size_t status;

	if (zin.size == 0 && !z->full)
		return 0;
	status = ZSTD_decompressStream(z->stream, &zout, &zin);
	if (ZSTD_isError(status)) {
		*error = ZSTD_getErrorName(status);
		return 0;
	}
	in->pos += zin.pos;
	z->complete = status == 0;
	z->full = status != 0 && zout.pos == zout.size;
	z->wanted = status ? status : ZSTD_initDStream(z->stream);
	return zout.pos;
}

static bool zstd_complete(const void *state)
{
	const struct zstd *z = state;

	return z->complete;
}

const struct codec codec_zstd = {
	.match = zstd_match,
	.open = zstd_open,
	.decode = zstd_decode,
	.complete = zstd_complete,
	.close = zstd_close,
};
