/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All that the command line decides: each module's own settings, and what only main needs. */
#ifndef MIRUO_CLI_CONFIG_H
#define MIRUO_CLI_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http.h"
#include "rules_config.h"
#include "sink_config.h"
#include "source.h"
#include "tracker_config.h"

enum colour_choice {
	COLOUR_OFF,		/* -C 0 */
	COLOUR_ON,		/* -C 1 */
	COLOUR_AUTOMATIC,	/* no -C */
};

/* How to capture live; the order of the words of --backend. */
enum backend {
	BACKEND_AUTO,	/* kernel programs if they can be had, else libpcap */
	BACKEND_EBPF,
	BACKEND_PCAP,
};

struct string_list {
	char **items;
	size_t count;
};

/* Not to be copied: http points into itself. */
struct config {
	struct source_config source;	/* files and filter point into the lists below; progress is left false */
	struct tracker_config tracker;
	struct rules_config rules;
	struct sink_config sink;	/* colour is left false: see colour_wanted() */
	struct http_config http;
	uint32_t colour;		/* enum colour_choice */
	uint32_t stat_interval_s;	/* 0: statistics at the end only */
	uint32_t backend;		/* enum backend */
	bool explain;			/* say with each session what was found, and why */
	bool list_interfaces;		/* print the interfaces and end */
	uint32_t dump_filter;		/* print the compiled expression and end; 2: as eBPF */
	bool check;			/* print what this host has for live capture and end */

	/* Owned, freed by config_fini(). */
	struct string_list files;
	struct string_list interfaces;	/* one item for each -i, comma lists as given */
	struct string_list interface_names;	/* the same, split */
	char *netns;			/* NULL: our own */
	char *expression;		/* NULL: none */
};

/* Sets the defaults of the option table. */
void config_init(struct config *cfg);

/* Frees what the config owns; fine after config_init() alone, and twice. */
void config_fini(struct config *cfg);

/*
 * Whether stdout gets colours: -C decides, then NO_COLOR (its value, or NULL; an empty one does not count), then whether
 * stdout is a terminal.
 */
bool colour_wanted(uint32_t choice, bool stdout_is_terminal, const char *no_color);

#endif
