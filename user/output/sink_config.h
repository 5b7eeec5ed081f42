/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MIRUO_OUTPUT_SINK_CONFIG_H
#define MIRUO_OUTPUT_SINK_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

struct sink_config {
	bool live;		/* --live: each segment as it comes, instead of sessions when they end */
	uint32_t quiet;		/* -q: 1 or more: the narrow format */
	bool colour;		/* -C, NO_COLOR, terminal: already decided */
	bool fragment_column;	/* -F: the column F or - is filled */
};

#endif
