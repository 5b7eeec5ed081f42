/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gen_man TEMPLATE OUTPUT: copies a manual page in mdoc(7) and puts what the option table says where a line of the
 * template is a mark. Run when building.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "option_table.h"

#define LINE_MAX_LEN 72

/* One line of text, with the characters that troff would take for its own escaped. */
static void put_line(FILE *out, const char *text, size_t len)
{
	size_t i;

	if (len && (text[0] == '.' || text[0] == '\''))
		fputs("\\&", out);
	for (i = 0; i < len; i++) {
		if (text[i] == '\\')
			fputs("\\e", out);
		else if (text[i] == '-')
			fputs("\\-", out);
		else
			fputc(text[i], out);
	}
	fputc('\n', out);
}

/* How much of the len bytes of words goes on one line of the page: all, or up to a blank. */
static size_t line_len(const char *words, size_t len)
{
	size_t end = LINE_MAX_LEN;

	if (len <= LINE_MAX_LEN)
		return len;
	while (end && words[end] != ' ')
		end--;
	return end ? end : len;
}

static void put_text(FILE *out, const char *text)
{
	while (*text) {
		size_t sentence = strcspn(text, "\n"), len = line_len(text, sentence);

		if (len)
			put_line(out, text, len);
		else
			fputs(".Pp\n", out);
		text += len;
		if (*text)
			text++;
	}
}

static void put_row(FILE *out, const struct option_row *row)
{
	fputs(".It ", out);
	if (row->letter)
		fprintf(out, "Fl %c%s%s , ", row->letter, row->arg ? " Ar " : "", row->arg ? row->arg : "");
	fprintf(out, "Fl Fl %s", row->name);
	if (row->arg)
		fprintf(out, " Ns = Ns Ar %s", row->arg);
	fputc('\n', out);
	put_text(out, row->manual);
	if (row->kind == OPTION_NUMBER && row->initial <= row->max)
		fprintf(out, ".Pp\nFrom 0 to %u, default %u.\n", row->max, row->initial);
	if (row->alias)
		fprintf(out, "Also accepted as\n.Fl Fl %s .\n", row->alias);
}

static void put_options(FILE *out)
{
	const struct option_row *row;
	int group;

	for (group = 0; group < OPTION_GROUPS; group++) {
		fprintf(out, ".Ss %s\n.Bl -tag -width Ds\n", option_group_titles[group]);
		for (row = option_table; row < option_table + option_count; row++)
			if ((int)row->group == group)
				put_row(out, row);
		fputs(".El\n", out);
	}
}

static void put_examples(FILE *out)
{
	size_t i;

	fputs(".Bl -tag -width Ds\n", out);
	for (i = 0; i < option_example_count; i++) {
		fputs(".It Li ", out);
		put_line(out, option_examples[i].command, strlen(option_examples[i].command));
		put_line(out, option_examples[i].text, strlen(option_examples[i].text));
	}
	fputs(".El\n", out);
}

static void put_system(FILE *out)
{
	fputs(".Os miruo " MIRUO_VERSION "\n", out);
}

static const struct mark {
	const char *line;
	void (*put)(FILE *out);
} marks[] = {
	{ "@OPTIONS@\n", put_options },
	{ "@EXAMPLES@\n", put_examples },
	{ "@SYSTEM@\n", put_system },
};

static void put_template_line(FILE *out, const char *line)
{
	size_t i;

	for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		if (strcmp(line, marks[i].line) == 0) {
			marks[i].put(out);
			return;
		}
	}
	fputs(line, out);
}

static int fail(const char *name)
{
	fprintf(stderr, "gen_man: %s: %s\n", name, strerror(errno));
	return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	char line[1024];
	FILE *in, *out;

	if (argc != 3) {
		fputs("usage: gen_man TEMPLATE OUTPUT\n", stderr);
		return 2;
	}
	in = fopen(argv[1], "r");
	if (!in)
		return fail(argv[1]);
	out = fopen(argv[2], "w");
	if (!out) {
		fclose(in);
		return fail(argv[2]);
	}
	while (fgets(line, sizeof(line), in))
		put_template_line(out, line);
	fclose(in);
	return fclose(out) ? fail(argv[2]) : EXIT_SUCCESS;
}
