/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Found by trying, not by version: distributions add features to old kernels and switch them off in new ones. */
#include "check.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#ifdef MIRUO_HAVE_SECCOMP
#include <seccomp.h>
#endif

#include "bpf_try.h"
#include "priority.h"
#include "privileges.h"
#include "text.h"

#define WHY_MAX 1024
#define NICE_CEILING 20	/* RLIMIT_NICE is this minus the lowest nice level that may be taken */

enum answer {
	YES,
	PARTLY,
	NO,
	UNKNOWN,
	INFO,
};

static const char *const answer_words[] = {
	[YES] = "yes", [PARTLY] = "partly", [NO] = "no", [UNKNOWN] = "?", [INFO] = "-",
};

struct host {
	const struct check_built *built;
	struct privileges privileges;
	struct bpf_try bpf;
	int packet_socket;	/* errno, or 0 */
};

static int packet_socket_try(void)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);	/* protocol 0: receives nothing */

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static bool ebpf_works(const struct host *h)
{
	return h->built->ebpf && !h->bpf.ring_map && !h->bpf.tc_program &&
	       !privileges_missing(&h->privileges, PRIVILEGES_FOR_EBPF);
}

static bool pcap_works(const struct host *h)
{
	return h->built->pcap_version && !h->packet_socket;
}

/* The first line of a small file that the kernel writes, escaped; false if it cannot be read. */
static bool file_line(const char *path, char *buf, size_t size)
{
	char raw[128];
	FILE *f = fopen(path, "r");
	struct text t;
	bool ok;

	if (!f)
		return false;
	ok = fgets(raw, sizeof(raw), f) != NULL;
	fclose(f);
	if (!ok)
		return false;
	text_init(&t, buf, size);
	text_add_escaped(&t, raw, strcspn(raw, "\n"));
	return true;
}

static enum answer look_kernel(const struct host *h, struct text *why)
{
	struct utsname name;

	(void)h;
	if (uname(&name))
		return UNKNOWN;
	text_add(why, "%s %s, %s", name.sysname, name.release, name.machine);
	return INFO;
}

static enum answer look_built(const struct host *h, struct text *why)
{
	if (h->built->ebpf)
		return YES;
	text_add(why, "this miruo was built without kernel programs; build it where clang, bpftool and libbpf are");
	return NO;
}

static enum answer look_privileges(const struct host *h, uint32_t needed, struct text *why)
{
	if (privileges_missing_text(&h->privileges, needed, why))
		return NO;
	privileges_add_names(why, needed);
	return YES;
}

static enum answer look_ebpf_privileges(const struct host *h, struct text *why)
{
	return look_privileges(h, PRIVILEGES_FOR_EBPF, why);
}

/* What a try that ended with err says. option: of the kernel's configuration, what the feature needs. */
static enum answer tried(const struct host *h, int err, const char *option, struct text *why)
{
	switch (err) {
	case 0:
		return YES;
	case EPERM:
	case EACCES:
		if (privileges_missing(&h->privileges, PRIVILEGES_FOR_EBPF)) {
			text_add(why, "cannot be tried without the privileges for eBPF");
			return UNKNOWN;
		}
		text_add(why, "refused although the privileges are there (%s): see seccomp, LSM and locked memory",
			 strerror(err));
		return NO;
	default:
		text_add(why, "%s; the kernel needs %s", strerror(err), option);
		return NO;
	}
}

static enum answer look_bpf(const struct host *h, struct text *why)
{
	return tried(h, h->bpf.array_map, "CONFIG_BPF_SYSCALL", why);
}

static enum answer look_ring(const struct host *h, struct text *why)
{
	return tried(h, h->bpf.ring_map, "to be Linux 5.8 or later", why);
}

static enum answer look_tc(const struct host *h, struct text *why)
{
	return tried(h, h->bpf.tc_program, "CONFIG_NET and CONFIG_BPF_SYSCALL", why);
}

static enum answer look_tcx(const struct host *h, struct text *why)
{
	if (h->bpf.tc_program)
		return tried(h, h->bpf.tc_program, "TC programs first", why);
	if (h->bpf.tcx)
		return YES;
	text_add(why, "the kernel has no tcx links (Linux 6.6); clsact takes their place");
	return NO;
}

static enum answer look_clsact(const struct host *h, struct text *why)
{
	text_add(why, "%s; needs CONFIG_NET_SCH_INGRESS, CONFIG_NET_CLS_BPF and CONFIG_NET_CLS_ACT",
		 h->bpf.tcx ? "not needed beside tcx" : "not tried: that would change an interface");
	return h->bpf.tcx ? INFO : UNKNOWN;
}

static enum answer look_xdp(const struct host *h, struct text *why)
{
	enum answer answer = tried(h, h->bpf.xdp_program, "CONFIG_BPF_SYSCALL and CONFIG_NET", why);

	if (answer == YES)
		text_add(why, "programs load; which interfaces take them natively is up to their drivers");
	return answer;
}

static enum answer look_jit(const struct host *h, struct text *why)
{
	if (h->bpf.jit)
		return YES;
	if (h->bpf.tc_program)
		return tried(h, h->bpf.tc_program, "TC programs first", why);
	text_add(why, "programs are interpreted, several times slower: sudo sysctl net.core.bpf_jit_enable=1");
	return PARTLY;
}

static enum answer look_btf(const struct host *h, struct text *why)
{
	(void)h;
	if (access("/sys/kernel/btf/vmlinux", R_OK) == 0)
		return YES;
	text_add(why, "/sys/kernel/btf/vmlinux: %s; miruo does without", strerror(errno));
	return PARTLY;
}

static enum answer look_unprivileged(const struct host *h, struct text *why)
{
	char value[16];

	(void)h;
	if (!file_line("/proc/sys/kernel/unprivileged_bpf_disabled", value, sizeof(value))) {
		text_add(why, "cannot be read: %s", strerror(errno));
		return UNKNOWN;
	}
	text_add(why, "kernel.unprivileged_bpf_disabled=%s; miruo needs its privileges with any value", value);
	return INFO;
}

static enum answer look_memory(const struct host *h, struct text *why)
{
	struct rlimit limit;

	if (h->bpf.ring_map)
		return tried(h, h->bpf.ring_map, "ring buffers first", why);
	if (!h->bpf.memory_limited) {
		text_add(why, "no limit for BPF: its memory counts for the memory cgroup");
		return YES;
	}
	if (getrlimit(RLIMIT_MEMLOCK, &limit) || limit.rlim_cur == RLIM_INFINITY)
		return YES;
	text_add(why, "limited to %llu KiB (Linux before 5.11): ulimit -l unlimited",
		 (unsigned long long)limit.rlim_cur / 1024);
	return PARTLY;
}

static enum answer look_lockdown(const struct host *h, struct text *why)
{
	char mode[128];

	(void)h;
	if (!file_line("/sys/kernel/security/lockdown", mode, sizeof(mode))) {
		text_add(why, "/sys/kernel/security/lockdown cannot be read: %s", strerror(errno));
		return UNKNOWN;
	}
	text_add(why, "%s; miruo's programs do not read kernel memory, which is what it would forbid", mode);
	return INFO;
}

static enum answer look_pcap(const struct host *h, struct text *why)
{
	if (!h->built->pcap_version) {
		text_add(why, "this miruo was built without live capture by libpcap");
		return NO;
	}
	text_add_escaped(why, h->built->pcap_version, strlen(h->built->pcap_version));
	return YES;
}

static enum answer look_packet_socket(const struct host *h, struct text *why)
{
	if (!h->packet_socket)
		return YES;
	if (h->packet_socket == EPERM && privileges_missing_text(&h->privileges, PRIVILEGES_FOR_PCAP, why))
		return NO;
	text_add(why, "%s; libpcap needs CONFIG_PACKET", strerror(h->packet_socket));
	return NO;
}

static enum answer look_priority(const struct host *h, struct text *why)
{
	struct rlimit limit;

	if (h->privileges.effective & PRIVILEGE_SYS_NICE)
		return YES;
	if (getrlimit(RLIMIT_NICE, &limit) == 0 && limit.rlim_cur >= NICE_CEILING - PRIORITY_NICE)
		return YES;
	if (getpriority(PRIO_PROCESS, 0) <= PRIORITY_NICE)
		return YES;
	text_add(why, "records may be lost while all CPUs are busy; run it as root, or add cap_sys_nice to setcap's list");
	return PARTLY;
}

static enum answer look_drop(const struct host *h, struct text *why)
{
	(void)h;
#ifdef MIRUO_HAVE_CAP_NG
	text_add(why, "with libcap-ng, once capture has begun");
	return YES;
#else
	text_add(why, "this miruo was built without libcap-ng and keeps its privileges while it captures");
	return NO;
#endif
}

static enum answer look_seccomp(const struct host *h, struct text *why)
{
#ifdef MIRUO_HAVE_SECCOMP
	const struct scmp_version *version = seccomp_version();
	uint32_t action = SECCOMP_RET_KILL_PROCESS;

	(void)h;
	if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action)) {
		text_add(why, "%s; the kernel needs CONFIG_SECCOMP_FILTER", strerror(errno));
		return NO;
	}
	text_add(why, "with libseccomp %u.%u.%u", version->major, version->minor, version->micro);
	return YES;
#else
	(void)h;
	text_add(why, "this miruo was built without libseccomp");
	return NO;
#endif
}

static const struct {
	const char *what;
	enum answer (*look)(const struct host *h, struct text *why);
} rows[] = {
	{ "kernel", look_kernel },
	{ "kernel programs", look_built },
	{ "privileges for eBPF", look_ebpf_privileges },
	{ "BPF system call", look_bpf },
	{ "BPF ring buffer", look_ring },
	{ "TC programs", look_tc },
	{ "TC attach by tcx", look_tcx },
	{ "TC attach by clsact", look_clsact },
	{ "XDP programs", look_xdp },
	{ "BPF JIT compiler", look_jit },
	{ "kernel BTF", look_btf },
	{ "unprivileged BPF", look_unprivileged },
	{ "locked memory", look_memory },
	{ "lockdown", look_lockdown },
	{ "libpcap", look_pcap },
	{ "packet sockets", look_packet_socket },
	{ "raised priority", look_priority },
	{ "privileges dropped", look_drop },
	{ "system call filter", look_seccomp },
};

static void row_print(FILE *out, const char *what, const char *answer, const char *why)
{
	if (*why)
		fprintf(out, "%-21s %-7s %s\n", what, answer, why);
	else
		fprintf(out, "%-21s %s\n", what, answer);
}

static enum check_backend result_print(FILE *out, const struct host *h)
{
	if (ebpf_works(h)) {
		fputs("\nLive capture runs by eBPF.\n", out);
		return CHECK_EBPF;
	}
	if (pcap_works(h)) {
		fputs("\nLive capture runs by libpcap, at a higher cost; for eBPF see above.\n", out);
		return CHECK_PCAP;
	}
	fputs("\nLive capture does not run here; see above. Reading files (-f) needs none of this.\n", out);
	return CHECK_NONE;
}

enum check_backend check_print(FILE *out, const struct check_built *built)
{
	struct host h = { .built = built };
	char buf[WHY_MAX];
	struct text why;
	size_t i;

	privileges_read(&h.privileges);
	bpf_try(&h.bpf);
	h.packet_socket = packet_socket_try();
	row_print(out, "WHAT", "WORKS", "WHY, OR WHAT TO DO");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		text_init(&why, buf, sizeof(buf));
		row_print(out, rows[i].what, answer_words[rows[i].look(&h, &why)], buf);
	}
	return result_print(out, &h);
}
