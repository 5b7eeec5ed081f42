/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The manual page that was built, against the option table, --help and the statistics. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "option_table.h"
#include "options.h"
#include "statistics.h"

static char *page, *help;

static int read_both(void **state)
{
	FILE *in = fopen(MAN_PAGE, "r"), *out;
	size_t len = 0;

	(void)state;
	if (!in)
		return -1;
	if (getdelim(&page, &len, '\0', in) < 0)
		page = NULL;
	fclose(in);
	out = open_memstream(&help, &len);
	if (!out)
		return -1;
	options_print_help(out);
	fclose(out);
	return page && help ? 0 : -1;
}

static int free_both(void **state)
{
	(void)state;
	free(page);
	free(help);
	return 0;
}

/* The long name that begins at text, ended by what cannot be part of it. */
static size_t name_len(const char *text)
{
	return strspn(text, "abcdefghijklmnopqrstuvwxyz-");
}

static void every_option_of_help_is_in_the_page(void **state)
{
	const char *at = help;
	char item[64];
	int found = 0;

	(void)state;
	while ((at = strstr(at, " --"))) {
		at += 3;
		snprintf(item, sizeof(item), "Fl Fl %.*s", (int)name_len(at), at);
		assert_non_null(strstr(page, item));
		found++;
	}
	assert_true(found >= (int)option_count);
}

static void every_option_of_the_page_is_in_help(void **state)
{
	const char *at, *end;
	char option[64];
	size_t found = 0;

	(void)state;
	for (at = strstr(page, "\n.It Fl "); at; at = strstr(end, "\n.It Fl ")) {
		end = strchr(at + 1, '\n');
		at = strstr(at, "Fl Fl ") + strlen("Fl Fl ");
		assert_true(at < end);
		snprintf(option, sizeof(option), " --%.*s", (int)name_len(at), at);
		assert_non_null(strstr(help, option));
		found++;
	}
	assert_int_equal(found, option_count);
}

static void letters_values_aliases_and_defaults_are_in_the_page(void **state)
{
	static const char *const expected[] = {
		"\n.It Fl r Ar MS , Fl Fl retransmit Ns = Ns Ar MS\n", "\n.It Fl q , Fl Fl quiet\n",
		"\n.It Fl Fl pickup Ns = Ns Ar 0|1\n", "\n.Fl Fl limit-session .\n", "\n.Fl Fl limit-segment .\n",
		"\n.Fl Fl flagment .\n", "\n.Fl Fl stat .\n", "\nFrom 0 to 4294967295, default 1000.\n",
		"\nFrom 0 to 4194304, default 1024.\n", "\nFrom 0 to 67108864, default 65536.\n", "\nFrom 0 to 2, default 1.\n",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		assert_non_null(strstr(page, expected[i]));
}

/* Names stand in ".It Cm A , B" lines. */
static bool page_has_item(const char *name)
{
	size_t len = strlen(name);
	const char *at;

	for (at = strstr(page, "\n.It Cm "); at; at = strstr(at + 1, "\n.It Cm ")) {
		const char *end = strchr(at + 1, '\n'), *found = strstr(at, name);

		for (; found && found < end; found = strstr(found + 1, name))
			if (found[-1] == ' ' && strchr(" \n", found[len]))
				return true;
	}
	return false;
}

static void every_statistic_is_in_the_page(void **state)
{
	static const struct statistics with_all_rules = {
		.rules_config = { .rtt_ms = 1, .handshake_ms = 1, .zero_window_ms = 1, .server_delay_ms = 1,
				  .client_delay_ms = 1, .half_open = true, .reuse = true },
	};
	char *text = NULL, *save, *line, name[32];
	size_t len;
	FILE *out = open_memstream(&text, &len);
	int found = 0;

	(void)state;
	assert_non_null(out);
	statistics_print(out, &with_all_rules);
	fclose(out);
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		line += strspn(line, " ");
		if (!strchr(line, ':'))
			continue;
		len = strcspn(line, ":");
		while (line[len - 1] == ' ')
			len--;
		snprintf(name, sizeof(name), "%.*s", (int)len, line);
		if (!page_has_item(name))
			fail_msg("%s is not explained", name);
		found++;
	}
	free(text);
	assert_true(found > 50);
}

static void nothing_is_lost_to_the_formatter(void **state)
{
	(void)state;
	assert_null(strchr(page, '@'));
	assert_non_null(strstr(page, "\\exHH."));
	assert_non_null(strstr(page, "\n.It Li miruo \\-f trace.pcap\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_option_of_help_is_in_the_page),
		cmocka_unit_test(every_option_of_the_page_is_in_help),
		cmocka_unit_test(letters_values_aliases_and_defaults_are_in_the_page),
		cmocka_unit_test(every_statistic_is_in_the_page),
		cmocka_unit_test(nothing_is_lost_to_the_formatter),
	};

	return cmocka_run_group_tests(tests, read_both, free_both);
}
