/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where segments come from. The rest of the program knows a source only by this interface; which ones exist is decided
 * when building (sources.c).
 */
#ifndef MIRUO_CAPTURE_SOURCE_H
#define MIRUO_CAPTURE_SOURCE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "miruo/counters.h"
#include "miruo/segment.h"

#define SOURCE_ERROR_MAX 1024	/* bytes for an error line, the final 0 included; what is longer is cut */

struct source;
struct filter;

#define SOURCE_BATCH 32	/* segments given on at once: what a source has to hand, up to these */

/* Called with segments in the order in which the source has them. They are borrowed until it returns. */
typedef void segments_fn(void *ctx, const struct segment *segs, size_t count);

/* All that it points to must outlive the source. */
struct source_config {
	const char *const *files;	/* file_count paths, "-" is standard input; read in this order as one capture */
	size_t file_count;
	const char *const *interfaces;	/* interface_count names, "any" is all of them; for live sources */
	size_t interface_count;
	const char *netns;		/* NAME, PATH or PID of the network namespace to watch; NULL: our own */
	uint32_t hook;			/* enum hook (hooks.h), for the kernel source */
	uint32_t ring_kb;		/* buffer between kernel and reader in KiB (of each CPU); 0: the source's default */
	uint32_t payload_bytes;		/* payload to bring along from each packet, for -m */
	const char *filter;		/* pcap expression, or NULL */
	bool progress;			/* show how far a file is on stderr */
	const volatile sig_atomic_t *stop;	/* may be NULL; once it is not 0, waiting for input ends the input */
};

struct source_stats {
	uint64_t frames;			/* read, before the filter */
	uint64_t filtered;			/* rejected by the expression */
	uint64_t decoded[DECODE_RESULTS];	/* what became of the others */
	uint64_t received, dropped, if_dropped;	/* libpcap's own counters; 0 for files */
	uint64_t dropped_plain;			/* kernel programs: of dropped, without SYN, FIN and RST */
};

/* What one interface gave, of the segments delivered. */
typedef void source_interface_fn(void *ctx, const char *name, uint64_t segments, uint64_t bytes);

enum poll_result {
	POLL_MORE,	/* there may be more */
	POLL_END,	/* the input ended as it should */
	POLL_FAILED,	/* it broke: source_ops.error says where and why; all before it was delivered */
};

struct source_ops {
	const char *name;	/* "pcap-file", ... */

	/*
	 * Opens; on failure returns NULL and one line in err (SOURCE_ERROR_MAX bytes): what is wrong and what to do.
	 * Then *usage says whether the command line is at fault (a bad expression) or the input. Prints nothing.
	 */
	struct source *(*open)(const struct source_config *cfg, char *err, size_t err_size, bool *usage);

	/*
	 * Delivers some segments, at most about a thousand; where more may take long to come, those that are there. Live sources
	 * wait for the first one, half a second at most.
	 */
	enum poll_result (*poll)(struct source *s, segments_fn *fn, void *ctx);

	/*
	 * The words of the line that says what is read: "FILE, link-type NAME (DESCRIPTION), capture size N bytes"; of several
	 * files the first, "FILE and 2 more files". At most SOURCE_ERROR_MAX bytes.
	 */
	void (*describe)(const struct source *s, char *buf, size_t size);

	/*
	 * Live sources: all segments before this time were delivered, so sessions may time out; ns since 1970. 0 for files,
	 * where only the segments tell the time.
	 */
	uint64_t (*now)(const struct source *s);

	/*
	 * Something that the user should know while the capture goes on: segments lost, an interface gone. One line at a time;
	 * false: nothing more for now. NULL: this source has no such thing.
	 */
	bool (*notice)(struct source *s, char *buf, size_t size);

	/* One line: what broke the input, and where. Valid until close. */
	const char *(*error)(const struct source *s);

	void (*stats)(const struct source *s, struct source_stats *out);

	/* Calls fn for each interface, those that are gone too if they gave anything. NULL: not told apart. */
	void (*each_interface)(const struct source *s, source_interface_fn *fn, void *ctx);

	/* Takes the progress line off the terminal, for who is about to write there; it comes back by itself. Cheap. */
	void (*hide_progress)(struct source *s);

	/* The expression as compiled for the last input opened; see filter.h. NULL: this source has no such thing. */
	const struct filter *(*filter)(const struct source *s);

	/* Whether close, and watching new interfaces, need CAP_BPF and CAP_NET_ADMIN still. NULL: no. */
	bool (*close_is_privileged)(const struct source *s);

	void (*close)(struct source *s);	/* NULL is fine */
};

/* The version of libpcap in use, a line for people. */
const char *source_pcap_version(void);

extern const struct source_ops source_pcap_file, source_pcap_live, source_ebpf;

#endif
