/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backlog.h"

#define RECORD_LEN 1000

struct ends {
	int reader, writer;
	struct backlog backlog;
	uint64_t read_records;
	char part[RECORD_LEN];	/* of a record */
	size_t part_len;
};

/* Records of RECORD_LEN bytes, each all of one letter, by its number. */
static bool add(struct ends *e, uint64_t number)
{
	char record[RECORD_LEN];

	memset(record, 'a' + (int)(number % 26), sizeof(record));
	return backlog_add(&e->backlog, record, sizeof(record));
}

/* Reads what is there, and checks that it is whole records in their order. */
static void read_all(struct ends *e)
{
	ssize_t n;
	size_t i;

	while ((n = read(e->reader, e->part + e->part_len, sizeof(e->part) - e->part_len)) > 0) {
		e->part_len += (size_t)n;
		if (e->part_len < RECORD_LEN)
			continue;
		for (i = 0; i < RECORD_LEN; i++)
			assert_int_equal(e->part[i], 'a' + (int)(e->read_records % 26));
		e->read_records++;
		e->part_len = 0;
	}
}

static int open_ends(void **state, bool pipes)
{
	struct ends *e = calloc(1, sizeof(*e));
	int fds[2];

	if (pipes ? pipe(fds) : socketpair(AF_UNIX, SOCK_STREAM, 0, fds))
		return -1;
	e->reader = fds[0];
	e->writer = fds[1];
	fcntl(e->reader, F_SETFL, O_NONBLOCK);
	backlog_init(&e->backlog, e->writer);
	*state = e;
	return 0;
}

static int open_pipe(void **state)
{
	return open_ends(state, true);
}

/* It cannot be opened a second time. */
static int open_socket(void **state)
{
	return open_ends(state, false);
}

static int close_ends(void **state)
{
	struct ends *e = *state;

	backlog_fini(&e->backlog);
	close(e->reader);
	close(e->writer);
	free(e);
	return 0;
}

static void whoever_shares_the_output_still_blocks(void **state)
{
	struct ends *e = *state;

	assert_int_equal(fcntl(e->writer, F_GETFL) & O_NONBLOCK, 0);
}

static void a_reader_that_keeps_up_gets_all(void **state)
{
	struct ends *e = *state;
	uint64_t i;

	for (i = 0; i < 10000; i++) {
		assert_true(add(e, i));
		assert_int_equal(backlog_write(&e->backlog, 0), 0);
		read_all(e);
	}
	assert_int_equal(e->read_records, 10000);
	assert_int_equal(e->backlog.dropped, 0);
	assert_true(backlog_is_empty(&e->backlog));
}

/* What was taken is delivered whole and in order once the reader goes on; what was not is counted. */
static void a_reader_that_stops_loses_only_what_does_not_fit(void **state)
{
	struct ends *e = *state;
	uint64_t i, taken = 0;

	for (i = 0; taken == i; i++) {
		taken += add(e, i);
		assert_int_equal(backlog_write(&e->backlog, 0), 0);
		assert_true(i * RECORD_LEN < 2 * (size_t)BACKLOG_MAX);
	}
	assert_true(taken * RECORD_LEN >= BACKLOG_MAX);
	assert_int_equal(e->backlog.dropped, 1);
	assert_false(add(e, taken));
	assert_int_equal(e->backlog.dropped, 2);

	for (i = 0; i < 100000 && !backlog_is_empty(&e->backlog); i++) {
		read_all(e);
		assert_int_equal(backlog_write(&e->backlog, 0), 0);
	}
	read_all(e);
	assert_int_equal(e->read_records, taken);
	assert_int_equal(e->part_len, 0);
	assert_true(add(e, taken));
	assert_int_equal(backlog_write(&e->backlog, 0), 0);
	read_all(e);
	assert_int_equal(e->read_records, taken + 1);
}

static void at_the_end_what_is_left_is_counted(void **state)
{
	struct ends *e = *state;
	uint64_t i;

	for (i = 0; i < 1000; i++)
		assert_true(add(e, i));
	assert_int_equal(backlog_finish(&e->backlog, 1), 0);
	assert_true(e->backlog.dropped > 0);
	read_all(e);
	assert_int_equal(e->read_records + e->backlog.dropped, 1000);
}

static void a_record_larger_than_the_limit_is_taken_if_nothing_waits(void **state)
{
	struct ends *e = *state;
	size_t len = 2 * (size_t)BACKLOG_MAX, got = 0;
	char *record = malloc(len), *buf = malloc(len);
	ssize_t n;

	memset(record, 'x', len);
	assert_true(backlog_add(&e->backlog, record, len));
	assert_false(backlog_add(&e->backlog, record, len));
	while (!backlog_is_empty(&e->backlog)) {
		assert_int_equal(backlog_write(&e->backlog, 0), 0);
		n = read(e->reader, buf, len);
		assert_true(n > 0);
		got += (size_t)n;
	}
	while ((n = read(e->reader, buf, len)) > 0)
		got += (size_t)n;
	assert_int_equal(got, len);
	free(record);
	free(buf);
}

static void a_reader_that_is_gone_is_an_error(void **state)
{
	struct ends *e = *state;

	signal(SIGPIPE, SIG_IGN);
	close(e->reader);
	e->reader = -1;
	assert_true(add(e, 0));
	assert_int_equal(backlog_write(&e->backlog, 0), EPIPE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(whoever_shares_the_output_still_blocks, open_pipe, close_ends),
		cmocka_unit_test_setup_teardown(a_reader_that_keeps_up_gets_all, open_pipe, close_ends),
		cmocka_unit_test_setup_teardown(a_reader_that_stops_loses_only_what_does_not_fit, open_pipe, close_ends),
		cmocka_unit_test_setup_teardown(a_record_larger_than_the_limit_is_taken_if_nothing_waits, open_pipe, close_ends),
		cmocka_unit_test_setup_teardown(at_the_end_what_is_left_is_counted, open_pipe, close_ends),
		cmocka_unit_test_setup_teardown(a_reader_that_is_gone_is_an_error, open_pipe, close_ends),
		cmocka_unit_test_setup_teardown(whoever_shares_the_output_still_blocks, open_socket, close_ends),
		cmocka_unit_test_setup_teardown(a_reader_that_keeps_up_gets_all, open_socket, close_ends),
		cmocka_unit_test_setup_teardown(a_reader_that_stops_loses_only_what_does_not_fit, open_socket, close_ends),
		cmocka_unit_test_setup_teardown(at_the_end_what_is_left_is_counted, open_socket, close_ends),
		cmocka_unit_test_setup_teardown(a_reader_that_is_gone_is_an_error, open_socket, close_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
