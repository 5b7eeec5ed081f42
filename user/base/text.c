/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>

void text_init(struct text *t, char *buf, size_t size)
{
	t->buf = buf;
	t->size = size;
	t->len = 0;
	t->cut = false;
	buf[0] = '\0';
}

void text_add(struct text *t, const char *format, ...)
{
	size_t room = t->size - t->len;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(t->buf + t->len, room, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= room) {
		t->cut = true;
		n = n < 0 ? 0 : (int)(room - 1);
	}
	t->len += (size_t)n;
	t->buf[t->len] = '\0';
}

void text_add_escaped(struct text *t, const void *bytes, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	const uint8_t *p = bytes;
	size_t i;

	for (i = 0; i < len; i++) {
		bool plain = p[i] >= 0x20 && p[i] <= 0x7e;

		if (t->size - t->len <= (plain ? 1u : 4u)) {
			t->cut = true;
			break;
		}
		if (plain) {
			t->buf[t->len++] = (char)p[i];
			continue;
		}
		t->buf[t->len++] = '\\';
		t->buf[t->len++] = 'x';
		t->buf[t->len++] = hex[p[i] >> 4];
		t->buf[t->len++] = hex[p[i] & 15];
	}
	t->buf[t->len] = '\0';
}

void text_truncate(struct text *t, size_t len)
{
	if (len < t->len) {
		t->len = len;
		t->buf[len] = '\0';
	}
}
