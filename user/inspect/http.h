/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The HTTP/1 lines of -m http: the start of a request or response in one segment's payload, as text for people.
 * Nothing is put together across segments (RFC 9112 for the grammar).
 */
#ifndef MIRUO_INSPECT_HTTP_H
#define MIRUO_INSPECT_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_NAMES_MAX 64	/* header names in one list */
#define HTTP_MODE_MAX 4096	/* bytes of the -m argument */
#define HTTP_TEXT_MAX 16384	/* bytes that http_inspect() writes at most, the final 0 included */

struct http_names {
	bool all;				/* "%" is in the list */
	size_t count;
	const char *name[HTTP_NAMES_MAX];	/* into http_config.text */
};

struct http_config {
	bool on;
	struct http_names request;	/* Host is always in it */
	struct http_names response;
	char text[HTTP_MODE_MAX];
};

/*
 * Reads the argument of -m: "tcp" (off) or "http[:REQ[,REQ]...[:RES[,RES]...]]".
 * Returns false and one line in err if it is neither.
 */
bool http_config_parse(struct http_config *cfg, const char *mode, char *err, size_t err_size);

/*
 * Writes the DPI lines of the message that begins at payload into buf (HTTP_TEXT_MAX bytes), each ended by a newline, bytes
 * outside 0x20-0x7e escaped as \xHH. Returns their length, 0 if no HTTP message begins here.
 */
size_t http_inspect(const struct http_config *cfg, const uint8_t *payload, size_t len, char *buf);

#endif
