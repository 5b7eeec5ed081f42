/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_flood DEVICE PACKETS-PER-SECOND SECONDS SESSIONS: TCP packets come in on a device at this rate, on the first two
 * CPUs. Before that, the sessions are opened at a fifth of the rate. Prints the packets of either part, and the seconds of the
 * latter. In each session client and server speak in turn, without an end; nothing is lost or sent twice. See
 * bench_packets.bpf.c.
 *
 * The kernel makes them by BPF_PROG_TEST_RUN with live frames (Linux 5.18), which costs a fraction of sending them. The
 * Ethernet address belongs to nobody, so that the host does no more with a packet than to hand it to those who watch. The
 * threads take the CPU before all others, as interrupts would.
 */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bench_packets.h"
#include "stay_on_cpu.h"

#include "bench_packets.skel.h"

#define TICK_NS      1000000
#define LIVE_FRAMES  (1u << 1) /* BPF_F_TEST_XDP_LIVE_FRAMES, which older headers do not have */
#define SESSIONS_MAX 1000000
#define OPENING      3 /* packets */
#define OPENING_PART 5 /* of the rate */

struct sender {
	pthread_t thread;
	const volatile struct bench_packets_cpu *count;
	uint64_t per_second, opening;
	double seconds, took_s;
	uint32_t ifindex, sessions;
	int program, cpu, status;
};

static const struct bench_packets_frame frame = {
	.ethernet = { 2, 0, 0, 0, 0, 0xee, 2, 0, 0, 0, 0, 1, 8, 0 },
	.version = 0x45,
	.fragment = { 0x40, 0 }, /* don't */
	.ttl = 64,
	.protocol = 6,
	.data_offset = 0x80,
	.window = 0xffff,
	.options = { 1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 1 },
	.payload = "xxxxx",
};

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int receive(const struct sender *s, uint32_t packets)
{
	struct xdp_md context = { .data_end = sizeof(frame), .ingress_ifindex = s->ifindex };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = &frame, .data_size_in = sizeof(frame), .ctx_in = &context,
		    .ctx_size_in = sizeof(context), .repeat = (int)packets, .flags = LIVE_FRAMES);

	return bpf_prog_test_run_opts(s->program, &opts) ? errno : 0;
}

static void take_cpu(int cpu)
{
	stay_on_cpu(cpu);
	pthread_setschedparam(pthread_self(), SCHED_FIFO, &(struct sched_param){ .sched_priority = 1 });
}

/* What is overdue by more than 20 ms is not made up for. */
static void receive_for(struct sender *s, double seconds, double per_second)
{
	double start = now_s(), now;
	uint64_t done = 0, due, due_max = (uint64_t)(per_second / 50) + 1;

	for (now = start; now - start < seconds && !s->status; now = now_s()) {
		due = (uint64_t)((now - start) * per_second) - done;
		done += due;
		if (due)
			s->status = receive(s, (uint32_t)(due < due_max ? due : due_max));
		clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){ 0, TICK_NS }, NULL);
	}
	s->took_s = now_s() - start;
}

static void *flood(void *arg)
{
	struct sender *s = arg;
	double per_second = (double)s->per_second, opening_per_second = per_second / OPENING_PART;

	take_cpu(s->cpu);
	receive_for(s, OPENING * s->sessions / opening_per_second, opening_per_second);
	s->opening = s->count->packets;
	receive_for(s, s->seconds, per_second);
	return NULL;
}

/* A veth device takes live frames only when it has GRO. One that has no such switch may do without. */
static void device_gro(const char *device)
{
	struct ethtool_value on = { .cmd = ETHTOOL_SGRO, .data = 1 };
	struct ifreq request = { .ifr_data = (void *)&on };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", device);
	ioctl(fd, SIOCETHTOOL, &request);
	close(fd);
}

/*
 * Attached too, to the loopback device of this namespace, where nothing goes on: the kernel makes each run of a program that
 * is attached nowhere wait for an RCU grace period, 10 ms and more.
 */
static struct bench_packets_bpf *load(uint32_t sessions)
{
	struct bench_packets_bpf *skel = bench_packets_bpf__open();
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = XDP_FLAGS_SKB_MODE);

	if (!skel)
		return NULL;
	skel->rodata->session_count = sessions;
	if (bench_packets_bpf__load(skel) ||
	    bpf_link_create(bpf_program__fd(skel->progs.next_packet), (int)if_nametoindex("lo"), BPF_XDP, &opts) < 0) {
		bench_packets_bpf__destroy(skel);
		return NULL;
	}
	return skel;
}

/* Status: 0 or an errno. */
static int run(struct sender *senders, int count, double *took_s)
{
	int started, i, status = 0;

	for (started = 0; started < count && !status; started++)
		status = pthread_create(&senders[started].thread, NULL, flood, &senders[started]);
	started -= !!status;
	for (i = 0; i < started; i++) {
		pthread_join(senders[i].thread, NULL);
		status = status ? status : senders[i].status;
		*took_s = senders[i].took_s > *took_s ? senders[i].took_s : *took_s;
	}
	return status;
}

int main(int argc, char **argv)
{
	int count = sysconf(_SC_NPROCESSORS_ONLN) < BENCH_PACKETS_CPUS ? 1 : BENCH_PACKETS_CPUS, status, i;
	uint32_t sessions = argc == 5 ? (uint32_t)strtoul(argv[4], NULL, 10) : 0;
	struct sender senders[BENCH_PACKETS_CPUS] = { 0 };
	struct bench_packets_bpf *skel;
	uint64_t packets = 0, opening = 0, per_second = argc == 5 ? strtoull(argv[2], NULL, 10) : 0;
	double took_s = 0;

	if (!per_second || sessions < BENCH_PACKETS_CPUS || sessions > SESSIONS_MAX) {
		fputs("usage: bench_flood DEVICE PACKETS-PER-SECOND SECONDS SESSIONS\n", stderr);
		return 2;
	}
	if (!if_nametoindex(argv[1])) {
		fprintf(stderr, "bench_flood: %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	libbpf_set_print(NULL);
	sessions /= (uint32_t)count;
	skel = load(sessions);
	if (!skel) {
		fprintf(stderr, "bench_flood: cannot load a kernel program: %s\n", strerror(errno));
		return 1;
	}
	device_gro(argv[1]);
	for (i = 0; i < count; i++) {
		struct sender *s = &senders[i];

		s->per_second = per_second / (uint64_t)count;
		s->sessions = sessions;
		s->count = &skel->bss->cpus[i];
		s->seconds = strtod(argv[3], NULL);
		s->ifindex = if_nametoindex(argv[1]);
		s->program = bpf_program__fd(skel->progs.next_packet);
		s->cpu = i;
	}
	status = run(senders, count, &took_s);
	for (i = 0; i < count; i++) {
		opening += senders[i].opening;
		packets += senders[i].count->packets - senders[i].opening;
	}
	bench_packets_bpf__destroy(skel);
	if (status) {
		fprintf(stderr, "bench_flood: no live frames on %s: %s\n", argv[1], strerror(status));
		return 1;
	}
	printf("%llu packets to open the sessions, %llu packets in %.3f s\n", (unsigned long long)opening,
	       (unsigned long long)packets, took_s);
	return 0;
}
