/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The kernel source: loads the programs of bpf/ and attaches them to interfaces as these come and go; ring_reader.c reads what
 * they send.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "array.h"
#include "expression.h"
#include "hooks.h"
#include "interfaces.h"
#include "kernel_filter.h"
#include "ring_reader.h"
#include "source.h"
#include "splice.h"
#include "text.h"
#include "wire.h"

#include "miruo.skel.h"

#define NS_PER_MS 1000000ull
#define RING_KB_DEFAULT 4096		/* of each CPU */
#define RINGS_KB_DEFAULT 65536		/* of all: with many CPUs each has less ... */
#define RING_KB_DEFAULT_MIN 1024	/* ... but not less than this */
#define RING_KB_MIN 16			/* some batches of the programs */
#define RING_KB_MAX (1u << 20)
#define WAKE_SHARE 4			/* the reader is woken when a ring is filled to 1 in this */
#define LOSS_EVERY_NS (1000 * NS_PER_MS)
#define NOTICES_MAX 2048		/* bytes of notices that wait */
#define NO_FILTER (-ENOEXEC)		/* the expression has no meaning on the interface, which is no error on others */

#if defined(__x86_64__) || defined(__i386__) || defined(__s390x__)
#define CPU_STORES_IN_ORDER 1
#else
#define CPU_STORES_IN_ORDER 0
#endif

/* Segments for which a ring had no room. */
struct losses {
	uint64_t all, plain;		/* plain: without SYN, FIN and RST */
};

/* The programs are loaded once for each different filter; the maps are those of the first set. */
struct program_set {
	struct miruo_bpf *skel;
	struct hook_programs programs;
};

struct source {
	struct program_set *sets;
	size_t set_count;
	struct kernel_filters *filters;
	struct tally *tallies;
	struct ring_reader reader;
	struct interfaces *interfaces;
	struct hooks *hooks;		/* of the interfaces that are watched now */
	size_t hook_count;
	enum hook hook;
	bool any;			/* what cannot be attached to is passed over */
	bool l3;			/* the programs for interfaces without link header are loaded */
	int epoll_fd;
	const volatile sig_atomic_t *stop;
	bool drained;			/* all that was there was delivered: time to sleep */
	struct losses lost;		/* that the user was told of */
	uint64_t loss_ns;		/* kernel time when the losses were last looked at */
	struct text notices;		/* lines that wait to be told */
	char notice_text[NOTICES_MAX];
	char description[256];
};

static void notice_add(struct source *s, const char *name, const char *what)
{
	text_add_escaped(&s->notices, name, strlen(name));
	text_add(&s->notices, ": %s\n", what);
}

static int say(char *err, size_t err_size, const char *what, int status)
{
	struct text t;

	text_init(&t, err, err_size);
	text_add(&t, "%s: %s", what, strerror(-status));
	return status;
}

static uint32_t ring_kb_default(uint32_t rings)
{
	uint32_t kb = RING_KB_DEFAULT;

	while (kb > RING_KB_DEFAULT_MIN && kb > RINGS_KB_DEFAULT / rings)
		kb /= 2;
	return kb;
}

static uint32_t ring_bytes(uint32_t kb, uint32_t rings)
{
	uint32_t bytes = RING_KB_MIN * 1024;

	kb = kb ? kb : ring_kb_default(rings);
	kb = kb < RING_KB_MAX ? kb : RING_KB_MAX;
	while (bytes < kb * 1024)
		bytes *= 2;
	return bytes;
}

static bool kernel_is_realtime(void)
{
	FILE *f = fopen("/sys/kernel/realtime", "r");
	int c = f ? fgetc(f) : EOF;

	if (f)
		fclose(f);
	return c == '1';
}

static void set_configure(const struct source *s, const struct source_config *cfg, struct miruo_bpf *skel, uint32_t rings)
{
	uint32_t bytes = ring_bytes(cfg->ring_kb, rings);
	size_t set = s->set_count;
	bool ethernet = kernel_filters_has(s->filters, set, INTERFACE_ETHERNET);
	bool l3 = s->l3 && kernel_filters_has(s->filters, set, INTERFACE_RAW_IP);

	skel->rodata->config.ring_bytes = bytes;
	skel->rodata->config.wake_bytes = bytes / WAKE_SHARE;
	skel->rodata->config.filter = cfg->filter != NULL;
	skel->rodata->config.in_order = CPU_STORES_IN_ORDER;
	skel->rodata->config.preempted = kernel_is_realtime();
	skel->rodata->config.payload_bytes = cfg->payload_bytes < WIRE_PAYLOAD_MAX ? cfg->payload_bytes : WIRE_PAYLOAD_MAX;
	bpf_program__set_autoload(skel->progs.tc_in, ethernet);
	bpf_program__set_autoload(skel->progs.tc_out, ethernet);
	bpf_program__set_autoload(skel->progs.xdp_in, ethernet && cfg->hook != HOOK_TC);
	bpf_program__set_autoload(skel->progs.tc_in_l3, l3);
	bpf_program__set_autoload(skel->progs.tc_out_l3, l3);
	bpf_map__set_max_entries(skel->maps.rings, rings);
	bpf_map__set_max_entries(skel->maps.cpus, rings);
}

static int maps_share(const struct miruo_bpf *first, struct miruo_bpf *skel)
{
	int status = bpf_map__reuse_fd(skel->maps.rings, bpf_map__fd(first->maps.rings));

	if (!status)
		status = bpf_map__reuse_fd(skel->maps.cpus, bpf_map__fd(first->maps.cpus));
	return status ? status : bpf_map__reuse_fd(skel->maps.bss, bpf_map__fd(first->maps.bss));
}

/* Opens and loads the next set. 0, or -errno; why is only set for what is wrong with the expression. */
static int set_load(struct source *s, const struct source_config *cfg, uint32_t rings, int form, struct splices *splices,
		    struct text *why)
{
	struct program_set *set = &s->sets[s->set_count];
	struct miruo_bpf *skel = miruo_bpf__open();
	int status = skel ? 0 : -errno;

	if (status)
		return status;
	set->skel = skel;
	set_configure(s, cfg, skel, rings);
	splices_object(splices, skel->obj);
	status = kernel_filters_splice(s->filters, s->set_count, form, splices, why);
	if (!status && s->set_count)
		status = maps_share(s->sets[0].skel, skel);
	s->set_count++;
	if (!status)
		status = miruo_bpf__load(skel);
	set->programs = (struct hook_programs){
		.tc_in = bpf_program__fd(skel->progs.tc_in),
		.tc_out = bpf_program__fd(skel->progs.tc_out),
		.tc_in_l3 = bpf_program__fd(skel->progs.tc_in_l3),
		.tc_out_l3 = bpf_program__fd(skel->progs.tc_out_l3),
		.xdp_in = bpf_program__fd(skel->progs.xdp_in),
	};
	return status;
}

static void sets_close(struct source *s)
{
	while (s->set_count > 0) {
		struct program_set *set = &s->sets[--s->set_count];

		clsact_release(&set->programs.claim);
		miruo_bpf__destroy(set->skel);
	}
}

static int sets_load(struct source *s, const struct source_config *cfg, size_t count, uint32_t rings, int form,
		     struct text *why)
{
	struct splices splices;
	int status = 0;

	while (!status && s->set_count < count) {
		status = splices_begin(&splices);
		if (status)
			break;
		status = set_load(s, cfg, rings, form, &splices, why);
		splices_end(&splices);
	}
	if (status)
		sets_close(s);
	return status;
}

/* What the verifier says of a program with more than it can walk through. */
static bool is_too_large(int status)
{
	return status == -E2BIG || status == -EFAULT || status == -ENOMEM;
}

static int tell_refusal(const struct source_config *cfg, int status, char *err, size_t err_size, bool *usage)
{
	struct text t;

	if (!cfg->filter || !is_too_large(status))
		return say(err, err_size, "the kernel does not take the programs", status);
	*usage = true;
	text_init(&t, err, err_size);
	text_add(&t, "the expression ");
	expression_add_quoted(&t, cfg->filter);
	text_add(&t, " is too large for the kernel: use a net in place of its hosts, or a portrange in place of its ports, or record"
		     " with tcpdump and read the files with -f");
	return status;
}

static int sets_open(struct source *s, const struct source_config *cfg, uint32_t rings, char *err, size_t err_size, bool *usage)
{
	struct text why;
	size_t count;
	int form, forms = cfg->filter ? KERNEL_FILTER_FORMS : 1, status = -EINVAL;

	text_init(&why, err, err_size);
	if (cfg->filter && s->hook != HOOK_TC && !libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_xdp_load_bytes, NULL)) {
		text_add(&why, "XDP programs with an expression need Linux 5.18 or later: use --hook=tc");
		return -EOPNOTSUPP;
	}
	count = kernel_filters_sets(s->filters, &why, usage);
	if (!count)
		return -EINVAL;
	s->sets = calloc(count, sizeof(*s->sets));
	if (!s->sets)
		return say(err, err_size, "kernel programs", -ENOMEM);
	for (form = 0; form < forms && status && status != -EPERM && !why.len; form++)
		status = sets_load(s, cfg, count, rings, form, &why);
	if (status && why.len)
		*usage = true;
	else if (status)
		tell_refusal(cfg, status, err, err_size, usage);
	return status;
}

static int programs_load(struct source *s, const struct source_config *cfg, char *err, size_t err_size, bool *usage)
{
	int cpus = libbpf_num_possible_cpus(), status;
	uint32_t rings = cpus > 0 ? (uint32_t)cpus : 1;
	const struct miruo_bpf *first;

	libbpf_set_print(NULL);
	status = sets_open(s, cfg, rings, err, err_size, usage);
	if (status)
		return status;
	first = s->sets[0].skel;
	s->reader.wake = &first->bss->wake;
	s->reader.wake_bytes = first->rodata->config.wake_bytes;
	s->reader.tallies = s->tallies;
	status = ring_reader_open(&s->reader, rings, ring_bytes(cfg->ring_kb, rings), bpf_map__fd(first->maps.rings),
				  bpf_map__fd(first->maps.cpus), s->epoll_fd);
	if (status)
		return say(err, err_size, "cannot make the ring buffers", status);
	return 0;
}

/* 0, or -errno and why. */
static int interface_attach(struct source *s, const struct interface *iface, char *why, size_t why_size)
{
	bool l3 = iface->link == INTERFACE_RAW_IP;
	struct hook_programs *programs;
	struct hooks *hooks;
	struct text t;
	int status, set;

	if (iface->link == INTERFACE_UNSUPPORTED) {
		snprintf(why, why_size, "%s", iface->why_not);
		return -EOPNOTSUPP;
	}
	if (iface->link == INTERFACE_RAW_IP && !s->l3) {
		snprintf(why, why_size, "it has no link header now; restart miruo to watch it");
		return -EOPNOTSUPP;
	}
	text_init(&t, why, why_size);
	set = kernel_filters_find(s->filters, iface, &t);
	if (set < 0)
		return NO_FILTER;
	programs = &s->sets[set].programs;
	hooks = realloc(s->hooks, (s->hook_count + 1) * sizeof(*hooks));
	if (!hooks)
		return -ENOMEM;
	s->hooks = hooks;
	status = hooks_attach(&hooks[s->hook_count], programs, iface->index, l3, s->hook, why, why_size);
	if (status && s->any && s->hook != HOOK_TC) {	/* nobody asked for XDP on this one */
		notice_add(s, iface->name, why);
		status = hooks_attach(&hooks[s->hook_count], programs, iface->index, l3, HOOK_TC, why, why_size);
	}
	if (status)
		return status;
	s->hook_count++;
	snprintf(tally_of(s->tallies, iface->index)->name, INTERFACE_NAME_MAX, "%s",
		 iface->index < TALLIES ? iface->name : "others");
	return 0;
}

static void notice_not_attached(struct source *s, const struct interface *iface, const char *why, int status)
{
	char text[SOURCE_ERROR_MAX];

	snprintf(text, sizeof(text), "%s%s", status == NO_FILTER ? "passed over: " : "", why);
	notice_add(s, iface->name, text);
}

/* Collects what can go wrong while the interfaces of the start are attached to. */
struct first_attach {
	struct source *s;
	char *err;
	size_t err_size;
	int status;
};

static void first_attach_fail(struct first_attach *first, const struct interface *iface, const char *why, int status)
{
	struct text t;

	first->status = status;
	text_init(&t, first->err, first->err_size);
	text_add_escaped(&t, iface->name, strlen(iface->name));
	text_add(&t, ": %s", why);
}

static void first_attach_one(void *ctx, const struct interface *iface)
{
	struct first_attach *first = ctx;
	struct source *s = first->s;
	char why[SOURCE_ERROR_MAX] = "out of memory";
	int status;

	if (first->status && first->status != NO_FILTER)
		return;
	status = interface_attach(s, iface, why, sizeof(why));
	if (!status)
		return;
	/* ENODEV: gone already */
	if (status != NO_FILTER && !(s->any && (iface->link == INTERFACE_UNSUPPORTED || status == -ENODEV))) {
		first_attach_fail(first, iface, why, status);
		return;
	}
	notice_not_attached(s, iface, why, status);
	if (status == NO_FILTER)
		first_attach_fail(first, iface, why, status);
}

static void hooks_forget(struct source *s, uint32_t ifindex)
{
	size_t i;

	for (i = 0; i < s->hook_count; i++) {
		if (s->hooks[i].ifindex != ifindex)
			continue;
		hooks_detach(&s->hooks[i]);
		s->hooks[i] = s->hooks[--s->hook_count];
		return;
	}
}

static void on_interface(void *ctx, enum interface_event event, const struct interface *iface, const char *old_name)
{
	struct source *s = ctx;
	char why[SOURCE_ERROR_MAX] = "out of memory";
	int status = 0;

	(void)old_name;
	if (event == INTERFACE_VANISHED) {
		hooks_forget(s, iface->index);
		notice_add(s, iface->name, "the interface is gone");
	} else if (event == INTERFACE_APPEARED) {
		status = interface_attach(s, iface, why, sizeof(why));
	}
	if (status)
		notice_not_attached(s, iface, why, status);
}

static void prepare_for(void *ctx, const struct interface *iface)
{
	struct source *s = ctx;

	s->l3 |= iface->link == INTERFACE_RAW_IP;
	kernel_filters_add(s->filters, iface);
}

static int interfaces_open(struct source *s, const struct source_config *cfg, char *err, size_t err_size, bool *usage)
{
	struct text t;
	size_t i;

	for (i = 0; i < cfg->interface_count; i++)
		s->any |= strcmp(cfg->interfaces[i], "any") == 0;
	text_init(&t, err, err_size);
	s->interfaces = interfaces_new(cfg->interfaces, cfg->interface_count, &t, usage);
	if (!s->interfaces)
		return -ENODEV;
	s->l3 = s->any;		/* one may come */
	interfaces_each(s->interfaces, prepare_for, s);
	if (s->any) {
		kernel_filters_expect(s->filters, INTERFACE_ETHERNET);
		kernel_filters_expect(s->filters, INTERFACE_RAW_IP);
	}
	return 0;
}

static int interfaces_attach(struct source *s, char *err, size_t err_size, bool *usage)
{
	struct first_attach first = { .s = s, .err = err, .err_size = err_size };
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = s };

	interfaces_each(s->interfaces, first_attach_one, &first);
	if (first.status == NO_FILTER) {
		*usage = s->hook_count == 0;
		first.status = *usage ? NO_FILTER : 0;
	}
	if (!first.status && epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, interfaces_fd(s->interfaces), &event))
		first.status = say(err, err_size, "interfaces", -errno);
	return first.status;
}

static void ebpf_close(struct source *s)
{
	size_t i;

	if (!s)
		return;
	for (i = 0; i < s->hook_count; i++)
		hooks_detach(&s->hooks[i]);
	ring_reader_close(&s->reader);
	interfaces_free(s->interfaces);
	array_free(s->tallies, TALLIES, sizeof(s->tallies[0]));
	free(s->hooks);
	sets_close(s);
	free(s->sets);
	kernel_filters_free(s->filters);
	if (s->epoll_fd >= 0)
		close(s->epoll_fd);
	free(s);
}

static const char *const hook_names[] = {
	[HOOK_TC] = "TC",
	[HOOK_XDP] = "XDP and TC",
	[HOOK_XDP_GENERIC] = "generic XDP and TC",
};

static void ebpf_describe_at_open(struct source *s, const struct source_config *cfg)
{
	struct text t;
	size_t i;

	text_init(&t, s->description, sizeof(s->description));
	for (i = 0; i < cfg->interface_count; i++) {
		text_add(&t, "%s", i ? "," : "");
		text_add_escaped(&t, cfg->interfaces[i], strlen(cfg->interfaces[i]));
	}
	text_add(&t, ", kernel programs on %s, %u rings of %zu KiB", hook_names[s->hook], s->reader.count,
		 s->reader.queues[0].ring.size / 1024);
}

static struct source *ebpf_open(const struct source_config *cfg, char *err, size_t err_size, bool *usage)
{
	struct source *s = calloc(1, sizeof(*s));

	*usage = false;
	if (!s) {
		say(err, err_size, "kernel source", -ENOMEM);
		return NULL;
	}
	s->stop = cfg->stop;
	s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	s->tallies = array_alloc(TALLIES, sizeof(s->tallies[0]));
	s->filters = kernel_filters_new(cfg->filter);
	if (!s->tallies || !s->filters) {
		say(err, err_size, "kernel source", -ENOMEM);
		ebpf_close(s);
		return NULL;
	}
	s->hook = (enum hook)cfg->hook;
	text_init(&s->notices, s->notice_text, sizeof(s->notice_text));
	if (interfaces_open(s, cfg, err, err_size, usage) || programs_load(s, cfg, err, err_size, usage) ||
	    interfaces_attach(s, err, err_size, usage)) {
		ebpf_close(s);
		return NULL;
	}
	if (s->hook == HOOK_XDP)
		text_add(&s->notices, "native XDP can turn off what network cards do by themselves (LRO) and lower throughput"
				      " while miruo runs; --hook=tc does not\n");
	s->loss_ns = s->reader.cut_ns;
	ebpf_describe_at_open(s, cfg);
	return s;
}

static void interfaces_changed(struct source *s)
{
	if (interfaces_read(s->interfaces, on_interface, s) == 0)
		return;
	epoll_ctl(s->epoll_fd, EPOLL_CTL_DEL, interfaces_fd(s->interfaces), NULL);
	notice_add(s, "interfaces", "changes are no longer seen");
}

static void losses_tell(struct source *s)
{
	struct losses now = {
		.all = ring_reader_counter(&s->reader, COUNT_RING_FULL),
		.plain = ring_reader_counter(&s->reader, COUNT_FULL_PLAIN),
	};
	uint64_t all = now.all - s->lost.all, plain = now.plain - s->lost.plain;

	s->loss_ns = s->reader.cut_ns;
	if (now.all > s->lost.all)
		text_add(&s->notices, "%" PRIu64 " segments lost, %" PRIu64
			 " of them with SYN, FIN or RST: the ring was full; raise --ring-size\n",
			 all, all > plain ? all - plain : 0);
	s->lost = now;
}

/* At most once a second. */
static void losses_check(struct source *s)
{
	if (s->reader.cut_ns - s->loss_ns >= LOSS_EVERY_NS)
		losses_tell(s);
}

/* What the programs saw before the stop is delivered still. */
static enum poll_result ebpf_end(struct source *s, segments_fn *fn, void *ctx)
{
	while (!ring_reader_drain(&s->reader, true, fn, ctx))
		;
	losses_tell(s);
	return POLL_END;
}

static enum poll_result ebpf_poll(struct source *s, segments_fn *fn, void *ctx)
{
	if (s->stop && *s->stop)
		return ebpf_end(s, fn, ctx);
	if (!s->drained)
		ring_reader_pause(&s->reader);
	else if (ring_reader_sleep(&s->reader, s->epoll_fd))
		interfaces_changed(s);
	s->drained = ring_reader_drain(&s->reader, false, fn, ctx);
	losses_check(s);
	if (s->hook_count || s->any)
		return POLL_MORE;
	return POLL_FAILED;
}

/* Lines are told in the order in which they came. */
static bool ebpf_notice(struct source *s, char *buf, size_t size)
{
	char *end = strchr(s->notice_text, '\n');

	if (!end)
		return false;
	*end = '\0';
	snprintf(buf, size, "%s", s->notice_text);
	memmove(s->notice_text, end + 1, strlen(end + 1) + 1);
	s->notices.len = strlen(s->notice_text);
	return true;
}

static bool ebpf_close_is_privileged(const struct source *s)
{
	size_t i;

	for (i = 0; i < s->hook_count; i++)
		if (hooks_detach_is_privileged(&s->hooks[i]))
			return true;
	return false;
}

static void ebpf_describe(const struct source *s, char *buf, size_t size)
{
	snprintf(buf, size, "%s", s->description);
}

static uint64_t ebpf_now(const struct source *s)
{
	return wallclock_ns(&s->reader.clock, s->reader.cut_ns);
}

static const char *ebpf_error(const struct source *s)
{
	(void)s;
	return "no interface is left to watch";
}

static void ebpf_stats(const struct source *s, struct source_stats *out)
{
	uint32_t i;

	memset(out, 0, sizeof(*out));
	for (i = 0; i < DECODE_RESULTS; i++) {
		out->decoded[i] = ring_reader_counter(&s->reader, (enum kernel_counter)i);
		out->frames += out->decoded[i];
	}
	out->filtered = ring_reader_counter(&s->reader, COUNT_FILTERED);
	out->frames += out->filtered;
	out->received = ring_reader_counter(&s->reader, COUNT_SENT);
	out->dropped = ring_reader_counter(&s->reader, COUNT_RING_FULL);
	out->dropped_plain = ring_reader_counter(&s->reader, COUNT_FULL_PLAIN);
}

static void ebpf_each_interface(const struct source *s, source_interface_fn *fn, void *ctx)
{
	uint32_t i;

	for (i = 0; i < TALLIES; i++)
		if (s->tallies[i].name[0])
			fn(ctx, s->tallies[i].name, s->tallies[i].segments, s->tallies[i].bytes);
}

static void ebpf_hide_progress(struct source *s)
{
	(void)s;
}

const struct source_ops source_ebpf = {
	.name = "ebpf",
	.open = ebpf_open,
	.poll = ebpf_poll,
	.describe = ebpf_describe,
	.now = ebpf_now,
	.notice = ebpf_notice,
	.error = ebpf_error,
	.stats = ebpf_stats,
	.each_interface = ebpf_each_interface,
	.hide_progress = ebpf_hide_progress,
	.close_is_privileged = ebpf_close_is_privileged,
	.close = ebpf_close,
};
