/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fields that all text sinks share. */
#ifndef MIRUO_OUTPUT_FORMAT_H
#define MIRUO_OUTPUT_FORMAT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "history.h"
#include "rules.h"
#include "text.h"
#include "tracker.h"

#define ENDPOINT_TEXT_MAX 56	/* [IPv6 address]:port */
#define TIME_TEXT_MAX 16
#define OPTIONS_TEXT_MAX 1024	/* 40 bytes of options at their longest */
#define PAUSE_TEXT_MAX 160
#define REMARKS_TEXT_MAX (PAUSE_TEXT_MAX + 80)

/* "1.2.3.4:80" or "[2001:db8::1]:80" of side 0 or 1. */
void format_endpoint(const struct session *s, uint8_t side, char buf[ENDPOINT_TEXT_MAX]);

/* Local time of day, HH:MM:SS.mmm, milliseconds truncated. */
void format_time(uint64_t ts_ns, char buf[TIME_TEXT_MAX]);

/* ">-AP--->": 8 characters, from the client to the right. ECE and CWR are not shown. */
void format_arrow(uint8_t flags, bool from_client, char buf[9]);

/* "mss=1460, sackOK": the options in wire order; "bad" where they stop making sense, "cut" where the capture ends. */
void format_options(const uint8_t *opt, uint32_t len, bool cut, char buf[OPTIONS_TEXT_MAX]);

/* Adds "2.124 s", "12.3 ms" or, below 0.1 ms, "0.012 ms": the digits behind are cut off, not rounded. */
void format_duration(struct text *t, uint64_t ns);

/*
 * On whom a pause was spent, the largest part first: "server 2.124 s, network 0.3 ms". Small parts are told too, as it
 * counts who it was not; but not those below 0.1 ms, if another one is told. buf: PAUSE_TEXT_MAX bytes hold any.
 */
void pause_text(const struct pause_split *split, char *buf, size_t size);

/*
 * What is said at the end of a segment's line: on whom the pause before it was spent, if a rule of reasons looked for
 * pauses; that a RST seems forged. Returns the length; most segments have nothing.
 */
size_t format_remarks(const struct step *step, uint32_t reasons, char buf[REMARKS_TEXT_MAX]);

/* The words of a line that ends a session which did not close; NULL: it closed. */
struct end_words {
	const char *message, *reason;
};
const struct end_words *format_end(enum session_end why);

/* Prints the lines of a note, each ended by a newline, in green. */
void note_print(FILE *f, bool on, const char *note);

/* Begins and ends a line in a colour; nothing for COLOUR_NONE or when on is false. */
void colour_begin(FILE *f, bool on, enum colour colour);
void colour_end(FILE *f, bool on, enum colour colour);

#endif
