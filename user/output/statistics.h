/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The statistics block: counters for people. */
#ifndef MIRUO_OUTPUT_STATISTICS_H
#define MIRUO_OUTPUT_STATISTICS_H

#include <stdbool.h>
#include <stdio.h>

#include "miruo/counters.h"
#include "rules.h"
#include "tracker.h"

#define STATISTICS_INTERFACES_MAX 64

struct statistics_interface {
	char name[16];
	uint64_t segments, bytes;
};

struct statistics {
	uint64_t capture_ms;		/* from the first to the last segment, or since start */
	uint64_t explain_missing;	/* lines of --explain that were not kept */
	uint64_t lookups;		/* sessions to be printed */
	uint64_t not_printed;		/* records of the output that its reader was too slow for */
	struct tracker_stats tracker;
	struct history_stats history;
	struct rules_stats rules;
	struct rules_config rules_config;
	uint32_t session_limit, segment_limit;
	bool ladders;			/* segments that are no longer held are missed */
	uint64_t decoded[DECODE_RESULTS];
	bool kernel;				/* the segments came from kernel programs, not from libpcap */
	uint64_t seen;				/* frames */
	uint64_t filtered;			/* of them, rejected by the expression */
	uint64_t received, dropped, if_dropped;	/* libpcap's, or records sent by and lost for the kernel programs */
	uint64_t dropped_plain;			/* kernel programs: of dropped, segments without SYN, FIN and RST */
	struct statistics_interface interface[STATISTICS_INTERFACES_MAX];
	uint32_t interfaces;			/* used of them */
	double cpu_percent;			/* of one CPU, since the block before */
	uint64_t vsz_kb, rss_kb;
};

/* Fills in cpu_percent, vsz_kb and rss_kb of this process. *last holds what the block before needs; zeroed at start. */
struct usage {
	uint64_t cpu_us, wall_us;
};
void statistics_usage(struct statistics *st, struct usage *last);

/* Adds an interface; what does not fit is added to the last one. */
void statistics_add_interface(struct statistics *st, const char *name, uint64_t segments, uint64_t bytes);

void statistics_print(FILE *f, const struct statistics *st);

/* One line for each loss that the user should know about and can do something against; nothing if there was none. */
void statistics_warn(FILE *f, const struct statistics *st);

#endif
