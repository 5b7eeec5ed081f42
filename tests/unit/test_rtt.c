/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Round-trip times out of data and its ACKs. Times are us. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "rtt.h"

#define T0_US 1700000000000000ull

static struct rtt r;

static void sent(uint32_t end, uint64_t us)
{
	rtt_sent(&r, end, (uint32_t)(T0_US + us));
}

static void acked(uint32_t ack, uint64_t us)
{
	rtt_acked(&r, ack, (uint32_t)(T0_US + us));
}

static int setup(void **state)
{
	(void)state;
	r = (struct rtt){ 0 };
	return 0;
}

static void nothing_known(void **state)
{
	(void)state;
	assert_int_equal(rtt_smoothed_us(&r), 0);
	acked(1000, 50);
	assert_int_equal(rtt_smoothed_us(&r), 0);
	assert_int_equal(r.min_us, 0);
}

static void data_and_its_ack(void **state)
{
	(void)state;
	sent(1100, 0);
	acked(1099, 10000);	/* not all of it */
	assert_int_equal(rtt_smoothed_us(&r), 0);
	acked(1100, 20000);
	assert_int_equal(rtt_smoothed_us(&r), 20000);
	assert_int_equal(r.min_us, 20000);
	acked(1100, 90000);	/* the same ACK again is no sample */
	assert_int_equal(rtt_smoothed_us(&r), 20000);
}

static void smoothed_by_an_eighth(void **state)
{
	(void)state;
	sent(1100, 0);
	acked(1100, 16000);
	sent(1200, 100000);
	acked(1200, 124000);
	assert_int_equal(rtt_smoothed_us(&r), 17000);
	assert_int_equal(r.min_us, 16000);
	sent(1300, 200000);
	acked(1300, 209000);
	assert_int_equal(rtt_smoothed_us(&r), 16000);
	assert_int_equal(r.min_us, 9000);
}

static void smoothed_settles(void **state)
{
	uint32_t i;

	(void)state;
	sent(100, 0);
	acked(100, 500000);
	for (i = 2; i < 200; i++) {
		sent(i * 100, i * 1000000);
		acked(i * 100, i * 1000000 + 33);
	}
	assert_in_range(rtt_smoothed_us(&r), 32, 34);
}

static void one_ack_for_all_is_one_sample(void **state)
{
	(void)state;
	sent(1100, 0);
	sent(1200, 5000);
	acked(1200, 20000);
	assert_int_equal(rtt_smoothed_us(&r), 20000);
	assert_int_equal(r.min_us, 20000);
}

static void marks_move_on(void **state)
{
	(void)state;
	sent(1100, 0);
	sent(1200, 4000);	/* not timed: one is */
	acked(1100, 8000);
	assert_int_equal(rtt_smoothed_us(&r), 8000);
	sent(1300, 9000);
	acked(1200, 100000);
	assert_int_equal(rtt_smoothed_us(&r), 8000);
	acked(1300, 17000);
	assert_int_equal(rtt_smoothed_us(&r), 8000);
}

static void what_was_sent_twice_tells_nothing(void **state)
{
	(void)state;
	sent(1100, 0);
	sent(1200, 0);
	rtt_forget(&r);
	acked(1200, 300000);
	assert_int_equal(rtt_smoothed_us(&r), 0);
	sent(1300, 400000);
	acked(1300, 420000);
	assert_int_equal(rtt_smoothed_us(&r), 20000);
}

static void numbers_and_clock_wrap(void **state)
{
	(void)state;
	rtt_sent(&r, 5, 4294967290u);
	rtt_acked(&r, 0xffffff00u, 4294967293u);
	assert_int_equal(rtt_smoothed_us(&r), 0);
	rtt_acked(&r, 5, 4u);
	assert_int_equal(rtt_smoothed_us(&r), 10);
	rtt_sent(&r, 105, 0u);	/* the clock's 0 */
	rtt_acked(&r, 105, 10u);
	assert_in_range(rtt_smoothed_us(&r), 9, 10);
}

static void odd_clocks(void **state)
{
	(void)state;
	sent(1100, 100);
	acked(1100, 50);	/* backwards */
	assert_int_equal(rtt_smoothed_us(&r), 0);
	sent(1200, 100);
	acked(1200, 100);	/* within a tick */
	assert_int_equal(rtt_smoothed_us(&r), 1);
	rtt_sample(&r, UINT32_MAX);
	assert_in_range(rtt_smoothed_us(&r), 60000000, 70000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nothing_known, setup),
		cmocka_unit_test_setup(data_and_its_ack, setup),
		cmocka_unit_test_setup(smoothed_by_an_eighth, setup),
		cmocka_unit_test_setup(smoothed_settles, setup),
		cmocka_unit_test_setup(one_ack_for_all_is_one_sample, setup),
		cmocka_unit_test_setup(marks_move_on, setup),
		cmocka_unit_test_setup(what_was_sent_twice_tells_nothing, setup),
		cmocka_unit_test_setup(numbers_and_clock_wrap, setup),
		cmocka_unit_test_setup(odd_clocks, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
