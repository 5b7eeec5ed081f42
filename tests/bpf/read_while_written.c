/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * read_while_written: one CPU runs a program over and over while another one reads what it sends, as fast as it can, in its place
 * and from the ring. Each segment must come once and in the order of time, or be counted as lost. Ends with 77 where kernel
 * programs cannot be loaded or where there is one CPU only.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "cpu_queue.h"
#include "stay_on_cpu.h"
#include "wire.h"

#include "miruo.skel.h"

#define SKIPPED 77
#define RING_BYTES (32u << 10)
#define RUNS 20		/* of a program at a time, so that the reader comes upon batches of any length */
#define SECONDS 2

struct test {
	struct miruo_bpf *skel;
	struct cpu_queue queue;
	const struct cpu_state *state;
	uint64_t runs, segments, errors;
	uint64_t last_ns;
	atomic_bool done;
	int failed;
};

static int load(struct test *t)
{
	uint32_t cpu = 0;
	void *state;
	int fd;

	t->skel = miruo_bpf__open();
	if (!t->skel)
		return -errno;
	t->skel->rodata->config.ring_bytes = t->skel->rodata->config.wake_bytes = RING_BYTES;
#if defined(__x86_64__) || defined(__i386__) || defined(__s390x__)
	t->skel->rodata->config.in_order = 1;
#endif
	if (miruo_bpf__load(t->skel))
		return -errno;
	fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "miruo_ring", 0, 0, RING_BYTES, NULL);
	if (fd < 0 || bpf_map_update_elem(bpf_map__fd(t->skel->maps.rings), &cpu, &fd, BPF_ANY))
		return -errno;
	state = mmap(NULL, sizeof(*t->state), PROT_READ, MAP_SHARED, bpf_map__fd(t->skel->maps.cpus), 0);
	if (state == MAP_FAILED)
		return -errno;
	t->state = state;
	return cpu_queue_open(&t->queue, fd, RING_BYTES, state);
}

/* A frame of one line, and a SYN, whose options take another. */
static void *produce(void *arg)
{
	static uint8_t frames[2][74] = {
		{ [12] = 0x08, [14] = 0x45, [17] = 60, [22] = 64, [23] = 6, [46] = 0x50, [47] = 0x10 },
		{ [12] = 0x08, [14] = 0x45, [17] = 60, [22] = 64, [23] = 6, [46] = 0xa0, [47] = 0x02 },
	};
	struct test *t = arg;
	time_t end = time(NULL) + SECONDS;
	int i;

	t->failed = stay_on_cpu(0);
	for (i = 0; !t->failed && time(NULL) <= end; i++) {
		LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frames[i % 2], .data_size_in = sizeof(frames[0]),
			    .repeat = 1 + i % RUNS);

		if (bpf_prog_test_run_opts(bpf_program__fd(t->skel->progs.tc_in), &opts))
			t->failed = errno;
		else
			t->runs += (uint64_t)opts.repeat;
	}
	atomic_store(&t->done, true);
	return NULL;
}

static bool read_one(struct test *t)
{
	uint8_t options[TCP_OPTIONS_MAX];
	struct segment seg;
	uint32_t lines;
	size_t room;
	const struct wire_head *head = cpu_queue_peek(&t->queue, &room);

	if (!head)
		return false;
	lines = wire_unpack(head, room, &seg, options);
	t->errors += lines != (seg.flags == TCP_SYN ? 2 : 1) || seg.ts_ns <= t->last_ns ||
		     seg.opt_len != (seg.flags == TCP_SYN ? 20 : 0);
	t->last_ns = seg.ts_ns;
	t->segments++;
	cpu_queue_skip(&t->queue, lines ? lines * (size_t)WIRE_LINE : room);
	cpu_queue_release(&t->queue);
	return true;
}

int main(void)
{
	struct test t = { 0 };
	pthread_t producer;
	uint64_t sent, full;
	int status;

	libbpf_set_print(NULL);
	status = load(&t);
	if (status || stay_on_cpu(1)) {
		printf("skipped: cannot load kernel programs, or one CPU only: %s\n", strerror(-status));
		return !status || status == -EPERM || status == -EACCES || status == -ENOSYS ? SKIPPED : 1;
	}
	if (pthread_create(&producer, NULL, produce, &t))
		return 1;
	while (!atomic_load(&t.done))
		read_one(&t);
	pthread_join(producer, NULL);
	while (read_one(&t))
		;
	sent = t.state->count[COUNT_SENT];
	full = t.state->count[COUNT_RING_FULL];
	printf("%" PRIu64 " runs, %" PRIu64 " sent, %" PRIu64 " lost, %" PRIu64 " read, %" PRIu64 " errors\n", t.runs, sent, full,
	       t.segments, t.errors);
	cpu_queue_close(&t.queue);
	miruo_bpf__destroy(t.skel);
	return t.failed || t.errors || sent + full != t.runs || t.segments != sent || !sent;
}
