/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_filter: what an expression adds to each packet, in ns: a TCP packet that it rejects, minimum of many batches of
 * BPF_PROG_TEST_RUN, an empty program subtracted. One line a row: expression, hook, ns. Ends with 77 where kernel programs
 * cannot be loaded.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

/* Classic BPF and eBPF have a struct of this name each, and a few macros. */
#define bpf_insn cbpf_insn
#include "compile.h"
#undef bpf_insn
#undef BPF_MOD
#undef BPF_XOR

#include "filter_run.h"

#define SKIPPED   77
#define BATCHES   40
#define BATCH     50000
#define HOST_TEXT 32 /* bytes of "host 10.x.y.z or " */

/* Ethernet, IPv4, TCP: 192.0.2.1 port 1024 to 192.0.2.2 port 9 */
static const uint8_t packet[64] = {
	/* clang-format off */
	2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0,
	0x45, 0, 0, 50, 0, 1, 0, 0, 64, 6, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2,
	4, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x10, 1, 0, 0, 0, 0, 0,
	/* clang-format on */
};

/* Addresses that are not neighbours. */
static char *hosts(int count)
{
	size_t size = (size_t)count * HOST_TEXT + 1, len = 0;
	char *text = malloc(size);
	uint32_t host;
	int i;

	if (!text)
		exit(1);
	for (i = 0; i < count; i++) {
		host = (uint32_t)i * 2654435761u;
		len += (size_t)snprintf(text + len, size - len, "%shost 10.%u.%u.%u", i ? " or " : "", host >> 24,
					host >> 16 & 0xff, host >> 8 & 0xff);
	}
	return text;
}

static int batch(int program)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet, .data_size_in = sizeof(packet), .repeat = BATCH);

	if (bpf_prog_test_run_opts(program, &opts)) {
		perror("BPF_PROG_TEST_RUN");
		exit(1);
	}
	return (int)opts.duration;
}

/* Both in turn, so that what else the machine does meets both. */
static int cost(const struct filter_run *r, enum filter_program program, enum filter_program empty)
{
	int best = INT32_MAX, best_empty = INT32_MAX, i, ns;

	for (i = 0; i < BATCHES; i++) {
		ns = batch(r->programs[program]);
		best = ns < best ? ns : best;
		ns = batch(r->programs[empty]);
		best_empty = ns < best_empty ? ns : best_empty;
	}
	return best - best_empty;
}

static int bench(const char *name, const struct sock_filter *program, size_t count)
{
	struct filter_run r;
	char buf[200];
	struct text why;
	int status;

	text_init(&why, buf, sizeof(buf));
	status = filter_run_open(&r, program, count, TRANSLATE_SHORT, &why);
	if (status) {
		printf("%s: %s\n", name, buf);
		return status;
	}
	printf("%-12s  TC   %4d ns\n", name, cost(&r, ON_TC, EMPTY_TC));
	printf("%-12s  XDP  %4d ns\n", name, cost(&r, ON_XDP, EMPTY_XDP));
	filter_run_close(&r);
	return 0;
}

static int bench_expression(pcap_t *p, const char *name, const char *expression)
{
	struct bpf_program b;
	int status;

	if (compile_expression(p, &b, expression, PCAP_NETMASK_UNKNOWN)) {
		printf("%s: %s\n", name, pcap_geterr(p));
		return -EINVAL;
	}
	status = bench(name, (const struct sock_filter *)b.bf_insns, b.bf_len);
	pcap_freecode(&b);
	return status;
}

int main(void)
{
	static const struct sock_filter reject = BPF_STMT(BPF_RET | BPF_K, 0);
	static const int counts[] = { 20, 100, 1000 };
	pcap_t *p = pcap_open_dead(DLT_EN10MB, 65535);
	int status, i;

	libbpf_set_print(NULL);
	status = p ? bench("call", &reject, 1) : -ENOMEM;
	if (!status)
		status = bench_expression(p, "tcp port 80", "tcp port 80");
	for (i = 0; i < (int)(sizeof(counts) / sizeof(counts[0])) && !status; i++) {
		char *text = hosts(counts[i]), name[32];

		snprintf(name, sizeof(name), "%d hosts", counts[i]);
		status = bench_expression(p, name, text);
		free(text);
	}
	if (p)
		pcap_close(p);
	return status == -EPERM ? SKIPPED : status != 0;
}
