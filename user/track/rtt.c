/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtt.h"

#include <string.h>

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

void rtt_mark(struct rtt *r, uint32_t end, uint32_t now_us)
{
	struct rtt_mark *m = r->mark[0].sent_us ? &r->mark[1] : &r->mark[0];

	m->end = end;
	m->sent_us = now_us ? now_us : 1;
}

/* An ACK of both is one sample, of the one that waited longer, as the sender has it. */
void rtt_take(struct rtt *r, uint32_t ack, uint32_t now_us)
{
	int32_t us = seq_diff(now_us, r->mark[0].sent_us);

	if (r->mark[1].sent_us && seq_diff(ack, r->mark[1].end) >= 0)
		rtt_forget(r);
	else {
		r->mark[0] = r->mark[1];
		r->mark[1].sent_us = 0;
	}
	if (us >= 0)
		rtt_sample(r, (uint32_t)us);
}

void rtt_forget(struct rtt *r)
{
	memset(r->mark, 0, sizeof(r->mark));
}
