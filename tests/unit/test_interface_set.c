/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <linux/if_arp.h>

#include "interface_set.h"

struct test {
	struct interface_set *set;
	char buf[1024];
	struct text log;	/* the events: "+NAME " appeared, "-NAME " vanished, "OLD>NEW " renamed */
};

static void on_event(void *ctx, enum interface_event event, const struct interface *i, const char *old_name)
{
	struct test *t = ctx;

	if (event == INTERFACE_RENAMED)
		text_add(&t->log, "%s>%s ", old_name, i->name);
	else
		text_add(&t->log, "%c%s ", event == INTERFACE_APPEARED ? '+' : '-', i->name);
}

static void on_each(void *ctx, const struct interface *i)
{
	text_add(ctx, "%s ", i->name);
}

static void watch(struct test *t, const char *const *names, size_t count)
{
	t->set = interface_set_new(names, count);
	assert_non_null(t->set);
	text_init(&t->log, t->buf, sizeof(t->buf));
}

static void update(struct test *t, uint32_t index, const char *name)
{
	struct interface i = { .index = index, .arphrd = ARPHRD_ETHER, .link = INTERFACE_ETHERNET };

	snprintf(i.name, sizeof(i.name), "%s", name);
	assert_true(interface_set_update(t->set, &i, on_event, t));
}

static void update_unsupported(struct test *t, uint32_t index, const char *name)
{
	struct interface i = { .index = index, .arphrd = ARPHRD_CAN, .link = INTERFACE_UNSUPPORTED, .why_not = "no TCP" };

	snprintf(i.name, sizeof(i.name), "%s", name);
	assert_true(interface_set_update(t->set, &i, on_event, t));
}

static void vanish(struct test *t, uint32_t index)
{
	interface_set_remove(t->set, index, on_event, t);
}

/* What was logged since the last call is the expected events. */
#define assert_events(t, expected)                        \
	do {                                              \
		assert_string_equal((t)->buf, expected);  \
		text_truncate(&(t)->log, 0);              \
	} while (0)

static void any_watches_all(void **state)
{
	static const char *const names[] = { "any" };
	struct test t;

	(void)state;
	watch(&t, names, 1);
	update(&t, 1, "lo");
	update(&t, 2, "eth0");
	update_unsupported(&t, 3, "can0");
	assert_events(&t, "+lo +eth0 +can0 ");
	update(&t, 2, "eth0");
	assert_events(&t, "");
	update(&t, 2, "wan0");
	assert_events(&t, "eth0>wan0 ");
	vanish(&t, 2);
	assert_events(&t, "-wan0 ");
	vanish(&t, 2);
	assert_events(&t, "");
	interface_set_free(t.set);
}

static void of_named_ones_only_those_are_told(void **state)
{
	static const char *const names[] = { "eth0", "eth1" };
	struct test t;

	(void)state;
	watch(&t, names, 2);
	update(&t, 1, "lo");
	update(&t, 2, "eth0");
	vanish(&t, 1);
	update(&t, 5, "dummy");
	update(&t, 5, "dummy1");
	assert_events(&t, "+eth0 ");
	vanish(&t, 2);
	update(&t, 9, "eth0");
	assert_events(&t, "-eth0 +eth0 ");
	update(&t, 5, "eth1");
	assert_events(&t, "+eth1 ");
	interface_set_free(t.set);
}

static void a_named_one_stays_watched_when_renamed(void **state)
{
	static const char *const names[] = { "eth0" };
	struct text watched;
	char buf[64];
	struct test t;

	(void)state;
	watch(&t, names, 1);
	update(&t, 2, "eth0");
	update(&t, 2, "wan0");
	update(&t, 3, "eth0");
	assert_events(&t, "+eth0 eth0>wan0 +eth0 ");
	text_init(&watched, buf, sizeof(buf));
	interface_set_each(t.set, on_each, &watched);
	assert_string_equal(buf, "wan0 eth0 ");
	vanish(&t, 2);
	update(&t, 4, "wan0");
	assert_events(&t, "-wan0 ");
	interface_set_free(t.set);
}

static void a_list_shows_what_was_missed(void **state)
{
	static const char *const names[] = { "any" };
	struct test t;

	(void)state;
	watch(&t, names, 1);
	interface_set_begin(t.set);
	update(&t, 4, "d");
	update(&t, 2, "b");
	update(&t, 3, "c");
	update(&t, 1, "a");
	interface_set_end(t.set, on_event, &t);
	assert_events(&t, "+d +b +c +a ");
	interface_set_begin(t.set);
	update(&t, 3, "see");
	update(&t, 4, "d");
	update(&t, 5, "e");
	interface_set_end(t.set, on_event, &t);
	assert_events(&t, "c>see +e -a -b ");
	interface_set_free(t.set);
}

/* Programs that read Ethernet must not stay on what carries something else now. */
static void another_link_layer_is_another_interface(void **state)
{
	static const char *const names[] = { "bond0" };
	struct test t;

	(void)state;
	watch(&t, names, 1);
	update(&t, 1, "bond0");
	update_unsupported(&t, 1, "bond0");
	assert_events(&t, "+bond0 -bond0 +bond0 ");
	update_unsupported(&t, 1, "bond1");
	assert_events(&t, "bond0>bond1 ");
	interface_set_free(t.set);
}

static void thousands_are_kept_in_order(void **state)
{
	enum { COUNT = 10000 };
	static const char *const names[] = { "any" };
	struct test t;
	uint32_t i;

	(void)state;
	watch(&t, names, 1);
	for (i = 0; i < COUNT; i++) {
		struct interface iface = { .index = i * 7919 % COUNT + 1, .arphrd = ARPHRD_ETHER };

		snprintf(iface.name, sizeof(iface.name), "v%u", iface.index);
		assert_true(interface_set_update(t.set, &iface, NULL, NULL));
	}
	for (i = 1; i <= COUNT; i++)
		if (i != 5000)
			interface_set_remove(t.set, i, NULL, NULL);
	vanish(&t, 5000);
	assert_events(&t, "-v5000 ");
	interface_set_free(t.set);
}

static void check_refuses(const char *name, const char *line)
{
	const char *const names[] = { "lo", name };
	struct text err;
	char buf[512];
	struct test t;
	char other[8];
	int i;

	watch(&t, names, 2);
	update(&t, 1, "lo");
	update_unsupported(&t, 2, "can0");
	update(&t, 3, "a\x1b[1m");
	for (i = 4; i <= 12; i++) {
		snprintf(other, sizeof(other), "v%d", i);
		update(&t, (uint32_t)i, other);
	}
	text_init(&err, buf, sizeof(buf));
	assert_int_equal(interface_set_check(t.set, &err), !*line);
	assert_string_equal(buf, line);
	interface_set_free(t.set);
}

static void names_are_checked(void **state)
{
	(void)state;
	check_refuses("v12", "");
	check_refuses("any", "");
	check_refuses("eth\n9", "there is no interface \"eth\\x0a9\", only: lo, can0, a\\x1b[1m, v4, v5, v6, v7, v8, v9, v10"
				" and 2 more (miruo -D lists them)");
	check_refuses("", "there is no interface \"\", only: lo, can0, a\\x1b[1m, v4, v5, v6, v7, v8, v9, v10"
			  " and 2 more (miruo -D lists them)");
	check_refuses("can0", "interface can0 cannot be watched: no TCP");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_watches_all),
		cmocka_unit_test(of_named_ones_only_those_are_told),
		cmocka_unit_test(a_named_one_stays_watched_when_renamed),
		cmocka_unit_test(a_list_shows_what_was_missed),
		cmocka_unit_test(another_link_layer_is_another_interface),
		cmocka_unit_test(thousands_are_kept_in_order),
		cmocka_unit_test(names_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
