/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What -d and -dd print: the expression as it is compiled. */
#ifndef MIRUO_DUMP_H
#define MIRUO_DUMP_H

#include <stdbool.h>

#include "config.h"

/* On stdout. False: told on stderr; *usage: the command line is at fault. */
bool dump_filter(const struct config *cfg, bool *usage);

#endif
