/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Compiling a pcap expression to classic BPF, long lists of hosts, nets and ports too.
 *
 * The work of libpcap's optimiser grows faster than the square of the terms: 1,000 hosts take it minutes. So a list of more
 * than COMPILE_WHOLE is taken apart where its and/or/not allow that, each part is compiled by libpcap by itself, and the
 * parts are joined: what a part accepts or rejects is passed on to the next part or decides. The verdict is that of the
 * expression compiled whole for every packet that has all bytes of the headers that are looked at. (One that is cut inside
 * them may be rejected by either, since the optimiser changes the order of loads. And libpcap refuses expressions that its
 * optimiser finds to reject everything; in parts they may just do that.) Shorter expressions, and those whose structure is
 * not understood, are compiled whole.
 */
#ifndef MIRUO_FILTER_COMPILE_H
#define MIRUO_FILTER_COMPILE_H

#include <pcap/pcap.h>

#define COMPILE_WHOLE 64	/* weight (expression.h) */

/*
 * As pcap_compile() with its optimiser: program for p, netmask in network order or PCAP_NETMASK_UNKNOWN. Returns 0, or -1
 * with pcap_geterr(p) telling why not. The program is freed by pcap_freecode().
 */
int compile_expression(pcap_t *p, struct bpf_program *program, const char *expression, bpf_u_int32 netmask);

/* The same with parts of at most this weight, or of one term. */
int compile_in_parts(pcap_t *p, struct bpf_program *program, const char *expression, bpf_u_int32 netmask,
		     unsigned int weight);

#endif
