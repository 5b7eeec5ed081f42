/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_kernel: what the kernel programs cost a packet, by BPF_PROG_TEST_RUN, the cost of an empty program subtracted, and what
 * it costs to read a segment of theirs, without what follows.
 *
 * One line a measurement: hook or reader, name, ns. Each is the least average of many batches, as what else the machine does
 * only adds. The packet is always the same and in the cache, so a real one costs more. Ends with 77 where programs cannot be loaded.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "ring_reader.h"
#include "stay_on_cpu.h"
#include "wire.h"

#include "bench_reference.skel.h"
#include "miruo.skel.h"

#define SKIPPED 77
#define RING_BYTES (1u << 20)
#define REPEAT 4000	/* runs of a batch; their records fit the ring */
#define BATCHES 64
#define MIX 8		/* segments of one CPU before those of the next */
#define CPUS_MAX 64	/* that produce at once */

struct frame {
	uint8_t bytes[128];
	uint32_t len;
};

struct bench {
	struct miruo_bpf *skel;
	struct bench_reference_bpf *reference;
	struct ring_reader reader;
	struct tally *tallies;
};

/* One of the programs that run at the same time, each on a CPU of its own. */
struct producer {
	pthread_t thread;
	struct bench *bench;
	pthread_barrier_t *barrier;
	const struct frame *frame;
	int program;
	int cpu;
	uint32_t least_ns;
	int status;
};

static void frame_add(struct frame *f, const uint8_t *bytes, size_t len)
{
	memcpy(f->bytes + f->len, bytes, len);
	f->len += (uint32_t)len;
}

/* Ethernet, IPv4, TCP with options (a multiple of four bytes) and 6 bytes of payload; nobody looks at the checksums. */
static struct frame frame_ipv4(uint8_t flags, const uint8_t *options, uint8_t options_len)
{
	const uint8_t ethernet[14] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00 };
	const uint8_t ip[20] = { 0x45, 0, 0, (uint8_t)(46 + options_len), 0, 1, 0x40, 0, 64, 6, 0, 0,
				 10, 0, 0, 1, 10, 0, 0, 2 };
	const uint8_t tcp[20] = { 0x9c, 0x40, 0, 80, 0, 0, 0, 1, 0, 0, 0, 2, (uint8_t)((20 + options_len) << 2), flags,
				  0xff, 0xff };
	struct frame f = { .len = 0 };

	frame_add(&f, ethernet, sizeof(ethernet));
	frame_add(&f, ip, sizeof(ip));
	frame_add(&f, tcp, sizeof(tcp));
	frame_add(&f, options, options_len);
	frame_add(&f, (const uint8_t *)"hello\n", 6);
	return f;
}

static int load(struct bench *b)
{
	uint32_t cpus = (uint32_t)libbpf_num_possible_cpus();

	b->tallies = calloc(TALLIES, sizeof(*b->tallies));
	b->reference = bench_reference_bpf__open_and_load();
	b->skel = miruo_bpf__open();
	if (!b->tallies || !b->reference || !b->skel)
		return -errno;
	b->skel->rodata->config.ring_bytes = b->skel->rodata->config.wake_bytes = RING_BYTES;
	b->skel->rodata->config.in_order = 1;
	bpf_map__set_max_entries(b->skel->maps.rings, cpus);
	bpf_map__set_max_entries(b->skel->maps.cpus, cpus);
	if (miruo_bpf__load(b->skel))
		return -errno;
	b->reader.wake = &b->skel->bss->wake;
	b->reader.tallies = b->tallies;
	return ring_reader_open(&b->reader, cpus, RING_BYTES, bpf_map__fd(b->skel->maps.rings), bpf_map__fd(b->skel->maps.cpus),
				epoll_create1(EPOLL_CLOEXEC));
}

static void queue_discard(struct cpu_queue *q)
{
	size_t room;

	while (cpu_queue_peek(q, &room))
		cpu_queue_skip(q, room);
	cpu_queue_release(q);
}

static void *produce(void *arg)
{
	struct producer *p = arg;
	int i;

	p->least_ns = UINT32_MAX;
	p->status = stay_on_cpu(p->cpu);
	for (i = 0; i < BATCHES; i++) {
		LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = p->frame->bytes, .data_size_in = p->frame->len,
			    .repeat = REPEAT);

		queue_discard(&p->bench->reader.queues[p->cpu]);
		pthread_barrier_wait(p->barrier);
		if (bpf_prog_test_run_opts(p->program, &opts))
			p->status = errno;
		if (opts.duration < p->least_ns)
			p->least_ns = opts.duration;
	}
	return NULL;
}

/* On the first cpus CPUs at once; ns of the slowest, or -1. */
static long measure(struct bench *b, int program, const struct frame *frame, int cpus)
{
	struct producer producers[CPUS_MAX];
	pthread_barrier_t barrier;
	long worst = 0;
	int i;

	pthread_barrier_init(&barrier, NULL, (unsigned)cpus);
	for (i = 0; i < cpus; i++) {
		producers[i] = (struct producer){ .bench = b, .barrier = &barrier, .frame = frame, .program = program, .cpu = i };
		if (pthread_create(&producers[i].thread, NULL, produce, &producers[i]))
			exit(1);
	}
	for (i = 0; i < cpus; i++) {
		pthread_join(producers[i].thread, NULL);
		if (producers[i].status)
			worst = -1;
		else if (worst >= 0 && producers[i].least_ns > worst)
			worst = producers[i].least_ns;
	}
	pthread_barrier_destroy(&barrier);
	return worst;
}

struct hook {
	const char *name;
	int empty, parse, watch;
};

static void row(struct bench *b, const struct hook *hook, const char *name, int program, const struct frame *frame, int cpus)
{
	long empty = measure(b, hook->empty, frame, cpus), ns = measure(b, program, frame, cpus);

	if (empty < 0 || ns < 0)
		printf("%-6s %-32s failed\n", hook->name, name);
	else
		printf("%-6s %-32s %ld\n", hook->name, name, ns - empty);
	fflush(stdout);
}

static void bench_hook(struct bench *b, const struct hook *hook)
{
	static const uint8_t timestamps[12] = { 1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2 };
	static const uint8_t syn_options[20] = { 2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7 };
	struct frame bare = frame_ipv4(0x18, NULL, 0), plain = frame_ipv4(0x18, timestamps, sizeof(timestamps)),
		     syn = frame_ipv4(0x02, syn_options, sizeof(syn_options));
	int cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);

	cpus = cpus < CPUS_MAX ? cpus : CPUS_MAX;
	printf("%-6s %-32s %ld\n", hook->name, "empty program, not subtracted", measure(b, hook->empty, &plain, 1));
	row(b, hook, "parse", hook->parse, &plain, 1);
	row(b, hook, "record", hook->watch, &bare, 1);
	row(b, hook, "record with timestamps", hook->watch, &plain, 1);
	row(b, hook, "record with options", hook->watch, &syn, 1);
	row(b, hook, "record, all CPUs at once", hook->watch, &plain, cpus);
}

static void count_segments(void *ctx, const struct segment *segs, size_t count)
{
	uint64_t *segments = ctx;

	(void)segs;
	*segments += count;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* ns for each segment that the program made of the frame on the first CPUs, turn by turn so that their times mix; or -1. */
static long measure_reader(struct bench *b, int program, const struct frame *frame, int cpus)
{
	uint64_t least = UINT64_MAX, start, segments = 0;
	int batch, i;

	for (batch = 0; batch < BATCHES; batch++) {
		while (!ring_reader_drain(&b->reader, true, count_segments, &segments))
			;
		for (i = 0; i < REPEAT / MIX; i++) {
			LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame->bytes, .data_size_in = frame->len, .repeat = MIX);

			if (stay_on_cpu(i % cpus) || bpf_prog_test_run_opts(program, &opts))
				return -1;
		}
		segments = 0;
		start = now_ns();
		while (!ring_reader_drain(&b->reader, true, count_segments, &segments))
			;
		start = now_ns() - start;
		if (segments != REPEAT)
			return -1;
		least = start < least ? start : least;
	}
	return (long)(least / REPEAT);
}

static void bench_reader(struct bench *b)
{
	static const uint8_t timestamps[12] = { 1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2 };
	struct frame plain = frame_ipv4(0x18, timestamps, sizeof(timestamps));
	int program = bpf_program__fd(b->skel->progs.tc_in), cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);

	cpus = cpus < CPUS_MAX ? cpus : CPUS_MAX;
	printf("%-6s %-32s %ld\n", "reader", "one CPU", measure_reader(b, program, &plain, 1));
	printf("%-6s %-32s %ld\n", "reader", "all CPUs, mixed", measure_reader(b, program, &plain, cpus));
}

int main(void)
{
	struct bench b = { 0 };
	int status;

	libbpf_set_print(NULL);
	status = load(&b);
	if (status) {
		printf("skipped: cannot load kernel programs: %s\n", strerror(-status));
		return SKIPPED;
	}
	bench_hook(&b, &(struct hook){ "tc", bpf_program__fd(b.reference->progs.empty_tc),
				       bpf_program__fd(b.reference->progs.parse_tc), bpf_program__fd(b.skel->progs.tc_in) });
	bench_reader(&b);
	bench_hook(&b, &(struct hook){ "xdp", bpf_program__fd(b.reference->progs.empty_xdp),
				       bpf_program__fd(b.reference->progs.parse_xdp), bpf_program__fd(b.skel->progs.xdp_in) });
	return 0;
}
