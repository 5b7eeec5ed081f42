/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One line on a terminal that says how far reading is. Shown after the first second, at most five times a second. */
#ifndef MIRUO_CAPTURE_PROGRESS_H
#define MIRUO_CAPTURE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "text.h"

struct progress_counts {
	uint64_t bytes;		/* read so far */
	uint64_t total;		/* bytes in all; 0: not known */
	uint64_t packets;	/* read so far */
};

struct progress {
	FILE *out;		/* NULL: never shown */
	uint64_t start_ns;	/* the clock at the start, then when the line was last written */
	uint64_t written_ns;
	bool shown;
};

/* now_ns is any clock that does not jump, here and below. */
void progress_init(struct progress *p, FILE *out, uint64_t now_ns);

void progress_update(struct progress *p, const struct progress_counts *counts, uint64_t now_ns);

/* Erases the line if it is there. */
void progress_hide(struct progress *p);

/* The text of the line: "12.3 of 45.6 MB, 27%, 123456 packets/s, 0:12 left". */
void progress_add_text(struct text *t, const struct progress_counts *counts, uint64_t elapsed_ns);

#endif
