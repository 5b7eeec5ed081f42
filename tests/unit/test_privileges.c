/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "privileges.h"

#define ALL UINT32_MAX

/* An ordinary user on an ordinary host. */
static void user_init(struct privileges *p, const char *exe)
{
	memset(p, 0, sizeof(*p));
	p->bounding = ALL;
	p->initial_userns = true;
	snprintf(p->exe, sizeof(p->exe), "%s", exe);
}

static void assert_missing(const struct privileges *p, uint32_t needed, const char *expected)
{
	char buf[1024];
	struct text t;

	text_init(&t, buf, sizeof(buf));
	assert_true(privileges_missing_text(p, needed, &t));
	assert_string_equal(buf, expected);
}

static void nothing_is_said_when_all_is_there(void **state)
{
	struct privileges p;
	char buf[64];
	struct text t;

	(void)state;
	user_init(&p, "/usr/sbin/miruo");
	p.effective = PRIVILEGES_FOR_EBPF;
	text_init(&t, buf, sizeof(buf));
	assert_false(privileges_missing_text(&p, PRIVILEGES_FOR_EBPF, &t));
	assert_string_equal(buf, "");
}

static void a_user_is_told_the_command(void **state)
{
	struct privileges p;

	(void)state;
	user_init(&p, "/usr/sbin/miruo");
	assert_missing(&p, PRIVILEGES_FOR_EBPF,
		       "capture by eBPF needs cap_bpf,cap_net_admin,cap_perfmon: run it as root, or once: "
		       "sudo setcap cap_bpf,cap_net_admin,cap_perfmon=ep /usr/sbin/miruo");
	assert_missing(&p, PRIVILEGES_FOR_PCAP,
		       "capture by libpcap needs cap_net_raw: run it as root, or once: "
		       "sudo setcap cap_net_raw=ep /usr/sbin/miruo");
}

/* setcap replaces what the file had, so the command must name all of it. */
static void what_is_there_already_stays_in_the_command(void **state)
{
	struct privileges p;

	(void)state;
	user_init(&p, "/usr/sbin/miruo");
	p.effective = PRIVILEGE_NET_ADMIN | PRIVILEGE_BPF;
	assert_missing(&p, PRIVILEGES_FOR_EBPF,
		       "capture by eBPF needs cap_perfmon: run it as root, or once: "
		       "sudo setcap cap_bpf,cap_net_admin,cap_perfmon=ep /usr/sbin/miruo");
	assert_missing(&p, PRIVILEGES_FOR_PCAP,
		       "capture by libpcap needs cap_net_raw: run it as root, or once: "
		       "sudo setcap cap_bpf,cap_net_admin,cap_net_raw=ep /usr/sbin/miruo");
}

static void any_path_can_be_pasted(void **state)
{
	static const struct {
		const char *exe, *word;
	} cases[] = {
		{ "/opt/my tools/miruo", "$'/opt/my tools/miruo'" },
		{ "/o'b\\c/miruo", "$'/o\\'b\\\\c/miruo'" },
		{ "/a\n\033[2J/miruo", "$'/a\\x0a\\x1b[2J/miruo'" },
		{ "/$(reboot)/miruo", "$'/$(reboot)/miruo'" },
		{ "", "\"$(command -v miruo)\"" },
	};
	struct privileges p;
	char buf[1024];
	struct text t;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		user_init(&p, cases[i].exe);
		text_init(&t, buf, sizeof(buf));
		assert_true(privileges_missing_text(&p, PRIVILEGES_FOR_PCAP, &t));
		assert_string_equal(strstr(buf, "=ep ") + strlen("=ep "), cases[i].word);
	}
}

static void a_command_without_effect_is_not_offered(void **state)
{
	struct privileges p;

	(void)state;
	user_init(&p, "/mnt/miruo");
	p.nosuid = true;
	assert_missing(&p, PRIVILEGES_FOR_PCAP,
		       "capture by libpcap needs cap_net_raw: run it as root; setcap has no effect on /mnt/miruo, "
		       "its file system is mounted nosuid: copy it to another one to use setcap");
	user_init(&p, "/mnt/miruo");
	p.no_xattr = true;
	assert_missing(&p, PRIVILEGES_FOR_PCAP,
		       "capture by libpcap needs cap_net_raw: run it as root; setcap has no effect on /mnt/miruo, "
		       "its file system has no extended attributes: copy it to another one to use setcap");
	p.no_new_privs = true;
	assert_missing(&p, PRIVILEGES_FOR_PCAP,
		       "capture by libpcap needs cap_net_raw: no_new_privs is set, so setcap and sudo have no effect here; "
		       "start miruo as root from elsewhere "
		       "(docker: without no-new-privileges, systemd: NoNewPrivileges=no)");
	p.bounding = ALL & ~(uint32_t)(PRIVILEGE_BPF | PRIVILEGE_PERFMON);
	assert_missing(&p, PRIVILEGES_FOR_EBPF,
		       "capture by eBPF needs cap_bpf,cap_net_admin,cap_perfmon: the bounding set of this process rules out "
		       "cap_bpf,cap_perfmon; add it where miruo is started from (docker: --cap-add, systemd: "
		       "CapabilityBoundingSet=)");
}

/* There a process can have every capability, and the kernel still refuses BPF; packet sockets work. */
static void a_user_namespace_rules_out_ebpf_only(void **state)
{
	struct privileges p;
	char buf[64];
	struct text t;

	(void)state;
	user_init(&p, "/usr/sbin/miruo");
	p.effective = ALL;
	p.initial_userns = false;
	assert_missing(&p, PRIVILEGES_FOR_EBPF,
		       "capture by eBPF needs cap_bpf,cap_net_admin,cap_perfmon: inside a user namespace the kernel "
		       "lets nobody load BPF programs; start miruo on the host itself");
	text_init(&t, buf, sizeof(buf));
	assert_false(privileges_missing_text(&p, PRIVILEGES_FOR_PCAP, &t));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_said_when_all_is_there),
		cmocka_unit_test(a_user_is_told_the_command),
		cmocka_unit_test(what_is_there_already_stays_in_the_command),
		cmocka_unit_test(any_path_can_be_pasted),
		cmocka_unit_test(a_command_without_effect_is_not_offered),
		cmocka_unit_test(a_user_namespace_rules_out_ebpf_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
