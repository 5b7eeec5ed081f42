/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which system calls the run loop may make. Any other ends the process at once, by SIGSYS. */
#ifndef MIRUO_SANDBOX_SYSCALL_FILTER_H
#define MIRUO_SANDBOX_SYSCALL_FILTER_H

#include <stdint.h>

#include "sandbox.h"
#include "text.h"

/*
 * Always allowed: reading and writing what is open, waiting, clocks, memory that is not executable, opening files for
 * reading only, and leaving. Bits add to that.
 */
enum syscall_group {
	SYSCALLS_SOCKETS = 1 << 0,	/* messages and options of sockets that are open: netlink, libpcap */
	SYSCALLS_NETLINK = 1 << 1,	/* opening netlink sockets; opening others fails. Wants SYSCALLS_SOCKETS too */
	SYSCALLS_BPF_MAPS = 1 << 2,	/* bpf(): reading and writing maps */
	SYSCALLS_BPF_LINKS = 1 << 3,	/* bpf(): linking programs that are loaded, and unlinking */
	SYSCALLS_LOG = 1 << 4,		/* for debugging: the kernel's log tells of other calls, which are made */
};

/*
 * Filters the system calls of all threads from now on; nothing undoes it. groups is a set of enum syscall_group. Sets
 * no_new_privs. SANDBOX_MISSING: built without libseccomp, or with AddressSanitizer, whose check for leaks at exit starts a
 * process that traces this one.
 */
enum sandbox_result syscall_filter_install(uint32_t groups, struct text *err);

#endif
