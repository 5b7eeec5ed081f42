/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE	/* CPU_SET, sched_setaffinity */
#include "stay_on_cpu.h"

#include <sched.h>

int stay_on_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set);
}
