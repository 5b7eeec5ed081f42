/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the kernel programs send (miruo/wire.h) back to segments. */
#ifndef MIRUO_CAPTURE_WIRE_H
#define MIRUO_CAPTURE_WIRE_H

#include <stdbool.h>
#include <stddef.h>

#include "miruo/segment.h"
#include "miruo/wire.h"

/*
 * Unpacks the segment that begins at lines, of which there are room bytes, at least one line. ts_ns is the kernel's monotonic
 * time; the caller makes it wall-clock time. opt points to options (TCP_OPTIONS_MAX bytes of the caller's). Returns how many
 * lines it took; 0: it claims more than there are.
 */
uint32_t wire_unpack(const void *lines, size_t room, struct segment *seg, uint8_t *options);

/* The same for one with payload, which points into w. */
void wire_unpack_payload(const struct wire_payload *w, struct segment *seg, uint8_t *options);

#endif
