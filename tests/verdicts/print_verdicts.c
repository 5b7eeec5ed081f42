/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * print_verdicts FILE OFFSET: what the tracker calls each segment of a capture, a line each, in the words of run.py.
 *
 * OFFSET is added to all sequence and acknowledgement numbers, those in SACK options too: where they wrap must not matter.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "read_capture.h"
#include "tcpopt.h"
#include "tracker.h"

static const char *const verdicts[VERDICT_COUNT] = {
	[VERDICT_NEW] = "new",
	[VERDICT_RETRANSMIT] = "retransmit",
	[VERDICT_OUT_OF_ORDER] = "out-of-order",
	[VERDICT_KEEPALIVE] = "keepalive",
	[VERDICT_STRAY] = "stray",
	[VERDICT_KEEPALIVE_ACK] = "keepalive-ack",
	[VERDICT_ZERO_WINDOW_PROBE] = "probe",
	[VERDICT_ZERO_WINDOW_PROBE_ACK] = "probe-ack",
	[VERDICT_DUP_ACK] = "dup-ack",
	[VERDICT_WINDOW_UPDATE] = "window-update",
};

static const char *const resends[RESEND_COUNT] = {
	[RESEND_NONE] = "unknown",
	[RESEND_SYN] = "syn",
	[RESEND_SYN_ACK] = "syn-ack",
	[RESEND_FAST] = "fast",
	[RESEND_TIMEOUT] = "timeout",
	[RESEND_TAIL_LOSS_PROBE] = "tail-loss-probe",
};

static const struct {
	enum remark bit;
	const char *text;
} remarks[] = {
	{ REMARK_ZERO_WINDOW, "zero-window" }, { REMARK_WINDOW_FULL, "window-full" },
	{ REMARK_GAP, "gap" },		       { REMARK_ACKS_UNSEEN, "acks-unseen" },
	{ REMARK_SPURIOUS, "spurious" },       { REMARK_TELLS_SPURIOUS, "tells-spurious" },
	{ REMARK_CONGESTION, "congestion" },   { REMARK_CHALLENGE, "challenge" },
};

struct printer {
	struct tracker *tracker;
	uint32_t offset;
	bool judged;
	uint64_t copies;
};

static void on_segment(void *ctx, const struct step *step)
{
	struct printer *p = ctx;
	size_t i;

	p->judged = true;
	printf("%s", verdicts[step->verdict]);
	if (step->verdict == VERDICT_RETRANSMIT)
		printf(" %s", resends[step->resend]);
	if (step->segments > 1)
		printf(" segments %" PRIu32, step->segments);
	if (step->resent && step->resent != step->segments)
		printf(" resent %" PRIu32, step->resent);
	for (i = 0; i < sizeof(remarks) / sizeof(remarks[0]); i++)
		if (step->remarks & remarks[i].bit)
			printf(" %s", remarks[i].text);
	if (step->session->flags & SESSION_GUESSED)
		printf(" guessed");
	printf(" from-%s", step->side == step->session->client ? "client" : "server");
}

static void on_ended(void *ctx, struct session *s, enum session_end why, uint64_t ts_ns)
{
	(void)ctx;
	(void)s;
	(void)why;
	(void)ts_ns;
}

static void shift_number(uint8_t *p, uint32_t offset)
{
	uint32_t v = ((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]) + offset;

	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static void shift_sack(uint8_t *options, uint32_t len, uint32_t offset)
{
	struct tcpopt opt;
	uint32_t pos = 0, i;

	while (tcpopt_next(options, len, &pos, &opt) > 0)
		for (i = 0; opt.kind == TCPOPT_SACK && i + 6 <= opt.len; i += 4)
			shift_number(options + (opt.value - options) + i, offset);
}

static void feed_one(struct printer *p, const struct segment *captured)
{
	struct segment seg = *captured;
	uint8_t options[TCP_OPTIONS_MAX];
	struct tracker_stats stats;

	memcpy(options, seg.opt, seg.opt_len);
	shift_sack(options, seg.opt_len, p->offset);
	seg.opt = options;
	seg.seq += p->offset;
	if (seg.flags & TCP_ACK)
		seg.ack += p->offset;
	p->judged = false;
	tracker_feed(p->tracker, &seg);
	tracker_stats(p->tracker, &stats);
	if (!p->judged)
		printf("%s", stats.copies > p->copies ? "copy" : "nothing");
	p->copies = stats.copies;
	putchar('\n');
}

static void feed(void *ctx, const struct segment *segs, size_t count)
{
	for (; count; count--, segs++)
		feed_one(ctx, segs);
}

int main(int argc, char *argv[])
{
	const struct tracker_config limits = { .session_limit = 64, .segment_limit = 65536, .pickup = 1 };
	struct printer p = { 0 };
	const struct tracker_events events = { .ctx = &p, .segment = on_segment, .ended = on_ended };
	int status;

	if (argc != 3) {
		fprintf(stderr, "usage: print_verdicts FILE OFFSET\n");
		return 2;
	}
	p.offset = (uint32_t)strtoul(argv[2], NULL, 0);
	p.tracker = tracker_new(&limits, &events);
	if (!p.tracker)
		return 1;
	status = read_capture(argv[1], feed, &p);
	tracker_free(p.tracker);
	return status;
}
