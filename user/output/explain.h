/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * --explain: what was found of each session, with the evidence, kept until the session ends and printed below it if it is
 * looked up. Findings get a line each (finding.h); what comes too often for that is counted: duplicate ACKs, answers to
 * probes, window updates, ECN.
 *
 * Memory is bounded by EXPLAIN_BYTES_MAX, a session by EXPLAIN_FINDINGS_MAX; what was not kept is counted and told.
 */
#ifndef MIRUO_OUTPUT_EXPLAIN_H
#define MIRUO_OUTPUT_EXPLAIN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "rules.h"
#include "tracker.h"

#define EXPLAIN_FINDINGS_MAX 1024u	/* a session; a power of two */
#define EXPLAIN_BYTES_MAX (64u << 20)	/* all sessions */

struct explain;

/* keep: findings wait for the end of their session; else they are only counted. NULL: out of memory. */
struct explain *explain_new(const struct rules_config *cfg, bool keep);
void explain_free(struct explain *e);

/* Takes note of a step. reasons: rules that it hit. */
void explain_step(struct explain *e, const struct step *step, uint32_t reasons);

/* Prints the lines of the step that was noted last. */
void explain_print_step(const struct explain *e, FILE *f, const struct step *step, uint32_t reasons);

/* Prints all that is known of a session that ends. lost: packets that the capture has lost so far. */
void explain_print_session(struct explain *e, FILE *f, const struct ending *end, uint64_t lost);

/* Drops what is kept of a session. Nothing happens if nothing is. */
void explain_forget(struct explain *e, const struct session *s);

/* Findings of printed sessions, or of sessions to come, that were not kept. */
uint64_t explain_missing(const struct explain *e);

#endif
