/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Segments of a frame, where the source knows them and where only lengths are known. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "make_segment.h"
#include "mss.h"

static struct segment frame(uint32_t payload_len, uint16_t segs)
{
	struct segment seg = make_segment(CLIENT, TCP_ACK, 1000, 5000, payload_len);

	seg.segs = segs;
	return seg;
}

static uint32_t count(struct direction *own, uint32_t payload_len, uint16_t segs)
{
	struct segment seg = frame(payload_len, segs);

	return mss_segments(own, &seg);
}

static void what_the_source_knows_counts(void **state)
{
	struct direction own = { 0 };

	(void)state;
	mss_announced(&own, 1460);
	assert_int_equal(count(&own, 65160, 45), 45);
	assert_int_equal(count(&own, 65160, 50), 50); /* a smaller path MTU */
	assert_int_equal(count(&own, 0, 1), 1);
	assert_int_equal(count(&own, 65160, 0), 45);
	assert_int_equal(count(&own, 0, 0), 1);
}

/* Nobody makes a frame of 60,000 segments of one byte, whatever MSS somebody announces. */
static void a_tiny_mss_is_not_believed(void **state)
{
	struct direction own = { 0 };

	(void)state;
	mss_announced(&own, 0);
	assert_int_equal(count(&own, 4800, 0), 100);
	mss_announced(&own, 1);
	assert_int_equal(count(&own, 4800, 0), 100);
}

static uint32_t part(uint32_t payload_len, uint32_t segments, uint32_t len)
{
	struct segment seg = frame(payload_len, (uint16_t)segments);

	return mss_segments_of(&seg, segments, len);
}

static void of_a_part_only_its_segments_count(void **state)
{
	(void)state;
	assert_int_equal(part(14480, 10, 1), 1);
	assert_int_equal(part(14480, 10, 1448), 1);
	assert_int_equal(part(14480, 10, 2896), 2);
	assert_int_equal(part(14480, 10, 13032), 9);
	assert_int_equal(part(14480, 10, 14480), 10);
	assert_int_equal(part(14481, 11, 1448), 1); /* the last of them holds one byte */
	assert_int_equal(part(14481, 11, 14480), 10);
	assert_int_equal(part(2896, 2, 2895), 1);
	assert_int_equal(part(2896, 2, 2897), 2); /* with its FIN */
	assert_int_equal(part(0, 1, 1), 1);
	assert_int_equal(part(1448, 1, 10), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_source_knows_counts),
		cmocka_unit_test(a_tiny_mss_is_not_believed),
		cmocka_unit_test(of_a_part_only_its_segments_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
