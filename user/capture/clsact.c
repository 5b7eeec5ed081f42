/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "clsact.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "netlink.h"

#define SLOT_MASK   0xffu
#define HANDLE_MASK (~(CLSACT_MADE | SLOT_MASK))
#define PRIORITIES  16 /* tried from 1 on */
#define OURS_MAX    (2 * CLSACT_SLOTS)

static const uint32_t parents[] = {
	[CLSACT_IN] = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS),
	[CLSACT_OUT] = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS),
};

/* What is on one direction. */
struct listing {
	uint32_t ifindex, others, count;
	struct clsact_filter ours[OURS_MAX];
};

struct qdisc_search {
	uint32_t ifindex;
	bool ingress_only;
};

/* Of a slot: a socket that holds it, or -1. */
static int slot_hold(uint32_t slot)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int len = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "miruo-clsact-%u", slot);

	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* If all slots are held, which is no work of ours, one behind them is used that nobody holds. */
static void claim_slot(struct clsact_claim *claim)
{
	if (claim->tried)
		return;
	claim->tried = true;
	for (claim->slot = 0; claim->slot < CLSACT_SLOTS; claim->slot++) {
		claim->fd = slot_hold(claim->slot);
		if (claim->fd >= 0)
			return;
	}
}

void clsact_release(struct clsact_claim *claim)
{
	if (claim->tried && claim->fd >= 0)
		close(claim->fd);
	*claim = (struct clsact_claim) { .fd = -1 };
}

static bool slot_is_left_over(const struct clsact_claim *claim, uint32_t slot)
{
	int fd;

	if (slot == claim->slot)
		return true;
	fd = slot_hold(slot);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static bool attr_is(const struct netlink_attr *attr, const char *text, size_t len)
{
	return attr->len >= len && memcmp(attr->data, text, len) == 0;
}

/* The id of a program with one of our names; 0: another one. */
static uint32_t our_program(const struct netlink_attr *options)
{
	struct netlink_cursor c = netlink_nested(options);
	struct netlink_attr attr;
	bool named = false;
	uint32_t id = 0;

	while (netlink_next_attr(&c, &attr)) {
		if (attr.type == TCA_BPF_NAME)
			named = attr_is(&attr, "tc_in", 5) || attr_is(&attr, "tc_out", 6);
		else if (attr.type == TCA_BPF_ID)
			netlink_attr_u32(&attr, &id);
	}
	return named ? id : 0;
}

static void list_filter(void *ctx, const struct netlink_message *message)
{
	struct netlink_cursor c = netlink_attrs(message, sizeof(struct tcmsg));
	struct clsact_filter f = { 0 };
	struct listing *list = ctx;
	struct netlink_attr attr;
	struct tcmsg head;
	bool bpf = false;

	if (message->type != RTM_NEWTFILTER || message->len < sizeof(head))
		return;
	memcpy(&head, message->body, sizeof(head));
	if (head.tcm_ifindex != (int)list->ifindex || !head.tcm_handle) /* 0: what holds the filters of one priority */
		return;
	f.handle = head.tcm_handle;
	f.priority = TC_H_MAJ(head.tcm_info) >> 16;
	while (netlink_next_attr(&c, &attr)) {
		if (attr.type == TCA_KIND)
			bpf = attr_is(&attr, "bpf", sizeof("bpf"));
		else if (attr.type == TCA_OPTIONS)
			f.program = our_program(&attr);
	}
	if (bpf && f.program && (f.handle & HANDLE_MASK) == CLSACT_HANDLE && list->count < OURS_MAX)
		list->ours[list->count++] = f;
	else
		list->others++;
}

static void find_ingress_only(void *ctx, const struct netlink_message *message)
{
	struct netlink_cursor c = netlink_attrs(message, sizeof(struct tcmsg));
	struct qdisc_search *search = ctx;
	struct netlink_attr attr;
	struct tcmsg head;

	if (message->type != RTM_NEWQDISC || message->len < sizeof(head))
		return;
	memcpy(&head, message->body, sizeof(head));
	if (head.tcm_ifindex != (int)search->ifindex || head.tcm_parent != TC_H_INGRESS)
		return;
	while (netlink_next_attr(&c, &attr))
		if (attr.type == TCA_KIND && attr_is(&attr, "ingress", sizeof("ingress")))
			search->ingress_only = true;
}

static int dump(uint16_t type, uint32_t ifindex, uint32_t parent, netlink_message_fn *fn, void *ctx)
{
	struct tcmsg request = { .tcm_family = AF_UNSPEC, .tcm_ifindex = (int)ifindex, .tcm_parent = parent };
	int fd = netlink_open(NETLINK_ROUTE, 0), status;

	if (fd < 0)
		return fd;
	status = netlink_send(fd, type, NLM_F_DUMP, 1, &request, sizeof(request));
	if (!status)
		status = netlink_finish(fd, 1, fn, ctx);
	close(fd);
	return status;
}

static int list_filters(struct listing *list, uint32_t ifindex, enum clsact_direction direction)
{
	*list = (struct listing) { .ifindex = ifindex };
	return dump(RTM_GETTFILTER, ifindex, parents[direction], list_filter, list);
}

/* memset: libbpf refuses a hook whose padding is not 0. */
static void tc_hook(struct bpf_tc_hook *hook, uint32_t ifindex, enum bpf_tc_attach_point point)
{
	memset(hook, 0, sizeof(*hook));
	hook->sz = sizeof(*hook);
	hook->ifindex = (int)ifindex;
	hook->attach_point = point;
}

static void tc_hook_of(struct bpf_tc_hook *hook, uint32_t ifindex, enum clsact_direction direction)
{
	tc_hook(hook, ifindex, direction == CLSACT_IN ? BPF_TC_INGRESS : BPF_TC_EGRESS);
}

/* True if it was still there. */
static bool filter_remove(uint32_t ifindex, enum clsact_direction direction, const struct clsact_filter *f)
{
	LIBBPF_OPTS(bpf_tc_opts, found, .handle = f->handle, .priority = f->priority);
	LIBBPF_OPTS(bpf_tc_opts, which, .handle = f->handle, .priority = f->priority);
	struct bpf_tc_hook hook;

	tc_hook_of(&hook, ifindex, direction);
	if (!f->program || bpf_tc_query(&hook, &found) || found.prog_id != f->program)
		return false;
	return bpf_tc_detach(&hook, &which) == 0;
}

/* Removes what killed ones left in one direction; sees whether the qdisc is a miruo's. */
static void sweep(struct clsact *c, const struct clsact_claim *claim, uint32_t ifindex, enum clsact_direction direction)
{
	struct listing list;
	uint32_t i;

	if (c->filter[direction].program || list_filters(&list, ifindex, direction))
		return;
	for (i = 0; i < list.count; i++) {
		c->made |= (list.ours[i].handle & CLSACT_MADE) != 0;
		if (slot_is_left_over(claim, list.ours[i].handle & SLOT_MASK))
			filter_remove(ifindex, direction, &list.ours[i]);
	}
}

static void qdisc_remove_if_unused(uint32_t ifindex)
{
	struct bpf_tc_hook hook;
	struct listing list;
	int direction;

	for (direction = CLSACT_IN; direction <= CLSACT_OUT; direction++)
		if (list_filters(&list, ifindex, (enum clsact_direction)direction) || list.count || list.others)
			return;
	tc_hook(&hook, ifindex, BPF_TC_INGRESS | BPF_TC_EGRESS);
	bpf_tc_hook_destroy(&hook);
}

/* The qdisc is there; made by us if there was none. An ingress qdisc would take the filters of egress for its own. */
static int qdisc_prepare(struct clsact *c, const struct clsact_claim *claim, uint32_t ifindex, struct text *why)
{
	struct qdisc_search search = { .ifindex = ifindex };
	struct bpf_tc_hook hook;
	int status;

	tc_hook_of(&hook, ifindex, CLSACT_IN);
	status = bpf_tc_hook_create(&hook);
	if (!status) {
		c->made = true;
		return 0;
	}
	if (status == -EEXIST)
		status = dump(RTM_GETQDISC, ifindex, 0, find_ingress_only, &search);
	if (status) {
		text_add(why, "cannot make a clsact qdisc: %s", strerror(-status));
		return status;
	}
	if (search.ingress_only) {
		text_add(why, "somebody's ingress qdisc is in the place of the clsact qdisc that is needed (tc qdisc show); "
			      "replace it, or use --backend=pcap");
		return -EBUSY;
	}
	sweep(c, claim, ifindex, CLSACT_IN);
	sweep(c, claim, ifindex, CLSACT_OUT);
	return 0;
}

/* A priority is taken, as seen by us, if it belongs to filters of another kind or protocol (EINVAL). */
static int filter_add(struct clsact_filter *f, uint32_t handle, uint32_t ifindex, enum clsact_direction direction,
		      int program)
{
	struct bpf_tc_hook hook;
	uint32_t priority;
	int status = -EINVAL;

	tc_hook_of(&hook, ifindex, direction);
	for (priority = 1; priority <= PRIORITIES && status == -EINVAL; priority++) {
		LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = program, .handle = handle, .priority = priority);

		status = bpf_tc_attach(&hook, &opts);
		if (!status)
			*f = (struct clsact_filter) { handle, priority, opts.prog_id };
	}
	return status;
}

int clsact_attach(struct clsact *c, struct clsact_claim *claim, uint32_t ifindex, enum clsact_direction direction,
		  int program, struct text *why)
{
	static const char *const names[] = { [CLSACT_IN] = "ingress", [CLSACT_OUT] = "egress" };
	int status;

	claim_slot(claim);
	status = qdisc_prepare(c, claim, ifindex, why);
	if (status)
		return status;
	status = filter_add(&c->filter[direction], CLSACT_HANDLE | (c->made ? CLSACT_MADE : 0) | claim->slot, ifindex,
			    direction, program);
	if (!status)
		return 0;
	text_add(why, "cannot attach to TC %s by a filter: %s", names[direction], strerror(-status));
	if (c->made)
		qdisc_remove_if_unused(ifindex);
	return status;
}

void clsact_detach(struct clsact *c, uint32_t ifindex)
{
	bool was_there = filter_remove(ifindex, CLSACT_IN, &c->filter[CLSACT_IN]);

	was_there |= filter_remove(ifindex, CLSACT_OUT, &c->filter[CLSACT_OUT]);
	if (c->made && was_there)
		qdisc_remove_if_unused(ifindex);
	*c = (struct clsact) { 0 };
}
