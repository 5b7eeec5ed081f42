/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Input: a -m argument up to the first newline (a bad one stands for http:%:%), then a segment's payload. */
#include "fuzz.h"

#include "http.h"

static void check_lines(const char *text, size_t len)
{
	size_t i, line = 0;

	MUST(len < HTTP_TEXT_MAX && text[len] == '\0');
	MUST(len == 0 || text[len - 1] == '\n');
	for (i = 0; i < len; i++) {
		if (i == line)
			MUST(!strncmp(text + i, "DPI:HTTP:", 9));
		if (text[i] == '\n') {
			MUST(i - line <= HTTP_LINE_MAX);
			line = i + 1;
		} else {
			MUST(text[i] >= 0x20 && text[i] <= 0x7e);
		}
	}
}

static void set_mode(struct http_config *cfg, const uint8_t *data, size_t len)
{
	char *mode = malloc(len + 1), err[128];
	size_t i;

	MUST(mode);
	if (len)
		memcpy(mode, data, len);
	mode[len] = '\0';
	if (!http_config_parse(cfg, mode, err, sizeof(err))) {
		MUST(!cfg->on && strlen(err) > 0 && strlen(err) < sizeof(err));
		for (i = 0; err[i]; i++)
			MUST(err[i] >= 0x20 && err[i] <= 0x7e);
		MUST(http_config_parse(cfg, "http:%:%", err, sizeof(err)));
	}
	free(mode);
	MUST(!cfg->on || (cfg->request.count && !strcmp(cfg->request.name[0], "Host")));
	MUST(cfg->request.count <= HTTP_NAMES_MAX && cfg->response.count <= HTTP_NAMES_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct http_config cfg;
	const uint8_t *newline = size ? memchr(data, '\n', size) : NULL;
	size_t mode_len = newline ? (size_t)(newline - data) : 0, len = newline ? size - mode_len - 1 : size;
	uint8_t *payload = exact_copy(data + size - len, len);
	char *text = malloc(HTTP_TEXT_MAX);

	MUST(text);
	set_mode(&cfg, data, mode_len);
	check_lines(text, http_inspect(&cfg, payload, len, text));
	free(text);
	free(payload);
	return 0;
}
