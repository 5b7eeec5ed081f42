/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gzip, RFC 1952: any number of members, one after the other. */
#include "codec.h"

#include <limits.h>
#include <stdlib.h>

#include <zlib.h>

struct gzip {
	z_stream z;
	bool complete;
};

static bool gzip_match(const uint8_t *head, size_t len)
{
	return len >= 2 && head[0] == 0x1f && head[1] == 0x8b;
}

static void *gzip_open(void)
{
	struct gzip *g = calloc(1, sizeof(*g));

	if (g && inflateInit2(&g->z, MAX_WBITS + 16) != Z_OK) {	/* 16: gzip headers only */
		free(g);
		g = NULL;
	}
	return g;
}

static uInt clamp(size_t n)
{
	return n < UINT_MAX ? (uInt)n : UINT_MAX;
}

static size_t gzip_decode(void *state, struct codec_input *in, uint8_t *out, size_t size, const char **error)
{
	struct gzip *g = state;
	uInt in_len = clamp(in->len - in->pos);
	int status;

	if (g->complete) {
		if (in_len == 0)
			return 0;
		inflateReset(&g->z);
		g->complete = false;
	}
	g->z.next_in = (Bytef *)(uintptr_t)(in->buf + in->pos);
	g->z.avail_in = in_len;
	g->z.next_out = out;
	g->z.avail_out = clamp(size);
	status = inflate(&g->z, Z_SYNC_FLUSH);
	in->pos += in_len - g->z.avail_in;
	if (status == Z_STREAM_END)
		g->complete = true;
	else if (status != Z_OK && status != Z_BUF_ERROR)
		*error = g->z.msg ? g->z.msg : zError(status);
	return (size_t)(g->z.next_out - out);
}

static bool gzip_complete(const void *state)
{
	const struct gzip *g = state;

	return g->complete;
}

static void gzip_close(void *state)
{
	struct gzip *g = state;

	inflateEnd(&g->z);
	free(g);
}

const struct codec codec_gzip = {
	.match = gzip_match,
	.open = gzip_open,
	.decode = gzip_decode,
	.complete = gzip_complete,
	.close = gzip_close,
};
