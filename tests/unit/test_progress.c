/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "progress.h"

#define MS UINT64_C(1000000)

static void the_line_says_how_far_and_how_long(void **state)
{
	static const struct {
		struct progress_counts counts;
		uint64_t elapsed_ns;
		const char *line;
	} cases[] = {
		{ { 25000000, 100000000, 300000 }, 2000 * MS, "25.0 of 100.0 MB, 25%, 150000 packets/s, 0:06 left" },
		{ { 1000000, 100000000, 10 }, 100000 * MS, "1.0 of 100.0 MB, 1%, 0 packets/s, 2:45:00 left" },
		{ { 25000000, 0, 300000 }, 2000 * MS, "25.0 MB, 150000 packets/s" },
		{ { 25000000, 20000000, 300000 }, 2000 * MS, "25.0 MB, 150000 packets/s" },
		{ { 0, 20000000, 0 }, 2000 * MS, "0.0 of 20.0 MB, 0%, 0 packets/s" },
	};
	char line[128];
	struct text t;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		text_init(&t, line, sizeof(line));
		progress_add_text(&t, &cases[i].counts, cases[i].elapsed_ns);
		assert_string_equal(line, cases[i].line);
	}
}

static unsigned count_lines(const char *buf)
{
	unsigned n = 0;

	while ((buf = strstr(buf, "packets/s"))) {
		buf++;
		n++;
	}
	return n;
}

static void nothing_in_the_first_second_then_five_a_second(void **state)
{
	const struct progress_counts counts = { 1, 2, 3 };
	struct progress p;
	char *buf = NULL;
	size_t size;
	FILE *out = open_memstream(&buf, &size);
	uint64_t t;

	(void)state;
	assert_non_null(out);
	progress_init(&p, out, 5000 * MS);
	for (t = 5000; t < 6000; t++)
		progress_update(&p, &counts, t * MS);
	progress_hide(&p);
	fflush(out);
	assert_int_equal(size, 0);
	for (; t < 8000; t++)
		progress_update(&p, &counts, t * MS);
	fflush(out);
	assert_int_equal(count_lines(buf), 10);
	fclose(out);
	free(buf);
}

static void hiding_erases_once(void **state)
{
	const struct progress_counts counts = { 1, 2, 3 };
	struct progress p;
	char *buf = NULL;
	size_t size, shown;
	FILE *out = open_memstream(&buf, &size);

	(void)state;
	assert_non_null(out);
	progress_init(&p, out, 0);
	progress_update(&p, &counts, 1000 * MS);
	shown = size;
	progress_hide(&p);
	assert_string_equal(buf + shown, "\r\033[K");
	shown = size;
	progress_hide(&p);
	fflush(out);
	assert_int_equal(size, shown);
	fclose(out);
	free(buf);
}

static void without_a_terminal_there_is_no_line(void **state)
{
	const struct progress_counts counts = { 1, 2, 3 };
	struct progress p;

	(void)state;
	progress_init(&p, NULL, 0);
	progress_update(&p, &counts, 5000 * MS);
	assert_false(p.shown);
	progress_hide(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_line_says_how_far_and_how_long),
		cmocka_unit_test(nothing_in_the_first_second_then_five_a_second),
		cmocka_unit_test(hiding_erases_once),
		cmocka_unit_test(without_a_terminal_there_is_no_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
