/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Linux capabilities of this process: which it has, which a way of capturing needs, and giving them up. */
#ifndef MIRUO_SANDBOX_PRIVILEGES_H
#define MIRUO_SANDBOX_PRIVILEGES_H

#include <stdbool.h>
#include <stdint.h>

#include "sandbox.h"
#include "text.h"

#define PRIVILEGES_PATH_MAX 4096	/* bytes, the final 0 included */

/* Bits of a set. */
enum privilege {
	PRIVILEGE_BPF = 1 << 0,
	PRIVILEGE_NET_ADMIN = 1 << 1,
	PRIVILEGE_PERFMON = 1 << 2,
	PRIVILEGE_NET_RAW = 1 << 3,
	PRIVILEGE_SYS_ADMIN = 1 << 4,
	PRIVILEGE_SYS_NICE = 1 << 5,
	PRIVILEGE_SYS_RESOURCE = 1 << 6,
};

/* What the two ways of live capture need. */
#define PRIVILEGES_FOR_EBPF (PRIVILEGE_BPF | PRIVILEGE_NET_ADMIN | PRIVILEGE_PERFMON)
#define PRIVILEGES_FOR_PCAP PRIVILEGE_NET_RAW

struct privileges {
	uint32_t effective;		/* may be used now; with CAP_SYS_ADMIN also BPF and PERFMON, as in the kernel */
	uint32_t bounding;		/* what an execve() could give */
	bool initial_userns;		/* elsewhere the kernel refuses BPF to everybody */
	bool no_new_privs;		/* setcap and sudo have no effect on what this process starts */
	bool nosuid;			/* the file system of exe is mounted so that setcap has no effect, */
	bool no_xattr;			/* or cannot hold what setcap writes */
	char exe[PRIVILEGES_PATH_MAX];	/* this program's file; empty if it is not known or no longer there */
};

/* Never fails: what cannot be found out counts as "no obstacle". */
void privileges_read(struct privileges *p);

/* The bits of needed that cannot be used here and now; 0: all is well. */
uint32_t privileges_missing(const struct privileges *p, uint32_t needed);

/* Adds the names of a set: "cap_bpf,cap_net_admin". */
void privileges_add_names(struct text *t, uint32_t set);

/*
 * Adds one line without a newline: which of needed (PRIVILEGES_FOR_*) are missing, and the command that mends it, or what
 * keeps that command from working. Adds nothing and returns false if none is missing.
 */
bool privileges_missing_text(const struct privileges *p, uint32_t needed, struct text *t);

/*
 * Gives up for good, in all sets, every capability but those of keep, and sets no_new_privs; then looks whether that took
 * effect. To be called when everything is open, before any thread is started (the calling thread alone changes), and before
 * the system calls are filtered. Built without libcap-ng it only sets no_new_privs.
 *
 * The user does not change. Started by root, miruo stays uid 0 without capabilities: descriptors, /proc/self and time zone
 * files work as before, and no other process of an account like nobody gets power over it. Such a uid 0 still owns root's
 * files; that is why the filter (syscall_filter.h) lets nothing be opened for writing.
 *
 * The bounding set can only be emptied with CAP_SETPCAP, which setcap for our own needs does not give. It stays then:
 * no_new_privs keeps an execve() from drawing on it.
 *
 * keep is 0 unless work is left that the kernel refuses otherwise. Links on new interfaces and reading maps need nothing
 * from 5.19 on, CAP_BPF before; changing a qdisc needs CAP_NET_ADMIN.
 */
enum sandbox_result privileges_drop(uint32_t keep, struct text *err);

#endif
