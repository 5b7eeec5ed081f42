/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kernel time (CLOCK_MONOTONIC) to wall-clock time. */
#ifndef MIRUO_CAPTURE_WALLCLOCK_H
#define MIRUO_CAPTURE_WALLCLOCK_H

#include <stdint.h>

struct wallclock {
	int64_t offset_ns;	/* wall-clock minus monotonic */
};

/* Measures the offset, which changes when the clock is set and while the host sleeps; mostly without a system call. */
void wallclock_update(struct wallclock *w);

uint64_t monotonic_ns(void);

static inline uint64_t wallclock_ns(const struct wallclock *w, uint64_t ktime_ns)
{
	return (uint64_t)((int64_t)ktime_ns + w->offset_ns);
}

#endif
