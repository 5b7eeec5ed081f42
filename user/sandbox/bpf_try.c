/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bpf_try.h"

#include <errno.h>
#include <limits.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RING_BYTES 65536	/* a power of two, and a multiple of every page size */
#define ATTACH_TCX_INGRESS 46	/* in headers since Linux 6.6 only */

static int sys_bpf(enum bpf_cmd cmd, union bpf_attr *attr)
{
	long fd = syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	return fd < 0 ? -errno : (int)fd;
}

/* Closes fd; the errno, or 0. */
static int outcome(int fd)
{
	if (fd < 0)
		return -fd;
	close(fd);
	return 0;
}

static int array_map_create(void)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_ARRAY;
	attr.key_size = attr.value_size = 4;
	attr.max_entries = 1;
	return sys_bpf(BPF_MAP_CREATE, &attr);
}

static int ring_map_create(void)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_RINGBUF;
	attr.max_entries = RING_BYTES;
	return sys_bpf(BPF_MAP_CREATE, &attr);
}

/* A program that returns 0. */
static int program_load(enum bpf_prog_type type)
{
	static const struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = type;
	attr.insns = (uintptr_t)code;
	attr.insn_cnt = sizeof(code) / sizeof(code[0]);
	attr.license = (uintptr_t) "GPL";
	return sys_bpf(BPF_PROG_LOAD, &attr);
}

/* Attaching to an interface that cannot exist: ENODEV shows that the kernel knows the hook and went to look for it. */
static bool tcx_known(int program)
{
	union bpf_attr attr;
	int link;

	memset(&attr, 0, sizeof(attr));
	attr.link_create.prog_fd = (uint32_t)program;
	attr.link_create.target_ifindex = INT_MAX;
	attr.link_create.attach_type = ATTACH_TCX_INGRESS;
	link = sys_bpf(BPF_LINK_CREATE, &attr);
	return outcome(link) == ENODEV;
}

static bool is_compiled(int program)
{
	struct bpf_prog_info info;
	union bpf_attr attr;

	memset(&info, 0, sizeof(info));
	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (uint32_t)program;
	attr.info.info_len = sizeof(info);
	attr.info.info = (uintptr_t)&info;
	return sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) == 0 && info.jited_prog_len > 0;
}

static void try_tc(struct bpf_try *t)
{
	int program = program_load(BPF_PROG_TYPE_SCHED_CLS);

	if (program >= 0) {
		t->tcx = tcx_known(program);
		t->jit = is_compiled(program);
	}
	t->tc_program = outcome(program);
}

static bool memory_is_limited(void)
{
	struct rlimit old, none;
	int err;

	if (getrlimit(RLIMIT_MEMLOCK, &old))
		return false;
	none = old;
	none.rlim_cur = 0;
	if (setrlimit(RLIMIT_MEMLOCK, &none))
		return false;
	err = outcome(ring_map_create());
	setrlimit(RLIMIT_MEMLOCK, &old);
	return err == EPERM;
}

void bpf_try(struct bpf_try *t)
{
	memset(t, 0, sizeof(*t));
	t->array_map = outcome(array_map_create());
	t->ring_map = outcome(ring_map_create());
	t->xdp_program = outcome(program_load(BPF_PROG_TYPE_XDP));
	try_tc(t);
	t->memory_limited = !t->ring_map && memory_is_limited();
}
