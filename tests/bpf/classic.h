/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An interpreter for classic BPF with what a socket filter on Linux knows beside the bytes of the packet. */
#ifndef MIRUO_TESTS_CLASSIC_H
#define MIRUO_TESTS_CLASSIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/filter.h>

struct classic_packet {
	const uint8_t *data;
	uint32_t len;
	uint32_t pkttype, ifindex, vlan_tci, vlan_present;
};

/* For programs that bpf_validate() of libpcap accepts. */
bool classic_run(const struct sock_filter *program, const struct classic_packet *p);

/* The program asks for what is beside the bytes. */
bool classic_has_metadata(const struct sock_filter *program, size_t count);

#endif
