/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Building text in a buffer of the caller's: never past its end, always ended by a 0 byte. */
#ifndef MIRUO_BASE_TEXT_H
#define MIRUO_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
	char *buf;
	size_t size;	/* of buf, at least 1 */
	size_t len;	/* written so far, without the 0 byte */
	bool cut;	/* something did not fit */
};

void text_init(struct text *t, char *buf, size_t size);

void text_add(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds len bytes that came from the network or the user: those outside 0x20-0x7e as \xHH. */
void text_add_escaped(struct text *t, const void *bytes, size_t len);

/* Cuts the text back to the first len bytes. */
void text_truncate(struct text *t, size_t len);

#endif
