/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MIRUO_TESTS_READ_CAPTURE_H
#define MIRUO_TESTS_READ_CAPTURE_H

#include "source.h"

/* Gives all segments of a capture to fn. 0: it was read to its end; 1: it could not be opened, or broke; stderr tells why. */
int read_capture(const char *file, segments_fn *fn, void *ctx);

#endif
