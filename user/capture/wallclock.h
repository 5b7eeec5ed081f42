/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kernel time (CLOCK_MONOTONIC) to wall-clock time; follows when the clock is set. */
#ifndef MIRUO_CAPTURE_WALLCLOCK_H
#define MIRUO_CAPTURE_WALLCLOCK_H

#include <stdint.h>

struct wallclock {
	int64_t offset_ns;	/* wall-clock minus monotonic */
	int step_fd;		/* readable when the clock was set; -1: not available */
};

void wallclock_init(struct wallclock *w);
void wallclock_fini(struct wallclock *w);

/* Measures the offset again if the clock was set since, or was slewed; a call costs two or three clock readings. */
void wallclock_update(struct wallclock *w);

uint64_t monotonic_ns(void);

static inline uint64_t wallclock_ns(const struct wallclock *w, uint64_t ktime_ns)
{
	return (uint64_t)((int64_t)ktime_ns + w->offset_ns);
}

#endif
