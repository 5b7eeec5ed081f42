/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Attaching next to the programs of others, and leaving, in every way; each test has a network namespace of its own. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/pkt_cls.h>
#include <net/if.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "miruo/wire.h"

#include "hooks.h"
#include "namespace.h"

#include "miruo.skel.h"

#define TCX_INGRESS  ((enum bpf_attach_type)46) /* in headers since Linux 6.6 only */
#define TCX_EGRESS   ((enum bpf_attach_type)47)
#define NEXT         (-1)
#define WAIT_STEP_US 10000
#define WAIT_STEPS   200
#define TEXT_MAX     8192
#define PACKETS      3

/* A program that counts what it sees and then gives its verdict. */
struct counter {
	int program, map;
};

static struct counter counter_make(enum bpf_prog_type type, const char *name, int verdict)
{
	struct counter c = { .map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "count", 4, 8, 1, NULL) };
	const struct bpf_insn code[] = {
		{ .code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = 1, .src_reg = BPF_PSEUDO_MAP_VALUE, .imm = c.map },
		{ 0 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 2, .imm = 1 },
		{ .code = BPF_STX | BPF_DW | BPF_ATOMIC, .dst_reg = 1, .src_reg = 2, .imm = BPF_ADD },
		{ .code = BPF_ALU | BPF_MOV | BPF_K, .dst_reg = 0, .imm = verdict },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	c.program = bpf_prog_load(type, name, "GPL", code, sizeof(code) / sizeof(code[0]), NULL);
	assert_true(c.map >= 0 && c.program >= 0);
	return c;
}

static uint64_t count_now(const struct counter *c)
{
	uint32_t key = 0;
	uint64_t n = 0;

	assert_int_equal(bpf_map_lookup_elem(c->map, &key, &n), 0);
	return n;
}

static void counter_close(struct counter *c)
{
	close(c->program);
	close(c->map);
}

/* Waits for the last of the packets, and a little for one too many. */
static void assert_count(const struct counter *c, uint64_t n)
{
	int i;

	for (i = 0; i < WAIT_STEPS && count_now(c) < n; i++)
		usleep(WAIT_STEP_US);
	usleep(WAIT_STEP_US);
	assert_int_equal(count_now(c), n);
}

/* What stands for miruo here: hooks, with programs that count. */
struct monitor {
	struct counter in, out, xdp;
	struct hook_programs programs;
	struct hooks hooks;
	char err[256];
	int status;
};

static void monitor_attach(struct monitor *m, const char *device, enum hook hook, bool no_tcx)
{
	*m = (struct monitor) {
		.in = counter_make(BPF_PROG_TYPE_SCHED_CLS, "tc_in", NEXT),
		.out = counter_make(BPF_PROG_TYPE_SCHED_CLS, "tc_out", NEXT),
		.xdp = counter_make(BPF_PROG_TYPE_XDP, "xdp_in", XDP_PASS),
	};
	m->programs = (struct hook_programs) {
		.tc_in = m->in.program,
		.tc_out = m->out.program,
		.tc_in_l3 = m->in.program,
		.tc_out_l3 = m->out.program,
		.xdp_in = m->xdp.program,
		.no_tcx = no_tcx,
	};
	m->status = hooks_attach(&m->hooks, &m->programs, if_nametoindex(device), false, hook, m->err, sizeof(m->err));
}

static void monitor_end(struct monitor *m)
{
	hooks_detach(&m->hooks);
	clsact_release(&m->programs.claim);
	counter_close(&m->in);
	counter_close(&m->out);
	counter_close(&m->xdp);
}

static void assert_attached(const struct monitor *m)
{
	if (m->status)
		fail_msg("%s", m->err);
}

/* Another process with a monitor on device; it ends it in order when it reads a byte. */
struct neighbour {
	pid_t pid;
	int end;
};

static struct neighbour neighbour_start(const char *device, enum hook hook, bool no_tcx)
{
	int ready[2], end[2];
	struct neighbour n;
	struct monitor m;
	char byte;

	assert_int_equal(pipe(ready) | pipe(end), 0);
	n.pid = fork();
	if (!n.pid) {
		close(end[1]);
		monitor_attach(&m, device, hook, no_tcx);
		byte = m.status ? '-' : '+';
		if (write(ready[1], &byte, 1) != 1 || read(end[0], &byte, 1) != 1)
			_exit(1);
		monitor_end(&m);
		_exit(0);
	}
	assert_true(n.pid > 0);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(byte, '+');
	n.end = end[1];
	close(ready[0]);
	close(ready[1]);
	close(end[0]);
	return n;
}

static void neighbour_end(const struct neighbour *n, bool by_kill)
{
	int status;

	assert_true(by_kill ? kill(n->pid, SIGKILL) == 0 : write(n->end, "", 1) == 1);
	assert_int_equal(waitpid(n->pid, &status, 0), n->pid);
	assert_int_equal(status, by_kill ? SIGKILL : 0);
	close(n->end);
}

/* Frames of a protocol that nobody answers, out of device. */
static void send_frames(const char *device)
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(device), .sll_halen = 6 };
	uint8_t frame[60] = { 0x02, 0, 0, 0, 0, 1, 0x02, 0, 0, 0, 0, 2, 0x88, 0xb5 };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), i;

	assert_true(fd >= 0);
	for (i = 0; i < PACKETS; i++)
		sendto(fd, frame, sizeof(frame), 0, (struct sockaddr *)&address, sizeof(address)); /* a drop is an error */
	close(fd);
}

/* What a command prints. */
static const char *output_of(const char *command)
{
	static char text[TEXT_MAX];
	FILE *pipe = popen(command, "r");
	size_t len;

	assert_non_null(pipe);
	len = fread(text, 1, sizeof(text) - 1, pipe);
	text[len] = '\0';
	pclose(pipe);
	return text;
}

static int filters_of_ours(const char *direction)
{
	char command[64];
	const char *at;
	int n = 0;

	snprintf(command, sizeof(command), "tc filter show dev a %s", direction);
	for (at = strstr(output_of(command), "handle 0x4d49"); at; at = strstr(at + 1, "handle 0x4d49"))
		n++;
	return n;
}

static bool has_clsact(void)
{
	return strstr(output_of("tc qdisc show dev a"), "clsact") != NULL;
}

static uint32_t tcx_programs(const char *device, enum bpf_attach_type type)
{
	uint32_t ids[64], n = 64;

	assert_int_equal(bpf_prog_query((int)if_nametoindex(device), type, 0, NULL, ids, &n), 0);
	return n;
}

static uint32_t xdp_program(const char *device)
{
	uint32_t id = 0;

	assert_int_equal(bpf_xdp_query_id((int)if_nametoindex(device), 0, &id), 0);
	return id;
}

/* The kernel takes links of dead processes away in its own time. */
static bool soon_empty(const char *device)
{
	int i;

	for (i = 0; i < WAIT_STEPS; i++) {
		if (!tcx_programs(device, TCX_INGRESS) && !tcx_programs(device, TCX_EGRESS) && !xdp_program(device))
			return true;
		usleep(WAIT_STEP_US);
	}
	return false;
}

static bool tcx_known(void)
{
	struct counter c = counter_make(BPF_PROG_TYPE_SCHED_CLS, "probe", NEXT);
	int link = bpf_link_create(c.program, (int)if_nametoindex("b"), TCX_INGRESS, NULL);

	if (link >= 0)
		close(link);
	counter_close(&c);
	return link >= 0;
}

static void need_tcx(void)
{
	if (!tcx_known())
		skip();
}

/* The filter of somebody else. */
static void filter_of_others(const char *device, enum bpf_tc_attach_point point, const struct counter *c)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)if_nametoindex(device), .attach_point = point);
	LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = c->program, .handle = 1, .priority = 1);

	bpf_tc_hook_create(&hook);
	assert_int_equal(bpf_tc_attach(&hook, &opts), 0);
}

static void programs_of_others_run_before_and_after_on_tcx(void **state)
{
	static const enum bpf_attach_type types[] = { TCX_INGRESS, TCX_EGRESS };
	static const char *const senders[] = { "b", "a" };
	struct counter before, after;
	int first, last, i;
	struct monitor m;

	(void)state;
	need_tcx();
	for (i = 0; i < 2; i++) {
		before = counter_make(BPF_PROG_TYPE_SCHED_CLS, "before", NEXT);
		after = counter_make(BPF_PROG_TYPE_SCHED_CLS, "after", NEXT);
		first = bpf_link_create(before.program, (int)if_nametoindex("a"), types[i], NULL);
		monitor_attach(&m, "a", HOOK_TC, false);
		last = bpf_link_create(after.program, (int)if_nametoindex("a"), types[i], NULL);
		assert_attached(&m);
		assert_true(first >= 0 && last >= 0);
		assert_int_equal(tcx_programs("a", types[i]), 3);
		send_frames(senders[i]);
		assert_count(&before, PACKETS);
		assert_count(&after, PACKETS);
		assert_count(&m.in, i == 0 ? PACKETS : 0);
		assert_count(&m.out, i == 1 ? PACKETS : 0);
		monitor_end(&m);
		assert_int_equal(tcx_programs("a", types[i]), 2);
		close(first);
		close(last);
		counter_close(&before);
		counter_close(&after);
	}
}

/* Who drops still drops, and what is dropped is seen all the same. */
static void a_verdict_of_others_stands(bool no_tcx)
{
	struct counter drop = counter_make(BPF_PROG_TYPE_SCHED_CLS, "drop", TC_ACT_SHOT);
	struct counter arrived = counter_make(BPF_PROG_TYPE_SCHED_CLS, "arrived", NEXT);
	struct monitor m;
	int link = -1;

	filter_of_others("b", BPF_TC_INGRESS, &arrived);
	if (no_tcx)
		filter_of_others("a", BPF_TC_EGRESS, &drop);
	else
		link = bpf_link_create(drop.program, (int)if_nametoindex("a"), TCX_EGRESS, NULL);
	monitor_attach(&m, "a", HOOK_TC, no_tcx);
	assert_attached(&m);
	send_frames("a");
	assert_count(&m.out, PACKETS);
	assert_count(&drop, PACKETS);
	assert_count(&arrived, 0);
	if (link >= 0)
		close(link);
	else
		assert_true(run("tc filter del dev a egress prio 1 handle 1 bpf"));
	send_frames("a");
	assert_count(&m.out, 2 * PACKETS);
	assert_count(&drop, PACKETS);
	assert_count(&arrived, PACKETS);
	monitor_end(&m);
	counter_close(&drop);
	counter_close(&arrived);
}

static void a_drop_by_others_stands_on_tcx(void **state)
{
	(void)state;
	need_tcx();
	a_verdict_of_others_stands(false);
}

static void a_drop_by_others_stands_on_clsact(void **state)
{
	(void)state;
	a_verdict_of_others_stands(true);
}

static void a_clsact_of_others_stays_as_it_was(void **state)
{
	struct counter other = counter_make(BPF_PROG_TYPE_SCHED_CLS, "other", NEXT);
	char before[TEXT_MAX];
	struct monitor m;

	(void)state;
	filter_of_others("a", BPF_TC_INGRESS, &other);
	snprintf(before, sizeof(before), "%s", output_of("tc qdisc show dev a; tc filter show dev a ingress"));
	monitor_attach(&m, "a", HOOK_TC, true);
	assert_attached(&m);
	send_frames("b");
	assert_count(&m.in, PACKETS);
	assert_count(&other, PACKETS);
	monitor_end(&m);
	assert_string_equal(output_of("tc qdisc show dev a; tc filter show dev a ingress"), before);
	send_frames("b");
	assert_count(&other, 2 * PACKETS);
	counter_close(&other);
}

static void an_empty_clsact_of_others_stays(void **state)
{
	struct monitor m;

	(void)state;
	assert_true(run("tc qdisc add dev a clsact"));
	monitor_attach(&m, "a", HOOK_TC, true);
	assert_attached(&m);
	assert_int_equal(filters_of_ours("ingress") + filters_of_ours("egress"), 2);
	monitor_end(&m);
	assert_true(has_clsact());
	assert_int_equal(filters_of_ours("ingress") + filters_of_ours("egress"), 0);
}

static void our_clsact_goes_when_nobody_uses_it(void **state)
{
	struct counter other = counter_make(BPF_PROG_TYPE_SCHED_CLS, "other", NEXT);
	struct monitor m;

	(void)state;
	monitor_attach(&m, "a", HOOK_TC, true);
	assert_attached(&m);
	monitor_end(&m);
	assert_false(has_clsact());

	monitor_attach(&m, "a", HOOK_TC, true);
	filter_of_others("a", BPF_TC_EGRESS, &other);
	monitor_end(&m);
	assert_true(has_clsact());
	send_frames("a");
	assert_count(&other, PACKETS);
	counter_close(&other);
}

/* Filters of another kind hold the lowest priority. */
static void a_priority_of_others_is_passed_over(void **state)
{
	struct monitor m;

	(void)state;
	assert_true(run("tc qdisc add dev a clsact"));
	if (!run("tc filter add dev a ingress prio 1 protocol ip u32 match u32 0 0 flowid 1:1"))
		skip();
	monitor_attach(&m, "a", HOOK_TC, true);
	assert_attached(&m);
	send_frames("b");
	assert_count(&m.in, PACKETS);
	monitor_end(&m);
	assert_non_null(strstr(output_of("tc filter show dev a ingress"), "u32"));
}

static void what_a_killed_one_left_on_clsact_is_removed(void **state)
{
	struct neighbour n = neighbour_start("a", HOOK_TC, true);
	struct monitor m;

	(void)state;
	neighbour_end(&n, true);
	assert_int_equal(filters_of_ours("ingress"), 1);
	assert_int_equal(filters_of_ours("egress"), 1);
	monitor_attach(&m, "a", HOOK_TC, true);
	assert_attached(&m);
	assert_int_equal(filters_of_ours("ingress"), 1);
	assert_int_equal(filters_of_ours("egress"), 1);
	send_frames("b");
	assert_count(&m.in, PACKETS);
	monitor_end(&m);
	assert_false(has_clsact());
}

static void a_killed_one_does_not_take_a_clsact_of_others_along(void **state)
{
	struct neighbour n;
	struct monitor m;

	(void)state;
	assert_true(run("tc qdisc add dev a clsact"));
	n = neighbour_start("a", HOOK_TC, true);
	neighbour_end(&n, true);
	monitor_attach(&m, "a", HOOK_TC, true);
	assert_attached(&m);
	monitor_end(&m);
	assert_true(has_clsact());
	assert_int_equal(filters_of_ours("ingress") + filters_of_ours("egress"), 0);
}

/* A filter with our handle, but not with our program: it is not ours. */
static void a_handle_alone_does_not_make_it_ours(void **state)
{
	struct counter other = counter_make(BPF_PROG_TYPE_SCHED_CLS, "other", NEXT);
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)if_nametoindex("a"), .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = other.program, .handle = CLSACT_HANDLE | CLSACT_MADE, .priority = 7);
	struct monitor m;

	(void)state;
	assert_int_equal(bpf_tc_hook_create(&hook), 0);
	assert_int_equal(bpf_tc_attach(&hook, &opts), 0);
	monitor_attach(&m, "a", HOOK_TC, true);
	assert_attached(&m);
	send_frames("b");
	assert_count(&other, PACKETS);
	monitor_end(&m);
	assert_non_null(strstr(output_of("tc filter show dev a ingress"), "other"));
	counter_close(&other);
}

static void both_of_two_see_all(bool no_tcx)
{
	struct neighbour n = neighbour_start("a", HOOK_TC, no_tcx);
	struct monitor m;

	monitor_attach(&m, "a", HOOK_TC, no_tcx);
	assert_attached(&m);
	if (no_tcx)
		assert_int_equal(filters_of_ours("ingress"), 2);
	else
		assert_int_equal(tcx_programs("a", TCX_INGRESS), 2);
	send_frames("b");
	assert_count(&m.in, PACKETS);
	neighbour_end(&n, false);
	send_frames("b");
	send_frames("a");
	assert_count(&m.in, 2 * PACKETS);
	assert_count(&m.out, PACKETS);
	monitor_end(&m);
	assert_false(has_clsact());
}

static void two_at_once_on_tcx(void **state)
{
	(void)state;
	need_tcx();
	both_of_two_see_all(false);
	assert_true(soon_empty("a"));
}

static void two_at_once_on_clsact(void **state)
{
	(void)state;
	both_of_two_see_all(true);
}

/* The one that stays is not taken for a killed one by who comes later. */
static void a_living_one_keeps_its_filters(void **state)
{
	struct neighbour killed = neighbour_start("a", HOOK_TC, true), living = neighbour_start("a", HOOK_TC, true);
	struct monitor m;

	(void)state;
	neighbour_end(&killed, true);
	monitor_attach(&m, "a", HOOK_TC, true);
	assert_attached(&m);
	assert_int_equal(filters_of_ours("ingress"), 2);
	monitor_end(&m);
	assert_int_equal(filters_of_ours("ingress"), 1);
	assert_int_equal(filters_of_ours("egress"), 1);
	neighbour_end(&living, false);
	assert_false(has_clsact());
}

static void an_ingress_qdisc_is_no_place_for_egress(void **state)
{
	struct monitor m;

	(void)state;
	assert_true(run("tc qdisc add dev a ingress"));
	monitor_attach(&m, "a", HOOK_TC, true);
	assert_int_equal(m.status, -EBUSY);
	assert_non_null(strstr(m.err, "ingress qdisc"));
	assert_non_null(strstr(m.err, "--backend=pcap"));
	monitor_end(&m);
	assert_non_null(strstr(output_of("tc qdisc show dev a"), "qdisc ingress"));
	assert_int_equal(filters_of_ours("ingress"), 0);
}

static void nothing_stays_after_a_kill(void **state)
{
	static const enum hook hooks[] = { HOOK_TC, HOOK_XDP, HOOK_XDP_GENERIC };
	struct neighbour n;
	size_t i;

	(void)state;
	need_tcx();
	for (i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++) {
		n = neighbour_start("a", hooks[i], false);
		assert_int_equal(tcx_programs("a", TCX_EGRESS), 1);
		assert_int_equal(xdp_program("a") != 0, hooks[i] != HOOK_TC);
		neighbour_end(&n, true);
		assert_true(soon_empty("a"));
	}
}

static void clsact_is_taken_only_where_tcx_is_not_known(void **state)
{
	struct monitor m;

	(void)state;
	need_tcx();
	monitor_attach(&m, "nosuch0", HOOK_TC, false);
	assert_int_equal(m.status, -ENODEV);
	assert_string_equal(m.err, "cannot attach to TC ingress: No such device");
	assert_false(m.programs.claim.tried);
	monitor_end(&m);
	monitor_attach(&m, "a", HOOK_TC, false);
	assert_attached(&m);
	assert_false(m.programs.claim.tried);
	assert_false(hooks_detach_is_privileged(&m.hooks));
	monitor_end(&m);
}

static void xdp_goes_in_and_tc_goes_out(void **state)
{
	static const enum hook hooks[] = { HOOK_XDP, HOOK_XDP_GENERIC };
	struct monitor m;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		monitor_attach(&m, "a", hooks[i], false);
		assert_attached(&m);
		send_frames("b");
		send_frames("a");
		assert_count(&m.xdp, PACKETS);
		assert_count(&m.out, PACKETS);
		assert_count(&m.in, 0);
		monitor_end(&m);
		assert_int_equal(xdp_program("a"), 0);
	}
}

static void another_xdp_program_is_named_and_left_alone(void **state)
{
	static const enum hook hooks[] = { HOOK_XDP, HOOK_XDP_GENERIC };
	struct counter other = counter_make(BPF_PROG_TYPE_XDP, "balancer", XDP_PASS);
	int link = bpf_link_create(other.program, (int)if_nametoindex("a"), BPF_XDP, NULL);
	uint32_t id = xdp_program("a");
	struct monitor m;
	char line[128];
	size_t i;

	(void)state;
	assert_true(link >= 0 && id);
	snprintf(line, sizeof(line),
		 "another XDP program is attached, id %u, name balancer; it is left alone, use --hook=tc", id);
	for (i = 0; i < 2; i++) {
		monitor_attach(&m, "a", hooks[i], false);
		assert_true(m.status < 0);
		assert_string_equal(m.err, line);
		monitor_end(&m);
		assert_int_equal(xdp_program("a"), id);
	}
	close(link);
	counter_close(&other);
}

static void without_native_xdp_it_says_what_to_use(void **state)
{
	struct monitor m;

	(void)state;
	monitor_attach(&m, "lo", HOOK_XDP, false);
	assert_int_equal(m.status, -EOPNOTSUPP);
	assert_string_equal(m.err, "its driver has no native XDP; use --hook=tc, or --hook=xdp-generic");
	monitor_end(&m);
}

static void a_device_without_link_header_takes_tc(void **state)
{
	struct monitor m;

	(void)state;
	monitor_attach(&m, "a", HOOK_TC, false);
	hooks_detach(&m.hooks);
	assert_int_equal(hooks_attach(&m.hooks, &m.programs, if_nametoindex("a"), true, HOOK_XDP, m.err, sizeof(m.err)), 0);
	send_frames("b");
	assert_count(&m.in, PACKETS);
	assert_int_equal(xdp_program("a"), 0);
	monitor_end(&m);
}

static void an_interface_may_go_first(void **state)
{
	static const struct {
		enum hook hook;
		bool no_tcx;
	} ways[] = { { HOOK_TC, false }, { HOOK_TC, true }, { HOOK_XDP, false } };
	struct monitor m;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		assert_true(run("ip link add name c type veth peer name d && ip link set dev c up && ip link set dev d up"));
		monitor_attach(&m, "c", ways[i].hook, ways[i].no_tcx);
		assert_attached(&m);
		assert_true(run("ip link del dev c"));
		monitor_end(&m);
		assert_int_equal(m.hooks.link[0], -1);
		assert_int_equal(m.hooks.link[1], -1);
	}
}

/* Packets that end up in every branch: TCP, UDP, a later fragment, nonsense behind a good link header, nonsense. */
static const struct {
	const char *name;
	uint8_t bytes[74];
} packets[] = {
	{ "TCP", { 2, 0,  0, 0, 0, 1,  2, 0, 0, 0,    0,    2, 8,  0, 0x45, 0, 0, 60, 0, 1, 0, 0,    64, 6,    0,
		   0, 10, 0, 0, 1, 10, 0, 0, 2, 0x9c, 0x40, 0, 80, 0, 0,    0, 1, 0,  0, 0, 0, 0xa0, 2,  0xff, 0xff } },
	{ "UDP",
	  { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0, 0, 60, 0, 1, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2 } },
	{ "fragment", { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0, 0, 60, 0, 1, 0, 9, 64, 6, 0, 0, 10, 0, 0, 1 } },
	{ "TCP over IPv6",
	  { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 20, 6, 64, [54] = 0x9c, 0x40, [66] = 0x50 } },
	{ "bad IP", { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0xff, 0xff, 0xff } },
	{ "nothing", { 0 } },
};

static void assert_passes(const struct bpf_program *program, int verdict)
{
	uint8_t out[256];
	size_t i;

	for (i = 0; i < sizeof(packets) / sizeof(packets[0]); i++) {
		LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packets[i].bytes, .data_size_in = sizeof(packets[i].bytes),
			    .data_out = out, .data_size_out = sizeof(out));

		assert_int_equal(bpf_prog_test_run_opts(bpf_program__fd(program), &opts), 0);
		if ((int)opts.retval != verdict)
			fail_msg("%s gives %d for %s", bpf_program__name(program), (int)opts.retval, packets[i].name);
		assert_int_equal(opts.data_size_out, sizeof(packets[i].bytes));
		assert_memory_equal(out, packets[i].bytes, sizeof(packets[i].bytes));
	}
}

/* Whatever the packet: its way is not changed, nor is the packet. */
static void the_programs_pass_everything_on(void **state)
{
	struct miruo_bpf *skel = miruo_bpf__open_and_load();
	struct bpf_program *program;
	int n = 0;

	(void)state;
	assert_non_null(skel);
	bpf_object__for_each_program(program, skel->obj) {
		assert_passes(program, bpf_program__type(program) == BPF_PROG_TYPE_XDP ? XDP_PASS : NEXT);
		n++;
	}
	assert_int_equal(n, 5);
	miruo_bpf__destroy(skel);
}

static int fresh_namespace(void **state)
{
	(void)state;
	return unshare(CLONE_NEWNET) ||
	       !run("echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6; ip link add name a type veth peer name b &&"
		    " ip link set dev lo up && ip link set dev a up && ip link set dev b up");
}

static bool may_load_programs(void)
{
	const struct bpf_insn code[] = { { .code = BPF_ALU64 | BPF_MOV | BPF_K }, { .code = BPF_JMP | BPF_EXIT } };
	int fd = bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "probe", "GPL", code, 2, NULL);

	if (fd < 0)
		fprintf(stderr, "skipped: no kernel programs (%s): run as root\n", strerror(errno));
	else
		close(fd);
	return fd >= 0;
}

#define TEST(name) cmocka_unit_test_setup(name, fresh_namespace)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(programs_of_others_run_before_and_after_on_tcx),
		TEST(a_drop_by_others_stands_on_tcx),
		TEST(a_drop_by_others_stands_on_clsact),
		TEST(a_clsact_of_others_stays_as_it_was),
		TEST(an_empty_clsact_of_others_stays),
		TEST(our_clsact_goes_when_nobody_uses_it),
		TEST(a_priority_of_others_is_passed_over),
		TEST(what_a_killed_one_left_on_clsact_is_removed),
		TEST(a_killed_one_does_not_take_a_clsact_of_others_along),
		TEST(a_handle_alone_does_not_make_it_ours),
		TEST(two_at_once_on_tcx),
		TEST(two_at_once_on_clsact),
		TEST(a_living_one_keeps_its_filters),
		TEST(an_ingress_qdisc_is_no_place_for_egress),
		TEST(nothing_stays_after_a_kill),
		TEST(clsact_is_taken_only_where_tcx_is_not_known),
		TEST(xdp_goes_in_and_tc_goes_out),
		TEST(another_xdp_program_is_named_and_left_alone),
		TEST(without_native_xdp_it_says_what_to_use),
		TEST(a_device_without_link_header_takes_tc),
		TEST(an_interface_may_go_first),
		TEST(the_programs_pass_everything_on),
	};

	libbpf_set_print(NULL);
	if (!namespace_init() || !may_load_programs() || !run("tc -V >/dev/null"))
		return EXIT_SKIPPED;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
