/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An interpreter for what the translation makes: the eBPF instructions that it uses, the two functions, and the helpers that
 * they call. Each access is checked as the verifier would: whatever is not allowed ends the process.
 */
#ifndef MIRUO_TESTS_MACHINE_H
#define MIRUO_TESTS_MACHINE_H

#include <stdint.h>

#include "translate.h"

struct machine_packet {
	const uint8_t *data;
	uint32_t len, linear; /* linear: bytes that can be read without a helper */
	uint32_t ifindex, vlan_tci, vlan_present;
};

/* What the functions say of the packet: 0 or 1. */
int machine_run(const struct translation *t, enum translate_hook hook, const struct machine_packet *p);

#endif
