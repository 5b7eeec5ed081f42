/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_rr CLIENT SERVER ADDRESS: TCP requests and responses of one byte between two network namespaces (paths), without end.
 * Prints ns a packet for each 50 ms, the least of its slices. Client and server are one thread on the first CPU, which hands each
 * packet through the whole stack itself: nothing is scheduled, so what a hook on the way adds can be seen.
 *
 * bench_rr empty DEV: attaches programs that do nothing to both TC hooks of the device, says so and waits.
 */
#define _GNU_SOURCE	/* setns */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "stay_on_cpu.h"

#include "bench_reference.skel.h"

#define PORT 7007
#define SLICE 200	/* round trips */
#define WINDOW_NS 50000000ull
#define TCX_INGRESS 46
#define TCX_EGRESS 47

static void die(const char *what)
{
	fprintf(stderr, "bench_rr: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int check(int result, const char *what)
{
	if (result < 0)
		die(what);
	return result;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void enter(const char *netns)
{
	int fd = check(open(netns, O_RDONLY | O_CLOEXEC), netns);

	check(setns(fd, CLONE_NEWNET), netns);
	close(fd);
}

static int tcp_socket(void)
{
	int fd = check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

/* The two ends of a connection. */
static void connect_ends(char *const *args, int ends[2])
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	int listener, on = 1;

	if (inet_pton(AF_INET, args[2], &addr.sin_addr) != 1)
		die(args[2]);
	enter(args[1]);
	listener = tcp_socket();
	check(bind(listener, (struct sockaddr *)&addr, sizeof(addr)), "bind");
	check(listen(listener, 1), "listen");
	enter(args[0]);
	ends[0] = tcp_socket();
	check(connect(ends[0], (struct sockaddr *)&addr, sizeof(addr)), "connect");
	ends[1] = check(accept4(listener, NULL, NULL, SOCK_CLOEXEC), "accept");
	setsockopt(ends[1], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	close(listener);
}

static void round_trips(const int ends[2], int count)
{
	char byte = 0;

	while (count--) {
		if (write(ends[0], &byte, 1) != 1 || read(ends[1], &byte, 1) != 1 || write(ends[1], &byte, 1) != 1 ||
		    read(ends[0], &byte, 1) != 1)
			die("request and response");
	}
}

/* Ends when nobody reads what it prints. */
static int measure(char *const *args)
{
	int ends[2];

	connect_ends(args, ends);
	for (;;) {
		uint64_t end_ns = now_ns() + WINDOW_NS, start_ns, least_ns = UINT64_MAX, ns;

		while ((start_ns = now_ns()) < end_ns) {
			round_trips(ends, SLICE);
			ns = now_ns() - start_ns;
			least_ns = ns < least_ns ? ns : least_ns;
		}
		if (printf("%.1f\n", (double)least_ns / (2 * SLICE)) < 0 || fflush(stdout))
			return 0;
	}
}

static int attach_empty(const char *device)
{
	struct bench_reference_bpf *skel = bench_reference_bpf__open_and_load();
	int ifindex = (int)if_nametoindex(device), program;

	if (!skel || !ifindex)
		die(device);
	program = bpf_program__fd(skel->progs.empty_tc);
	check(bpf_link_create(program, ifindex, (enum bpf_attach_type)TCX_INGRESS, NULL), "tcx");
	check(bpf_link_create(program, ifindex, (enum bpf_attach_type)TCX_EGRESS, NULL), "tcx");
	fprintf(stderr, "listening on %s\n", device);
	pause();
	return 0;
}

int main(int argc, char *argv[])
{
	if (argc == 3 && strcmp(argv[1], "empty") == 0)
		return attach_empty(argv[2]);
	if (argc != 4) {
		fprintf(stderr, "usage: bench_rr CLIENT-NETNS SERVER-NETNS ADDRESS | bench_rr empty DEV\n");
		return 2;
	}
	stay_on_cpu(0);
	return measure(argv + 1);
}
