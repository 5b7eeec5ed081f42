/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "priority.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

bool priority_raise(struct text *why)
{
	int nice_level;

	errno = 0;
	nice_level = getpriority(PRIO_PROCESS, 0);
	if (!errno && nice_level <= PRIORITY_NICE)
		return true;
	if (setpriority(PRIO_PROCESS, 0, PRIORITY_NICE) == 0)
		return true;
	text_add(why, "cannot raise its priority to nice %d (%s): ", PRIORITY_NICE, strerror(errno));
	text_add(why, "records may be lost while all CPUs are busy; run it as root, or add cap_sys_nice to setcap's list");
	return false;
}
