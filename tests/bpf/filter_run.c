/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "filter_run.h"

#include <errno.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "splice.h"

#include "filter_hooks.skel.h"

const char *const filter_program_names[FILTER_PROGRAMS] = {
	[ON_TC] = "on_tc",       [ON_TC_VLAN] = "on_tc_vlan", [ON_XDP] = "on_xdp",
	[EMPTY_TC] = "empty_tc", [EMPTY_XDP] = "empty_xdp",
};

static void add(struct splices *s, enum filter_program program, const char *first, const char *second,
		const struct translation *t)
{
	const char *name = filter_program_names[program];
	struct splice a = { name, first, t->first, t->first_count, second },
		      b = { name, second, t->second, t->second_count, NULL };

	splices_add(s, &a);
	splices_add(s, &b);
}

static int load(struct filter_run *r, struct splices *s, const struct translation *tc, const struct translation *xdp,
		struct text *why)
{
	int status, i;

	r->skel = filter_hooks_bpf__open();
	if (!r->skel) {
		status = -errno;
		text_add(why, "open: %s", strerror(-status));
		return status;
	}
	splices_object(s, r->skel->obj);
	if (tc) {
		add(s, ON_TC, "filter_tc", "filter_tc_again", tc);
		add(s, ON_TC_VLAN, "filter_tc", "filter_tc_again", tc);
		add(s, ON_XDP, "filter_xdp", "filter_xdp_again", xdp);
	}
	status = filter_hooks_bpf__load(r->skel);
	if (status)
		text_add(why, "load: %s", strerror(-status));
	for (i = 0; i < FILTER_PROGRAMS && !status; i++)
		r->programs[i] = bpf_program__fd(bpf_object__find_program_by_name(r->skel->obj, filter_program_names[i]));
	return status;
}

int filter_run_open(struct filter_run *r, const struct sock_filter *program, size_t count, enum translate_form form,
		    struct text *why)
{
	const struct translate_target tc_target = { .hook = TRANSLATE_TC, .form = form };
	const struct translate_target xdp_target = { .hook = TRANSLATE_XDP, .form = form };
	struct translation tc = { 0 }, xdp = { 0 };
	struct splices splices;
	int status = 0;

	memset(r, 0, sizeof(*r));
	if (program)
		status = translate(program, count, &tc_target, &tc, why);
	if (program && !status)
		status = translate(program, count, &xdp_target, &xdp, why);
	if (!status)
		status = splices_begin(&splices);
	if (!status) {
		status = load(r, &splices, program ? &tc : NULL, &xdp, why);
		splices_end(&splices);
	}
	translation_free(&tc);
	translation_free(&xdp);
	if (status)
		filter_run_close(r);
	return status;
}

void filter_run_close(struct filter_run *r)
{
	filter_hooks_bpf__destroy(r->skel);
	memset(r, 0, sizeof(*r));
}

int filter_run(const struct filter_run *r, enum filter_program program, const uint8_t *data, uint32_t len)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = data, .data_size_in = len, .repeat = 1);

	return bpf_prog_test_run_opts(r->programs[program], &opts) ? -errno : (int)opts.retval;
}
