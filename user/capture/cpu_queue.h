/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The segments that one CPU sends, in its order: those in its ring, then those of the batch that it is still collecting.
 * Nothing is lost or seen twice on the way of a batch from its place to the ring.
 */
#ifndef MIRUO_CAPTURE_CPU_QUEUE_H
#define MIRUO_CAPTURE_CPU_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "miruo/wire.h"
#include "ring.h"

struct cpu_queue {
	struct ring ring;
	const struct cpu_state *state;	/* borrowed: mapped from the programs */
	const uint8_t *pos, *end;	/* what is left of the record or the copy at hand */
	size_t record_len;		/* of the record at hand, which is still to be skipped; 0: none */
	uint32_t number, used;		/* the latest batch, of which so many lines were taken, from its place or the ring */
	struct wire_batch copy;		/* of lines in their place, where they may be overwritten */
};

/* Owns ring_fd from here on, also when it fails. 0 or -errno. */
int cpu_queue_open(struct cpu_queue *q, int ring_fd, size_t ring_bytes, const struct cpu_state *state);
void cpu_queue_close(struct cpu_queue *q);	/* fine on a zeroed one */

/* The next segment and how many bytes are there from its head on; NULL: none. Valid until the next call or release. */
const struct wire_head *cpu_queue_peek(struct cpu_queue *q, size_t *room);

/* Goes on behind the segment that was looked at, by so many bytes; more than there were: behind all of them. */
void cpu_queue_skip(struct cpu_queue *q, size_t bytes);

/* Gives the ring's room for all that was skipped back to the kernel. */
void cpu_queue_release(struct cpu_queue *q);

/* Whether the room bytes that cpu_queue_peek() told are those of a segment with payload. */
static inline bool is_wire_payload(size_t room)
{
	return room == sizeof(struct wire_payload);
}

#endif
