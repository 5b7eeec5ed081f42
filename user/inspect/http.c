/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "http.h"

#include <string.h>

#include "text.h"

#define MARK_LEN (sizeof(HTTP_MARK) - 1)

struct span {
	const uint8_t *p;
	size_t len;
};

static const char request_label[] = "DPI:HTTP:RequestLine >>>> ";
static const char response_label[] = "DPI:HTTP:ResponseLine >>> ";
static const char header_label[] = "DPI:HTTP:Header >>>>>>>>> ";

/* Headers whose value is a URL that may carry secrets in its query. */
static const char *const url_headers[] = { "Referer", "Location" };

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static uint8_t to_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;	/* tolower() depends on the locale */
}

/* tchar of RFC 9110 5.6.2 */
static bool is_token_char(uint8_t c)
{
	return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'z') || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static size_t token_len(const uint8_t *p, size_t len)
{
	size_t n = 0;

	while (n < len && is_token_char(p[n]))
		n++;
	return n;
}

static bool same_name(struct span name, const char *known)
{
	size_t i;

	for (i = 0; i < name.len; i++)
		if (!known[i] || to_lower(name.p[i]) != to_lower((uint8_t)known[i]))
			return false;
	return !known[i];
}

static bool names_have(const struct http_names *names, struct span name)
{
	size_t i;

	for (i = 0; i < names->count; i++)
		if (same_name(name, names->name[i]))
			return true;
	return names->all;
}

/* Returns false if the list is full. */
static bool names_add(struct http_names *names, const char *name)
{
	if (names_have(names, (struct span) { (const uint8_t *)name, strlen(name) }))
		return true;
	if (names->count == HTTP_NAMES_MAX)
		return false;
	names->name[names->count++] = name;
	return true;
}

static bool names_parse(struct http_names *names, char *list, struct text *err)
{
	char *save, *name;

	for (name = strtok_r(list, ",", &save); name; name = strtok_r(NULL, ",", &save)) {
		size_t len = strlen(name);

		if (!strcmp(name, "%")) {
			names->all = true;
		} else if (token_len((const uint8_t *)name, len) != len) {
			text_add(err, "'");
			text_add_escaped(err, name, len);
			text_add(err, "' is not a header name: give names like Host,User-Agent, without blanks");
			return false;
		} else if (!names_add(names, name)) {
			text_add(err, "more than %d header names: give fewer, or %% for every header", HTTP_NAMES_MAX);
			return false;
		}
	}
	return true;
}

static bool lists_parse(struct http_config *cfg, char *request, struct text *err)
{
	char *response = strchr(request, ':');

	names_add(&cfg->request, "Host");
	if (response) {
		*response++ = '\0';
		if (strchr(response, ':')) {
			text_add(err, "more than two lists of headers: use http:REQUEST,...:RESPONSE,...");
			return false;
		}
	}
	return names_parse(&cfg->request, request, err) && (!response || names_parse(&cfg->response, response, err));
}

bool http_config_parse(struct http_config *cfg, const char *mode, char *err, size_t err_size)
{
	size_t len = strlen(mode);
	struct text message;

	text_init(&message, err, err_size);
	memset(cfg, 0, sizeof(*cfg));
	if (!strcmp(mode, "tcp"))
		return true;
	if (strncmp(mode, "http", 4) || (mode[4] && mode[4] != ':')) {
		text_add(&message, "'");
		text_add_escaped(&message, mode, len < 32 ? len : 32);
		text_add(&message, "' is not a mode: use tcp or http[:REQUEST-HEADER,...[:RESPONSE-HEADER,...]]");
		return false;
	}
	if (len >= sizeof(cfg->text)) {
		text_add(&message, "%zu bytes of header names are too many: give at most %d", len, HTTP_MODE_MAX - 1);
		return false;
	}
	memcpy(cfg->text, mode, len + 1);
	cfg->on = lists_parse(cfg, cfg->text + 4 + (mode[4] == ':'), &message);
	return cfg->on;
}

static struct span trimmed(struct span s)
{
	while (s.len && is_blank(*s.p)) {
		s.p++;
		s.len--;
	}
	while (s.len && is_blank(s.p[s.len - 1]))
		s.len--;
	return s;
}

/* Takes a word and the blanks around it from the front of *rest; empty at its end. */
static struct span next_word(struct span *rest)
{
	struct span word = *rest = trimmed(*rest);

	for (word.len = 0; word.len < rest->len && !is_blank(rest->p[word.len]); word.len++)
		;
	rest->p += word.len;
	rest->len -= word.len;
	*rest = trimmed(*rest);
	return word;
}

/* Takes a line without its CRLF or bare LF (RFC 9112 2.2) from the front of *rest; *cut: the end is missing. */
static struct span next_line(struct span *rest, bool *cut)
{
	const uint8_t *newline = rest->len ? memchr(rest->p, '\n', rest->len) : NULL;
	struct span line = { rest->p, newline ? (size_t)(newline - rest->p) : rest->len };
	size_t used = newline ? line.len + 1 : line.len;

	rest->p += used;
	rest->len -= used;
	*cut = !newline;
	if (line.len && line.p[line.len - 1] == '\r') {
		line.len--;
		*cut = false;
	}
	return line;
}

/* s up to its first '?'; *cut is cleared if there is one, for then nothing that is shown is missing. */
static struct span without_query(struct span s, bool *cut)
{
	const uint8_t *mark = s.len ? memchr(s.p, '?', s.len) : NULL;

	if (mark) {
		s.len = (size_t)(mark - s.p);
		*cut = false;
	}
	return s;
}

static bool is_version(struct span word)
{
	return word.len == 8 && !memcmp(word.p, "HTTP/1.", 7) && is_digit(word.p[7]);
}

static bool is_status(struct span word)
{
	return word.len == 3 && is_digit(word.p[0]) && is_digit(word.p[1]) && is_digit(word.p[2]);
}

/* A line is built at the end of the text, which has HTTP_LINE_MAX + 2 bytes of room for it. */
static void line_begin(struct text *line, const struct text *out, const char *label)
{
	text_init(line, out->buf + out->len, HTTP_LINE_MAX - MARK_LEN + 1);
	text_add(line, "%s", label);
}

/* Once a part did not fit, none of those after it is written. */
static void line_add(struct text *line, const char *between, struct span part)
{
	if (!line->cut)
		text_add(line, "%s", between);
	if (!line->cut)
		text_add_escaped(line, part.p, part.len);
}

static void line_end(struct text *line, struct text *out, bool cut)
{
	line->size = HTTP_LINE_MAX + 2;
	text_add(line, "%s\n", cut || line->cut ? HTTP_MARK : "");
	out->len += line->len;
}

static bool add_request_line(struct text *out, struct span rest, bool cut)
{
	struct span method = next_word(&rest), target = next_word(&rest), version = next_word(&rest);
	struct text line;
	bool ignored;

	if (!method.len || token_len(method.p, method.len) != method.len || !is_version(version) || rest.len)
		return false;
	line_begin(&line, out, request_label);
	line_add(&line, "", method);
	line_add(&line, " ", without_query(target, &ignored));
	line_add(&line, " ", version);
	line_end(&line, out, cut);
	return true;
}

static bool add_response_line(struct text *out, struct span rest, bool cut)
{
	struct span version = next_word(&rest), status = next_word(&rest);
	struct text line;

	if (!is_version(version) || !is_status(status))
		return false;
	line_begin(&line, out, response_label);
	line_add(&line, "", version);
	line_add(&line, " ", status);
	if (rest.len)
		line_add(&line, " ", rest);
	line_end(&line, out, cut);
	return true;
}

static void add_header(struct text *out, struct span name, struct span value, bool cut)
{
	struct text line;
	size_t i;

	for (i = 0; i < sizeof(url_headers) / sizeof(url_headers[0]); i++)
		if (same_name(name, url_headers[i]))
			value = without_query(value, &cut);
	line_begin(&line, out, header_label);
	line_add(&line, "", name);
	line_add(&line, ": ", value);
	line_end(&line, out, cut);
}

/* Returns false when a line has to be left out because the text could not hold another one after it. */
static bool make_room(struct text *out)
{
	struct text line;

	if (out->size - out->len >= 2 * (HTTP_LINE_MAX + 2))
		return true;
	line_begin(&line, out, header_label);
	line_end(&line, out, true);
	return false;
}

static void add_headers(struct text *out, struct span rest, const struct http_names *names)
{
	while (rest.len) {
		struct span line, name, value;
		const uint8_t *colon;
		bool cut;

		line = next_line(&rest, &cut);
		if (!line.len)
			break;
		colon = memchr(line.p, ':', line.len);
		if (!colon || colon == line.p || is_blank(line.p[0]))	/* no field, or the next line of a folded one */
			continue;
		name = (struct span) { line.p, (size_t)(colon - line.p) };
		if (!names_have(names, name))
			continue;
		if (!make_room(out))
			break;
		value = (struct span) { colon + 1, line.len - name.len - 1 };
		add_header(out, name, trimmed(value), cut || (rest.len && is_blank(rest.p[0])));
	}
}

/* Turns most payloads away before their first line is searched for. */
static bool may_begin_message(const uint8_t *payload, size_t len)
{
	size_t n = token_len(payload, len);

	return n && n < len && (is_blank(payload[n]) || payload[n] == '/');
}

size_t http_inspect(const struct http_config *cfg, const uint8_t *payload, size_t len, char *buf)
{
	struct span rest = { payload, len }, line;
	struct text out;
	bool cut;

	text_init(&out, buf, HTTP_TEXT_MAX);
	if (!may_begin_message(payload, len))
		return 0;
	line = next_line(&rest, &cut);
	if (add_response_line(&out, line, cut))
		add_headers(&out, rest, &cfg->response);
	else if (add_request_line(&out, line, cut))
		add_headers(&out, rest, &cfg->request);
	return out.len;
}
