/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ring_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include <bpf/bpf.h>

#include "wire.h"

#define NS_PER_MS 1000000ull
#define BATCH 1024			/* records a call */
#define BUSY_SLEEP_MS 25
#define IDLE_SLEEP_MS 100
#define IDLE_AFTER_NS (500 * NS_PER_MS)

int ring_reader_open(struct ring_reader *r, uint32_t count, uint32_t bytes, int rings_map_fd, int epoll_fd)
{
	uint32_t cpu;
	int fd, status = 0;

	r->count = count;
	r->rings = calloc(count, sizeof(r->rings[0]));
	if (!r->rings)
		return -ENOMEM;
	wallclock_init(&r->clock);
	r->last_record_ns = r->cut_ns = monotonic_ns();
	for (cpu = 0; cpu < count && !status; cpu++) {
		struct epoll_event event = { .events = EPOLLIN | EPOLLET };

		fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "miruo_ring", 0, 0, bytes, NULL);
		if (fd < 0)
			return -errno;
		status = ring_open(&r->rings[cpu], fd, bytes);
		if (status)
			break;
		if (bpf_map_update_elem(rings_map_fd, &cpu, &fd, BPF_ANY) || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event))
			status = -errno;
	}
	return status;
}

void ring_reader_close(struct ring_reader *r)
{
	uint32_t i;

	if (!r->rings)
		return;
	for (i = 0; i < r->count; i++)
		ring_close(&r->rings[i]);
	free(r->rings);
	wallclock_fini(&r->clock);
	*r = (struct ring_reader){ 0 };
}

/* The ring whose next record is the earliest, and how long its records stay the earliest; NULL: no record before cut_ns. */
static struct ring *earliest_ring(struct ring_reader *r, uint64_t *until_ns)
{
	struct ring *best = NULL;
	uint64_t best_ns = r->cut_ns;
	const struct wire_head *head;
	size_t len;
	uint32_t i;

	*until_ns = r->cut_ns;
	for (i = 0; i < r->count; i++) {
		head = ring_peek(&r->rings[i], &len);
		if (!head || head->ktime_ns >= *until_ns)
			continue;
		if (head->ktime_ns < best_ns) {
			*until_ns = best_ns;
			best_ns = head->ktime_ns;
			best = &r->rings[i];
		} else {
			*until_ns = head->ktime_ns;
		}
	}
	return best;
}

static void deliver(struct ring_reader *r, const void *record, size_t len, segments_fn *fn, void *ctx)
{
	uint8_t options[TCP_OPTIONS_MAX];
	struct segment seg;
	struct tally *tally;

	if (!wire_unpack(record, len, &seg, options))
		return;
	tally = tally_of(r->tallies, seg.ifindex);
	tally->segments++;
	tally->bytes += seg.wire_len;
	r->last_record_ns = seg.ts_ns;
	seg.ts_ns = wallclock_ns(&r->clock, seg.ts_ns);
	fn(ctx, &seg, 1);
}

bool ring_reader_drain(struct ring_reader *r, segments_fn *fn, void *ctx)
{
	int left = BATCH;
	uint64_t until_ns;
	struct ring *ring;

	r->cut_ns = monotonic_ns();
	while (left > 0 && (ring = earliest_ring(r, &until_ns))) {
		const struct wire_head *head;
		size_t len;

		while (left > 0 && (head = ring_peek(ring, &len)) && head->ktime_ns <= until_ns) {
			deliver(r, head, len, fn, ctx);
			ring_skip(ring, len);
			left--;
		}
		ring_release(ring);
	}
	return left > 0;
}

static bool rings_empty(struct ring_reader *r)
{
	uint32_t i;
	size_t len;

	for (i = 0; i < r->count; i++)
		if (ring_peek(&r->rings[i], &len))
			return false;
	return true;
}

/* A program that sees the flags late finds a full ring or the next record. */
bool ring_reader_sleep(struct ring_reader *r, int epoll_fd)
{
	bool idle = monotonic_ns() - r->last_record_ns > IDLE_AFTER_NS, other = false;
	struct epoll_event event;

	__atomic_store_n(&r->wake->asleep, 1, __ATOMIC_SEQ_CST);
	__atomic_store_n(&r->wake->idle, idle, __ATOMIC_SEQ_CST);
	if (!idle || rings_empty(r))
		other = epoll_wait(epoll_fd, &event, 1, idle ? IDLE_SLEEP_MS : BUSY_SLEEP_MS) > 0 && event.data.ptr;
	__atomic_store_n(&r->wake->idle, 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&r->wake->asleep, 0, __ATOMIC_SEQ_CST);
	wallclock_update(&r->clock);
	return other;
}
