/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hooks.h"

#include <errno.h>
#include <linux/if_link.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "text.h"

/* In headers since Linux 6.6 only. */
enum {
	ATTACH_TCX_INGRESS = 46,
	ATTACH_TCX_EGRESS = 47,
	ATTACH_BEFORE = 1 << 3,
};

#define CLSACT_PRIORITY 0x4d49	/* "MI": a place of our own among the filters of others */
#define CLSACT_HANDLE 1

enum { IN, OUT };

static const char *const direction_names[] = { "ingress", "egress" };

/* First of all, so that a program that ends the chain hides nothing. */
static int tcx_attach(struct hooks *h, int direction, int program)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = ATTACH_BEFORE);
	enum bpf_attach_type type = (enum bpf_attach_type)(direction == IN ? ATTACH_TCX_INGRESS : ATTACH_TCX_EGRESS);
	int link = bpf_link_create(program, (int)h->ifindex, type, &opts);

	if (link < 0)
		return -errno;
	h->link[direction] = link;
	return 0;
}

static void clsact_hook(const struct hooks *h, int direction, struct bpf_tc_hook *hook)
{
	memset(hook, 0, sizeof(*hook));
	hook->sz = sizeof(*hook);
	hook->ifindex = (int)h->ifindex;
	hook->attach_point = direction == IN ? BPF_TC_INGRESS : BPF_TC_EGRESS;
}

static int clsact_attach(struct hooks *h, int direction, int program)
{
	LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = program, .handle = CLSACT_HANDLE, .priority = CLSACT_PRIORITY,
		    .flags = BPF_TC_F_REPLACE);
	struct bpf_tc_hook hook;
	int err;

	clsact_hook(h, direction, &hook);
	err = bpf_tc_hook_create(&hook);
	if (err && err != -EEXIST)
		return err;
	h->made_clsact |= err == 0;
	err = bpf_tc_attach(&hook, &opts);
	h->filter[direction] = err == 0;
	return err;
}

static int tc_attach(struct hooks *h, int direction, int program, char *err, size_t err_size)
{
	struct text t;
	int status = tcx_attach(h, direction, program);

	if (status == -EINVAL || status == -EOPNOTSUPP)	/* no tcx in this kernel */
		status = clsact_attach(h, direction, program);
	if (status) {
		text_init(&t, err, err_size);
		text_add(&t, "cannot attach to TC %s: %s", direction_names[direction], strerror(-status));
	}
	return status;
}

static int xdp_attach(struct hooks *h, int program, enum hook hook, char *err, size_t err_size)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = hook == HOOK_XDP ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE);
	int link = bpf_link_create(program, (int)h->ifindex, BPF_XDP, &opts), status = -errno;
	uint32_t other = 0;
	struct text t;

	if (link >= 0) {
		h->link[IN] = link;
		return 0;
	}
	text_init(&t, err, err_size);
	bpf_xdp_query_id((int)h->ifindex, 0, &other);
	if (other)
		text_add(&t, "another XDP program is attached (id %u, see bpftool prog show id %u); use --hook=tc", other,
			 other);
	else if (status == -EOPNOTSUPP)
		text_add(&t, "its driver has no native XDP; use --hook=tc, or --hook=xdp-generic");
	else
		text_add(&t, "cannot attach to XDP: %s; use --hook=tc", strerror(-status));
	return status;
}

int hooks_attach(struct hooks *h, const struct hook_programs *programs, uint32_t ifindex, bool l3, enum hook hook, char *err,
		 size_t err_size)
{
	int status;

	*h = (struct hooks){ .ifindex = ifindex, .link = { -1, -1 } };
	if (hook == HOOK_TC || l3)
		status = tc_attach(h, IN, l3 ? programs->tc_in_l3 : programs->tc_in, err, err_size);
	else
		status = xdp_attach(h, programs->xdp_in, hook, err, err_size);
	if (!status)
		status = tc_attach(h, OUT, l3 ? programs->tc_out_l3 : programs->tc_out, err, err_size);
	if (status)
		hooks_detach(h);
	return status;
}

static void clsact_detach(struct hooks *h, int direction)
{
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = CLSACT_HANDLE, .priority = CLSACT_PRIORITY);
	struct bpf_tc_hook hook;

	if (!h->filter[direction])
		return;
	clsact_hook(h, direction, &hook);
	bpf_tc_detach(&hook, &opts);
	h->filter[direction] = false;
}

void hooks_detach(struct hooks *h)
{
	struct bpf_tc_hook hook;
	int i;

	for (i = IN; i <= OUT; i++) {
		if (h->link[i] >= 0)
			close(h->link[i]);
		h->link[i] = -1;
		clsact_detach(h, i);
	}
	if (h->made_clsact) {
		clsact_hook(h, IN, &hook);
		hook.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS;
		bpf_tc_hook_destroy(&hook);
	}
	h->made_clsact = false;
}
