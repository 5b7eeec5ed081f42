/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The options: one row each. Parser, defaults, range checks, --help and the man page are made from these rows. */
#ifndef MIRUO_CLI_OPTION_TABLE_H
#define MIRUO_CLI_OPTION_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "config.h"

enum option_kind {
	OPTION_NUMBER,	/* uint32_t, 0 to max */
	OPTION_FLAG,	/* bool */
	OPTION_COUNT,	/* uint32_t, one more each time the option is given */
	OPTION_WORD,	/* uint32_t, the place of the value in words */
	OPTION_TEXT,	/* char *, the last one given */
	OPTION_LIST,	/* struct string_list, one item each time the option is given */
	OPTION_DPI,	/* struct http_config */
	OPTION_HELP,
	OPTION_VERSION,
	OPTION_KINDS
};

enum option_group {
	GROUP_INPUT,
	GROUP_RULES,
	GROUP_OUTPUT,
	GROUP_LIMITS,
	GROUP_OTHER,
	OPTION_GROUPS
};

struct option_row {
	char letter;		/* 0: only the long name */
	const char *name;
	const char *alias;	/* other long name, or NULL */
	const char *arg;	/* what the value is called; NULL: takes none */
	enum option_kind kind;
	enum option_group group;
	size_t field;		/* offset in struct config */
	uint32_t max;		/* OPTION_NUMBER */
	uint32_t initial;	/* OPTION_NUMBER: default; above max: none that could be given */
	const char *const *words;	/* OPTION_WORD: what the value can be, the default first, NULL-terminated */
	const char *example;	/* a value that is accepted */
	const char *summary;	/* for --help */
	const char *manual;	/* for the man page: one sentence a line, an empty line parts paragraphs */
};

struct option_example {
	const char *command;
	const char *text;
};

extern const struct option_row option_table[];
extern const size_t option_count;

extern const char *const option_group_titles[OPTION_GROUPS];

extern const struct option_example option_examples[];
extern const size_t option_example_count;

static inline void *option_field(struct config *cfg, const struct option_row *row)
{
	return (char *)cfg + row->field;
}

#endif
