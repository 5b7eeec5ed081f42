/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The HTTP/1 lines of -m http: the start of a request or response in one segment's payload, as text for people.
 *
 * A payload is probed by itself, whatever was sent before it: nothing is put together across segments, and only a message
 * that begins with the payload's first byte is seen. Grammar: RFC 9112 for lines, RFC 9110 5 for header fields.
 */
#ifndef MIRUO_INSPECT_HTTP_H
#define MIRUO_INSPECT_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_NAMES_MAX 64	/* header names in one list */
#define HTTP_MODE_MAX 4096	/* bytes of the -m argument, the final 0 included */
#define HTTP_LINE_MAX 1023	/* bytes of one line written, label and mark included, newline not */
#define HTTP_TEXT_MAX 16384	/* bytes that http_inspect() writes at most, the final 0 included */
#define HTTP_MARK "..."		/* ends a line that is not shown whole */

struct http_names {
	bool all;				/* "%" is in the list */
	size_t count;
	const char *name[HTTP_NAMES_MAX];	/* into http_config.text, or a constant */
};

/* Points into itself: used where http_config_parse() filled it, never copied. */
struct http_config {
	bool on;
	struct http_names request;	/* Host is always in it */
	struct http_names response;
	char text[HTTP_MODE_MAX];
};

/*
 * Reads the argument of -m: "tcp" (off) or "http[:REQ[,REQ]...[:RES[,RES]...]]". Either list may be empty, and so may a
 * place in it (RFC 9110 5.6.1); "%" stands for every header. Returns false and one line in err, without a newline, if it is
 * neither; then cfg is off.
 */
bool http_config_parse(struct http_config *cfg, const char *mode, char *err, size_t err_size);

/*
 * Writes the DPI lines of the message that begins at payload into buf (HTTP_TEXT_MAX bytes), each ended by a newline, bytes
 * outside 0x20-0x7e escaped as \xHH. Returns their length, 0 if no HTTP message begins here. cfg->on is not looked at.
 *
 * A request begins with a method (any token), a target without blanks and HTTP/1.x at the end of the line; a response with
 * HTTP/1.x, exactly 3 digits and, if there is one, a reason. A start line that the payload's end cut before that is not
 * recognised. The headers asked for follow in the order of the message, names compared without case, up to the empty line or
 * the end of the payload.
 *
 * Cut at their '?', because what follows is often secret: the target, Referer and Location. No mark is left there.
 * Cut with HTTP_MARK at the end: a line that the payload's end (or the capture's) cut, one longer than HTTP_LINE_MAX, and a
 * value folded over several lines (RFC 9112 5.2; the first is shown). A header line of the mark alone stands for all that
 * follow when HTTP_TEXT_MAX is used up.
 */
size_t http_inspect(const struct http_config *cfg, const uint8_t *payload, size_t len, char *buf);

#endif
