/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cpu_queue.h"

#include <string.h>

#define LINES_AHEAD 8	/* fetched so long before they are read: another CPU has written them */

_Static_assert(sizeof(struct wire_payload) > sizeof(struct wire_batch), "records are told apart by their length");

int cpu_queue_open(struct cpu_queue *q, int ring_fd, size_t ring_bytes, const struct cpu_state *state)
{
	*q = (struct cpu_queue){ .state = state };
	return ring_open(&q->ring, ring_fd, ring_bytes);
}

void cpu_queue_close(struct cpu_queue *q)
{
	ring_close(&q->ring);
}

static void record_end(struct cpu_queue *q)
{
	if (q->record_len)
		ring_skip(&q->ring, q->record_len);
	q->record_len = 0;
}

/* The next record of the ring, without what was taken from it already. */
static bool ring_take(struct cpu_queue *q)
{
	const uint8_t *record;
	uint64_t state;

	record_end(q);
	while ((record = ring_peek(&q->ring, &q->record_len))) {
		q->pos = record;
		q->end = record + q->record_len;
		if (is_wire_payload(q->record_len))
			return true;
		memcpy(&state, record, sizeof(state));
		q->pos += sizeof(state);
		if (BATCH_NUMBER(state) == q->number)
			q->pos += q->used * WIRE_LINE;
		q->number = BATCH_NUMBER(state);	/* it is in the ring before it is gone from its place */
		q->used = BATCH_USED(state);
		if (q->pos < q->end)
			return true;
		record_end(q);
	}
	q->record_len = 0;
	return false;
}

/*
 * What waits in the batch. Its state is published after the lines in use, and after the batch before it went to the ring: so if
 * the ring is empty afterwards nothing comes before these lines, and if the number is still the same they were not overwritten.
 */
static bool batch_take(struct cpu_queue *q)
{
	const struct wire_batch *b = &q->state->batch;
	uint64_t state = __atomic_load_n(&b->state, __ATOMIC_ACQUIRE);
	uint32_t from = BATCH_NUMBER(state) == q->number ? q->used : 0, used = BATCH_USED(state);

	if (used <= from || used * sizeof(b->line[0]) > sizeof(b->line))
		return false;
	memcpy(q->copy.line, b->line[from], (used - from) * sizeof(b->line[0]));
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (BATCH_NUMBER(__atomic_load_n(&b->state, __ATOMIC_RELAXED)) != BATCH_NUMBER(state) || ring_filled(&q->ring))
		return false;
	q->number = BATCH_NUMBER(state);
	q->used = used;
	q->pos = q->copy.line[0];
	q->end = q->copy.line[used - from];
	return true;
}

const struct wire_head *cpu_queue_peek(struct cpu_queue *q, size_t *room)
{
	if (q->pos == q->end && !ring_take(q) && !batch_take(q) && !ring_take(q))
		return NULL;
	*room = (size_t)(q->end - q->pos);
	return (const struct wire_head *)q->pos;
}

void cpu_queue_skip(struct cpu_queue *q, size_t bytes)
{
	__builtin_prefetch(q->pos + LINES_AHEAD * WIRE_LINE);
	q->pos += bytes < (size_t)(q->end - q->pos) ? bytes : (size_t)(q->end - q->pos);
}

void cpu_queue_release(struct cpu_queue *q)
{
	if (q->pos == q->end)
		record_end(q);
	ring_release(&q->ring);
}
