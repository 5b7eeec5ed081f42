/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Real interfaces come, change and go; each test has a network namespace of its own. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>

#include "interfaces.h"
#include "namespace.h"

#define QUIET_MS 50
#define DATAGRAMS_MAX 10000	/* waits for an end of events at most so often */

struct test {
	struct interfaces *interfaces;
	char buf[8192];
	struct text log;	/* the events, each with a blank before and after: "+NAME" appeared, "-NAME", "OLD>NEW" */
};

static void on_event(void *ctx, enum interface_event event, const struct interface *i, const char *old_name)
{
	struct test *t = ctx;

	if (event == INTERFACE_RENAMED)
		text_add(&t->log, "%s>%s ", old_name, i->name);
	else
		text_add(&t->log, "%c%s ", event == INTERFACE_APPEARED ? '+' : '-', i->name);
}

/* What has happened since the last call. */
static const char *events(struct test *t)
{
	struct pollfd readable = { .fd = interfaces_fd(t->interfaces), .events = POLLIN };
	int n;

	text_init(&t->log, t->buf, sizeof(t->buf));
	text_add(&t->log, " ");
	for (n = 0; n < DATAGRAMS_MAX && poll(&readable, 1, QUIET_MS) == 1; n++)
		assert_int_equal(interfaces_read(t->interfaces, on_event, t), 0);
	return t->buf;
}

static void watch(struct test *t, const char *name)
{
	struct text err;
	char buf[512];
	bool usage;

	text_init(&err, buf, sizeof(buf));
	t->interfaces = interfaces_new(&name, 1, &err, &usage);
	if (!t->interfaces)
		fail_msg("%s", buf);
}

static void find_name(void *ctx, const struct interface *i)
{
	struct interface *wanted = ctx;

	if (!strcmp(i->name, wanted->name))
		*wanted = *i;
}

/* Its index is 0 if it is not watched. */
static struct interface watched(const struct test *t, const char *name)
{
	struct interface i = { 0 };

	snprintf(i.name, sizeof(i.name), "%s", name);
	interfaces_each(t->interfaces, find_name, &i);
	return i;
}

static void any_follows_all_changes(void **state)
{
	struct test t;

	(void)state;
	watch(&t, "any");
	assert_int_equal(watched(&t, "lo").index, 1);
	assert_int_equal(watched(&t, "lo").link, INTERFACE_ETHERNET);
	assert_true(run("ip link add br0 type bridge"));
	assert_string_equal(events(&t), " +br0 ");
	assert_true(run("ip link set br0 name br1"));
	assert_string_equal(events(&t), " br0>br1 ");
	assert_true(run("ip link add name a type veth peer name b"));
	assert_non_null(strstr(events(&t), " +a "));
	assert_non_null(strstr(t.buf, " +b "));
	assert_int_equal(watched(&t, "a").index, if_nametoindex("a"));
	assert_string_equal(watched(&t, "a").kind, "veth");
	assert_true(run("ip link set br1 up && ip link set dev a up && ip link set dev b up && ip link set dev a mtu 1400"));
	assert_string_equal(events(&t), " ");
	assert_true(watched(&t, "a").flags & IFF_UP);
	assert_true(run("ip link del dev b && ip link del br1"));
	assert_non_null(strstr(events(&t), " -a "));
	assert_non_null(strstr(t.buf, " -b "));
	assert_non_null(strstr(t.buf, " -br1 "));
	assert_int_equal(watched(&t, "a").index, 0);
	interfaces_free(t.interfaces);
}

/* The bridge tells of both by messages that look like those about an interface that comes and goes. */
static void a_port_stays_when_it_leaves_its_bridge(void **state)
{
	struct test t;

	(void)state;
	assert_true(run("ip link add br0 type bridge && ip link add name a type veth peer name b"));
	watch(&t, "any");
	assert_true(run("ip link set dev a master br0"));
	assert_string_equal(events(&t), " ");
	assert_int_equal(watched(&t, "a").master, if_nametoindex("br0"));
	assert_true(run("ip link set dev a nomaster"));
	assert_string_equal(events(&t), " ");
	assert_int_equal(watched(&t, "a").master, 0);
	interfaces_free(t.interfaces);
}

static void a_named_one_is_watched_again(void **state)
{
	struct test t;

	(void)state;
	assert_true(run("ip link add name a type veth peer name b"));
	watch(&t, "a");
	assert_int_equal(watched(&t, "b").index, 0);
	assert_true(run("ip link del dev a"));
	assert_string_equal(events(&t), " -a ");
	assert_true(run("ip link add name c type bridge"));
	assert_string_equal(events(&t), " ");
	assert_true(run("ip link add name a type bridge"));
	assert_string_equal(events(&t), " +a ");
	assert_true(run("ip link set dev a name d"));
	assert_string_equal(events(&t), " a>d ");
	assert_true(run("ip link set dev c name a"));
	assert_string_equal(events(&t), " +a ");
	interfaces_free(t.interfaces);
}

static void one_that_leaves_the_namespace_is_gone(void **state)
{
	struct test t;

	(void)state;
	assert_true(run("ip netns add other && ip link add name a type veth peer name b"));
	watch(&t, "any");
	assert_true(run("ip link set dev a netns other"));
	assert_string_equal(events(&t), " -a ");
	assert_true(run("ip -n other link set dev a netns $$"));
	assert_string_equal(events(&t), " +a ");
	assert_true(run("ip netns del other"));
	interfaces_free(t.interfaces);
}

static void tun_and_tap_differ_in_the_link_layer(void **state)
{
	struct ifreq request = { .ifr_flags = IFF_TUN };
	struct test t;
	int fd;

	(void)state;
	watch(&t, "any");
	assert_true(run("ip tuntap add tun0 mode tun && ip tuntap add tap0 mode tap"));
	assert_string_equal(events(&t), " +tun0 +tap0 ");
	assert_int_equal(watched(&t, "tun0").link, INTERFACE_RAW_IP);
	assert_string_equal(watched(&t, "tun0").kind, "tun");
	assert_int_equal(watched(&t, "tap0").link, INTERFACE_ETHERNET);

	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	strcpy(request.ifr_name, "tun0");
	assert_int_equal(ioctl(fd, TUNSETIFF, &request), 0);
	assert_int_equal(ioctl(fd, TUNSETLINK, ARPHRD_CAN), 0);
	assert_string_equal(events(&t), " -tun0 +tun0 ");
	assert_int_equal(watched(&t, "tun0").link, INTERFACE_UNSUPPORTED);
	assert_non_null(watched(&t, "tun0").why_not);
	close(fd);
	interfaces_free(t.interfaces);
}

static void names_are_checked_at_start(void **state)
{
	const char *const names[] = { "lo", "nosuch0" };
	struct text err;
	char buf[512];
	bool usage;

	(void)state;
	text_init(&err, buf, sizeof(buf));
	assert_null(interfaces_new(names, 2, &err, &usage));
	assert_true(usage);
	assert_non_null(strstr(buf, "there is no interface \"nosuch0\", only: lo"));
}

static void count_one(void *ctx, const struct interface *i)
{
	(void)i;
	++*(unsigned int *)ctx;
}

/* Whether what is watched is what exists. */
static void assert_in_step(const struct test *t)
{
	struct if_nameindex *list = if_nameindex();
	unsigned int count = 0, exist = 0;

	assert_non_null(list);
	for (; list[exist].if_index; exist++)
		assert_int_equal(watched(t, list[exist].if_name).index, list[exist].if_index);
	interfaces_each(t->interfaces, count_one, &count);
	assert_int_equal(count, exist);
	if_freenameindex(list);
}

static void an_overrun_is_made_good(void **state)
{
	struct test t;
	int small = 1;

	(void)state;
	assert_true(run("ip link add gone type bridge && ip link add old type bridge"));
	watch(&t, "any");
	assert_int_equal(setsockopt(interfaces_fd(t.interfaces), SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	assert_true(run("for i in $(seq 40); do echo link add v$i type bridge; echo link set v$i up; done | ip -b -"));
	assert_true(run("ip link add gone2 type bridge; ip link del gone; ip link del gone2; ip link set old name new"));
	events(&t);
	assert_true(interfaces_overruns(t.interfaces) > 0);
	assert_non_null(strstr(t.buf, " -gone "));
	assert_non_null(strstr(t.buf, " old>new "));
	assert_non_null(strstr(t.buf, " +v40 "));
	assert_in_step(&t);
	assert_true(run("ip link del v7"));
	assert_string_equal(events(&t), " -v7 ");
	interfaces_free(t.interfaces);
}

/* Reads at any moment while all changes: the order of events may not matter in the end. */
static void it_stays_in_step_under_load(void **state)
{
	struct test t;
	int n, status = 0;
	FILE *load;

	(void)state;
	watch(&t, "any");
	load = popen("for i in $(seq 60); do echo link add v$i type veth peer name w$i; echo link set v$i name x$i;"
		     " test $((i % 3)) = 0 && echo link del w$i; done | ip -b -", "r");
	assert_non_null(load);
	text_init(&t.log, t.buf, sizeof(t.buf));
	for (n = 0; n < 1000; n++) {
		assert_int_equal(interfaces_read(t.interfaces, on_event, &t), 0);
		usleep(100);
	}
	status = pclose(load);
	assert_int_equal(status, 0);
	events(&t);
	assert_in_step(&t);
	interfaces_free(t.interfaces);
}

/* An XDP program that lets all pass, in generic mode. Returns the link's descriptor, and *id of the program. */
static int attach_xdp(const char *name, uint32_t *id)
{
	static const struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	struct bpf_prog_info info = { 0 };
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_XDP, .insn_cnt = 2, .expected_attach_type = BPF_XDP };
	int prog, link;

	attr.insns = (uint64_t)(uintptr_t)code;
	attr.license = (uint64_t)(uintptr_t)"GPL";
	prog = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
	if (prog < 0)
		return -1;
	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (uint32_t)prog;
	attr.info.info_len = sizeof(info);
	attr.info.info = (uint64_t)(uintptr_t)&info;
	syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr));
	*id = info.id;
	memset(&attr, 0, sizeof(attr));
	attr.link_create.prog_fd = (uint32_t)prog;
	attr.link_create.target_ifindex = if_nametoindex(name);
	attr.link_create.attach_type = BPF_XDP;
	attr.link_create.flags = XDP_FLAGS_SKB_MODE;
	link = (int)syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));
	close(prog);
	return link;
}

/* The line of the table that begins with name, as fields between single blanks. */
static void table_line(const char *table, const char *name, char *line, size_t size)
{
	const char *p = table;
	struct text t;

	text_init(&t, line, size);
	while (p && strncmp(p, name, strlen(name)))
		p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL;
	for (; p && *p && *p != '\n'; p++)
		if (*p != ' ' || p[1] != ' ')
			text_add(&t, "%c", *p);
}

static void the_table_tells_what_is_known(void **state)
{
	char *table = NULL, line[256], expected[64], buf[512];
	struct text err;
	uint32_t id = 0;
	size_t size;
	int link;
	FILE *out;

	(void)state;
	assert_true(run("ip link add name a type veth peer name b && ip tuntap add tun0 mode tun && ip link set dev a up"));
	link = attach_xdp("b", &id);
	out = open_memstream(&table, &size);
	assert_non_null(out);
	text_init(&err, buf, sizeof(buf));
	assert_true(interfaces_print(out, &err));
	fclose(out);
	table_line(table, "a ", line, sizeof(line));
	assert_non_null(strstr(line, " no-carrier veth veth "));
	assert_non_null(strstr(line, " - Ethernet"));
	table_line(table, "tun0 ", line, sizeof(line));
	assert_non_null(strstr(line, " down tun tun "));
	assert_non_null(strstr(line, " raw IP"));
	table_line(table, "b ", line, sizeof(line));
	snprintf(expected, sizeof(expected), " %u generic Ethernet", id);
	if (link >= 0)
		assert_non_null(strstr(line, expected));
	close(link);
	free(table);
}

static int new_namespace(void **state)
{
	(void)state;
	return unshare(CLONE_NEWNET);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(any_follows_all_changes, new_namespace),
		cmocka_unit_test_setup(a_port_stays_when_it_leaves_its_bridge, new_namespace),
		cmocka_unit_test_setup(a_named_one_is_watched_again, new_namespace),
		cmocka_unit_test_setup(one_that_leaves_the_namespace_is_gone, new_namespace),
		cmocka_unit_test_setup(tun_and_tap_differ_in_the_link_layer, new_namespace),
		cmocka_unit_test_setup(names_are_checked_at_start, new_namespace),
		cmocka_unit_test_setup(an_overrun_is_made_good, new_namespace),
		cmocka_unit_test_setup(it_stays_in_step_under_load, new_namespace),
		cmocka_unit_test_setup(the_table_tells_what_is_known, new_namespace),
	};

	if (!namespace_init())
		return EXIT_SKIPPED;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
