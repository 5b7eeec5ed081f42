/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernel's records (miruo/wire.h) back to segments. */
#ifndef MIRUO_CAPTURE_WIRE_H
#define MIRUO_CAPTURE_WIRE_H

#include <stdbool.h>
#include <stddef.h>

#include "miruo/segment.h"
#include "miruo/wire.h"

/*
 * Unpacks a record of len bytes. ts_ns is the kernel's monotonic time; the caller makes it wall-clock time. opt and payload point
 * into the record or into options (TCP_OPTIONS_MAX bytes of the caller's). False: the length is none that the kernel sends.
 */
bool wire_unpack(const void *record, size_t len, struct segment *seg, uint8_t *options);

#endif
