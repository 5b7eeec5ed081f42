/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What this host and this process have for live capture, as a table for people (miruo --check). */
#ifndef MIRUO_SANDBOX_CHECK_H
#define MIRUO_SANDBOX_CHECK_H

#include <stdbool.h>
#include <stdio.h>

enum check_backend {
	CHECK_NONE,
	CHECK_PCAP,
	CHECK_EBPF,
};

/* What this miruo was built with. */
struct check_built {
	bool ebpf;			/* the kernel programs are in it */
	const char *pcap_version;	/* as pcap_lib_version() says; NULL: built without live capture by libpcap */
};

/*
 * Tries what live capture needs, and prints a row for each: what, whether it works, why or how to mend it. Nothing is
 * attached and nothing stays. Needs no privileges: without them the rows say what cannot be tried. Returns how live capture
 * would run, with the privileges that the process has now.
 */
enum check_backend check_print(FILE *out, const struct check_built *built);

#endif
