/* SPDX-License-Identifier: GPL-3.0-or-later */
/* --help and --version, from the option table. */
#include "options.h"

#include <string.h>

#include "option_table.h"
#include "text.h"

#define HELP_COLUMNS 79
#define NAMES_COLUMNS 28	/* where the summaries begin */

/* Prints the text from column `indent` on, where the cursor is, and wraps it to there. */
static void print_wrapped(FILE *out, const char *text, int indent)
{
	int at = indent;

	while (*text) {
		int len = (int)strcspn(text, " ");

		if (at > indent && at + 1 + len > HELP_COLUMNS) {
			fprintf(out, "\n%*s", indent, "");
			at = indent;
		} else if (at > indent) {
			fputc(' ', out);
			at++;
		}
		fwrite(text, 1, (size_t)len, out);
		at += len;
		text += len;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

static void print_row(FILE *out, const struct option_row *row)
{
	char names[NAMES_COLUMNS], summary[512];
	struct text n, s;

	text_init(&n, names, sizeof(names));
	if (row->letter)
		text_add(&n, "  -%c, ", row->letter);
	else
		text_add(&n, "      ");
	text_add(&n, "--%s%s%s", row->name, row->arg ? "=" : "", row->arg ? row->arg : "");

	text_init(&s, summary, sizeof(summary));
	text_add(&s, "%s", row->summary);
	if (row->kind == OPTION_NUMBER && row->initial <= row->max)
		text_add(&s, " (default %u)", row->initial);

	fprintf(out, "%-*s", NAMES_COLUMNS, names);
	print_wrapped(out, summary, NAMES_COLUMNS);
}

void options_print_help(FILE *out)
{
	const struct option_row *row;
	size_t group, i;

	fputs("Usage: miruo [OPTION]... [EXPRESSION]\n"
	      "Follows TCP sessions and prints those that went wrong, segment by segment.\n", out);
	for (group = 0; group < OPTION_GROUPS; group++) {
		fprintf(out, "\n%s:\n", option_group_titles[group]);
		for (row = option_table; row < option_table + option_count; row++)
			if (row->group == group)
				print_row(out, row);
	}
	fputs("\nOptions go before the expression, a filter as for tcpdump: see pcap-filter(7).\n"
	      "It must let both directions of a session through, and all its segments;\n"
	      "a line says if it does not.\n\nExamples:\n", out);
	for (i = 0; i < option_example_count; i++)
		fprintf(out, "  %s\n      %s\n", option_examples[i].command, option_examples[i].text);
	fputs("\nHow to read the output: man miruo\n", out);
}

void options_print_version(FILE *out)
{
	fprintf(out, "%7s version %s\n%s\n", "miruo", MIRUO_VERSION, source_pcap_version());
}
