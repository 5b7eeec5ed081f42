/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * getopt_long() splits the words; what they mean, which values are right and what to say about the wrong ones is here.
 * No text of the user's is printed before it is escaped.
 */
#include "options.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "option_table.h"
#include "text.h"

#define LONG_BASE 256	/* getopt_long() returns LONG_BASE + row for a long name, the letter for a short one */
#define QUOTED_MAX 128
#define LABEL_MAX 64

struct parser {
	struct config *cfg;
	FILE *out;
	FILE *err;
	char **argv;	/* a copy: its words may be replaced, not changed */
	int argc;
};

static __attribute__((format(printf, 2, 3))) enum options_result usage_error(const struct parser *p, const char *format, ...)
{
	va_list args;

	fputs("miruo: ", p->err);
	va_start(args, format);
	vfprintf(p->err, format, args);
	va_end(args);
	fputs("\nRun 'miruo --help' to see all options.\n", p->err);
	return OPTIONS_USAGE;
}

static enum options_result out_of_memory(const struct parser *p)
{
	fputs("miruo: out of memory\n", p->err);
	return OPTIONS_FAILED;
}

/* What the user typed, between quotes, escaped, and cut if it is long. */
static const char *quoted(const char *word, char buf[QUOTED_MAX])
{
	struct text t;

	text_init(&t, buf, QUOTED_MAX - 4);
	text_add(&t, "'");
	text_add_escaped(&t, word, strlen(word));
	strcpy(buf + t.len, t.cut ? "...'" : "'");
	return buf;
}

/* "-r/--retransmit", or "--pickup". */
static const char *label(const struct option_row *row, char buf[LABEL_MAX])
{
	struct text t;

	text_init(&t, buf, LABEL_MAX);
	if (row->letter)
		text_add(&t, "-%c/", row->letter);
	text_add(&t, "--%s", row->name);
	return buf;
}

/* "-r 1000", or "--pickup=1". */
static const char *usage_example(const struct option_row *row, char buf[LABEL_MAX])
{
	struct text t;

	text_init(&t, buf, LABEL_MAX);
	if (row->letter)
		text_add(&t, "-%c %s", row->letter, row->example);
	else
		text_add(&t, "--%s=%s", row->name, row->example);
	return buf;
}

static const struct option_row *row_of_letter(int letter)
{
	const struct option_row *row;

	for (row = option_table; row < option_table + option_count; row++)
		if (letter && row->letter == letter)
			return row;
	return NULL;
}

static const struct option_row *row_of_code(int code)
{
	return code >= LONG_BASE ? &option_table[code - LONG_BASE] : row_of_letter(code);
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Digits only, so no sign, blank or radix; anything above max fails before it could wrap. */
static bool number_parse(const char *word, uint32_t max, uint32_t *number)
{
	uint64_t n = 0;

	if (!*word)
		return false;
	for (; *word; word++) {
		if (*word < '0' || *word > '9')
			return false;
		n = n * 10 + (uint64_t)(*word - '0');
		if (n > max)
			return false;
	}
	*number = (uint32_t)n;
	return true;
}

/* tcpdump's -r reads a file, miruo's does not. A number with a point in it is no file unless there is one. */
static bool looks_like_file(const char *word)
{
	if (!word[strspn(word, "0123456789")])
		return false;
	if (strchr(word, '/') || access(word, F_OK) == 0)
		return true;
	return strchr(word, '.') && word[strspn(word, "0123456789.+-")];
}

static enum options_result take_number(struct parser *p, const struct option_row *row, const char *value)
{
	char name[LABEL_MAX], example[LABEL_MAX], quote[QUOTED_MAX];

	if (number_parse(value, row->max, option_field(p->cfg, row)))
		return OPTIONS_RUN;
	label(row, name);
	quoted(value, quote);
	if (looks_like_file(value))
		return usage_error(p, "%s takes a number, not %s; to read a file use -f", name, quote);
	return usage_error(p, "%s takes a whole number from 0 to %u, not %s; for example: %s", name, row->max, quote,
			   usage_example(row, example));
}

static enum options_result take_flag(struct parser *p, const struct option_row *row, const char *value)
{
	(void)value;
	*(bool *)option_field(p->cfg, row) = true;
	return OPTIONS_RUN;
}

static enum options_result take_count(struct parser *p, const struct option_row *row, const char *value)
{
	(void)value;
	++*(uint32_t *)option_field(p->cfg, row);
	return OPTIONS_RUN;
}

static enum options_result take_word(struct parser *p, const struct option_row *row, const char *value)
{
	char name[LABEL_MAX], quote[QUOTED_MAX], list[256];
	struct text t;
	uint32_t i;

	text_init(&t, list, sizeof(list));
	for (i = 0; row->words[i]; i++) {
		if (strcmp(value, row->words[i]) == 0) {
			*(uint32_t *)option_field(p->cfg, row) = i;
			return OPTIONS_RUN;
		}
		text_add(&t, "%s%s", i ? ", " : "", row->words[i]);
	}
	return usage_error(p, "%s takes one of %s, not %s", label(row, name), list, quoted(value, quote));
}

static enum options_result take_text(struct parser *p, const struct option_row *row, const char *value)
{
	char name[LABEL_MAX], example[LABEL_MAX], **field = option_field(p->cfg, row);

	if (!*value)
		return usage_error(p, "%s has an empty value; it takes a name, for example: %s", label(row, name),
				   usage_example(row, example));
	free(*field);
	*field = strdup(value);
	return *field ? OPTIONS_RUN : out_of_memory(p);
}

static enum options_result take_list(struct parser *p, const struct option_row *row, const char *value)
{
	struct string_list *list = option_field(p->cfg, row);
	char name[LABEL_MAX], example[LABEL_MAX], **items;

	if (!*value)
		return usage_error(p, "%s has an empty value; it takes a name, for example: %s", label(row, name),
				   usage_example(row, example));
	items = realloc(list->items, (list->count + 1) * sizeof(*items));
	if (!items)
		return out_of_memory(p);
	list->items = items;
	items[list->count] = strdup(value);
	if (!items[list->count])
		return out_of_memory(p);
	list->count++;
	return OPTIONS_RUN;
}

static enum options_result take_dpi(struct parser *p, const struct option_row *row, const char *value)
{
	char name[LABEL_MAX], why[256] = "";

	if (http_config_parse(option_field(p->cfg, row), value, why, sizeof(why)))
		return OPTIONS_RUN;
	return usage_error(p, "%s: %s", label(row, name), why);
}

static enum options_result take_help(struct parser *p, const struct option_row *row, const char *value)
{
	(void)row;
	(void)value;
	options_print_help(p->out);
	return OPTIONS_DONE;
}

static enum options_result take_version(struct parser *p, const struct option_row *row, const char *value)
{
	(void)row;
	(void)value;
	options_print_version(p->out);
	return OPTIONS_DONE;
}

static enum options_result (*const take[OPTION_KINDS])(struct parser *, const struct option_row *, const char *) = {
	[OPTION_NUMBER] = take_number,
	[OPTION_FLAG] = take_flag,
	[OPTION_COUNT] = take_count,
	[OPTION_WORD] = take_word,
	[OPTION_TEXT] = take_text,
	[OPTION_LIST] = take_list,
	[OPTION_DPI] = take_dpi,
	[OPTION_HELP] = take_help,
	[OPTION_VERSION] = take_version,
};

/* The row's name (or else its alias) that begins with the len bytes at prefix, or NULL. */
static const char *name_with_prefix(const struct option_row *row, const char *prefix, size_t len)
{
	if (strncmp(row->name, prefix, len) == 0)
		return row->name;
	if (row->alias && strncmp(row->alias, prefix, len) == 0)
		return row->alias;
	return NULL;
}

/* word begins with "--" and getopt_long() did not want it: no such name, several, or a value where none belongs. */
static enum options_result long_name_error(const struct parser *p, const char *word)
{
	size_t len = strcspn(word + 2, "=");
	const struct option_row *row;
	char quote[QUOTED_MAX], list[1024];
	struct text candidates;
	const char *name;
	unsigned int found = 0;

	text_init(&candidates, list, sizeof(list));
	for (row = option_table; row < option_table + option_count; row++) {
		name = name_with_prefix(row, word + 2, len);
		if (!name)
			continue;
		if (!name[len])
			return usage_error(p, "--%s takes no value, as in %s", name, quoted(word, quote));
		text_add(&candidates, "%s--%s", found++ ? ", " : "", name);
	}
	quoted(word, quote);
	if (found == 0)
		return usage_error(p, "unknown option %s", quote);
	if (found == 1)
		return usage_error(p, "%s takes no value, as in %s", list, quote);
	return usage_error(p, "%s could be any of %s", quote, list);
}

static enum options_result unknown_option(const struct parser *p)
{
	char quote[QUOTED_MAX], word[] = "-?";

	if (optopt == 0 || optopt >= LONG_BASE)
		return long_name_error(p, p->argv[optind - 1]);
	word[1] = (char)optopt;
	return usage_error(p, "unknown option %s", quoted(word, quote));
}

static enum options_result missing_value(const struct parser *p)
{
	const struct option_row *row = row_of_code(optopt);
	char name[LABEL_MAX], example[LABEL_MAX];

	return usage_error(p, "%s needs a value, for example: %s", label(row, name), usage_example(row, example));
}

/* Two long names of the first miruo that its users type with one dash. Only where an option may stand, not as a value. */
static void accept_single_dash(struct parser *p)
{
	static char all[] = "--all", live[] = "--live";
	char **word = &p->argv[optind ? optind : 1];

	if (!*word)
		return;
	if (strcmp(*word, "-all") == 0)
		*word = all;
	else if (strcmp(*word, "-live") == 0)
		*word = live;
}

static enum options_result parse_options(struct parser *p, const char *letters, const struct option *names)
{
	enum options_result result = OPTIONS_RUN;
	const struct option_row *row;
	int code;

	opterr = 0;
	optind = 0;	/* start afresh: glibc, musl and the BSDs agree on this one */
	while (result == OPTIONS_RUN) {
		accept_single_dash(p);
		code = getopt_long(p->argc, p->argv, letters, names, NULL);
		if (code == -1)
			break;
		if (code == '?')
			return unknown_option(p);
		if (code == ':')
			return missing_value(p);
		row = row_of_code(code);
		result = take[row->kind](p, row, optarg);
	}
	return result;
}

/* Fills getopt_long()'s tables: "+" stops at the first word of the expression, ":" tells a missing value from the rest. */
static void make_getopt_tables(char *letters, struct option *names)
{
	size_t i;

	*letters++ = '+';
	*letters++ = ':';
	for (i = 0; i < option_count; i++) {
		const struct option_row *row = &option_table[i];
		int has_arg = row->arg ? required_argument : no_argument;
		int code = LONG_BASE + (int)i;

		if (row->letter)
			*letters++ = row->letter;
		if (row->letter && row->arg)
			*letters++ = ':';
		*names++ = (struct option) { row->name, has_arg, NULL, code };
		if (row->alias)
			*names++ = (struct option) { row->alias, has_arg, NULL, code };
	}
	*letters = '\0';
	*names = (struct option) { 0 };
}

/* In an expression only arithmetic has words with a dash in front: "-len", "-tcp[4]". */
static bool looks_like_option(const char *word)
{
	if (word[0] != '-' || strchr(word, '[') || strcmp(word, "-len") == 0)
		return false;
	return is_letter(word[1]) || (word[1] == '-' && is_letter(word[2]));
}

/* Joins the words from argv[first] on with blanks; options among them are refused, unless the user wrote "--" himself. */
static enum options_result take_expression(struct parser *p, int first)
{
	bool check = strcmp(p->argv[first - 1], "--") != 0;
	char quote[QUOTED_MAX], *end;
	size_t len = 0;
	int i;

	for (i = first; i < p->argc; i++) {
		if (check && looks_like_option(p->argv[i]))
			return usage_error(p, "%s is behind the expression; options go before the expression",
					   quoted(p->argv[i], quote));
		len += strlen(p->argv[i]) + 1;
	}
	if (len == 0)
		return OPTIONS_RUN;
	p->cfg->expression = malloc(len);
	if (!p->cfg->expression)
		return out_of_memory(p);
	end = p->cfg->expression;
	for (i = first; i < p->argc; i++) {
		end = stpcpy(end, p->argv[i]);
		*end++ = ' ';
	}
	end[-1] = '\0';
	return OPTIONS_RUN;
}

/* Enough of a message for -m: HTTP_LINE_MAX a line, and as much as the kernel programs bring along. */
#define LIVE_PAYLOAD_BYTES 2048

/* Settings that follow from others. */
static void complete_config(struct config *cfg)
{
	if (cfg->sink.live)
		cfg->rules.all = true;
	cfg->sink.quiet = cfg->rules.quiet;
	cfg->sink.fragment_column = cfg->rules.fragment != 0;
	cfg->source.files = (const char *const *)cfg->files.items;
	cfg->source.file_count = cfg->files.count;
	cfg->source.filter = cfg->expression;
	cfg->source.netns = cfg->netns;
	cfg->source.payload_bytes = cfg->http.on ? LIVE_PAYLOAD_BYTES : 0;
}

/* Adds the names of a comma list to the interfaces of the source. */
static bool split_interfaces(struct string_list *names, const char *list)
{
	size_t len;
	char **items;

	for (; *list; list += len + (list[len] == ',')) {
		len = strcspn(list, ",");
		if (len == 0)
			continue;
		items = realloc(names->items, (names->count + 1) * sizeof(*items));
		if (!items)
			return false;
		names->items = items;
		items[names->count] = strndup(list, len);
		if (!items[names->count])
			return false;
		names->count++;
	}
	return true;
}

static enum options_result complete_interfaces(const struct parser *p)
{
	struct config *cfg = p->cfg;
	size_t i;

	for (i = 0; i < cfg->interfaces.count; i++)
		if (!split_interfaces(&cfg->interface_names, cfg->interfaces.items[i]))
			return out_of_memory(p);
	cfg->source.interfaces = (const char *const *)cfg->interface_names.items;
	cfg->source.interface_count = cfg->interface_names.count;
	return OPTIONS_RUN;
}

enum options_result options_parse(int argc, char *const argv[], struct config *cfg, FILE *out, FILE *err)
{
	struct parser p = { .cfg = cfg, .out = out, .err = err, .argc = argc };
	struct option *names = calloc(option_count * 2 + 1, sizeof(*names));
	char *letters = malloc(option_count * 2 + 3);
	enum options_result result;

	config_init(cfg);
	p.argv = calloc((size_t)argc + 2, sizeof(*p.argv));
	if (names && letters && p.argv) {
		memcpy(p.argv, argv, (size_t)argc * sizeof(*p.argv));
		make_getopt_tables(letters, names);
		result = parse_options(&p, letters, names);
		if (result == OPTIONS_RUN && optind < argc)
			result = take_expression(&p, optind);
		complete_config(cfg);
		if (result == OPTIONS_RUN)
			result = complete_interfaces(&p);
	} else {
		result = out_of_memory(&p);
	}
	free(p.argv);
	free(letters);
	free(names);
	return result;
}
