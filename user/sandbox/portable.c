/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For systems other than Linux: there is nothing to give up in parts, and live capture is libpcap's alone. */
#include "check.h"
#include "privileges.h"
#include "syscall_filter.h"

#include <string.h>

void privileges_read(struct privileges *p)
{
	memset(p, 0, sizeof(*p));
}

uint32_t privileges_missing(const struct privileges *p, uint32_t needed)
{
	(void)p;
	return needed & PRIVILEGES_FOR_EBPF;
}

bool privileges_missing_text(const struct privileges *p, uint32_t needed, struct text *t)
{
	if (!privileges_missing(p, needed))
		return false;
	text_add(t, "capture by eBPF needs Linux");
	return true;
}

void privileges_add_names(struct text *t, uint32_t set)
{
	(void)t;
	(void)set;
}

enum sandbox_result privileges_drop(uint32_t keep, struct text *err)
{
	(void)keep;
	text_add(err, "keeps its privileges while it runs: giving them up needs Linux");
	return SANDBOX_MISSING;
}

enum sandbox_result syscall_filter_install(uint32_t groups, struct text *err)
{
	(void)groups;
	text_add(err, "does not filter its system calls: that needs Linux");
	return SANDBOX_MISSING;
}

enum check_backend check_print(FILE *out, const struct check_built *built)
{
	if (!built->pcap_version) {
		fputs("This miruo was built without live capture.\n", out);
		return CHECK_NONE;
	}
	fprintf(out, "Live capture runs by %s, if this user may open the devices; eBPF needs Linux.\n", built->pcap_version);
	return CHECK_PCAP;
}
