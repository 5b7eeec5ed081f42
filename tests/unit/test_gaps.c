/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The set of holes, by hand and against a model that keeps one byte a sequence number. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gaps.h"

#define SPACE  2048             /* sequence numbers of a round of the model, */
#define BASE   (0u - SPACE / 2) /* which wrap in its middle */
#define ROUNDS 600
#define SEED   9293

static void check_hole(const struct gaps *set, uint32_t i, uint32_t start, uint32_t end)
{
	assert_int_equal(gaps_get(set, i).start, start);
	assert_int_equal(gaps_get(set, i).end, end);
}

static void the_empty_set_has_seen_everything(void **state)
{
	struct gaps *set = NULL;

	(void)state;
	assert_int_equal(gaps_fill(&set, 10, 20), 0);
	assert_int_equal(gaps_count(set), 0);
	gaps_free(&set);
	assert_null(set);
}

static void a_hole_is_filled_from_all_sides(void **state)
{
	struct gaps *set = NULL;

	(void)state;
	assert_true(gaps_add(&set, 100, 200));
	assert_int_equal(gaps_fill(&set, 50, 100), 0);
	assert_int_equal(gaps_fill(&set, 200, 250), 0);
	assert_int_equal(gaps_fill(&set, 90, 110), 10);
	check_hole(set, 0, 110, 200);
	assert_int_equal(gaps_fill(&set, 190, 200), 10);
	check_hole(set, 0, 110, 190);
	assert_int_equal(gaps_fill(&set, 140, 150), 10);
	assert_int_equal(gaps_count(set), 2);
	check_hole(set, 0, 110, 140);
	check_hole(set, 1, 150, 190);
	assert_int_equal(gaps_fill(&set, 140, 150), 0);
	assert_int_equal(gaps_fill(&set, 110, 190), 70);
	assert_int_equal(gaps_count(set), 0);
	gaps_free(&set);
}

static void adjacent_holes_are_one_to_a_segment(void **state)
{
	struct gaps *set = NULL;

	(void)state;
	assert_true(gaps_add(&set, 0xfffffff0, 0));
	assert_true(gaps_add(&set, 0, 16));
	assert_int_equal(gaps_fill(&set, 0xfffffff8, 8), 16);
	assert_int_equal(gaps_fill(&set, 0xfffffff8, 8), 0);
	gaps_free(&set);
}

static void the_lowest_of_65_is_forgotten(void **state)
{
	struct gaps *set = NULL;
	uint32_t i;

	(void)state;
	for (i = 0; i < GAPS_MAX + 1; i++)
		assert_true(gaps_add(&set, 100 * i, 100 * i + 50));
	assert_int_equal(gaps_count(set), GAPS_MAX);
	check_hole(set, 0, 100, 150);
	assert_int_equal(gaps_fill(&set, 50, 100), 0);
	assert_int_equal(gaps_fill(&set, 0, 50), 50);
	assert_int_equal(gaps_fill(&set, 0, 50), 50); /* nothing is remembered there any more */
	assert_int_equal(gaps_fill(&set, 40, 60), 10);
	gaps_free(&set);
}

/* The lower half of a hole cut in two is the lowest then: it alone is forgotten. */
static void the_lowest_cut_in_two_keeps_what_was_seen(void **state)
{
	struct gaps *set = NULL;
	uint32_t i;

	(void)state;
	for (i = 0; i < GAPS_MAX; i++)
		assert_true(gaps_add(&set, 100 * i, 100 * i + 50));
	assert_int_equal(gaps_fill(&set, 20, 30), 10);
	assert_int_equal(gaps_count(set), GAPS_MAX);
	check_hole(set, 0, 30, 50);
	assert_int_equal(gaps_fill(&set, 20, 30), 0);
	gaps_free(&set);
}

/* hole[i]: the sequence number BASE + i was skipped. Below floor nothing is known. */
struct model {
	uint8_t hole[SPACE + 1];
	uint32_t floor, next;
};

static uint32_t model_holes(const struct model *m)
{
	uint32_t i, n = 0;

	for (i = 0; i < m->next; i++)
		n += m->hole[i] && !m->hole[i + 1];
	return n;
}

static void model_bound(struct model *m)
{
	uint32_t i;

	while (model_holes(m) > GAPS_MAX) {
		for (i = 0; !m->hole[i]; i++)
			;
		for (; m->hole[i]; i++)
			m->hole[i] = 0;
		m->floor = i;
	}
}

static uint32_t model_fill(struct model *m, uint32_t start, uint32_t end)
{
	uint32_t i, unseen = 0;

	for (i = start; i < end; i++) {
		unseen += i < m->floor || m->hole[i];
		m->hole[i] = 0;
	}
	model_bound(m);
	return unseen;
}

static void model_add(struct model *m, uint32_t start, uint32_t end)
{
	memset(m->hole + start, 1, end - start);
	m->next = end;
	model_bound(m);
}

static uint32_t random_below(uint32_t *seed, uint32_t limit)
{
	*seed = *seed * 1664525 + 1013904223;
	return (*seed >> 8) % limit;
}

static void compare(const struct gaps *set, const struct model *m, uint32_t round)
{
	uint32_t i, start = 0, n = 0;

	for (i = 0; i < m->next; i++) {
		if (m->hole[i] && (i == 0 || !m->hole[i - 1]))
			start = i;
		if (!m->hole[i] || m->hole[i + 1])
			continue;
		if (n >= gaps_count(set) || gaps_get(set, n).start != BASE + start || gaps_get(set, n).end != BASE + i + 1)
			fail_msg("seed %u, round %u: hole %u is not [%u, %u)", SEED, round, n, BASE + start, BASE + i + 1);
		n++;
	}
	if (gaps_count(set) != n)
		fail_msg("seed %u, round %u: %u holes, not %u", SEED, round, gaps_count(set), n);
}

static void model_round(uint32_t *seed, uint32_t round)
{
	static struct model m;
	struct gaps *set = NULL;
	uint32_t longest = 2 + random_below(seed, 20), start, end;

	memset(&m, 0, sizeof(m));
	while (m.next + 2 * longest < SPACE) {
		if (random_below(seed, 3)) {
			start = m.next + 1 + random_below(seed, longest);
			end = start + 1 + random_below(seed, longest - 1);
			model_add(&m, start, end);
			assert_true(gaps_add(&set, BASE + start, BASE + end));
		} else if (m.next) {
			start = random_below(seed, m.next);
			end = start + 1 + random_below(seed, m.next - start < longest ? m.next - start : longest);
			assert_int_equal(gaps_fill(&set, BASE + start, BASE + end), model_fill(&m, start, end));
		}
		compare(set, &m, round);
	}
	gaps_free(&set);
}

static void random_holes_are_those_of_the_model(void **state)
{
	uint32_t seed = SEED, round;

	(void)state;
	for (round = 0; round < ROUNDS; round++)
		model_round(&seed, round);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_empty_set_has_seen_everything),
		cmocka_unit_test(a_hole_is_filled_from_all_sides),
		cmocka_unit_test(adjacent_holes_are_one_to_a_segment),
		cmocka_unit_test(the_lowest_of_65_is_forgotten),
		cmocka_unit_test(the_lowest_cut_in_two_keeps_what_was_seen),
		cmocka_unit_test(random_holes_are_those_of_the_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
