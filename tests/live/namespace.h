/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Namespaces for tests, so that nothing of the host is touched and nothing stays behind when a test is killed. Needs
 * _GNU_SOURCE.
 */
#ifndef MIRUO_TESTS_NAMESPACE_H
#define MIRUO_TESTS_NAMESPACE_H

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#define EXIT_SKIPPED 77

/* Runs a command of the shell; true if it went well. */
static inline bool run(const char *command)
{
	int status = system(command);

	if (status)
		fprintf(stderr, "failed (status %d): %s\n", status, command);
	return status == 0;
}

/* A mount namespace with an empty /run, and a network namespace. Says on stderr why it is not possible. */
static inline bool namespace_init(void)
{
	if (system("ip -V >/dev/null 2>&1")) {
		fprintf(stderr, "skipped: no ip command (iproute2)\n");
		return false;
	}
	if (unshare(CLONE_NEWNS | CLONE_NEWNET) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", "/run", "tmpfs", 0, NULL)) {
		fprintf(stderr, "skipped: no namespaces of our own (%s): run as root\n", strerror(errno));
		return false;
	}
	return true;
}

#endif
