/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Options out of bytes that end at an unreadable page. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "guard_page.h"
#include "tcpopt.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

struct option_case {
	const char *name;
	const char *bytes;
	size_t len;
	const char *found; /* kind:len of each, then "end" or "bad" */
};

#define BYTES(literal) literal, sizeof(literal) - 1

/* clang-format off */
static const struct option_case cases[] = {
	{ "none",			BYTES(""),				"end" },
	{ "of a SYN",			BYTES("\2\4\5\xb4\1\3\3\7\4\2"),	"2:4 3:3 4:2 end" },
	{ "NOPs only",			BYTES("\1\1\1\1"),			"end" },
	{ "NOPs before and behind",	BYTES("\1\1\4\2\1\1"),			"4:2 end" },
	{ "nothing behind an end",	BYTES("\4\2\0\4\2\2\4"),		"4:2 end" },
	{ "length 0",			BYTES("\4\2\x1e\0\4\2"),		"4:2 bad" },
	{ "length 1",			BYTES("\x1e\1\4\2"),			"bad" },
	{ "length beyond the end",	BYTES("\4\2\x8\xa\0\0\0\0"),		"4:2 bad" },
	{ "length to the end",		BYTES("\x8\xa\0\0\0\0\0\0\0\0"),	"8:10 end" },
	{ "no length byte",		BYTES("\4\2\x8"),			"4:2 bad" },
	{ "all 40 bytes",		BYTES("\xfe\x28" "0123456789" "0123456789" "0123456789" "01234567"), "254:40 end" },
	{ "length 255",			BYTES("\xfe\xff\0\0"),			"bad" },
};
/* clang-format on */

static struct guard_page page;

static void check_case(const struct option_case *c)
{
	const uint8_t *bytes = guard_page_copy(&page, c->bytes, c->len);
	char found[128] = "";
	struct tcpopt o;
	uint32_t pos = 0;
	int more;

	while ((more = tcpopt_next(bytes, (uint32_t)c->len, &pos, &o)) > 0) {
		size_t len = strlen(found);

		assert_ptr_equal(o.value, bytes + pos - (o.len - 2));
		snprintf(found + len, sizeof(found) - len, "%u:%u ", o.kind, o.len);
	}
	strcat(found, more ? "bad" : "end");
	if (strcmp(found, c->found))
		fail_msg("%s: %s", c->name, found);
}

static void options_are_found_and_bad_ones_told(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		check_case(&cases[i]);
}

/* A reader that asks again after the end or a bad option gets the same answer. */
static void the_end_stays_the_end(void **state)
{
	const uint8_t bad[] = { 4, 2, 8, 1 };
	struct tcpopt o;
	uint32_t pos = 0;

	(void)state;
	assert_int_equal(tcpopt_next(bad, sizeof(bad), &pos, &o), 1);
	assert_int_equal(tcpopt_next(bad, sizeof(bad), &pos, &o), -1);
	assert_int_equal(tcpopt_next(bad, sizeof(bad), &pos, &o), -1);
	pos = sizeof(bad);
	assert_int_equal(tcpopt_next(bad, sizeof(bad), &pos, &o), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_are_found_and_bad_ones_told),
		cmocka_unit_test(the_end_stays_the_end),
	};

	if (guard_page_init(&page, 64))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
