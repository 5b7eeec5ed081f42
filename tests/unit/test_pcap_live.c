/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Real sockets over real interfaces: two network namespaces without a name, here and there, joined by the veth pairs a0-a1
 * and b0-b1. We capture here. The kernel removes all of it when the program ends, however it ends.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE	/* setns, unshare */
#endif
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/tcp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "source.h"

enum {
	SKIPPED = 77,
	TIMEOUT = 20,	/* seconds after which a test that waits for ever is ended */
	PORT = 8000,
	SEGMENTS_MAX = 4096,
	MS = 1000000,
	ARPHRD_RADIOTAP = 803,
};

static int here = -1, there = -1;
static volatile sig_atomic_t stop;

/* What a source delivered */

struct captured {
	struct source *source;
	struct segment segs[SEGMENTS_MAX];
	size_t count;
	char error[SOURCE_ERROR_MAX];
	bool usage;
};

static struct captured cap;

static void on_segments(void *ctx, const struct segment *seg, size_t count)
{
	(void)ctx;
	for (; count; count--, seg++) {
		assert_true(cap.count < SEGMENTS_MAX);
		cap.segs[cap.count++] = *seg;
	}
}

static uint64_t clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static bool open_config(const struct source_config *cfg)
{
	memset(&cap, 0, sizeof(cap));
	cap.source = source_pcap_live.open(cfg, cap.error, sizeof(cap.error), &cap.usage);
	return cap.source != NULL;
}

/* other may be NULL. */
static void open_on(const char *one, const char *other, const char *filter)
{
	static const char *names[2];
	struct source_config cfg = { .interfaces = names, .filter = filter, .stop = &stop };

	names[0] = one;
	names[1] = other;
	cfg.interface_count = other ? 2 : 1;
	if (!open_config(&cfg))
		fail_msg("%s", cap.error);
}

static void close_source(void)
{
	source_pcap_live.close(cap.source);
	cap.source = NULL;
}

static enum poll_result poll_once(void)
{
	return source_pcap_live.poll(cap.source, on_segments, NULL);
}

/* Until nothing has come for some time. */
static void poll_until_quiet(void)
{
	uint64_t last = clock_ns(CLOCK_MONOTONIC);
	size_t before = cap.count;

	while (clock_ns(CLOCK_MONOTONIC) < last + 250 * MS) {
		assert_int_equal(poll_once(), POLL_MORE);
		if (cap.count != before)
			last = clock_ns(CLOCK_MONOTONIC);
		before = cap.count;
	}
}

static void assert_in_time_order(void)
{
	size_t i;

	for (i = 1; i < cap.count; i++)
		assert_true(cap.segs[i - 1].ts_ns <= cap.segs[i].ts_ns);
}

static size_t count_on(const char *interface)
{
	size_t i, n = 0;

	for (i = 0; i < cap.count; i++)
		n += cap.segs[i].ifindex == if_nametoindex(interface);
	return n;
}

static size_t count_flags(uint8_t flags)
{
	size_t i, n = 0;

	for (i = 0; i < cap.count; i++)
		n += (cap.segs[i].flags & flags) == flags;
	return n;
}

/* Namespaces */

static void run(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void run(const char *format, ...)
{
	char command[512];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	if (system(command))
		fail_msg("failed: %s", command);
}

static int new_namespace(void)
{
	if (unshare(CLONE_NEWNET))
		return -1;
	return open("/proc/self/ns/net", O_RDONLY);
}

static void enter(int ns)
{
	assert_int_equal(setns(ns, CLONE_NEWNET), 0);
}

static void add_pair(char letter, int network)
{
	run("ip link add %c0 type veth peer name %c1", letter, letter);
	run("ip link set %c1 netns /proc/%d/fd/%d", letter, (int)getpid(), there);
	run("ip address add 10.99.%d.1/24 dev %c0 && ip link set %c0 up", network, letter, letter);
	enter(there);
	run("ip address add 10.99.%d.2/24 dev %c1 && ip link set %c1 up", network, letter, letter);
	enter(here);
}

static void remove_interface(const char *name)
{
	run("ip link delete %s", name);
}

/* -1: closed. What a test that fails leaves open, the end of it closes. */
struct session {
	int listener, client, server;
};

static struct session first, second;

static void close_socket(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void session_drop(struct session *x)
{
	close_socket(&x->client);
	close_socket(&x->server);
	close_socket(&x->listener);
}

static int pairs_up(void **state)
{
	(void)state;
	alarm(TIMEOUT);
	stop = 0;
	first = second = (struct session){ -1, -1, -1 };
	/* IPv6 would chatter. */
	run("echo 1 | tee /proc/sys/net/ipv6/conf/*/disable_ipv6 >/dev/null 2>&1 || :");
	add_pair('a', 1);
	add_pair('b', 2);
	return 0;
}

static int pairs_down(void **state)
{
	(void)state;
	enter(here);
	close_source();
	session_drop(&first);
	session_drop(&second);
	run("ip link delete a0 2>/dev/null || :");
	run("ip link delete b0 2>/dev/null || :");
	alarm(0);
	return 0;
}

/* Traffic */

static struct sockaddr_in address(int network, uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };

	a.sin_addr.s_addr = htonl(0x0a630000u | (uint32_t)network << 8 | 2);
	return a;
}

static void session_open(struct session *x, int network, uint16_t port)
{
	struct sockaddr_in a = address(network, port);
	int on = 1;

	enter(there);
	x->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(x->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	assert_int_equal(bind(x->listener, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(x->listener, 1), 0);
	enter(here);
	x->client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(x->client, (struct sockaddr *)&a, sizeof(a)), 0);
	x->server = accept(x->listener, NULL, NULL);
	assert_true(x->server >= 0);
}

static void pass(int from, int to, size_t len)
{
	char buf[1000];
	ssize_t n;
	size_t got = 0;

	memset(buf, 'x', sizeof(buf));
	assert_int_equal(send(from, buf, len, 0), len);
	while (got < len) {
		n = recv(to, buf, sizeof(buf), 0);
		assert_true(n > 0);
		got += (size_t)n;
	}
}

static void session_talk(struct session *x, int times)
{
	while (times--) {
		pass(x->client, x->server, 100);
		pass(x->server, x->client, 300);
	}
}

static void session_close(struct session *x)
{
	char c;

	shutdown(x->client, SHUT_WR);
	assert_int_equal(recv(x->server, &c, 1, 0), 0);
	close_socket(&x->server);
	assert_int_equal(recv(x->client, &c, 1, 0), 0);
	session_drop(x);
}

/* The kernel's own count of what the client sent and received. */
static size_t session_segments(const struct session *x)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	assert_int_equal(getsockopt(x->client, IPPROTO_TCP, TCP_INFO, &info, &len), 0);
	return info.tcpi_segs_out + info.tcpi_segs_in;
}

static void session_whole(int network, uint16_t port, int times)
{

	session_open(&first, network, port);
	session_talk(&first, times);
	session_close(&first);
}

static void flood(int packets)
{
	struct sockaddr_in a = address(1, PORT);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	while (packets--)
		sendto(fd, "", 1, MSG_DONTWAIT, (struct sockaddr *)&a, sizeof(a));
	close(fd);
}

/* Tests */

static void each_segment_is_delivered_once(void **state)
{
	uint64_t before = clock_ns(CLOCK_REALTIME), after;
	struct source_stats stats;
	size_t expected, i, decoded = 0;

	(void)state;
	open_on("a0", NULL, NULL);
	session_open(&first, 1, PORT);
	session_talk(&first, 50);
	usleep(100000);	/* a delayed ACK */
	expected = session_segments(&first);
	poll_until_quiet();
	after = clock_ns(CLOCK_REALTIME);

	assert_true(expected > 100);
	assert_int_equal(cap.count, expected);
	assert_int_equal(count_on("a0"), expected);
	assert_int_equal(count_flags(TCP_SYN), 2);
	assert_in_time_order();
	assert_true(cap.segs[0].ts_ns >= before && cap.segs[cap.count - 1].ts_ns <= after);
	assert_int_equal(cap.segs[0].dport, PORT);
	assert_int_equal(cap.segs[0].saddr[15], 1);
	assert_true(cap.segs[0].opt_len > 0);

	source_pcap_live.stats(cap.source, &stats);
	for (i = 0; i < DECODE_RESULTS; i++)
		decoded += stats.decoded[i];
	assert_int_equal(stats.frames, decoded);
	assert_int_equal(stats.decoded[DECODE_TCP], expected);
	assert_int_equal(stats.received, stats.frames);
	assert_int_equal(stats.dropped, 0);
	session_close(&first);
}

static void payload_is_lent_as_wanted(void **state)
{
	static const char *const names[] = { "a0" };
	struct source_config cfg = { .interfaces = names, .interface_count = 1, .payload_bytes = 900, .stop = &stop };
	size_t i, found = 0;

	(void)state;
	assert_true(open_config(&cfg));
	session_open(&first, 1, PORT);
	pass(first.client, first.server, 1000);
	poll_until_quiet();
	for (i = 0; i < cap.count; i++)
		if (cap.segs[i].payload_len == 1000 && cap.segs[i].payload_cap >= 900)
			found++;
	assert_int_equal(found, 1);
	session_close(&first);
}

static void only_what_the_filter_wants(void **state)
{
	struct source_stats stats;
	size_t i;

	(void)state;
	open_on("a0", NULL, "tcp port 8001 and not ip broadcast");
	session_whole(1, PORT, 5);
	session_whole(1, 8001, 5);
	poll_until_quiet();
	assert_int_equal(count_flags(TCP_SYN), 2);
	assert_int_equal(count_flags(TCP_FIN), 2);
	for (i = 0; i < cap.count; i++)
		assert_true(cap.segs[i].dport == 8001 || cap.segs[i].sport == 8001);
	source_pcap_live.stats(cap.source, &stats);
	assert_int_equal(stats.frames, cap.count);	/* the kernel did it */
}

static void several_interfaces_are_read_in_time_order(void **state)
{
	size_t expected_x, expected_y;
	int i;

	(void)state;
	open_on("a0", "b0", "tcp");
	session_open(&first, 1, PORT);
	session_open(&second, 2, PORT);
	for (i = 0; i < 100; i++) {
		session_talk(&first, 1);
		session_talk(&second, 1);
		if (i % 10 == 0)
			poll_once();
	}
	usleep(100000);
	expected_x = session_segments(&first);
	expected_y = session_segments(&second);
	poll_until_quiet();
	assert_int_equal(count_on("a0"), expected_x);
	assert_int_equal(count_on("b0"), expected_y);
	assert_int_equal(cap.count, expected_x + expected_y);
	assert_in_time_order();
	session_close(&first);
	session_close(&second);
}

static void a_repeated_name_is_captured_once(void **state)
{
	(void)state;
	open_on("a0", "a0", NULL);
	session_whole(1, PORT, 1);
	poll_until_quiet();
	assert_int_equal(count_flags(TCP_SYN), 2);
	close_source();

	open_on("a0", "any", NULL);
	session_whole(1, 8001, 1);
	poll_until_quiet();
	assert_int_equal(count_flags(TCP_SYN), 2);
}

static void any_tells_interface_and_direction(void **state)
{
	size_t i;

	(void)state;
	open_on("any", NULL, "tcp");
	session_whole(1, PORT, 10);
	session_whole(2, PORT, 10);
	poll_until_quiet();
	assert_true(count_on("a0") >= 20 && count_on("b0") >= 20);
	assert_int_equal(count_on("a0") + count_on("b0"), cap.count);
	for (i = 0; i < cap.count; i++) {
		assert_int_equal(cap.segs[i].egress, cap.segs[i].dport == PORT);
		assert_int_equal(cap.segs[i].daddr[14], cap.segs[i].ifindex == if_nametoindex("a0") ? 1 : 2);
	}
}

static void a_burst_is_delivered_in_portions(void **state)
{
	size_t polls = 0, most = 0, before;

	(void)state;
	open_on("a0", NULL, "tcp");
	session_open(&first, 1, PORT);
	session_talk(&first, 600);
	do {
		before = cap.count;
		assert_int_equal(poll_once(), POLL_MORE);
		if (cap.count - before > most)
			most = cap.count - before;
	} while (++polls < 10 && cap.count < session_segments(&first));
	assert_int_equal(cap.count, session_segments(&first));
	assert_true(cap.count > 1200 && most <= 1000);
	session_close(&first);
}

static void what_is_lost_is_counted(void **state)
{
	static const char *const names[] = { "a0" };
	struct source_config cfg = { .interfaces = names, .interface_count = 1, .ring_kb = 16, .stop = &stop };
	struct source_stats stats;

	(void)state;
	assert_true(open_config(&cfg));
	flood(5000);
	poll_until_quiet();
	source_pcap_live.stats(cap.source, &stats);
	assert_true(stats.dropped > 0);
	assert_int_equal(stats.received, stats.frames + stats.dropped);
	assert_true(stats.received >= 5000);
	source_pcap_live.stats(cap.source, &stats);	/* adds nothing twice */
	assert_int_equal(stats.received, stats.frames + stats.dropped);
}

static void time_goes_on_without_traffic(void **state)
{
	uint64_t before, after, real;

	(void)state;
	open_on("a0", NULL, "tcp");
	poll_once();
	before = source_pcap_live.now(cap.source);
	poll_once();
	poll_once();
	after = source_pcap_live.now(cap.source);
	real = clock_ns(CLOCK_REALTIME);
	assert_true(before < after && real - after >= 100ull * MS && real - after < 400ull * MS);
}

static void time_follows_what_was_delivered(void **state)
{

	(void)state;
	open_on("a0", NULL, "tcp");
	session_open(&first, 1, PORT);
	session_talk(&first, 600);
	assert_int_equal(poll_once(), POLL_MORE);
	assert_true(cap.count < session_segments(&first));	/* more is waiting */
	assert_true(source_pcap_live.now(cap.source) == cap.segs[cap.count - 1].ts_ns);
	session_close(&first);
}

static void an_idle_poll_waits(void **state)
{
	uint64_t start;
	int i;

	(void)state;
	open_on("a0", "b0", "tcp");
	poll_until_quiet();
	start = clock_ns(CLOCK_MONOTONIC);
	for (i = 0; i < 3; i++)
		assert_int_equal(poll_once(), POLL_MORE);
	assert_true(clock_ns(CLOCK_MONOTONIC) - start >= 280ull * MS);
	assert_true(clock_ns(CLOCK_MONOTONIC) - start < 1000ull * MS);
}

/* Waking the reader costs the traffic: it must not happen for each frame. */
static void traffic_does_not_wake_the_reader_each_time(void **state)
{
	size_t polls = 0, i;
	pid_t pid;

	(void)state;
	open_on("a0", NULL, "tcp");
	session_open(&first, 1, PORT);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		alarm(TIMEOUT);
		for (i = 0; i < 300; i++) {
			session_talk(&first, 1);
			usleep(1000);
		}
		_exit(0);
	}
	while (cap.count < 600 && polls < 600) {
		assert_int_equal(poll_once(), POLL_MORE);
		polls++;
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(cap.count >= 600 && polls < 150);
}

static void on_alarm(int signal_number)
{
	(void)signal_number;
	stop = 1;
}

static void a_stop_ends_the_wait(void **state)
{
	struct itimerval soon = { .it_value.tv_usec = 30000 };
	struct sigaction act = { .sa_handler = on_alarm };
	uint64_t start;
	enum poll_result result;

	(void)state;
	open_on("a0", "b0", NULL);
	poll_until_quiet();
	sigaction(SIGALRM, &act, NULL);
	start = clock_ns(CLOCK_MONOTONIC);
	setitimer(ITIMER_REAL, &soon, NULL);
	do {
		result = poll_once();
	} while (result == POLL_MORE);
	signal(SIGALRM, SIG_DFL);
	assert_int_equal(result, POLL_END);
	assert_true(clock_ns(CLOCK_MONOTONIC) - start < 200 * MS);
}

/* Returns once the source says that it has lost an interface. */
static enum poll_result poll_until_lost(const char *name)
{
	uint64_t start = clock_ns(CLOCK_MONOTONIC);
	enum poll_result result;

	do {
		result = poll_once();
	} while (!strstr(source_pcap_live.error(cap.source), name) && clock_ns(CLOCK_MONOTONIC) - start < 1000ull * MS);
	return result;
}

static void a_removed_interface_ends_the_input(void **state)
{
	(void)state;
	open_on("a0", NULL, "tcp");
	session_whole(1, PORT, 1);
	remove_interface("a0");
	assert_int_equal(poll_until_lost("a0"), POLL_FAILED);
	assert_string_equal(source_pcap_live.error(cap.source), "a0: the interface was removed");
	assert_int_equal(count_flags(TCP_SYN), 2);	/* all before it was delivered */
	assert_int_equal(count_flags(TCP_FIN), 2);
	assert_int_equal(poll_once(), POLL_FAILED);
}

static void the_other_interfaces_go_on(void **state)
{
	struct source_stats stats;
	uint64_t received;

	(void)state;
	open_on("a0", "b0", "tcp");
	session_whole(1, PORT, 1);
	poll_until_quiet();
	source_pcap_live.stats(cap.source, &stats);
	received = stats.received;
	remove_interface("a0");
	assert_int_equal(poll_until_lost("a0"), POLL_MORE);
	source_pcap_live.stats(cap.source, &stats);
	assert_int_equal(stats.received, received);
	assert_int_equal(stats.if_dropped, 0);

	cap.count = 0;
	session_whole(2, PORT, 1);
	poll_until_quiet();
	assert_int_equal(count_flags(TCP_SYN), 2);
	remove_interface("b0");
	assert_int_equal(poll_until_lost("b0"), POLL_FAILED);
	assert_string_equal(source_pcap_live.error(cap.source),
			    "a0: the interface was removed; b0: the interface was removed");
}

static void down_is_not_removed(void **state)
{
	uint64_t start;
	int i;

	(void)state;
	open_on("a0", NULL, "tcp");
	run("ip link set a0 down");
	poll_until_quiet();
	start = clock_ns(CLOCK_MONOTONIC);
	for (i = 0; i < 3; i++)
		assert_int_equal(poll_once(), POLL_MORE);
	assert_true(clock_ns(CLOCK_MONOTONIC) - start >= 280ull * MS);	/* it does not spin */
	run("ip link set a0 up");
	session_whole(1, PORT, 1);
	poll_until_quiet();
	assert_int_equal(count_flags(TCP_SYN), 2);
	run("ip link set a0 down");
	poll_once();
	remove_interface("a0");
	assert_int_equal(poll_until_lost("a0"), POLL_FAILED);
}

static void refuse(const struct source_config *cfg, bool usage)
{
	assert_false(open_config(cfg));
	assert_int_equal(cap.usage, usage);
	assert_null(strchr(cap.error, '\n'));
}

static void bad_command_lines_are_usage_errors(void **state)
{
	static const char *const names[] = { "a0" };
	struct source_config cfg = { .interfaces = names, .interface_count = 1, .filter = "port port" };

	(void)state;
	refuse(&cfg, true);
	assert_non_null(strstr(cap.error, "bad expression \"port port\""));
	assert_non_null(strstr(cap.error, "a0"));
	cfg = (struct source_config){ .filter = "tcp" };
	refuse(&cfg, true);
	assert_non_null(strstr(cap.error, "-i"));
	cfg = (struct source_config){ .interfaces = names, .interface_count = 1, .netns = "blue" };
	refuse(&cfg, true);
	assert_non_null(strstr(cap.error, "ip netns exec"));
}

static void a_missing_interface_is_told(void **state)
{
	static const char *const names[] = { "a0", "e\x1bth" };
	struct source_config cfg = { .interfaces = names, .interface_count = 2 };

	(void)state;
	refuse(&cfg, true);
	assert_non_null(strstr(cap.error, "e\\x1bth: there is no such interface; there are: "));
	assert_non_null(strstr(cap.error, "a0"));
	assert_non_null(strstr(cap.error, "b0"));
	assert_null(strstr(cap.error, "usbmon"));
}

static void an_interface_that_is_down_is_told(void **state)
{
	static const char *const names[] = { "a0" };
	struct source_config cfg = { .interfaces = names, .interface_count = 1 };

	(void)state;
	run("ip link set a0 down");
	refuse(&cfg, false);
	assert_string_equal(cap.error, "a0: the interface is down: bring it up first");
}

static void missing_permission_is_told(void **state)
{
	static const char *const names[] = { "a0" };
	struct source_config cfg = { .interfaces = names, .interface_count = 1 };
	int status;
	pid_t pid;

	(void)state;
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		bool good;

		alarm(TIMEOUT);
		good = !setgid(65534) && !setuid(65534) && !open_config(&cfg) && !cap.usage;
		good = good && strstr(cap.error, "run as root") && strstr(cap.error, "setcap cap_net_raw=ep /");
		_exit(good ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* A tap device says that it is a radio if one asks it to. */
static void unsupported_link_types_are_named(void **state)
{
	static const char *const names[] = { "radio" };
	struct source_config cfg = { .interfaces = names, .interface_count = 1 };
	struct ifreq ifr = { .ifr_name = "radio", .ifr_flags = IFF_TAP | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	(void)state;
	if (fd < 0 || ioctl(fd, TUNSETIFF, &ifr) || ioctl(fd, TUNSETLINK, ARPHRD_RADIOTAP))
		skip();
	run("ip link set radio up");
	refuse(&cfg, false);
	close(fd);
	assert_non_null(strstr(cap.error, "radio: link type 127 IEEE802_11_RADIO"));
	assert_non_null(strstr(cap.error, "is not supported"));
}

static void the_first_line_names_the_interfaces(void **state)
{
	char line[SOURCE_ERROR_MAX];

	(void)state;
	open_on("b0", NULL, NULL);
	source_pcap_live.describe(cap.source, line, sizeof(line));
	assert_string_equal(line, "b0, link-type EN10MB (Ethernet), capture size 256 bytes");
	close_source();
	open_on("a0", "b0", NULL);
	source_pcap_live.describe(cap.source, line, sizeof(line));
	assert_string_equal(line, "a0 and 1 more interface, link-type EN10MB (Ethernet), capture size 256 bytes");
}

static const char *why_skipped(void)
{
	if (system("ip link show lo >/dev/null 2>&1"))
		return "there is no ip command";
	there = new_namespace();
	here = new_namespace();
	if (there < 0 || here < 0)
		return "network namespaces need root";
	if (system("ip link add x0 type veth peer name x1 && ip link delete x0"))
		return "there are no veth interfaces";
	return NULL;
}

#define LIVE_TEST(test) cmocka_unit_test_setup_teardown(test, pairs_up, pairs_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		LIVE_TEST(each_segment_is_delivered_once),
		LIVE_TEST(payload_is_lent_as_wanted),
		LIVE_TEST(only_what_the_filter_wants),
		LIVE_TEST(several_interfaces_are_read_in_time_order),
		LIVE_TEST(a_repeated_name_is_captured_once),
		LIVE_TEST(any_tells_interface_and_direction),
		LIVE_TEST(a_burst_is_delivered_in_portions),
		LIVE_TEST(what_is_lost_is_counted),
		LIVE_TEST(time_goes_on_without_traffic),
		LIVE_TEST(time_follows_what_was_delivered),
		LIVE_TEST(an_idle_poll_waits),
		LIVE_TEST(traffic_does_not_wake_the_reader_each_time),
		LIVE_TEST(a_stop_ends_the_wait),
		LIVE_TEST(a_removed_interface_ends_the_input),
		LIVE_TEST(the_other_interfaces_go_on),
		LIVE_TEST(down_is_not_removed),
		LIVE_TEST(bad_command_lines_are_usage_errors),
		LIVE_TEST(a_missing_interface_is_told),
		LIVE_TEST(an_interface_that_is_down_is_told),
		LIVE_TEST(missing_permission_is_told),
		LIVE_TEST(unsupported_link_types_are_named),
		LIVE_TEST(the_first_line_names_the_interfaces),
	};
	const char *why = why_skipped();

	if (why) {
		printf("skipped: %s\n", why);
		return SKIPPED;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
