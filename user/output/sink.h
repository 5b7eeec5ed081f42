/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where results go. A sink reads const structs and keeps its own state; only sinks write to stdout. */
#ifndef MIRUO_OUTPUT_SINK_H
#define MIRUO_OUTPUT_SINK_H

#include "explain.h"
#include "rules.h"
#include "sink_config.h"
#include "stream.h"
#include "tracker.h"

struct sink {
	const struct sink_config *cfg;
	const struct history *history;
	struct stream *out;
	struct explain *explain;	/* NULL: not asked for */
	uint64_t lost;			/* for it: packets that the capture has lost so far */
};

struct sink_ops {
	const char *name;

	/* A segment as it comes. note: text for below its line, or NULL. */
	void (*segment)(const struct sink *s, const struct step *step, struct mark mark, const char *note);

	/* A session that was looked up has ended; its records are still held. */
	void (*session)(const struct sink *s, const struct ending *end);
};

extern const struct sink_ops sink_ladder;	/* a session as a ladder of its shown segments, normal and quiet format */
extern const struct sink_ops sink_live;		/* a line a segment */

#endif
