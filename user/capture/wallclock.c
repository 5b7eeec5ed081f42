/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wallclock.h"

#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define FAR_AWAY_S 0x7fffffff	/* the timer never fires by itself */
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
static void wallclock_measure(struct wallclock *w)
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

static void wallclock_arm(const struct wallclock *w)
{
	struct itimerspec far_away = { .it_value.tv_sec = FAR_AWAY_S };

	timerfd_settime(w->step_fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &far_away, NULL);
}

void wallclock_init(struct wallclock *w)
{
	w->step_fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	if (w->step_fd >= 0)
		wallclock_arm(w);
	wallclock_measure(w);
}

void wallclock_fini(struct wallclock *w)
{
	if (w->step_fd >= 0)
		close(w->step_fd);
	w->step_fd = -1;
}

void wallclock_update(struct wallclock *w)
{
	uint64_t expirations;

	if (w->step_fd >= 0 && read(w->step_fd, &expirations, sizeof(expirations)) < 0)
		wallclock_arm(w);	/* EAGAIN where nothing happened, ECANCELED where the clock was set */
	wallclock_measure(w);
}
