/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MIRUO_TRACK_TRACKER_CONFIG_H
#define MIRUO_TRACK_TRACKER_CONFIG_H

#include <stdint.h>

#define SESSION_LIMIT_MAX 4194304u	/* also what -L 0 stands for */
#define SEGMENT_LIMIT_MAX 67108864u	/* also what -l 0 stands for */

struct tracker_config {
	uint32_t session_limit;	/* -L: sessions followed at once; 0: SESSION_LIMIT_MAX */
	uint32_t segment_limit;	/* -l: segments held at once; 0: SEGMENT_LIMIT_MAX */
	uint32_t context;	/* held segments before one of interest that may be asked for */
	uint32_t pickup;	/* --pickup: 1: follow sessions whose SYN was not seen too */
};

#endif
