/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <linux/bpf.h>

#include "cpu_queue.h"

#define RING_BYTES 65536
#define PAGE 4096

/* What the programs and the kernel do, in memory of our own. */
struct producer {
	uint64_t consumer, position;
	uint8_t data[2 * RING_BYTES];
	struct cpu_state state;
	uint64_t sent;		/* segments, which are numbered from 1 */
	struct cpu_queue queue;
	uint64_t seen;
};

static int open_queue(void **state)
{
	struct producer *p = aligned_alloc(PAGE, (sizeof(*p) + PAGE - 1) / PAGE * PAGE);

	memset(p, 0, sizeof(*p));
	p->queue.state = &p->state;
	p->queue.ring = (struct ring){
		.consumer = &p->consumer, .producer = &p->position, .data = p->data, .size = RING_BYTES,
	};
	*state = p;
	return 0;
}

static int close_queue(void **state)
{
	free(*state);
	return 0;
}

static void ring_add(struct producer *p, const void *record, uint32_t len, uint32_t flags)
{
	uint32_t header[2] = { len | flags, 0 };

	memcpy(p->data + p->position, header, sizeof(header));
	memcpy(p->data + p->position + sizeof(header), record, len);
	p->position += (sizeof(header) + len + 7) / 8 * 8;
	assert_true(p->position <= RING_BYTES);
}

/* The next segments, of one line each, into the batch. */
static void collect(struct producer *p, uint32_t count)
{
	struct wire_head head = { 0 };

	while (count--) {
		head.ktime_ns = ++p->sent;
		memcpy(p->state.batch.line[BATCH_USED(p->state.batch.state)], &head, sizeof(head));
		p->state.batch.state++;
	}
}

static void copy_batch(struct producer *p)
{
	ring_add(p, &p->state.batch, (uint32_t)BATCH_BYTES(BATCH_USED(p->state.batch.state)), 0);
}

static void begin_batch(struct producer *p)
{
	p->state.batch.state = (uint64_t)(BATCH_NUMBER(p->state.batch.state) + 1) << 32;
	memset(p->state.batch.line, 0xee, sizeof(p->state.batch.line));
}

static void send_batch(struct producer *p)
{
	copy_batch(p);
	begin_batch(p);
}

/* The next count segments are the next numbers, in one line each. */
static void expect_next(struct producer *p, uint32_t count)
{
	const struct wire_head *head;
	size_t room;

	while (count--) {
		head = cpu_queue_peek(&p->queue, &room);
		assert_non_null(head);
		assert_true(room >= WIRE_LINE);
		assert_int_equal(head->ktime_ns, ++p->seen);
		cpu_queue_skip(&p->queue, WIRE_LINE);
	}
}

static void expect_nothing(struct producer *p)
{
	size_t room;

	assert_null(cpu_queue_peek(&p->queue, &room));
}

static void nothing_is_there_at_first(void **state)
{
	expect_nothing(*state);
}

static void a_batch_is_read_in_its_place(void **state)
{
	struct producer *p = *state;

	collect(p, 3);
	expect_next(p, 3);
	expect_nothing(p);
	collect(p, 2);
	expect_next(p, 2);
	expect_nothing(p);
}

static void what_was_read_in_its_place_is_not_read_again_from_the_ring(void **state)
{
	struct producer *p = *state;

	collect(p, 3);
	expect_next(p, 2);
	collect(p, 4);
	send_batch(p);
	expect_next(p, 5);
	expect_nothing(p);
	collect(p, 1);
	send_batch(p);
	expect_next(p, 1);
	expect_nothing(p);
}

static void a_batch_read_to_its_end_in_its_place_is_passed_over(void **state)
{
	struct producer *p = *state;

	collect(p, 3);
	expect_next(p, 3);
	send_batch(p);
	collect(p, 2);
	expect_next(p, 2);
	expect_nothing(p);
}

static void a_batch_in_the_ring_is_not_read_again_from_its_place(void **state)
{
	struct producer *p = *state;

	collect(p, 2);
	expect_next(p, 2);
	collect(p, 1);
	copy_batch(p);
	expect_next(p, 1);
	expect_nothing(p);
	begin_batch(p);
	collect(p, 2);
	expect_next(p, 2);
	expect_nothing(p);
}

static void batches_in_the_ring_come_before_the_one_in_its_place(void **state)
{
	struct producer *p = *state;
	int i;

	for (i = 0; i < 4; i++) {
		collect(p, 5);
		send_batch(p);
	}
	collect(p, 1);
	expect_next(p, 21);
	expect_nothing(p);
}

/* What is in its place may be later than a record that the kernel has yet to complete. */
static void nothing_is_read_past_a_record_that_is_not_complete(void **state)
{
	struct producer *p = *state;
	uint64_t at = p->position;
	uint32_t len;

	collect(p, 2);
	send_batch(p);
	memcpy(&len, p->data + at, sizeof(len));
	len |= BPF_RINGBUF_BUSY_BIT;
	memcpy(p->data + at, &len, sizeof(len));
	collect(p, 1);
	expect_nothing(p);
	len &= ~BPF_RINGBUF_BUSY_BIT;
	memcpy(p->data + at, &len, sizeof(len));
	expect_next(p, 3);
	expect_nothing(p);
}

static void a_segment_with_payload_is_a_record(void **state)
{
	struct producer *p = *state;
	struct wire_payload *w = calloc(1, sizeof(*w));
	const struct wire_head *head;
	size_t room;

	collect(p, 1);
	send_batch(p);
	w->head.ktime_ns = ++p->sent;
	ring_add(p, w, sizeof(*w), 0);
	collect(p, 1);
	expect_next(p, 1);
	head = cpu_queue_peek(&p->queue, &room);
	assert_non_null(head);
	assert_true(is_wire_payload(room));
	assert_int_equal(head->ktime_ns, ++p->seen);
	cpu_queue_skip(&p->queue, room);
	expect_next(p, 1);
	expect_nothing(p);
	free(w);
}

static void discarded_records_are_passed_over(void **state)
{
	struct producer *p = *state;
	uint8_t nothing[100] = { 0 };

	ring_add(p, nothing, sizeof(nothing), BPF_RINGBUF_DISCARD_BIT);
	collect(p, 2);
	send_batch(p);
	expect_next(p, 2);
	expect_nothing(p);
}

/* Of a record that is not read to its end nothing is given back: the kernel would write over it. */
static void room_is_given_back_by_whole_records(void **state)
{
	struct producer *p = *state;
	uint64_t first;

	collect(p, 2);
	send_batch(p);
	first = p->position;
	collect(p, 2);
	send_batch(p);
	expect_next(p, 1);
	cpu_queue_release(&p->queue);
	assert_int_equal(p->consumer, 0);
	expect_next(p, 1);
	cpu_queue_release(&p->queue);
	assert_int_equal(p->consumer, first);
	expect_next(p, 2);
	cpu_queue_release(&p->queue);
	assert_int_equal(p->consumer, p->position);
}

static void skipping_more_than_there_is_ends_the_record(void **state)
{
	struct producer *p = *state;
	size_t room;

	collect(p, 2);
	send_batch(p);
	assert_non_null(cpu_queue_peek(&p->queue, &room));
	cpu_queue_skip(&p->queue, 10 * room);
	expect_nothing(p);
	cpu_queue_release(&p->queue);
	assert_int_equal(p->consumer, p->position);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_queue, close_queue)
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_there_at_first),
		TEST(a_batch_is_read_in_its_place),
		TEST(what_was_read_in_its_place_is_not_read_again_from_the_ring),
		TEST(a_batch_read_to_its_end_in_its_place_is_passed_over),
		TEST(a_batch_in_the_ring_is_not_read_again_from_its_place),
		TEST(batches_in_the_ring_come_before_the_one_in_its_place),
		TEST(nothing_is_read_past_a_record_that_is_not_complete),
		TEST(a_segment_with_payload_is_a_record),
		TEST(discarded_records_are_passed_over),
		TEST(room_is_given_back_by_whole_records),
		TEST(skipping_more_than_there_is_ends_the_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
