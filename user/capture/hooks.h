/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Our programs on the hooks of one interface. TC by tcx links, by clsact filters where the kernel has no tcx (before 6.6); XDP
 * by a link. Programs of others are never replaced and decide what they decided without ours. Links vanish with this process,
 * filters are recognised and removed by the next (clsact.h).
 */
#ifndef MIRUO_CAPTURE_HOOKS_H
#define MIRUO_CAPTURE_HOOKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clsact.h"

enum hook {
	HOOK_TC,
	HOOK_XDP,		/* XDP in, TC out */
	HOOK_XDP_GENERIC,
};

/* File descriptors of the loaded programs, for all interfaces; those that hooks_attach() is not asked for may be missing. */
struct hook_programs {
	int tc_in, tc_out, tc_in_l3, tc_out_l3, xdp_in;
	bool no_tcx;			/* take clsact although the kernel has tcx; for tests */
	struct clsact_claim claim;	/* all 0 at first, clsact_release() at last */
};

struct hooks {
	uint32_t ifindex;
	int link[2];		/* in, out; -1: none */
	struct clsact clsact;
};

/*
 * Attaches to both directions of an interface; l3: its packets have no link header (then TC is used, whatever hook says). 0 or
 * -errno, then one line in err (what and why) and nothing is left attached.
 */
int hooks_attach(struct hooks *h, struct hook_programs *programs, uint32_t ifindex, bool l3, enum hook hook, char *err,
		 size_t err_size);

/* Whether hooks_detach() needs CAP_NET_ADMIN. */
bool hooks_detach_is_privileged(const struct hooks *h);

/* Fine on an interface that is gone, and on a half-attached one. */
void hooks_detach(struct hooks *h);

#endif
