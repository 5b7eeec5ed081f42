/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * TC programs as filters of a clsact qdisc, for kernels without tcx links (before 6.6). Filters outlive the process that made
 * them, so ours tell what they are:
 *
 * - The handle is CLSACT_HANDLE with a slot in the lowest byte. Every running miruo holds a slot of its network namespace, by
 *   an abstract socket of that name that vanishes with the process. A filter of ours whose slot nobody holds is left over from
 *   one that was killed, and is removed by the next that attaches to the interface. (A look at /proc for who holds the program
 *   would miss those in other PID namespaces.)
 * - CLSACT_MADE in the handle says that the qdisc was made by a miruo. Who attaches next takes that over, so the last to leave
 *   removes the qdisc, killed ones or not. A qdisc with filters of others on it is never removed, nor one that was there first.
 *
 * The filter takes the lowest priority number that a bpf filter can have there, so that those of others hide nothing.
 */
#ifndef MIRUO_CAPTURE_CLSACT_H
#define MIRUO_CAPTURE_CLSACT_H

#include <stdbool.h>
#include <stdint.h>

#include "text.h"

#define CLSACT_HANDLE 0x4d490000u	/* "MI" */
#define CLSACT_MADE 0x100u
#define CLSACT_SLOTS 64

/* The slot of this process. */
struct clsact_claim {
	bool tried;
	int fd;		/* of the socket; -1: none could be had */
	uint32_t slot;
};

enum clsact_direction { CLSACT_IN, CLSACT_OUT };

/* Our filters on one interface. All 0: none. */
struct clsact {
	bool made;	/* the qdisc, by us or by another miruo */
	struct clsact_filter {
		uint32_t handle, priority, program;	/* program: its id; 0: no filter */
	} filter[2];
};

/*
 * Attaches the program of this descriptor to one direction, after removing what killed ones left in either. Takes a slot at the
 * first call. 0, or -errno and a line in why (what and what to do). Needs CAP_NET_ADMIN.
 */
int clsact_attach(struct clsact *c, struct clsact_claim *claim, uint32_t ifindex, enum clsact_direction direction, int program,
		  struct text *why);

/* Removes our filters and, if that is ours to do, the qdisc. Needs CAP_NET_ADMIN. Fine if the interface or the qdisc is gone. */
void clsact_detach(struct clsact *c, uint32_t ifindex);

/* Lets go of the slot; after all clsact_detach(). */
void clsact_release(struct clsact_claim *claim);

#endif
