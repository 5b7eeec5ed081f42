/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ring_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <time.h>

#include <bpf/bpf.h>

#include "wire.h"

#define NS_PER_MS 1000000ull
#define DRAIN_MAX 1024			/* segments a call */
#define BUSY_SLEEP_MS 100
#define IDLE_SLEEP_MS 500
#define IDLE_AFTER_NS (500 * NS_PER_MS)
#define RUN_BYTES (64u << 20)		/* of traffic, looked at without a pause */
#define PAUSE_NS 150000
#define SETTLE_NS 50000			/* from when a program reads the clock until others see what it sends, interrupts included */

/* Unpacked, to be delivered together. */
struct pending {
	size_t count;
	struct segment segs[SOURCE_BATCH];
	uint8_t options[SOURCE_BATCH][TCP_OPTIONS_MAX];
};

static int queue_open(struct ring_reader *r, uint32_t cpu, uint32_t ring_bytes, int rings_fd, int epoll_fd)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "miruo_ring", 0, 0, ring_bytes, NULL), status;

	if (fd < 0)
		return -errno;
	status = cpu_queue_open(&r->queues[cpu], fd, ring_bytes, &r->states[cpu]);
	if (status)
		return status;
	if (bpf_map_update_elem(rings_fd, &cpu, &fd, BPF_ANY) || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event))
		return -errno;
	return 0;
}

int ring_reader_open(struct ring_reader *r, uint32_t count, uint32_t ring_bytes, int rings_fd, int cpus_fd, int epoll_fd)
{
	void *states = mmap(NULL, count * sizeof(*r->states), PROT_READ, MAP_SHARED, cpus_fd, 0);
	int status = 0;
	uint32_t cpu;

	if (states == MAP_FAILED)
		return -errno;
	r->states = states;
	r->count = count;
	wallclock_update(&r->clock);
	r->last_record_ns = r->cut_ns = monotonic_ns();
	r->queues = calloc(count, sizeof(r->queues[0]));
	r->heap = calloc(count, sizeof(r->heap[0]));
	if (!r->queues || !r->heap)
		return -ENOMEM;
	for (cpu = 0; cpu < count && !status; cpu++)
		status = queue_open(r, cpu, ring_bytes, rings_fd, epoll_fd);
	return status;
}

void ring_reader_close(struct ring_reader *r)
{
	uint32_t i;

	if (!r->states)
		return;
	for (i = 0; r->queues && i < r->count; i++)
		cpu_queue_close(&r->queues[i]);
	free(r->queues);
	free(r->heap);
	munmap((void *)(uintptr_t)r->states, r->count * sizeof(*r->states));
	*r = (struct ring_reader){ 0 };
}

/* Puts turn where it belongs in the heap below its first place, which is free. */
static void heap_sink(struct turn *heap, uint32_t count, struct turn turn)
{
	uint32_t at = 0, child;

	while ((child = 2 * at + 1) < count) {
		if (child + 1 < count && heap[child + 1].ktime_ns < heap[child].ktime_ns)
			child++;
		if (heap[child].ktime_ns >= turn.ktime_ns)
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = turn;
}

static void heap_rise(struct turn *heap, uint32_t at, struct turn turn)
{
	while (at && heap[(at - 1) / 2].ktime_ns > turn.ktime_ns) {
		heap[at] = heap[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	heap[at] = turn;
}

/* The time up to which the first queue of the heap is the earliest. */
static uint64_t heap_second_ns(const struct turn *heap, uint32_t count, uint64_t none_ns)
{
	uint64_t left = count > 1 ? heap[1].ktime_ns : none_ns, right = count > 2 ? heap[2].ktime_ns : none_ns;

	return left < right ? left : right;
}

/* The queues that have something to deliver; most CPUs of a large machine have nothing. */
static uint32_t heap_fill(struct ring_reader *r)
{
	const struct wire_head *head;
	uint32_t i, count = 0;
	size_t room;

	for (i = 0; i < r->count; i++) {
		head = cpu_queue_peek(&r->queues[i], &room);
		if (head && head->ktime_ns < r->cut_ns)
			heap_rise(r->heap, count++, (struct turn){ head->ktime_ns, i });
	}
	return count;
}

static void pending_deliver(struct pending *p, segments_fn *fn, void *ctx)
{
	if (p->count)
		fn(ctx, p->segs, p->count);
	p->count = 0;
}

/* How many bytes the segment took. */
static size_t pending_add(struct pending *p, struct ring_reader *r, const struct wire_head *head, size_t room)
{
	struct segment *seg = &p->segs[p->count];
	uint8_t *options = p->options[p->count];
	size_t bytes = room;
	struct tally *tally;

	if (is_wire_payload(room))
		wire_unpack_payload((const struct wire_payload *)head, seg, options);
	else
		bytes = wire_unpack(head, room, seg, options) * (size_t)WIRE_LINE;
	if (!bytes)
		return room;
	tally = tally_of(r->tallies, head->ifindex);
	tally->segments++;
	tally->bytes += head->wire_len;
	r->run_bytes += head->wire_len;
	r->last_record_ns = head->ktime_ns;
	seg->ts_ns = wallclock_ns(&r->clock, head->ktime_ns);
	p->count++;
	return bytes;
}

/* Adds what this queue has up to and with until_ns, but for at most max segments; its next one, or NULL. */
static const struct wire_head *queue_drain(struct ring_reader *r, struct cpu_queue *q, struct pending *p, uint64_t until_ns,
					   uint32_t *max, segments_fn *fn, void *ctx)
{
	const struct wire_head *head;
	size_t room;

	while ((head = cpu_queue_peek(q, &room)) && head->ktime_ns <= until_ns && *max) {
		cpu_queue_skip(q, pending_add(p, r, head, room));
		--*max;
		if (p->count == SOURCE_BATCH)
			pending_deliver(p, fn, ctx);
	}
	return head;
}

bool ring_reader_drain(struct ring_reader *r, bool all, segments_fn *fn, void *ctx)
{
	struct pending pending;
	uint32_t left = DRAIN_MAX, count, i;
	const struct wire_head *head;
	uint64_t until_ns;

	pending.count = 0;
	r->cut_ns = monotonic_ns() - (all ? 0 : SETTLE_NS);
	count = heap_fill(r);
	while (count && left) {
		i = r->heap[0].queue;
		until_ns = heap_second_ns(r->heap, count, r->cut_ns - 1);
		head = queue_drain(r, &r->queues[i], &pending, until_ns, &left, fn, ctx);
		if (head && head->ktime_ns < r->cut_ns)
			heap_sink(r->heap, count, (struct turn){ head->ktime_ns, i });
		else if (--count)
			heap_sink(r->heap, count, r->heap[count]);
	}
	pending_deliver(&pending, fn, ctx);
	for (i = 0; i < r->count; i++)
		cpu_queue_release(&r->queues[i]);
	return !count;
}

static bool queues_empty(struct ring_reader *r)
{
	uint32_t i;
	size_t room;

	for (i = 0; i < r->count; i++)
		if (cpu_queue_peek(&r->queues[i], &room))
			return false;
	return true;
}

static bool queues_fill(const struct ring_reader *r)
{
	uint32_t i;

	for (i = 0; i < r->count; i++)
		if (ring_filled(&r->queues[i].ring) > r->wake_bytes)
			return true;
	return false;
}

void ring_reader_pause(struct ring_reader *r)
{
	static const struct timespec pause = { .tv_nsec = PAUSE_NS };

	if (r->run_bytes < RUN_BYTES || queues_fill(r))
		return;
	nanosleep(&pause, NULL);
	r->run_bytes = 0;
}

/* A program that sees the flags late finds a full ring or the next record. */
bool ring_reader_sleep(struct ring_reader *r, int epoll_fd)
{
	bool idle = monotonic_ns() - r->last_record_ns > IDLE_AFTER_NS, other = false;
	struct epoll_event event;

	__atomic_store_n(&r->wake->asleep, 1, __ATOMIC_SEQ_CST);
	__atomic_store_n(&r->wake->idle, idle, __ATOMIC_SEQ_CST);
	if (!idle || queues_empty(r))
		other = epoll_wait(epoll_fd, &event, 1, idle ? IDLE_SLEEP_MS : BUSY_SLEEP_MS) > 0 && event.data.ptr;
	__atomic_store_n(&r->wake->idle, 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&r->wake->asleep, 0, __ATOMIC_SEQ_CST);
	r->run_bytes = 0;
	wallclock_update(&r->clock);
	return other;
}

uint64_t ring_reader_counter(const struct ring_reader *r, enum kernel_counter counter)
{
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < r->count; i++)
		sum += __atomic_load_n(&r->states[i].count[counter], __ATOMIC_RELAXED);
	return sum;
}
