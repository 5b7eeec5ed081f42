/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rst_evidence.h"

#include "miruo/decode.h"
#include "seq.h"
#include "tcpopt.h"

#define EARLIER_MIN 3		/* held segments of the side, else nothing is said */
#define LOOK_BACK 32		/* records */
#define ANSWERED_BACK 256	/* records: what may be on its way when a socket goes */
#define SCALE_MAX 14		/* RFC 7323 2.3 */
#define IP_ID_STEP_MAX 64	/* ids that count up do so by less, from one segment of a flow to the next */
#define IP_ID_GAP_MAX 4096	/* and go no further while we look away, nor back by more than IP_ID_STEP_MAX */
#define TICK_MIN_NS 1000	/* timestamps tick no faster; RFC 7323 5.4 has 1 ms */
#define CLOCK_SLACK 1000	/* ticks that segments overtake each other by */

/* What the last held segments of the side had, the newest first. */
struct earlier {
	uint32_t count;
	uint16_t ip_id[LOOK_BACK];
	uint32_t ts_value;	/* the newest, if has_ts */
	uint64_t ts_ns;
	bool has_ts;
};

static bool timestamp_of(const uint8_t *opt, uint32_t len, uint32_t *value)
{
	struct tcpopt o;
	uint32_t pos = 0;

	while (tcpopt_next(opt, len, &pos, &o) > 0) {
		if (o.kind != TCPOPT_TIMESTAMP || o.len != 10)
			continue;
		*value = be32(o.value);
		return true;
	}
	return false;
}

static void earlier_collect(const struct history *h, const struct step *step, struct earlier *e)
{
	const struct record *r = history_last(h, step->session);
	int i;

	for (i = 0; r && i < LOOK_BACK; i++, r = history_prev(h, r)) {
		if (r->side != step->side)
			continue;
		e->ip_id[e->count++] = r->ip_id;
		if (e->has_ts || !timestamp_of(record_options(h, r), r->opt_len, &e->ts_value))
			continue;
		e->has_ts = true;
		e->ts_ns = r->ts_ns;
	}
}

/* The window scale of a side (RFC 7323 2.2) by its SYN, one of the first records; the largest if that is not held. */
static uint32_t scale_of(const struct history *h, const struct step *step, uint8_t side)
{
	const struct record *r = history_first(h, step->session);
	struct tcpopt o;
	uint32_t pos = 0;
	int i;

	for (i = 0; r && i < 4; i++, r = history_next(h, r))
		if (r->side == side && r->flags & TCP_SYN)
			break;
	if (!r || i == 4)
		return SCALE_MAX;
	while (tcpopt_next(record_options(h, r), r->opt_len, &pos, &o) > 0)
		if (o.kind == TCPOPT_WSCALE && o.len == 3)
			return o.value[0] < SCALE_MAX ? o.value[0] : SCALE_MAX;
	return 0;
}

/*
 * RFC 9293 3.10.7.1: a host without the socket answers a segment with the number that this one acknowledges, also when the
 * receiver has acknowledged more since. What is no longer held may be that segment.
 */
static bool may_answer_earlier(const struct history *h, const struct step *step)
{
	const struct record *r = history_last(h, step->session);
	int i;

	if (step->seg->flags & TCP_ACK)
		return false;
	for (i = 0; r && i < ANSWERED_BACK; i++, r = history_prev(h, r))
		if (r->side != step->side && r->flags & TCP_ACK && r->ack == step->seg->seq)
			return true;
	return i < ANSWERED_BACK && (uint64_t)i < step->id;
}

/*
 * RFC 9293 3.10.7.4: what the receiver would take lies from what it acknowledged to the end of its window. Of the window
 * only the scale is known here, so it is taken as large as it can be.
 */
static void check_window(const struct history *h, struct step *step)
{
	const struct direction *receiver = &step->session->dir[!step->side];
	uint32_t ahead = step->seg->seq - receiver->ack;

	if (!(receiver->flags & DIR_ACK))
		return;
	if (ahead <= (65535u << scale_of(h, step, !step->side)) + 1) {	/* 1: behind the FIN */
		step->rst_checked |= RST_DOUBT_WINDOW;
	} else if (!may_answer_earlier(h, step)) {
		step->rst_checked |= RST_DOUBT_WINDOW;
		step->rst_doubts |= RST_DOUBT_WINDOW;
	}
}

static void check_ttl(struct step *step)
{
	uint8_t ttl = step->session->dir[step->side].ttl;

	if (!ttl)
		return;
	step->rst_checked |= RST_DOUBT_TTL;
	if (step->seg->ttl != ttl)
		step->rst_doubts |= RST_DOUBT_TTL;
}

/* Only ids that count up say something: 0 and random ones do not. */
static void check_ip_id(struct step *step, const struct earlier *e)
{
	uint16_t ahead;
	uint32_t i;

	if (step->seg->ip_version != 4 || !step->seg->ip_id || e->count < EARLIER_MIN)
		return;
	for (i = 0; i + 1 < e->count; i++) {
		ahead = (uint16_t)(e->ip_id[i] - e->ip_id[i + 1]);
		if (!e->ip_id[i] || !e->ip_id[i + 1] || !ahead || ahead > IP_ID_STEP_MAX) {
			if (i + 1 < EARLIER_MIN)
				return;
			break;		/* a SYN/ACK of a kernel that keeps no state for it has other ids */
		}
	}
	step->rst_checked |= RST_DOUBT_IP_ID;
	ahead = (uint16_t)(step->seg->ip_id - e->ip_id[0] + IP_ID_STEP_MAX);
	if (ahead > IP_ID_GAP_MAX)
		step->rst_doubts |= RST_DOUBT_IP_ID;
}

static void check_timestamp(struct step *step, const struct earlier *e)
{
	const struct segment *seg = step->seg;
	uint64_t elapsed_ns = seg->ts_ns > e->ts_ns ? seg->ts_ns - e->ts_ns : 0;
	uint64_t ticks_max = elapsed_ns / TICK_MIN_NS + CLOCK_SLACK;
	uint32_t value;
	int32_t ticks;

	if (!e->has_ts || ticks_max > INT32_MAX || !timestamp_of(seg->opt, seg->opt_len, &value))
		return;
	step->rst_checked |= RST_DOUBT_TIMESTAMP;
	ticks = seq_diff(value, e->ts_value);
	if (ticks < -CLOCK_SLACK || ticks > (int32_t)ticks_max)
		step->rst_doubts |= RST_DOUBT_TIMESTAMP;
}

static bool is_known(const struct history *h, const struct step *step)
{
	const struct record *r;
	uint32_t count = 0;

	for (r = history_last(h, step->session); r && count < EARLIER_MIN; r = history_prev(h, r))
		count += r->side == step->side;
	return count == EARLIER_MIN;
}

void rst_evidence(const struct history *h, struct step *step)
{
	struct earlier e = { 0 };

	if (!is_known(h, step))
		return;
	earlier_collect(h, step, &e);
	check_window(h, step);
	check_ttl(step);
	check_ip_id(step, &e);
	check_timestamp(step, &e);
}

bool rst_looks_forged(uint32_t doubts)
{
	return doubts & (RST_DOUBT_TTL | RST_DOUBT_TIMESTAMP) ||
	       (doubts & RST_DOUBT_WINDOW && doubts & (uint32_t)~RST_DOUBT_WINDOW);
}
