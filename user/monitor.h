/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Everything behind the source: segments in, records on stdout. The same for files and live capture. */
#ifndef MIRUO_MONITOR_H
#define MIRUO_MONITOR_H

#include "config.h"
#include "source.h"
#include "statistics.h"
#include "stream.h"

struct monitor;

/* cfg and out are borrowed and must outlive the monitor. NULL: out of memory. */
struct monitor *monitor_new(const struct config *cfg, struct stream *out);
void monitor_free(struct monitor *m);

/* For source_ops.poll: ctx is the monitor. */
void monitor_segments(void *monitor, const struct segment *segs, size_t count);

/* How many segments that were so far. */
uint64_t monitor_fed(const struct monitor *m);

/* All segments before that time were seen: sessions time out. ns since 1970; 0: not known. */
void monitor_advance(struct monitor *m, uint64_t now_ns);

/* Called before each record that goes to stdout; for a progress line in the way. May stay unset. */
void monitor_before_record(struct monitor *m, void (*fn)(void *ctx), void *ctx);

/* Asked how many packets the capture has lost so far, before a session is explained. May stay unset. */
void monitor_losses(struct monitor *m, uint64_t (*fn)(void *ctx), void *ctx);

/* Time of the segments at which the next statistics block is due, by -s; then the caller prints one. */
bool monitor_statistics_due(struct monitor *m);

/* The input has ended: reports the sessions that are still open. */
void monitor_finish(struct monitor *m);

/* Everything but what the source and the process know themselves. */
void monitor_statistics(const struct monitor *m, struct statistics *out);

#endif
