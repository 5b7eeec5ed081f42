/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "kernel_filter.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Classic BPF and eBPF have a struct of this name each, and a few macros. */
#define bpf_insn cbpf_insn
#include <pcap/pcap.h>

#include "filter.h"
#undef bpf_insn
#undef BPF_MOD
#undef BPF_XOR

#include "expression.h"
#include "splice.h"
#include "translate.h"

#define SNAPLEN          262144
#define BUFFER_BYTES     (64 * 1024) /* of a handle that only tells how to compile */
#define WHY_MAX          512
#define PROGRAMS         5

_Static_assert(KERNEL_FILTER_FORMS == TRANSLATE_FORMS, "forms of a translation");

struct variant {
	struct filter filter;
	bool by_mask; /* only for interfaces with this netmask */
	bpf_u_int32 mask;
};

/* Of one enum interface_link. */
struct kind {
	int dlt;
	bool tried;
	struct variant *variants;
	size_t count;
	char why[WHY_MAX]; /* why there is none for all interfaces of this kind */
};

struct assigned {
	uint32_t ifindex;
	int variant;
};

struct kernel_filters {
	const char *expression;
	bool no_handle; /* the last time, no interface could be opened for libpcap */
	struct kind kinds[INTERFACE_UNSUPPORTED];
	struct assigned *assigned; /* interfaces whose netmask decides */
	size_t assigned_count;
	struct translation translations[PROGRAMS];
};

static const struct {
	const char *name, *first, *second;
	enum interface_link link;
	enum translate_hook hook;
	bool egress;
} programs[PROGRAMS] = {
	{ "tc_in", "filter_tc", "filter_tc_again", INTERFACE_ETHERNET, TRANSLATE_TC, false },
	{ "tc_out", "filter_tc", "filter_tc_again", INTERFACE_ETHERNET, TRANSLATE_TC, true },
	{ "xdp_in", "filter_xdp", "filter_xdp_again", INTERFACE_ETHERNET, TRANSLATE_XDP, false },
	{ "tc_in_l3", "filter_tc", "filter_tc_again", INTERFACE_RAW_IP, TRANSLATE_TC, false },
	{ "tc_out_l3", "filter_tc", "filter_tc_again", INTERFACE_RAW_IP, TRANSLATE_TC, true },
};

struct kernel_filters *kernel_filters_new(const char *expression)
{
	struct kernel_filters *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->expression = expression;
	f->kinds[INTERFACE_ETHERNET].dlt = DLT_EN10MB;
	f->kinds[INTERFACE_RAW_IP].dlt = DLT_RAW;
	return f;
}

static void translations_free(struct kernel_filters *f)
{
	int i;

	for (i = 0; i < PROGRAMS; i++)
		translation_free(&f->translations[i]);
}

void kernel_filters_free(struct kernel_filters *f)
{
	size_t i, j;

	if (!f)
		return;
	for (i = 0; i < INTERFACE_UNSUPPORTED; i++) {
		for (j = 0; j < f->kinds[i].count; j++)
			filter_fini(&f->kinds[i].variants[j].filter);
		free(f->kinds[i].variants);
	}
	translations_free(f);
	free(f->assigned);
	free(f);
}

static void add_name(const struct kernel_filters *f, struct text *t)
{
	text_add(t, "the expression ");
	expression_add_quoted(t, f->expression);
}

/* Compiling */

static pcap_t *handle_activate(const char *device, struct text *why)
{
	char reason[PCAP_ERRBUF_SIZE] = "";
	pcap_t *p = pcap_create(device, reason);
	int status;

	if (!p) {
		text_add_escaped(why, reason, strlen(reason));
		return NULL;
	}
	pcap_set_snaplen(p, SNAPLEN);
	pcap_set_buffer_size(p, BUFFER_BYTES);
	status = pcap_activate(p);
	if (status >= 0 && pcap_datalink(p) == DLT_EN10MB)
		return p;
	text_add(why, "%s", status < 0 ? pcap_statustostr(status) : "it has another link type");
	pcap_close(p);
	return NULL;
}

/*
 * Where a tag may be beside the packet, libpcap's code for "vlan" depends on the kernel, and it makes that code for an open
 * interface only. Which one of Ethernet does not matter.
 */
static pcap_t *handle_for_tags(struct kernel_filters *f, const char *device, struct text *why)
{
	char reason[WHY_MAX], ignored[WHY_MAX];
	struct text t, other;
	pcap_t *p;

	text_init(&t, reason, sizeof(reason));
	text_init(&other, ignored, sizeof(ignored));
	p = device ? handle_activate(device, &t) : NULL;
	if (!p)
		p = handle_activate("lo", device ? &other : &t);
	if (p)
		return p;
	f->no_handle = true;
	add_name(f, why);
	text_add(why,
		 " is compiled for an open interface, so that \"vlan\" finds tags: one must be up, and cap_net_raw is "
		 "needed (%s)",
		 reason);
	return NULL;
}

static pcap_t *handle_open(struct kernel_filters *f, const struct kind *k, const char *device, struct text *why)
{
	pcap_t *p;

	if (k->dlt == DLT_EN10MB && strstr(f->expression, "vlan"))
		return handle_for_tags(f, device, why);
	p = pcap_open_dead(k->dlt, SNAPLEN);
	if (!p)
		text_add(why, "%s", strerror(ENOMEM));
	return p;
}

static bool variant_add(struct kernel_filters *f, struct kind *k, const char *device, bool by_mask, bpf_u_int32 mask,
			struct text *why)
{
	struct variant *variants = realloc(k->variants, (k->count + 1) * sizeof(*variants)), *v;
	pcap_t *p = handle_open(f, k, device, why);
	bool good;

	if (!variants || !p) {
		k->variants = variants ? variants : k->variants;
		if (p)
			pcap_close(p);
		return false;
	}
	k->variants = variants;
	v = &variants[k->count];
	v->by_mask = by_mask;
	v->mask = mask;
	filter_init(&v->filter, f->expression);
	good = filter_compile(&v->filter, p, mask, why);
	if (good)
		k->count++;
	else
		text_add(why, " (for link type %s)", pcap_datalink_val_to_name(k->dlt));
	pcap_close(p);
	return good;
}

static bool is_for_all(const struct kind *k)
{
	return k->count && !k->variants[0].by_mask;
}

static void kind_try(struct kernel_filters *f, struct kind *k, const char *device)
{
	struct text why;

	if (k->tried)
		return;
	text_init(&why, k->why, sizeof(k->why));
	f->no_handle = false;
	variant_add(f, k, device, false, PCAP_NETMASK_UNKNOWN, &why);
	k->tried = !f->no_handle; /* the next interface may be up */
}

void kernel_filters_expect(struct kernel_filters *f, enum interface_link link)
{
	if (f->expression && link != INTERFACE_UNSUPPORTED)
		kind_try(f, &f->kinds[link], NULL);
}

static int variant_of_mask(const struct kind *k, bpf_u_int32 mask)
{
	size_t i;

	for (i = 0; i < k->count; i++)
		if (k->variants[i].mask == mask)
			return (int)i;
	return -1;
}

/* Only the expression can tell whether it needs the mask: it is tried without one first. */
static void add_by_mask(struct kernel_filters *f, struct kind *k, const struct interface *iface)
{
	char reason[PCAP_ERRBUF_SIZE], ignored[WHY_MAX];
	struct assigned *assigned;
	bpf_u_int32 net, mask;
	struct text why;
	int variant;

	if (pcap_lookupnet(iface->name, &net, &mask, reason))
		return;
	text_init(&why, ignored, sizeof(ignored));
	variant = variant_of_mask(k, mask);
	if (variant < 0 && variant_add(f, k, iface->name, true, mask, &why))
		variant = (int)k->count - 1;
	assigned = realloc(f->assigned, (f->assigned_count + 1) * sizeof(*assigned));
	if (!assigned)
		return;
	f->assigned = assigned;
	if (variant >= 0)
		assigned[f->assigned_count++] = (struct assigned) { iface->index, variant };
}

void kernel_filters_add(struct kernel_filters *f, const struct interface *iface)
{
	struct kind *k;

	if (!f->expression || iface->link == INTERFACE_UNSUPPORTED)
		return;
	k = &f->kinds[iface->link];
	kind_try(f, k, iface->name);
	if (k->tried && !is_for_all(k))
		add_by_mask(f, k, iface);
}

size_t kernel_filters_sets(const struct kernel_filters *f, struct text *why, bool *usage)
{
	size_t sets = 0, i;

	if (!f->expression)
		return 1;
	for (i = 0; i < INTERFACE_UNSUPPORTED; i++)
		sets = f->kinds[i].count > sets ? f->kinds[i].count : sets;
	if (sets)
		return sets;
	*usage = !f->no_handle;
	i = f->kinds[INTERFACE_ETHERNET].why[0] ? INTERFACE_ETHERNET : INTERFACE_RAW_IP;
	text_add(why, "%s", f->kinds[i].why);
	return 0;
}

int kernel_filters_find(const struct kernel_filters *f, const struct interface *iface, struct text *why)
{
	const struct kind *k = &f->kinds[iface->link];
	size_t i;

	if (!f->expression || is_for_all(k))
		return 0;
	for (i = 0; i < f->assigned_count; i++)
		if (f->assigned[i].ifindex == iface->index)
			return f->assigned[i].variant;
	if (k->count)
		text_add(why,
			 "the expression asks for its netmask, and it had none at the start: restart miruo to watch it");
	else
		text_add(why, "%s", k->why);
	return -1;
}

bool kernel_filters_has(const struct kernel_filters *f, size_t set, enum interface_link link)
{
	return !f->expression || set < f->kinds[link].count;
}

/* Programs */

static int refuse(const struct kernel_filters *f, int status, const char *reason, struct text *why)
{
	if (status == -E2BIG)
		return status;
	add_name(f, why);
	text_add(why, " cannot be run in the kernel: %s; --backend=pcap filters outside of it", reason);
	return status;
}

static int splice_program(struct kernel_filters *f, int program, const struct filter *filter, int form,
			  struct splices *splices, struct text *why)
{
	const struct translate_target target = {
		.hook = programs[program].hook,
		.form = (enum translate_form)form,
		.egress = programs[program].egress,
	};
	struct translation *t = &f->translations[program];
	struct splice first = { .program = programs[program].name,
				.function = programs[program].first,
				.callee = programs[program].second };
	struct splice second = { .program = programs[program].name, .function = programs[program].second };
	char reason[WHY_MAX];
	struct text text;
	int status;

	text_init(&text, reason, sizeof(reason));
	status = translate((const struct sock_filter *)(const void *)filter->program.bf_insns, filter->program.bf_len,
			   &target, t, &text);
	if (status)
		return refuse(f, status, reason, why);
	first.insns = t->first;
	first.count = t->first_count;
	second.insns = t->second;
	second.count = t->second_count;
	status = splices_add(splices, &first);
	return status ? status : splices_add(splices, &second);
}

int kernel_filters_splice(struct kernel_filters *f, size_t set, int form, struct splices *splices, struct text *why)
{
	int i, status = 0;

	translations_free(f);
	for (i = 0; i < PROGRAMS && !status; i++)
		if (f->expression && kernel_filters_has(f, set, programs[i].link))
			status = splice_program(f, i, &f->kinds[programs[i].link].variants[set].filter, form, splices, why);
	return status;
}
