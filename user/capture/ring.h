/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading one BPF ring buffer (Linux Documentation/bpf/ringbuf.rst): records are looked at in place and given back in batches,
 * and the one who reads decides from which ring the next record is taken.
 */
#ifndef MIRUO_CAPTURE_RING_H
#define MIRUO_CAPTURE_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring {
	uint64_t *consumer;		/* shared with the kernel */
	const uint64_t *producer;
	const uint8_t *data;		/* mapped twice in a row, so that no record is cut at the end */
	size_t size;			/* of the data, a power of two */
	int map_fd;			/* owned */
	uint64_t pos;			/* of the next record; what is before it is given back by ring_release() */
};

/* Owns map_fd from here on, also when it fails. 0 or -errno. */
int ring_open(struct ring *r, int map_fd, size_t size);
void ring_close(struct ring *r);	/* fine on a zeroed one */

/* The next record, valid until ring_release(); NULL: none is complete. */
const void *ring_peek(struct ring *r, size_t *len);

/* How many bytes there are behind what was skipped, records that are not complete yet included. */
uint64_t ring_filled(const struct ring *r);

/* Goes on behind the record that ring_peek() showed. */
void ring_skip(struct ring *r, size_t len);

/* Gives all that was skipped back to the kernel. */
void ring_release(struct ring *r);

#endif
