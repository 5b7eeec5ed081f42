/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dump.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Classic BPF and eBPF have a struct of this name each, and a few macros. */
#define bpf_insn cbpf_insn
#include <pcap/pcap.h>

#include "filter.h"
#undef bpf_insn
#undef BPF_MOD
#undef BPF_XOR

#ifdef MIRUO_HAVE_BPF
#include "expression.h"
#include "hooks.h"
#include "listing.h"
#include "translate.h"
#endif
#include "text.h"

#define SNAPLEN 262144

static bool failed(const struct text *why)
{
	fprintf(stderr, "miruo: %s\n", why->buf);
	return false;
}

static bool print_classic(const struct filter *f)
{
	unsigned int i;

	for (i = 0; i < f->program.bf_len; i++)
		puts(bpf_image(&f->program.bf_insns[i], (int)i));
	return true;
}

#ifdef MIRUO_HAVE_BPF
/* In the first form that is not too large, as the kernel programs are loaded. */
static int translate_to(const struct filter *f, struct translate_target *target, struct translation *out, struct text *why)
{
	const struct sock_filter *insns = (const struct sock_filter *)(const void *)f->program.bf_insns;
	int form, err = -E2BIG;

	for (form = 0; form < TRANSLATE_FORMS && err == -E2BIG; form++) {
		text_truncate(why, 0);
		target->form = (enum translate_form)form;
		err = translate(insns, f->program.bf_len, target, out, why);
	}
	return err;
}

static bool is_call_of_second(const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP | BPF_CALL) && insn->src_reg == BPF_PSEUDO_CALL;
}

/* Both functions, one behind the other. */
static bool print_translation(const char *title, struct translation *t)
{
	size_t count = t->first_count + t->second_count, i;
	struct bpf_insn *all = calloc(count, sizeof(*all));

	if (!all)
		return false;
	memcpy(all, t->first, t->first_count * sizeof(*all));
	if (t->second)
		memcpy(all + t->first_count, t->second, t->second_count * sizeof(*all));
	for (i = 0; i < t->first_count; i++)
		if (is_call_of_second(&all[i]))
			all[i].imm = (int32_t)(t->first_count - i - 1);
	printf("%s:\n", title);
	listing_print(stdout, all, count);
	free(all);
	return true;
}

static bool same(const struct translation *a, const struct translation *b)
{
	return a->first_count == b->first_count && a->second_count == b->second_count &&
	       memcmp(a->first, b->first, a->first_count * sizeof(*a->first)) == 0 &&
	       (!a->second || memcmp(a->second, b->second, a->second_count * sizeof(*a->second)) == 0);
}

static bool print_directions(struct translation *in, struct translation *out)
{
	if (same(in, out))
		return print_translation("TC, both directions", in);
	return print_translation("TC, incoming", in) && print_translation("TC, outgoing", out);
}

static bool print_tc(const struct filter *f, struct text *why)
{
	struct translate_target target = { .hook = TRANSLATE_TC };
	struct translation in = { 0 }, out = { 0 };
	bool good = false;

	if (!translate_to(f, &target, &in, why)) {
		target.egress = true;
		good = !translate_to(f, &target, &out, why) && print_directions(&in, &out);
	}
	translation_free(&in);
	translation_free(&out);
	return good;
}

static bool print_xdp(const struct filter *f, struct text *why)
{
	struct translate_target target = { .hook = TRANSLATE_XDP };
	struct translation in = { 0 };
	bool good = !translate_to(f, &target, &in, why) && print_translation("XDP", &in);

	translation_free(&in);
	return good;
}

static bool print_translated(const struct config *cfg, const struct filter *f)
{
	bool xdp = cfg->source.hook != HOOK_TC, good;
	char reason[512], line[SOURCE_ERROR_MAX];
	struct text why, refusal;

	text_init(&why, reason, sizeof(reason));
	if (f->dlt != DLT_EN10MB && (f->dlt != DLT_RAW || xdp)) {
		text_add(&why, "the kernel programs see no frames of link type %s here: name one interface with -i",
			 pcap_datalink_val_to_name(f->dlt));
		return failed(&why);
	}
	good = xdp ? print_xdp(f, &why) : print_tc(f, &why);
	if (good)
		return true;
	text_init(&refusal, line, sizeof(line));
	text_add(&refusal, "the expression ");
	expression_add_quoted(&refusal, f->expression);
	text_add(&refusal, " cannot be run in the kernel: %s", why.len ? reason : strerror(ENOMEM));
	return failed(&refusal);
}
#else
static bool print_translated(const struct config *cfg, const struct filter *f)
{
	(void)cfg;
	(void)f;
	fputs("miruo: this miruo was built without kernel programs: -d prints what libpcap runs\n", stderr);
	return false;
}
#endif

static bool print(const struct config *cfg, const struct filter *f)
{
	return cfg->dump_filter == 1 ? print_classic(f) : print_translated(cfg, f);
}

static bool dump_for_ethernet(const struct config *cfg, const char *expression, struct text *why, bool *usage)
{
	pcap_t *p = pcap_open_dead(DLT_EN10MB, SNAPLEN);
	struct filter f;
	bool good;

	if (!p) {
		text_add(why, "%s", strerror(ENOMEM));
		return failed(why);
	}
	filter_init(&f, expression);
	*usage = !filter_compile(&f, p, PCAP_NETMASK_UNKNOWN, why);
	good = *usage ? failed(why) : print(cfg, &f);
	filter_fini(&f);
	pcap_close(p);
	return good;
}

/* For the first of what is to be read. */
static bool dump_for_source(const struct config *cfg, const struct source_config *source, struct text *why, bool *usage)
{
	const struct source_ops *ops = source->file_count ? &source_pcap_file : &source_pcap_live;
	struct source *s = ops->open(source, why->buf, why->size, usage);
	bool good;

	if (!s)
		return failed(why);
	good = print(cfg, ops->filter(s));
	ops->close(s);
	return good;
}

bool dump_filter(const struct config *cfg, bool *usage)
{
	struct source_config source = cfg->source;
	char reason[SOURCE_ERROR_MAX];
	struct text why;

	text_init(&why, reason, sizeof(reason));
	source.filter = source.filter ? source.filter : "";	/* compiled to "all pass" */
	source.netns = NULL;	/* we are in it */
	source.file_count = source.file_count > 1 ? 1 : source.file_count;
	source.interface_count = source.interface_count > 1 ? 1 : source.interface_count;
	if (source.file_count || source.interface_count)
		return dump_for_source(cfg, &source, &why, usage);
	return dump_for_ethernet(cfg, source.filter, &why, usage);
}
