/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From argv to struct config. */
#ifndef MIRUO_CLI_OPTIONS_H
#define MIRUO_CLI_OPTIONS_H

#include <stdio.h>

#include "config.h"

enum options_result {
	OPTIONS_RUN,	/* go on */
	OPTIONS_DONE,	/* --help or --version was printed: exit 0 if stdout took it */
	OPTIONS_USAGE,	/* told on err: exit 2 */
	OPTIONS_FAILED,	/* out of memory, told on err: exit 1 */
};

/*
 * Reads the words of argv in order, up to the first mistake, --help or --version. Help and version go to out; a mistake
 * gives one line on err that says what was wrong and one that points to --help. *cfg is set to the defaults first, so
 * config_fini() is right after every result; nothing in it points into argv. Uses getopt's globals: not thread-safe.
 */
enum options_result options_parse(int argc, char *const argv[], struct config *cfg, FILE *out, FILE *err);

/* What --help prints, at most 80 columns wide. */
void options_print_help(FILE *out);

/* What --version prints: miruo's version and libpcap's. */
void options_print_version(FILE *out);

#endif
