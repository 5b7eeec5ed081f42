/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "filter.h"

#include <string.h>

#include "compile.h"

#define EXPRESSION_SHOWN 100	/* bytes of it in an error line */

void filter_init(struct filter *f, const char *expression)
{
	memset(f, 0, sizeof(*f));
	f->expression = expression;
}

void filter_fini(struct filter *f)
{
	if (f->compiled)
		pcap_freecode(&f->program);
	f->compiled = false;
}

/* Code for BSD loopback depends on the byte order of the file, too. */
static bool fits(const struct filter *f, pcap_t *p, bpf_u_int32 netmask)
{
	return f->compiled && f->dlt == pcap_datalink(p) && f->snaplen == pcap_snapshot(p) &&
	       f->swapped == pcap_is_swapped(p) && f->netmask == netmask;
}

static void add_refusal(struct text *err, const char *expression, const char *reason)
{
	size_t len = strlen(expression);

	text_add(err, "bad expression \"");
	text_add_escaped(err, expression, len <= EXPRESSION_SHOWN ? len : EXPRESSION_SHOWN);
	text_add(err, "%s\": ", len <= EXPRESSION_SHOWN ? "" : "...");
	text_add_escaped(err, reason, strlen(reason));
}

bool filter_compile(struct filter *f, pcap_t *p, bpf_u_int32 netmask, struct text *err)
{
	if (!f->expression || fits(f, p, netmask))
		return true;
	filter_fini(f);
	if (compile_expression(p, &f->program, f->expression, netmask)) {
		add_refusal(err, f->expression, pcap_geterr(p));
		return false;
	}
	f->compiled = true;
	f->dlt = pcap_datalink(p);
	f->snaplen = pcap_snapshot(p);
	f->swapped = pcap_is_swapped(p);
	f->netmask = netmask;
	return true;
}

bool filter_match(const struct filter *f, const struct pcap_pkthdr *header, const uint8_t *data)
{
	return !f->expression || pcap_offline_filter(&f->program, header, data);
}
