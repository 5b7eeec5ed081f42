/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "text.h"

static void add_stops_at_the_end(void **state)
{
	char buf[6];
	struct text t;

	(void)state;
	text_init(&t, buf, sizeof(buf));
	text_add(&t, "%s", "abc");
	assert_false(t.cut);
	text_add(&t, "%s", "defgh");
	assert_true(t.cut);
	assert_string_equal(buf, "abcde");
	assert_int_equal(t.len, 5);
	text_add(&t, "x");
	assert_string_equal(buf, "abcde");
}

static void control_bytes_are_escaped(void **state)
{
	char buf[64];
	struct text t;

	(void)state;
	text_init(&t, buf, sizeof(buf));
	text_add_escaped(&t, "a\x1b[31m\x7f\xff\n~", 10);
	assert_string_equal(buf, "a\\x1b[31m\\x7f\\xff\\x0a~");
}

static void an_escape_is_never_split(void **state)
{
	char buf[6];
	struct text t;

	(void)state;
	text_init(&t, buf, sizeof(buf));
	text_add_escaped(&t, "ab\x1b", 3);
	assert_string_equal(buf, "ab");
	assert_true(t.cut);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(add_stops_at_the_end),
		cmocka_unit_test(control_bytes_are_escaped),
		cmocka_unit_test(an_escape_is_never_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
