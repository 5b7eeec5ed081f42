/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "host.h"

#include <stdio.h>

#ifdef MIRUO_LINUX
#include "check.h"
#include "interfaces.h"
#include "netns.h"
#include "priority.h"
#include "privileges.h"
#include "syscall_filter.h"
#endif
#include "text.h"

#ifdef MIRUO_HAVE_BPF
static const struct source_ops *const ebpf = &source_ebpf;
#else
static const struct source_ops *const ebpf;
#endif

static void tell(const char *text)
{
	if (*text)
		fprintf(stderr, "miruo: %s\n", text);
}

static struct source *open_pcap(const struct config *cfg, const struct source_ops **ops, char *err, size_t err_size, bool *usage)
{
	struct source_config source = cfg->source;

	source.netns = NULL;	/* we are in it */
	*ops = &source_pcap_live;
	return source_pcap_live.open(&source, err, err_size, usage);
}

#ifdef MIRUO_LINUX
/* The line that says what this process may not do and what mends it; false: it may do all that is needed. */
static bool missing_privileges(uint32_t needed, char *buf, size_t size)
{
	struct privileges privileges;
	struct text t;

	text_init(&t, buf, size);
	privileges_read(&privileges);
	return privileges_missing_text(&privileges, needed, &t);
}

#else
static bool missing_privileges(uint32_t needed, char *buf, size_t size)
{
	(void)needed;
	(void)buf;
	(void)size;
	return false;
}
#define PRIVILEGES_FOR_EBPF 0
#define PRIVILEGES_FOR_PCAP 0
#endif

struct source *host_open_live(const struct config *cfg, const struct source_ops **ops, char *err, size_t err_size, bool *usage)
{
	const char *obstacle = ebpf ? NULL : "this miruo was built without them";
	bool only_ebpf = cfg->backend == BACKEND_EBPF || cfg->source.hook;	/* a hook is one of the kernel programs */
	char other[SOURCE_ERROR_MAX];
	struct source *s;

	if (cfg->backend == BACKEND_PCAP)
		return open_pcap(cfg, ops, err, err_size, usage);
	if (obstacle && only_ebpf) {
		snprintf(err, err_size, "the kernel programs cannot be used: %s", obstacle);
		return NULL;
	}
	if (!obstacle && missing_privileges(PRIVILEGES_FOR_EBPF, err, err_size)) {
		if (only_ebpf || missing_privileges(PRIVILEGES_FOR_PCAP, other, sizeof(other)))
			return NULL;
		obstacle = err;
	}
	if (!obstacle) {
		*ops = ebpf;
		s = ebpf->open(&cfg->source, err, err_size, usage);
		if (s || *usage || only_ebpf)
			return s;
		obstacle = err;
	}
	fprintf(stderr, "miruo: no kernel programs (%s): capturing with libpcap, which costs more and loses packets sooner\n",
		obstacle);
	return open_pcap(cfg, ops, err, err_size, usage);
}

bool host_is_kernel(const struct source_ops *ops)
{
	return ebpf && ops == ebpf;
}

#ifdef MIRUO_LINUX
bool host_enter_netns(const char *netns, bool *usage)
{
	char err[SOURCE_ERROR_MAX];
	struct text t;

	text_init(&t, err, sizeof(err));
	if (!netns || netns_enter(netns, &t, usage))
		return true;
	tell(err);
	return false;
}

bool host_list_interfaces(void)
{
	char err[SOURCE_ERROR_MAX];
	struct text t;

	text_init(&t, err, sizeof(err));
	if (interfaces_print(stdout, &t) && !fflush(stdout))
		return true;
	tell(err);
	return false;
}

bool host_check(void)
{
	const struct check_built built = { .ebpf = ebpf != NULL, .pcap_version = source_pcap_version() };

	return check_print(stdout, &built) != CHECK_NONE;
}

bool host_give_up_privileges(const struct source_ops *ops, const struct source *s)
{
	uint32_t groups = ops == ebpf ? SYSCALLS_SOCKETS | SYSCALLS_NETLINK | SYSCALLS_BPF_MAPS | SYSCALLS_BPF_LINKS
				      : SYSCALLS_SOCKETS;
	bool keep = ops->close_is_privileged && ops->close_is_privileged(s);
	char text[SOURCE_ERROR_MAX];
	enum sandbox_result result;
	struct text t;

	text_init(&t, text, sizeof(text));
	if (!priority_raise(&t))
		tell(text);
	text_init(&t, text, sizeof(text));
	result = privileges_drop(keep ? PRIVILEGE_BPF | PRIVILEGE_NET_ADMIN : 0, &t);
	tell(text);
	if (result == SANDBOX_FAILED)
		return false;
	text_init(&t, text, sizeof(text));
	result = syscall_filter_install(groups, &t);
	tell(text);
	return result != SANDBOX_FAILED;
}
#else
bool host_enter_netns(const char *netns, bool *usage)
{
	*usage = netns != NULL;
	if (netns)
		tell("network namespaces are a thing of Linux");
	return !netns;
}

bool host_list_interfaces(void)
{
	tell("this system has no list of interfaces for miruo; tcpdump -D has one");
	return false;
}

bool host_check(void)
{
	tell("live capture is by libpcap on this system; nothing else is looked for");
	return true;
}

bool host_give_up_privileges(const struct source_ops *ops, const struct source *s)
{
	(void)ops;
	(void)s;
	return true;
}
#endif
