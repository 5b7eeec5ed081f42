/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wallclock.h"

#include <time.h>

#define MEASURE_TRIES 5

static uint64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

uint64_t monotonic_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

/* The reading between the two closest readings around it: an interruption must not shift all time stamps. */
void wallclock_update(struct wallclock *w)
{
	uint64_t best = UINT64_MAX, before, real, after;
	int i;

	for (i = 0; i < MEASURE_TRIES; i++) {
		before = monotonic_ns();
		real = clock_ns(CLOCK_REALTIME);
		after = monotonic_ns();
		if (after - before >= best)
			continue;
		best = after - before;
		w->offset_ns = (int64_t)(real - (before + best / 2));
	}
}
