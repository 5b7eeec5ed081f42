/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MIRUO_TESTS_STAY_ON_CPU_H
#define MIRUO_TESTS_STAY_ON_CPU_H

/* The calling thread runs on that CPU alone from now on; 0 or -1 with errno. */
int stay_on_cpu(int cpu);

#endif
