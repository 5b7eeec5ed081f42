/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtt.h"

#include <stdlib.h>

#define SAMPLE_MAX_US (UINT32_MAX / 8)	/* 536 s */

/* RFC 6298 2.2, 2.3 */
void rtt_sample(struct rtt *r, uint32_t us)
{
	int32_t off_us;

	if (us > SAMPLE_MAX_US)
		us = SAMPLE_MAX_US;
	if (!us)
		us = 1;
	if (!r->min_us || us < r->min_us)
		r->min_us = us;
	if (!r->smoothed) {
		r->smoothed = us * 8;
		r->var_us = us / 2;
		return;
	}
	off_us = (int32_t)(us - r->smoothed / 8);
	r->var_us = r->var_us - r->var_us / 4 + (uint32_t)abs(off_us) / 4;
	r->smoothed += (uint32_t)off_us;
}
