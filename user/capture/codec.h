/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Decompressing as the input arrives: what is complete comes out before more input is asked for. */
#ifndef MIRUO_CAPTURE_CODEC_H
#define MIRUO_CAPTURE_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct codec_input {
	const uint8_t *buf;
	size_t pos;	/* of the next byte; the codec moves it */
	size_t len;
};

struct codec {
	/* Whether a file that begins with these bytes is for this codec. */
	bool (*match)(const uint8_t *head, size_t len);

	/* Returns NULL if memory is short. */
	void *(*open)(void);

	/*
	 * Goes one step: writes up to size (> 0) bytes to out and returns how many. 0 with no input left: more input is
	 * needed. For damaged input *error says what is wrong; bytes returned together with it are good.
	 */
	size_t (*decode)(void *state, struct codec_input *in, uint8_t *out, size_t size, const char **error);

	/* Whether the input may end here: what it began is complete. */
	bool (*complete)(const void *state);

	void (*close)(void *state);
};

extern const struct codec codec_gzip, codec_zstd;

#endif
