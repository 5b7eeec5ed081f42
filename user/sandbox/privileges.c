/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "privileges.h"

#include <errno.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#ifdef MIRUO_HAVE_CAP_NG
#include <cap-ng.h>
#endif

#define INITIAL_USERNS_INODE 0xeffffffdU	/* fixed by the kernel: PROC_USER_INIT_INO */
#define CAP_BITS 64

#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#endif
#ifndef CAP_BPF
#define CAP_BPF 39
#endif

static const struct {
	uint32_t bit;
	int number;
	const char *name;
} table[] = {
	{ PRIVILEGE_BPF, CAP_BPF, "cap_bpf" },
	{ PRIVILEGE_NET_ADMIN, CAP_NET_ADMIN, "cap_net_admin" },
	{ PRIVILEGE_PERFMON, CAP_PERFMON, "cap_perfmon" },
	{ PRIVILEGE_NET_RAW, CAP_NET_RAW, "cap_net_raw" },
	{ PRIVILEGE_SYS_ADMIN, CAP_SYS_ADMIN, "cap_sys_admin" },
	{ PRIVILEGE_SYS_NICE, CAP_SYS_NICE, "cap_sys_nice" },
	{ PRIVILEGE_SYS_RESOURCE, CAP_SYS_RESOURCE, "cap_sys_resource" },
};

#define IN_SYS_ADMIN (PRIVILEGE_BPF | PRIVILEGE_PERFMON)
#define TABLE_COUNT (sizeof(table) / sizeof(table[0]))

/* One bit a capability, as in /proc/self/status. */
struct caps {
	uint64_t effective, permitted, inheritable, bounding, ambient;
};

static uint64_t bit(int number)
{
	return UINT64_C(1) << number;
}

static bool caps_read(struct caps *c)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	int number;

	memset(c, 0, sizeof(*c));
	if (syscall(SYS_capget, &header, data))
		return false;
	c->effective = data[0].effective | (uint64_t)data[1].effective << 32;
	c->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	c->inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
	for (number = 0; number < CAP_BITS; number++) {
		if (prctl(PR_CAPBSET_READ, number, 0, 0, 0) == 1)
			c->bounding |= bit(number);
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, number, 0, 0) == 1)
			c->ambient |= bit(number);
	}
	return true;
}

static uint32_t set_of(uint64_t caps)
{
	uint32_t set = 0;
	size_t i;

	for (i = 0; i < TABLE_COUNT; i++)
		if (caps & bit(table[i].number))
			set |= table[i].bit;
	return set;
}

static void exe_read(struct privileges *p)
{
	ssize_t len = readlink("/proc/self/exe", p->exe, sizeof(p->exe) - 1);
	struct statvfs fs;

	p->exe[len > 0 ? len : 0] = '\0';
	if (statvfs(p->exe, &fs)) {
		p->exe[0] = '\0';
		return;
	}
	p->nosuid = fs.f_flag & ST_NOSUID;
	p->no_xattr = getxattr(p->exe, "security.capability", NULL, 0) < 0 && errno == ENOTSUP;
}

void privileges_read(struct privileges *p)
{
	struct caps caps;
	struct stat ns;

	memset(p, 0, sizeof(*p));
	caps_read(&caps);
	p->effective = set_of(caps.effective);
	if (p->effective & PRIVILEGE_SYS_ADMIN)
		p->effective |= IN_SYS_ADMIN;
	p->bounding = set_of(caps.bounding);
	p->initial_userns = stat("/proc/self/ns/user", &ns) || ns.st_ino == INITIAL_USERNS_INODE;
	p->no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
	exe_read(p);
}

uint32_t privileges_missing(const struct privileges *p, uint32_t needed)
{
	if (needed & PRIVILEGE_BPF && !p->initial_userns)
		return needed;
	return needed & ~p->effective;
}

void privileges_add_names(struct text *t, uint32_t set)
{
	const char *comma = "";
	size_t i;

	for (i = 0; i < TABLE_COUNT; i++) {
		if (!(set & table[i].bit))
			continue;
		text_add(t, "%s%s", comma, table[i].name);
		comma = ",";
	}
}

/* As a word for the shell. What text_add_escaped() writes for other bytes means the same between $' and '. */
static void add_path(struct text *t, const char *path)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._+-:@%=,";

	if (!path[strspn(path, plain)]) {
		text_add(t, "%s", path);
		return;
	}
	text_add(t, "$'");
	for (; *path; path++) {
		if (*path == '\'' || *path == '\\')
			text_add(t, "\\");
		text_add_escaped(t, path, 1);
	}
	text_add(t, "'");
}

/* setcap replaces what the file had: the command names that too. */
static void add_setcap(struct text *t, const struct privileges *p, uint32_t needed)
{
	text_add(t, "sudo setcap ");
	privileges_add_names(t, needed | p->effective);
	text_add(t, "=ep ");
	if (p->exe[0])
		add_path(t, p->exe);
	else
		text_add(t, "\"$(command -v miruo)\"");
}

static void add_remedy(struct text *t, const struct privileges *p, uint32_t needed)
{
	if (needed & PRIVILEGE_BPF && !p->initial_userns) {
		text_add(t, "inside a user namespace the kernel lets nobody load BPF programs; ");
		text_add(t, "start miruo on the host itself");
	} else if (needed & ~p->bounding) {
		text_add(t, "the bounding set of this process rules out ");
		privileges_add_names(t, needed & ~p->bounding);
		text_add(t, "; add it where miruo is started from (docker: --cap-add, systemd: CapabilityBoundingSet=)");
	} else if (p->no_new_privs) {
		text_add(t, "no_new_privs is set, so setcap and sudo have no effect here; ");
		text_add(t, "start miruo as root from elsewhere ");
		text_add(t, "(docker: without no-new-privileges, systemd: NoNewPrivileges=no)");
	} else if (p->nosuid || p->no_xattr) {
		text_add(t, "run it as root; setcap has no effect on ");
		add_path(t, p->exe);
		text_add(t, ", its file system %s", p->nosuid ? "is mounted nosuid" : "has no extended attributes");
		text_add(t, ": copy it to another one to use setcap");
	} else {
		text_add(t, "run it as root, or once: ");
		add_setcap(t, p, needed);
	}
}

bool privileges_missing_text(const struct privileges *p, uint32_t needed, struct text *t)
{
	uint32_t missing = privileges_missing(p, needed);

	if (!missing)
		return false;
	text_add(t, "%s needs ", needed & PRIVILEGE_BPF ? "capture by eBPF" : "capture by libpcap");
	privileges_add_names(t, missing);
	text_add(t, ": ");
	add_remedy(t, p, needed);
	return true;
}

#ifdef MIRUO_HAVE_CAP_NG
static bool caps_apply(uint32_t keep)
{
	size_t i;

	capng_clear(CAPNG_SELECT_ALL);
	for (i = 0; i < TABLE_COUNT; i++)
		if (keep & table[i].bit)
			capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, (unsigned int)table[i].number);
	return capng_apply(CAPNG_SELECT_ALL) == 0;
}

static bool caps_dropped(uint32_t keep, bool bounding)
{
	struct caps caps;
	uint64_t kept = 0;
	size_t i;

	for (i = 0; i < TABLE_COUNT; i++)
		if (keep & table[i].bit)
			kept |= bit(table[i].number);
	if (!caps_read(&caps) || (bounding && caps.bounding))
		return false;
	return !((caps.effective | caps.permitted) & ~kept) && !caps.inheritable && !caps.ambient;
}

enum sandbox_result privileges_drop(uint32_t keep, struct text *err)
{
	struct caps before;

	if (!caps_read(&before) || !caps_apply(keep) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) {
		text_add(err, "cannot give up its privileges: %s; not going on with them", strerror(errno));
		return SANDBOX_FAILED;
	}
	if (caps_dropped(keep, before.effective & bit(CAP_SETPCAP)) && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		return SANDBOX_DONE;
	text_add(err, "cannot give up its privileges: they are still there afterwards; not going on with them");
	return SANDBOX_FAILED;
}
#else
enum sandbox_result privileges_drop(uint32_t keep, struct text *err)
{
	(void)keep;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) {
		text_add(err, "cannot set no_new_privs: %s; not going on without", strerror(errno));
		return SANDBOX_FAILED;
	}
	text_add(err, "keeps its privileges while it runs: this miruo was built without libcap-ng");
	return SANDBOX_MISSING;
}
#endif
