/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netns.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>
#include <linux/nsfs.h>

#define NAMES_SHOWN 10
#define SPEC_SHOWN 100	/* bytes of it in an error line */
#define PID_DIGITS_MAX 10
#define PATH_BYTES_MAX 4096

/* Where named namespaces are; /var/run is the same folder on most systems. */
static const char *const folders[] = { "/run/netns", "/var/run/netns" };

enum { FOLDER_COUNT = sizeof(folders) / sizeof(folders[0]) };

static void add_spec(struct text *t, const char *spec)
{
	size_t len = strlen(spec);

	text_add(t, "\"");
	text_add_escaped(t, spec, len < SPEC_SHOWN ? len : SPEC_SHOWN);
	text_add(t, "%s\"", len > SPEC_SHOWN ? "..." : "");
}

static bool is_pid(const char *spec)
{
	size_t digits = strspn(spec, "0123456789");

	return digits && digits <= PID_DIGITS_MAX && !spec[digits];
}

/* Neither an empty name nor one that leaves the folder. */
static bool is_name(const char *spec)
{
	return spec[0] && !strchr(spec, '/') && strcmp(spec, ".") && strcmp(spec, "..");
}

static int open_name(const char *name)
{
	char path[PATH_BYTES_MAX];
	int fd = -1, n, i;

	errno = ENOENT;
	for (i = 0; fd < 0 && errno == ENOENT && i < FOLDER_COUNT; i++) {
		n = snprintf(path, sizeof(path), "%s/%s", folders[i], name);
		if ((size_t)n < sizeof(path))
			fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	}
	return fd;
}

static int open_pid(const char *pid)
{
	char path[sizeof("/proc//ns/net") + PID_DIGITS_MAX];

	snprintf(path, sizeof(path), "/proc/%s/ns/net", pid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static int open_spec(const char *spec)
{
	int fd;

	if (strchr(spec, '/'))
		return open(spec, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	errno = ENOENT;
	fd = is_name(spec) ? open_name(spec) : -1;
	return fd < 0 && errno == ENOENT && is_pid(spec) ? open_pid(spec) : fd;
}

static int no_dots(const struct dirent *entry)
{
	return is_name(entry->d_name);
}

static void add_names(struct text *err)
{
	struct dirent **entries = NULL;
	int count = -1, i;

	for (i = 0; count <= 0 && i < FOLDER_COUNT; i++) {
		free(entries);
		entries = NULL;
		count = scandir(folders[i], &entries, no_dots, alphasort);
	}
	text_add(err, count > 0 ? ", only:" : "; there are no named ones: give the PID of a process, or a path");
	for (i = 0; i < count; i++) {
		if (i < NAMES_SHOWN) {
			text_add(err, "%s ", i ? "," : "");
			text_add_escaped(err, entries[i]->d_name, strlen(entries[i]->d_name));
		}
		free(entries[i]);
	}
	free(entries);
	if (count > NAMES_SHOWN)
		text_add(err, " and %d more (ip netns lists them)", count - NAMES_SHOWN);
}

/* How to say that the namespace could not be opened for the reason in error (an errno). */
static void add_open_error(const char *spec, int error, struct text *err)
{
	if (error == ENOENT && strchr(spec, '/')) {
		text_add(err, "there is no file ");
		add_spec(err, spec);
		text_add(err, " that could be a network namespace");
	} else if (error == ENOENT) {
		text_add(err, "there is no network namespace%s ", is_pid(spec) ? " and no process" : "");
		add_spec(err, spec);
		add_names(err);
	} else {
		text_add(err, "cannot open the network namespace ");
		add_spec(err, spec);
		text_add(err, ": %s%s", strerror(error),
			 error == EACCES || error == EPERM ? "; it needs root or CAP_SYS_PTRACE" : "");
	}
}

/* A file of another kind would be refused by setns() as well, but not in words that help. */
static bool check_file(int fd, const char *spec, struct text *err)
{
	struct statfs fs;
	bool is_namespace = !fstatfs(fd, &fs) && fs.f_type == NSFS_MAGIC;

	if (is_namespace && ioctl(fd, NS_GET_NSTYPE) == CLONE_NEWNET)
		return true;
	add_spec(err, spec);
	text_add(err, " is not a network namespace but %s", is_namespace ? "one of another sort" : "another file");
	return false;
}

bool netns_enter(const char *spec, struct text *err, bool *usage)
{
	int fd = open_spec(spec), error = errno;
	bool entered = false;

	*usage = false;
	if (fd < 0) {
		*usage = error == ENOENT || error == ENOTDIR;
		add_open_error(spec, error, err);
		return false;
	}
	*usage = !check_file(fd, spec, err);
	if (!*usage) {
		entered = !setns(fd, CLONE_NEWNET);
		error = errno;
	}
	if (!*usage && !entered) {
		text_add(err, "cannot enter the network namespace ");
		add_spec(err, spec);
		text_add(err, ": %s%s", strerror(error), error == EPERM ? "; it needs root or CAP_SYS_ADMIN" : "");
	}
	close(fd);
	return entered;
}
