/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reads what the kernel programs send, from one ring buffer a CPU, in the order of time.
 *
 * The reader sleeps on a timer while there is traffic and is not woken for records (a wake-up costs more than the rest of the
 * work); the programs wake it when a ring passes a fill mark, and with the first record after silence.
 */
#ifndef MIRUO_CAPTURE_RING_READER_H
#define MIRUO_CAPTURE_RING_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ring.h"
#include "source.h"
#include "tally.h"
#include "wallclock.h"

struct bpf_wake;

struct ring_reader {
	struct ring *rings;
	uint32_t count;			/* of rings: one a CPU */
	struct bpf_wake *wake;		/* borrowed: the programs' */
	struct tally *tallies;		/* TALLIES, borrowed */
	struct wallclock clock;
	uint64_t cut_ns;		/* kernel time: all records before it were delivered */
	uint64_t last_record_ns;	/* kernel time of the latest record */
};

/*
 * Makes a ring of so many bytes (a power of two) for each of count CPUs, puts them into the map in which the programs look
 * them up, and adds them to the epoll set. 0 or -errno; ring_reader_close() in any case.
 */
int ring_reader_open(struct ring_reader *r, uint32_t count, uint32_t bytes, int rings_map_fd, int epoll_fd);
void ring_reader_close(struct ring_reader *r);	/* fine on a zeroed one */

/* Delivers records of before now in the order of their times, about a thousand; true: that was all that was there. */
bool ring_reader_drain(struct ring_reader *r, segments_fn *fn, void *ctx);

/*
 * Sleeps until the timer, a program, or another member of the epoll set ends it. True: it was one that has a data pointer;
 * the rings have none.
 */
bool ring_reader_sleep(struct ring_reader *r, int epoll_fd);

#endif
