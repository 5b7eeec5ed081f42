/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "filter.h"

#include <string.h>

#include "compile.h"
#include "expression.h"

#define KERNEL_INSNS_MAX 4096	/* BPF_MAXINSNS of Linux */
#define BESIDE_FRAME 0xfffff000u	/* SKF_AD_OFF: offsets from here on are names of what Linux knows of a packet */
#define VLAN_TAG (BESIDE_FRAME + 44)	/* SKF_AD_VLAN_TAG, */
#define VLAN_PRESENT (BESIDE_FRAME + 48)	/* SKF_AD_VLAN_TAG_PRESENT: libpcap knows these too */

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
	text_add(err, "bad expression ");
	expression_add_quoted(err, expression);
	text_add(err, ": ");
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

static bool needs_kernel(const struct bpf_insn *insn, uint32_t snaplen)
{
	if (BPF_CLASS(insn->code) != BPF_LD || (BPF_MODE(insn->code) != BPF_ABS && BPF_MODE(insn->code) != BPF_IND))
		return false;
	return (uint64_t)insn->k + sizeof(uint32_t) > snaplen && insn->k != VLAN_TAG && insn->k != VLAN_PRESENT;
}

bool filter_is_too_long(const struct filter *f, uint32_t snaplen, struct text *err)
{
	const struct bpf_insn *insn = f->program.bf_insns, *end = insn + f->program.bf_len;

	if (f->program.bf_len <= KERNEL_INSNS_MAX)
		return false;
	while (insn < end && !needs_kernel(insn, snaplen))
		insn++;
	if (insn == end)
		return false;
	text_add(err, "the expression ");
	expression_add_quoted(err, f->expression);
	text_add(err,
		 " is too long for libpcap's filter in the kernel (%u instructions, %u at most), and outside of it neither"
		 " directions nor bytes behind the first %u are seen: shorten it or use --backend=ebpf",
		 f->program.bf_len, KERNEL_INSNS_MAX, snaplen);
	return true;
}

bool filter_match(const struct filter *f, const struct pcap_pkthdr *header, const uint8_t *data)
{
	return !f->expression || pcap_offline_filter(&f->program, header, data);
}
