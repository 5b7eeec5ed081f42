/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reads what the kernel programs send, a queue for each CPU, in the order of time.
 *
 * The reader sleeps on a timer while there is traffic and is not woken for records (a wake-up costs more than the rest of the
 * work); the programs wake it when a ring passes a fill mark, and with the first record after silence.
 */
#ifndef MIRUO_CAPTURE_RING_READER_H
#define MIRUO_CAPTURE_RING_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cpu_queue.h"
#include "source.h"
#include "tally.h"
#include "wallclock.h"

/* The queue's next segment, in a heap by time. */
struct turn {
	uint64_t ktime_ns;
	uint32_t queue;
};

struct ring_reader {
	struct cpu_queue *queues;
	struct turn *heap;
	uint32_t count;			/* of queues: one for each CPU */
	const struct cpu_state *states;	/* of the programs, count of them */
	struct bpf_wake *wake;		/* borrowed: the programs' */
	uint64_t wake_bytes;		/* the programs wake the reader when a ring holds more than this */
	struct tally *tallies;		/* TALLIES, borrowed */
	struct wallclock clock;
	uint64_t cut_ns;		/* kernel time: all segments before it were delivered */
	uint64_t run_bytes;		/* of traffic: delivered since the reader slept or paused */
	uint64_t last_record_ns;	/* kernel time of the latest segment */
};

/*
 * For count CPUs: makes a ring of so many bytes (a power of two) for each and puts it into the map in which the programs look
 * them up, adds it to the epoll set, and maps what the programs have for each CPU. 0 or -errno; ring_reader_close() in any case.
 */
int ring_reader_open(struct ring_reader *r, uint32_t count, uint32_t ring_bytes, int rings_fd, int cpus_fd, int epoll_fd);
void ring_reader_close(struct ring_reader *r);	/* fine on a zeroed one */

/*
 * Delivers segments in the order of their times, about a thousand; true: that was all that was there. The very latest wait for the
 * next call, unless all is set: a program on another CPU may be about to send one that was earlier.
 */
bool ring_reader_drain(struct ring_reader *r, bool all, segments_fn *fn, void *ctx);

/*
 * To be called between two calls of ring_reader_drain() of which the first left something. If there was much traffic since the
 * reader slept, leaves the CPU to others for a moment, unless a ring is so full that a program would wake a sleeper.
 *
 * Who receives many gigabits a second and waits for the reader finds his data queued, and in no cache any more: a run of 1 ms in
 * each 100 cost a tenth of the throughput of bulk transfers, the same run in parts nothing.
 */
void ring_reader_pause(struct ring_reader *r);

/*
 * Sleeps until the timer, a program, or another member of the epoll set ends it. True: it was one that has a data pointer;
 * the rings have none.
 */
bool ring_reader_sleep(struct ring_reader *r, int epoll_fd);

/* Of all CPUs. */
uint64_t ring_reader_counter(const struct ring_reader *r, enum kernel_counter counter);

#endif
