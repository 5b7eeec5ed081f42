/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hooks.h"

#include <errno.h>
#include <linux/if_link.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

/* In headers since Linux 6.6 only. */
enum {
	ATTACH_TCX_INGRESS = 46,
	ATTACH_TCX_EGRESS = 47,
	ATTACH_BEFORE = 1 << 3,
};

enum { IN = CLSACT_IN, OUT = CLSACT_OUT };

/* First of all, so that a program that ends the chain hides nothing. */
static int tcx_attach(struct hooks *h, enum clsact_direction direction, int program)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = ATTACH_BEFORE);
	enum bpf_attach_type type = (enum bpf_attach_type)(direction == CLSACT_IN ? ATTACH_TCX_INGRESS : ATTACH_TCX_EGRESS);
	int link = bpf_link_create(program, (int)h->ifindex, type, &opts);

	if (link < 0)
		return -errno;
	h->link[direction] = link;
	return 0;
}

/* EINVAL: an attach type that this kernel does not know, or was built without. Other refusals stand. */
static int tc_attach(struct hooks *h, struct hook_programs *programs, enum clsact_direction direction, int program,
		     struct text *why)
{
	static const char *const names[] = { [CLSACT_IN] = "ingress", [CLSACT_OUT] = "egress" };
	int status = programs->no_tcx ? -EINVAL : tcx_attach(h, direction, program);

	if (status == -EINVAL)
		return clsact_attach(&h->clsact, &programs->claim, h->ifindex, direction, program, why);
	if (status)
		text_add(why, "cannot attach to TC %s: %s", names[direction], strerror(-status));
	return status;
}

/* The name that its author gave it; "" if that is not to be known. */
static void program_name(uint32_t id, char name[BPF_OBJ_NAME_LEN])
{
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(id);

	if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &len))
		memcpy(name, info.name, BPF_OBJ_NAME_LEN);
	else
		name[0] = '\0';
	if (fd >= 0)
		close(fd);
}

static bool add_other_xdp_program(uint32_t ifindex, struct text *why)
{
	char name[BPF_OBJ_NAME_LEN];
	uint32_t id = 0;

	if (bpf_xdp_query_id((int)ifindex, 0, &id) || !id)
		return false;
	program_name(id, name);
	text_add(why, "another XDP program is attached, id %u", id);
	if (name[0]) {
		text_add(why, ", name ");
		text_add_escaped(why, name, strnlen(name, sizeof(name)));
	}
	text_add(why, "; it is left alone, use --hook=tc");
	return true;
}

static int xdp_attach(struct hooks *h, int program, enum hook hook, struct text *why)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = hook == HOOK_XDP ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE);
	int link = bpf_link_create(program, (int)h->ifindex, BPF_XDP, &opts), status = -errno;

	if (link >= 0) {
		h->link[IN] = link;
		return 0;
	}
	if (add_other_xdp_program(h->ifindex, why))
		return status;
	if (status == -EOPNOTSUPP)
		text_add(why, "its driver has no native XDP; use --hook=tc, or --hook=xdp-generic");
	else
		text_add(why, "cannot attach to XDP: %s; use --hook=tc", strerror(-status));
	return status;
}

int hooks_attach(struct hooks *h, struct hook_programs *programs, uint32_t ifindex, bool l3, enum hook hook, char *err,
		 size_t err_size)
{
	struct text why;
	int status;

	*h = (struct hooks) { .ifindex = ifindex, .link = { -1, -1 } };
	text_init(&why, err, err_size);
	if (hook == HOOK_TC || l3)
		status = tc_attach(h, programs, CLSACT_IN, l3 ? programs->tc_in_l3 : programs->tc_in, &why);
	else
		status = xdp_attach(h, programs->xdp_in, hook, &why);
	if (!status)
		status = tc_attach(h, programs, CLSACT_OUT, l3 ? programs->tc_out_l3 : programs->tc_out, &why);
	if (status)
		hooks_detach(h);
	return status;
}

bool hooks_detach_is_privileged(const struct hooks *h)
{
	return h->clsact.filter[IN].program || h->clsact.filter[OUT].program;
}

void hooks_detach(struct hooks *h)
{
	int i;

	for (i = IN; i <= OUT; i++) {
		if (h->link[i] >= 0)
			close(h->link[i]);
		h->link[i] = -1;
	}
	clsact_detach(&h->clsact, h->ifindex);
}
