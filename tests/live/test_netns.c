/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "namespace.h"
#include "netns.h"

static ino_t inode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : st.st_ino;
}

/* In a process of its own: whether entering spec leads to the namespace with this inode. */
static bool leads_to(const char *spec, ino_t inode)
{
	pid_t child = fork();
	struct text err;
	char buf[512];
	int status;
	bool usage;

	if (!child) {
		text_init(&err, buf, sizeof(buf));
		if (!netns_enter(spec, &err, &usage)) {
			fprintf(stderr, "%s\n", buf);
			_exit(1);
		}
		_exit(inode_of("/proc/self/ns/net") == inode ? 0 : 2);
	}
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static void a_namespace_is_entered_by_name_path_and_pid(void **state)
{
	ino_t named = inode_of("/run/netns/blue"), own = inode_of("/proc/self/ns/net");
	char pid[16], path[64];
	int ready[2];
	pid_t child;
	ino_t inode;

	(void)state;
	assert_true(named && own && named != own);
	assert_true(leads_to("blue", named));
	assert_true(leads_to("/run/netns/blue", named));
	assert_true(leads_to("/proc/self/ns/net", own));

	assert_int_equal(pipe(ready), 0);
	child = fork();
	if (!child) {
		_exit(unshare(CLONE_NEWNET) || write(ready[1], "", 1) != 1 || sleep(60));
	}
	assert_true(child > 0);
	assert_int_equal(read(ready[0], pid, 1), 1);
	snprintf(pid, sizeof(pid), "%d", (int)child);
	snprintf(path, sizeof(path), "/proc/%s/ns/net", pid);
	inode = inode_of(path);
	assert_true(inode && inode != own);
	assert_true(leads_to(pid, inode));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(ready[0]);
	close(ready[1]);
}

static void a_name_of_digits_goes_before_a_pid(void **state)
{
	char pid[16], command[64];

	(void)state;
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	snprintf(command, sizeof(command), "ln -s blue /run/netns/%s", pid);
	assert_true(run(command));
	assert_true(leads_to(pid, inode_of("/run/netns/blue")));
	snprintf(command, sizeof(command), "rm /run/netns/%s", pid);
	assert_true(run(command));
}

static void assert_refused(const char *spec, bool at_fault, const char *line)
{
	ino_t before = inode_of("/proc/self/ns/net");
	struct text err;
	char buf[512];
	bool usage;

	text_init(&err, buf, sizeof(buf));
	assert_false(netns_enter(spec, &err, &usage));
	assert_string_equal(buf, line);
	assert_int_equal(usage, at_fault);
	assert_int_equal(inode_of("/proc/self/ns/net"), before);
}

static void what_is_no_namespace_is_refused(void **state)
{
	(void)state;
	assert_refused("green", true, "there is no network namespace \"green\", only: blue, red");
	assert_refused("..", true, "there is no network namespace \"..\", only: blue, red");
	assert_refused("", true, "there is no network namespace \"\", only: blue, red");
	assert_refused("a\x1b[m", true, "there is no network namespace \"a\\x1b[m\", only: blue, red");
	assert_refused("4294967295", true, "there is no network namespace and no process \"4294967295\", only: blue, red");
	assert_refused("/no/such", true, "there is no file \"/no/such\" that could be a network namespace");
	assert_refused("/proc/self/status", true, "\"/proc/self/status\" is not a network namespace but another file");
	assert_refused("/run", true, "\"/run\" is not a network namespace but another file");
	assert_refused("/proc/self/ns/uts", true,
		       "\"/proc/self/ns/uts\" is not a network namespace but one of another sort");
}

static void at_most_ten_names_are_listed(void **state)
{
	(void)state;
	assert_true(run("cd /run/netns && touch n1 n2 n3 n4 n5 n6 n7 n8 n9"));
	assert_refused("x", true,
		       "there is no network namespace \"x\", only: blue, n1, n2, n3, n4, n5, n6, n7, n8, n9 and 1 more"
		       " (ip netns lists them)");
	assert_true(run("rm /run/netns/n*"));
}

static void without_privilege_it_says_what_is_missing(void **state)
{
	pid_t child = fork();
	int status;

	(void)state;
	if (!child) {
		if (setuid(65534))
			_exit(1);
		assert_refused("blue", false,
			       "cannot enter the network namespace \"blue\": Operation not permitted; it needs root"
			       " or CAP_SYS_ADMIN");
		assert_refused("1", false,
			       "cannot open the network namespace \"1\": Permission denied; it needs root or"
			       " CAP_SYS_PTRACE");
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_namespace_is_entered_by_name_path_and_pid),
		cmocka_unit_test(a_name_of_digits_goes_before_a_pid),
		cmocka_unit_test(what_is_no_namespace_is_refused),
		cmocka_unit_test(at_most_ten_names_are_listed),
		cmocka_unit_test(without_privilege_it_says_what_is_missing),
	};

	if (!namespace_init() || !run("ip netns add blue && ip netns add red"))
		return EXIT_SKIPPED;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
