/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What giving up privileges and filtering system calls do to a real process: each case runs in a child. Needs root. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define bpf_insn pcap_bpf_insn	/* <linux/bpf.h> has another one */
#include <pcap/pcap.h>
#undef bpf_insn

#ifdef MIRUO_HAVE_SECCOMP
#include <seccomp.h>
#endif

#include "check.h"
#include "priority.h"
#include "privileges.h"
#include "syscall_filter.h"

#define NOBODY 65534
#define CHILD_SECONDS 20
#define TCX_INGRESS 46

static char buf[32768];
static struct text message;

/* In a child, where cmocka's assertions do not work. */
#define must(condition) child_must(condition, #condition, __LINE__)

static void child_must(bool condition, const char *text, int line)
{
	int err = errno;

	if (condition)
		return;
	fprintf(stderr, "%s:%d: %s, errno %d, message \"%s\"\n", __FILE__, line, text, err, buf);
	_exit(1);
}

typedef void child_fn(const void *arg);

/* Runs fn in a child; its wait status. */
static int child_status(child_fn *fn, const void *arg)
{
	int status = -1;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		alarm(CHILD_SECONDS);
		prctl(PR_SET_DUMPABLE, 0);	/* no core files */
		text_init(&message, buf, sizeof(buf));
		fn(arg);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void assert_child_succeeds(child_fn *fn, const void *arg)
{
	int status = child_status(fn, arg);

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void become_nobody(void)
{
	must(setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
}

/* The value of a line of /proc/self/status. */
static uint64_t process_status(const char *name)
{
	FILE *f = fopen("/proc/self/status", "r");
	uint64_t value = UINT64_MAX;
	char line[256];

	must(f);
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, name, strlen(name)) && line[strlen(name)] == ':')
			value = strtoull(line + strlen(name) + 1, NULL, 16);
	fclose(f);
	must(value != UINT64_MAX);
	return value;
}

/* Privileges */

static void skip_without_cap_ng(void)
{
#ifndef MIRUO_HAVE_CAP_NG
	print_message("built without libcap-ng\n");
	skip();
#endif
}

static void drop_as_root(const void *arg)
{
	(void)arg;
	must(privileges_drop(0, &message) == SANDBOX_DONE);
	must(message.len == 0);
	must(process_status("CapEff") == 0 && process_status("CapPrm") == 0 && process_status("CapInh") == 0);
	must(process_status("CapBnd") == 0 && process_status("CapAmb") == 0);
	must(process_status("NoNewPrivs") == 1);
	must(geteuid() == 0);
	must(socket(AF_PACKET, SOCK_RAW, 0) < 0 && errno == EPERM);
	must(open("/proc/self/statm", O_RDONLY) >= 0);
}

static void root_has_no_capability_left(void **state)
{
	(void)state;
	skip_without_cap_ng();
	assert_child_succeeds(drop_as_root, NULL);
}

static void drop_but_one(const void *arg)
{
	(void)arg;
	must(privileges_drop(PRIVILEGE_NET_ADMIN, &message) == SANDBOX_DONE);
	must(process_status("CapEff") == UINT64_C(1) << 12 && process_status("CapPrm") == UINT64_C(1) << 12);
	must(process_status("CapBnd") == 0 && process_status("CapAmb") == 0);
}

static void what_is_to_be_kept_is_kept(void **state)
{
	(void)state;
	skip_without_cap_ng();
	assert_child_succeeds(drop_but_one, NULL);
}

/* As after setcap: an ordinary user who has some capabilities, but not CAP_SETPCAP. */
static void drop_as_user(const void *arg)
{
	uint64_t bounding = process_status("CapBnd");

	(void)arg;
	must(prctl(PR_SET_KEEPCAPS, 1) == 0);
	become_nobody();
	must(privileges_drop(PRIVILEGES_FOR_EBPF, &message) == SANDBOX_DONE);
	must(process_status("CapPrm") != 0);
	must(privileges_drop(0, &message) == SANDBOX_DONE);
	must(process_status("CapEff") == 0 && process_status("CapPrm") == 0 && process_status("NoNewPrivs") == 1);
	must(process_status("CapBnd") == bounding);
}

static void a_user_with_file_capabilities_loses_them(void **state)
{
	(void)state;
	skip_without_cap_ng();
	assert_child_succeeds(drop_as_user, NULL);
}

#ifdef MIRUO_HAVE_SECCOMP
struct capset_case {
	uint16_t answer;	/* an errno, or 0; capset() changes nothing */
	const char *message;
};

static void drop_without_effect(const void *arg)
{
	const struct capset_case *c = arg;
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);

	must(seccomp_rule_add(ctx, SCMP_ACT_ERRNO(c->answer), SCMP_SYS(capset), 0) == 0);
	must(seccomp_load(ctx) == 0);
	must(privileges_drop(0, &message) == SANDBOX_FAILED);
	must(!strcmp(buf, c->message));
}

static void a_drop_without_effect_is_noticed(void **state)
{
	static const struct capset_case cases[] = {
		{ EPERM, "cannot give up its privileges: Operation not permitted; not going on with them" },
		{ 0, "cannot give up its privileges: they are still there afterwards; not going on with them" },
	};

	(void)state;
	skip_without_cap_ng();
	assert_child_succeeds(drop_without_effect, &cases[0]);
	assert_child_succeeds(drop_without_effect, &cases[1]);
}
#endif

static void read_as_nobody(const void *arg)
{
	struct privileges p;

	(void)arg;
	become_nobody();
	privileges_read(&p);
	must(privileges_missing(&p, PRIVILEGES_FOR_EBPF) == PRIVILEGES_FOR_EBPF);
	must(privileges_missing(&p, PRIVILEGES_FOR_PCAP) == PRIVILEGES_FOR_PCAP);
	must(strstr(p.exe, "/test_sandbox"));
}

static void a_user_has_none(void **state)
{
	(void)state;
	assert_child_succeeds(read_as_nobody, NULL);
}

static void raise_as_root(const void *arg)
{
	(void)arg;
	must(priority_raise(&message));
	must(getpriority(PRIO_PROCESS, 0) == PRIORITY_NICE);
	become_nobody();
	must(priority_raise(&message));
}

static void raise_as_nobody(const void *arg)
{
	struct rlimit none = { 0, 0 };

	(void)arg;
	must(setpriority(PRIO_PROCESS, 0, 0) == 0 && setrlimit(RLIMIT_NICE, &none) == 0);
	become_nobody();
	must(!priority_raise(&message));
	must(strstr(buf, "cannot raise its priority to nice -10"));
	must(getpriority(PRIO_PROCESS, 0) == 0);
}

static void priority_is_raised_or_the_reason_told(void **state)
{
	(void)state;
	assert_child_succeeds(raise_as_root, NULL);
	assert_child_succeeds(raise_as_nobody, NULL);
}

/* System calls */

static void install(uint32_t groups)
{
	must(syscall_filter_install(groups, &message) == SANDBOX_DONE);
}

static void try_filter(const void *arg)
{
	(void)arg;
	_exit(syscall_filter_install(0, &message) == SANDBOX_MISSING ? 2 : 0);
}

static void skip_without_filter(void)
{
	int status = child_status(try_filter, NULL);

	if (WIFEXITED(status) && WEXITSTATUS(status) == 2) {
		print_message("built without libseccomp, or with AddressSanitizer\n");
		skip();
	}
}

static void call_execve(void)
{
	execl("/bin/true", "true", (char *)NULL);
}

static void call_fork(void)
{
	if (fork() == 0)
		_exit(0);
}

static void call_open_for_writing(void)
{
	(void)open("/dev/null", O_WRONLY);
}

static void call_create(void)
{
	(void)open("/dev/null", O_RDONLY | O_CREAT, 0600);
}

static void call_truncate(void)
{
	(void)open("/dev/null", O_RDONLY | O_TRUNC);
}

static void call_unlink(void)
{
	(void)unlink("/nonexistent");
}

static void call_socket(void)
{
	(void)socket(AF_INET, SOCK_STREAM, 0);
}

static void call_kill_parent(void)
{
	(void)kill(getppid(), 0);
}

static void call_tgkill_parent(void)
{
	(void)syscall(SYS_tgkill, getppid(), getppid(), 0);
}

static void call_executable_memory(void)
{
	(void)mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void call_setrlimit(void)
{
	struct rlimit limit = { 100, 100 };

	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static void call_ptrace(void)
{
	(void)ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

static void call_setuid(void)
{
	(void)setuid(0);
}

static long bpf(enum bpf_cmd cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static void call_map_create(void)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1 };

	(void)bpf(BPF_MAP_CREATE, &attr);
}

static void call_link_create(void)
{
	union bpf_attr attr = { .link_create = { .attach_type = TCX_INGRESS } };

	(void)bpf(BPF_LINK_CREATE, &attr);
}

static void call_map_lookup(void)
{
	union bpf_attr attr = { .map_fd = (uint32_t)-1 };

	(void)bpf(BPF_MAP_LOOKUP_ELEM, &attr);
}

struct forbidden {
	void (*call)(void);
	uint32_t groups;
};

static void call_forbidden(const void *arg)
{
	const struct forbidden *f = arg;

	install(f->groups);
	f->call();
}

static void a_forbidden_call_kills(void **state)
{
	const uint32_t all = SYSCALLS_SOCKETS | SYSCALLS_NETLINK | SYSCALLS_BPF_MAPS | SYSCALLS_BPF_LINKS;
	const struct forbidden cases[] = {
		{ call_execve, all },
		{ call_fork, all },
		{ call_open_for_writing, all },
		{ call_create, all },
		{ call_truncate, all },
		{ call_unlink, all },
		{ call_kill_parent, all },
		{ call_tgkill_parent, all },
		{ call_executable_memory, all },
		{ call_setrlimit, all },
		{ call_ptrace, all },
		{ call_setuid, all },
		{ call_map_create, all },
		{ call_socket, all & ~(uint32_t)SYSCALLS_NETLINK },
		{ call_link_create, all & ~(uint32_t)SYSCALLS_BPF_LINKS },
		{ call_map_lookup, all & ~(uint32_t)SYSCALLS_BPF_MAPS },
	};
	size_t i;
	int status;

	(void)state;
	skip_without_filter();
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		status = child_status(call_forbidden, &cases[i]);
		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
			fail_msg("case %zu ended with wait status %#x", i, (unsigned int)status);
	}
}

static void call_unlink_logged(const void *arg)
{
	(void)arg;
	install(SYSCALLS_LOG);
	must(unlink("/nonexistent") < 0 && errno == ENOENT);
}

static void a_forbidden_call_may_be_logged_instead(void **state)
{
	(void)state;
	skip_without_filter();
	assert_child_succeeds(call_unlink_logged, NULL);
}

static volatile sig_atomic_t signals;

static void on_signal(int number)
{
	(void)number;
	signals++;
}

static void wait_by_epoll(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	int epoll = epoll_create1(0), ends[2];
	char byte = 0;

	must(pipe(ends) == 0 && write(ends[1], "x", 1) == 1);
	install(0);
	must(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event) == 0);
	must(epoll_wait(epoll, &event, 1, 5000) == 1);
	must(read(ends[0], &byte, 1) == 1 && byte == 'x');
	must(poll(NULL, 0, 1) == 0);
	close(ends[0]);
}

static void use_memory(void)
{
	size_t size = 1 << 20, i;
	char *p = malloc(size), *bigger;

	must(p);
	for (; size < 64u << 20; size *= 2) {
		bigger = realloc(p, size);
		must(bigger);
		p = bigger;
		for (i = 0; i < size; i += 4096)
			p[i] = 1;
	}
	free(p);
}

static void print_local_times(void)
{
	static const char *const zones[] = { "Asia/Tokyo", ":/etc/localtime", "CET-1CEST", "/nonexistent", "" };
	char line[64];
	struct tm tm;
	time_t now = time(NULL);
	FILE *f;
	size_t i;

	for (i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
		setenv("TZ", zones[i], 1);
		tzset();
		must(localtime_r(&now, &tm) && strftime(line, sizeof(line), "%T", &tm));
	}
	f = fopen("/proc/self/statm", "r");
	must(f && fgets(line, sizeof(line), f));
	fclose(f);
	must(fopen("/nonexistent", "r") == NULL && errno == ENOENT);
}

static void run_loop(const void *arg)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct rusage usage;
	struct rlimit limit;
	int pipe_fds[2];
	FILE *out;

	(void)arg;
	must(pipe(pipe_fds) == 0);
	must(sigaction(SIGTERM, &action, NULL) == 0);
	privileges_drop(0, &message);
	wait_by_epoll();
	use_memory();
	print_local_times();
	must(raise(SIGTERM) == 0 && signals == 1);
	must(getrusage(RUSAGE_SELF, &usage) == 0 && getrlimit(RLIMIT_NOFILE, &limit) == 0);
	out = fdopen(pipe_fds[1], "w");
	must(out && !isatty(pipe_fds[1]));
	must(fprintf(out, "a session\n") > 0 && fclose(out) == 0);
	must(read(pipe_fds[0], buf, sizeof(buf)) == 10);
	exit(0);
}

static void the_run_loop_goes_on(void **state)
{
	(void)state;
	skip_without_filter();
	assert_child_succeeds(run_loop, NULL);
}

static void call_abort(const void *arg)
{
	(void)arg;
	install(0);
	abort();
}

static void abort_is_still_an_abort(void **state)
{
	int status;

	(void)state;
	skip_without_filter();
	status = child_status(call_abort, NULL);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

static void use_netlink(const void *arg)
{
	struct {
		struct nlmsghdr header;
		struct ifinfomsg info;
	} request = { { sizeof(request), RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 1, 0 }, { 0 } };
	struct sockaddr_nl self = { .nl_family = AF_NETLINK };
	char name[IF_NAMESIZE];
	int fd;

	(void)arg;
	install(SYSCALLS_NETLINK | SYSCALLS_SOCKETS);
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	must(fd >= 0 && bind(fd, (struct sockaddr *)&self, sizeof(self)) == 0);
	must(send(fd, &request, sizeof(request), 0) == (ssize_t)sizeof(request));
	must(recv(fd, buf, sizeof(buf), 0) > 0);
	must(socket(AF_INET, SOCK_STREAM, 0) < 0 && errno == EACCES);
	if_indextoname(1, name);
}

static void netlink_works_where_asked_for(void **state)
{
	(void)state;
	skip_without_filter();
	assert_child_succeeds(use_netlink, NULL);
}

static uint32_t load_program(void)
{
	static const struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = -1 /* TCX_NEXT */ },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_SCHED_CLS, .insn_cnt = 2, .insns = (uintptr_t)code,
				.license = (uintptr_t) "GPL" };
	long fd = bpf(BPF_PROG_LOAD, &attr);

	must(fd >= 0);
	return (uint32_t)fd;
}

/* CAP_BPF is for kernels before 5.19. EINVAL: there is no tcx. */
static void use_links(const void *arg)
{
	union bpf_attr attr = { .link_create = { .target_ifindex = 1, .attach_type = TCX_INGRESS } };
	long link;

	(void)arg;
	attr.link_create.prog_fd = load_program();
	privileges_drop(PRIVILEGE_BPF, &message);
	install(SYSCALLS_BPF_LINKS);
	link = bpf(BPF_LINK_CREATE, &attr);
	must(link >= 0 || errno == EINVAL);
	if (link >= 0)
		close((int)link);
}

static void links_can_be_made_where_asked_for(void **state)
{
	(void)state;
	skip_without_filter();
	assert_child_succeeds(use_links, NULL);
}

static void count_packet(u_char *user, const struct pcap_pkthdr *header, const u_char *bytes)
{
	(void)header;
	(void)bytes;
	++*(unsigned int *)user;
}

static void use_pcap(const void *arg)
{
	struct sockaddr_in peer = { .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct pollfd pfd = { .events = POLLIN };
	struct pcap_stat stats;
	unsigned int packets = 0, tries;
	int udp = socket(AF_INET, SOCK_DGRAM, 0);
	pcap_t *pcap;

	(void)arg;
	pcap = pcap_create("lo", buf);
	must(pcap && udp >= 0);
	must(pcap_set_snaplen(pcap, 256) == 0 && pcap_set_immediate_mode(pcap, 1) == 0 && pcap_activate(pcap) == 0);
	must(pcap_setnonblock(pcap, 1, buf) == 0);
	pfd.fd = pcap_get_selectable_fd(pcap);
	privileges_drop(0, &message);
	install(SYSCALLS_SOCKETS);
	for (tries = 0; !packets && tries < 20; tries++) {
		must(sendto(udp, "x", 1, 0, (struct sockaddr *)&peer, sizeof(peer)) == 1 || errno == ECONNREFUSED);
		must(poll(&pfd, 1, 100) >= 0);
		must(pcap_dispatch(pcap, 100, count_packet, (u_char *)&packets) >= 0);
	}
	must(packets > 0);
	must(pcap_stats(pcap, &stats) == 0 && stats.ps_recv > 0);
	pcap_close(pcap);
}

static void libpcap_goes_on_where_asked_for(void **state)
{
	(void)state;
	skip_without_filter();
	assert_child_succeeds(use_pcap, NULL);
}

/* The table */

struct check_case {
	bool nobody;
	struct check_built built;
	enum check_backend backend;
	const char *rows[8];	/* each must begin a line */
};

static void assert_row(const char *table, const char *row)
{
	const char *line;

	for (line = table; line; line = strchr(line, '\n')) {
		line += line != table;
		if (!strncmp(line, row, strlen(row)))
			return;
	}
	fprintf(stderr, "no line begins with \"%s\":\n%s\n", row, table);
	_exit(1);
}

static void check_rows(const void *arg)
{
	const struct check_case *c = arg;
	char *table = NULL;
	size_t size, i;
	FILE *out = open_memstream(&table, &size);

	must(out);
	if (c->nobody)
		become_nobody();
	must(check_print(out, &c->built) == c->backend);
	must(fclose(out) == 0);
	for (i = 0; i < sizeof(c->rows) / sizeof(c->rows[0]) && c->rows[i]; i++)
		assert_row(table, c->rows[i]);
	free(table);
}

static void the_table_tells_what_works(void **state)
{
	static const struct check_case cases[] = {
		{ false, { true, "libpcap 1.2.3\033" }, CHECK_EBPF,
		  { "privileges for eBPF   yes ", "BPF system call       yes", "BPF ring buffer       yes",
		    "TC programs           yes", "libpcap               yes     libpcap 1.2.3\\x1b",
		    "packet sockets        yes", "raised priority       yes", "Live capture runs by eBPF." } },
		{ false, { false, "libpcap" }, CHECK_PCAP,
		  { "kernel programs       no      this miruo was built without", "privileges for eBPF   yes ",
		    "Live capture runs by libpcap" } },
		{ false, { false, NULL }, CHECK_NONE, { "libpcap               no ", "Live capture does not run" } },
		{ true, { true, "libpcap" }, CHECK_NONE,
		  { "kernel programs       yes",
		    "privileges for eBPF   no      capture by eBPF needs cap_bpf,cap_net_admin,cap_perfmon: ",
		    "TC programs           ?       cannot be tried without the privileges",
		    "TC attach by tcx      ?       cannot be tried without the privileges",
		    "BPF JIT compiler      ?       cannot be tried without the privileges",
		    "packet sockets        no      capture by libpcap needs cap_net_raw: ", "Live capture does not run" } },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_child_succeeds(check_rows, &cases[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(root_has_no_capability_left),
		cmocka_unit_test(what_is_to_be_kept_is_kept),
		cmocka_unit_test(a_user_with_file_capabilities_loses_them),
#ifdef MIRUO_HAVE_SECCOMP
		cmocka_unit_test(a_drop_without_effect_is_noticed),
#endif
		cmocka_unit_test(a_user_has_none),
		cmocka_unit_test(priority_is_raised_or_the_reason_told),
		cmocka_unit_test(a_forbidden_call_kills),
		cmocka_unit_test(a_forbidden_call_may_be_logged_instead),
		cmocka_unit_test(the_run_loop_goes_on),
		cmocka_unit_test(abort_is_still_an_abort),
		cmocka_unit_test(netlink_works_where_asked_for),
		cmocka_unit_test(links_can_be_made_where_asked_for),
		cmocka_unit_test(libpcap_goes_on_where_asked_for),
		cmocka_unit_test(the_table_tells_what_works),
	};
	const uint32_t needed = PRIVILEGES_FOR_EBPF | PRIVILEGES_FOR_PCAP | PRIVILEGE_SYS_NICE;
	struct privileges p;

	privileges_read(&p);
	if (geteuid() != 0 || privileges_missing(&p, needed)) {
		fputs("skipped: needs root with all capabilities\n", stderr);
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
