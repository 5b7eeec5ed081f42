/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "syscall_filter.h"

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

#if !defined(MIRUO_HAVE_SECCOMP)

enum sandbox_result syscall_filter_install(uint32_t groups, struct text *err)
{
	(void)groups;
	text_add(err, "does not filter its system calls: this miruo was built without libseccomp");
	return SANDBOX_MISSING;
}

#elif defined(__SANITIZE_ADDRESS__)

enum sandbox_result syscall_filter_install(uint32_t groups, struct text *err)
{
	(void)groups;
	text_add(err, "does not filter its system calls: this miruo was built with AddressSanitizer");
	return SANDBOX_MISSING;
}

#else

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/sockios.h>
#include <seccomp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define ARRAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NOT_FOR_READING (O_ACCMODE | O_CREAT | O_TRUNC)

/* The argument of that number, from 0, is value; is another; has no bit of mask. */
#define IF(number, test, value) .when = true, .compare = { (number), (test), (scmp_datum_t)(value), 0 }
#define IF_IS(number, value)	IF(number, SCMP_CMP_EQ, value)
#define IF_NOT(number, value)	IF(number, SCMP_CMP_NE, value)
#define IF_CLEAR(number, mask)	IF(number, SCMP_CMP_MASKED_EQ, mask)

/*
 * Beside what the run loop was seen to use, the lists have calls that the C library could use instead in another version, if
 * they do no harm. What an architecture does not have is passed over.
 */
static const char *const always[] = {
	/* what is open */
	"read", "readv", "pread64", "write", "writev", "lseek", "_llseek", "close", "fstat", "fstat64", "fcntl", "fcntl64",
	"dup",

	/* waiting, and the time */
	"epoll_wait", "epoll_pwait", "epoll_pwait2", "epoll_ctl", "poll", "ppoll", "ppoll_time64", "select", "_newselect",
	"pselect6", "pselect6_time64", "nanosleep", "clock_nanosleep", "clock_nanosleep_time64", "restart_syscall",
	"sched_yield", "clock_gettime", "clock_gettime64", "clock_getres", "clock_getres_time64", "gettimeofday", "time",

	/* memory; more of it below */
	"brk", "munmap", "mremap", "madvise", "futex", "futex_time64",

	/* files and facts; opening is below */
	"stat", "stat64", "lstat", "lstat64", "newfstatat", "fstatat64", "statx", "access", "faccessat", "faccessat2",
	"readlink", "readlinkat", "getpid", "gettid", "getppid", "getuid", "getuid32", "geteuid", "geteuid32", "getgid",
	"getgid32", "getegid", "getegid32", "getrusage", "times", "getrlimit", "ugetrlimit", "getpriority", "uname",
	"sysinfo", "getrandom", "getcpu", "sched_getaffinity",

	/* signals of this process, and leaving */
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigreturn", "sigaltstack", "exit", "exit_group",
};

struct row {
	const char *call;
	uint32_t group;			/* 0: in any case */
	struct scmp_arg_cmp compare;	/* of one argument, if when is true */
	bool when;
	uint16_t fails_with;		/* an errno; 0: it is allowed */
};

/* A call in several rows is allowed by any of them. */
static const struct row rows[] = {
	{ .call = "ioctl", IF_IS(1, TCGETS) },
	{ .call = "ioctl", IF_IS(1, TIOCGWINSZ) },
	{ .call = "mmap", IF_CLEAR(2, PROT_EXEC) },
	{ .call = "mmap2", IF_CLEAR(2, PROT_EXEC) },
	{ .call = "mprotect", IF_CLEAR(2, PROT_EXEC) },
	{ .call = "open", IF_CLEAR(1, NOT_FOR_READING) },
	{ .call = "openat", IF_CLEAR(2, NOT_FOR_READING) },
	{ .call = "prlimit64", IF_IS(2, 0) },	/* asks, sets nothing */

	{ .group = SYSCALLS_SOCKETS, .call = "sendto" },
	{ .group = SYSCALLS_SOCKETS, .call = "sendmsg" },
	{ .group = SYSCALLS_SOCKETS, .call = "send" },
	{ .group = SYSCALLS_SOCKETS, .call = "recvfrom" },
	{ .group = SYSCALLS_SOCKETS, .call = "recvmsg" },
	{ .group = SYSCALLS_SOCKETS, .call = "recv" },
	{ .group = SYSCALLS_SOCKETS, .call = "getsockopt" },
	{ .group = SYSCALLS_SOCKETS, .call = "setsockopt" },
	{ .group = SYSCALLS_SOCKETS, .call = "getsockname" },
	{ .group = SYSCALLS_SOCKETS, .call = "ioctl", IF_IS(1, SIOCGIFFLAGS) },
	{ .group = SYSCALLS_SOCKETS, .call = "ioctl", IF_IS(1, SIOCGIFNAME) },
	{ .group = SYSCALLS_SOCKETS, .call = "ioctl", IF_IS(1, SIOCGIFINDEX) },

	/* if_indextoname() and others ask by a socket of another kind, and can do without */
	{ .group = SYSCALLS_NETLINK, .call = "socket", IF_IS(0, AF_NETLINK) },
	{ .group = SYSCALLS_NETLINK, .call = "socket", IF_NOT(0, AF_NETLINK), .fails_with = EACCES },
	{ .group = SYSCALLS_NETLINK, .call = "bind" },

	{ .group = SYSCALLS_BPF_MAPS, .call = "bpf", IF_IS(0, BPF_MAP_LOOKUP_ELEM) },
	{ .group = SYSCALLS_BPF_MAPS, .call = "bpf", IF_IS(0, BPF_MAP_UPDATE_ELEM) },
	{ .group = SYSCALLS_BPF_MAPS, .call = "bpf", IF_IS(0, BPF_MAP_GET_NEXT_KEY) },
	{ .group = SYSCALLS_BPF_MAPS, .call = "bpf", IF_IS(0, BPF_MAP_LOOKUP_BATCH) },
	{ .group = SYSCALLS_BPF_LINKS, .call = "bpf", IF_IS(0, BPF_LINK_CREATE) },
	{ .group = SYSCALLS_BPF_LINKS, .call = "bpf", IF_IS(0, BPF_LINK_DETACH) },
	{ .group = SYSCALLS_BPF_LINKS, .call = "bpf", IF_IS(0, BPF_PROG_QUERY) },
	{ .group = SYSCALLS_BPF_LINKS, .call = "bpf", IF_IS(0, BPF_PROG_GET_FD_BY_ID) },
	{ .group = SYSCALLS_BPF_LINKS, .call = "bpf", IF_IS(0, BPF_OBJ_GET_INFO_BY_FD) },
};

static int row_add(scmp_filter_ctx ctx, const struct row *row)
{
	uint32_t action = row->fails_with ? SCMP_ACT_ERRNO(row->fails_with) : SCMP_ACT_ALLOW;
	int call = seccomp_syscall_resolve_name(row->call);

	if (call < 0)
		return 0;
	return seccomp_rule_add_array(ctx, action, call, row->when ? 1 : 0, &row->compare);
}

static int rows_add(scmp_filter_ctx ctx, uint32_t groups)
{
	const struct row abort_own = { .call = "tgkill", IF_IS(0, getpid()) };
	int err = row_add(ctx, &abort_own);
	size_t i;

	for (i = 0; !err && i < ARRAY_COUNT(always); i++)
		err = row_add(ctx, &(struct row){ .call = always[i] });
	for (i = 0; !err && i < ARRAY_COUNT(rows); i++)
		if (!rows[i].group || rows[i].group & groups)
			err = row_add(ctx, &rows[i]);
	return err;
}

/*
 * For all threads; as a tree, so that a call is found in few steps; also against calls of another architecture. Without
 * CTL_SSB, kernels before 5.16 slow the whole process down: they take it to run code that it does not trust.
 */
static int attributes_set(scmp_filter_ctx ctx, uint32_t action)
{
	int err = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1);

	if (!err)
		err = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, action);
	if (!err)
		err = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (!err)
		err = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_SSB, 1);
	return err == -EOPNOTSUPP ? 0 : err;
}

enum sandbox_result syscall_filter_install(uint32_t groups, struct text *err)
{
	uint32_t action = groups & SYSCALLS_LOG ? SCMP_ACT_LOG : SCMP_ACT_KILL_PROCESS;
	scmp_filter_ctx ctx = seccomp_init(action);
	int failed = ctx ? attributes_set(ctx, action) : -ENOMEM;

	if (!failed)
		failed = rows_add(ctx, groups);
	if (!failed)
		failed = seccomp_load(ctx);
	seccomp_release(ctx);
	if (!failed)
		return SANDBOX_DONE;
	text_add(err, "cannot filter its system calls: %s; not going on without", strerror(-failed));
	return SANDBOX_FAILED;
}

#endif
