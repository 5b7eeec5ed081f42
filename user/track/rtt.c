/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtt.h"

#define SAMPLE_MAX_US (UINT32_MAX / 8)	/* 536 s */

/* RFC 6298 2.2, 2.3 */
void rtt_sample(struct rtt *r, uint32_t us)
{
	uint32_t off_us;

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
	off_us = us > r->smoothed / 8 ? us - r->smoothed / 8 : r->smoothed / 8 - us;
	r->var_us = r->var_us - r->var_us / 4 + off_us / 4;
	r->smoothed = r->smoothed - r->smoothed / 8 + us;
}
