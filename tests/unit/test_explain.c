/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What --explain keeps of sessions, prints when they end, and drops when it is too much. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "explain.h"
#include "make_segment.h"
#include "timing.h"

static const struct rules_config cfg = { .retransmit_ms = 1000, .syn = 1, .rst = 1, .long_connect_ms = 2000 };

static struct explain *e;
static struct session session;
static struct segment seg;
static struct step step;
static char *text;

static int begin(void **state)
{
	(void)state;
	e = explain_new(&cfg, true);
	seg = make_segment(CLIENT, TCP_ACK, 1000, 5000, 0);
	memset(&session, 0, sizeof(session));
	session.id = 12;
	step = (struct step) { .session = &session, .seg = &seg, .timing = &timing_none, .segments = 1 };
	return e ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	explain_free(e);
	free(text);
	text = NULL;
	return 0;
}

static void note(uint64_t session_id, uint64_t id, enum verdict verdict)
{
	session.id = session_id;
	step.id = id;
	step.verdict = verdict;
	explain_step(e, &step, 0);
}

static const char *printed(uint64_t session_id, enum session_end why, uint64_t lost)
{
	struct ending ending = { .session = &session, .timing = &timing_none, .why = why, .ts_ns = session.last_ns };
	size_t len;
	FILE *f;

	free(text);
	session.id = session_id;
	f = open_memstream(&text, &len);
	assert_non_null(f);
	explain_print_session(e, f, &ending, lost);
	fclose(f);
	return text;
}

static uint32_t lines(const char *s, const char *with)
{
	uint32_t n = 0;

	for (; (s = strstr(s, with)); s++)
		n++;
	return n;
}

static void a_session_without_findings_has_nothing_to_print(void **state)
{
	(void)state;
	note(12, 1, VERDICT_NEW);
	assert_string_equal(printed(12, END_CLOSED, 0), "");
	assert_int_equal(explain_missing(e), 0);
}

static void findings_stand_in_the_order_of_their_segments(void **state)
{
	(void)state;
	note(12, 3, VERDICT_KEEPALIVE);
	note(12, 5, VERDICT_OUT_OF_ORDER);
	assert_string_equal(printed(12, END_CLOSED, 0),
			    "0012:0003 keep-alive: one below the next sequence number, no retransmission\n"
			    "0012:0005 out of order: fills a hole that was skipped, no retransmission\n"
			    "0012:     counts: out of order 1, keep-alives 1\n");
}

/* 65548 is in the same bucket as 12. */
static void sessions_do_not_mix(void **state)
{
	(void)state;
	note(12, 3, VERDICT_KEEPALIVE);
	note(65548, 9, VERDICT_STRAY);
	note(12, 4, VERDICT_KEEPALIVE);
	assert_int_equal(lines(printed(12, END_CLOSED, 0), "\n"), 3);
	assert_string_equal(printed(65548, END_CLOSED, 0),
			    "65548:0009 stray: sequence number far outside of what this side sends\n"
			    "65548:     counts: strays 1\n");
	session.id = 12;
	explain_forget(e, &session);
	explain_forget(e, &session);
	assert_string_equal(printed(12, END_CLOSED, 0), "");
	assert_int_equal(lines(printed(65548, END_CLOSED, 0), "\n"), 2);
}

static void what_is_only_counted(void **state)
{
	(void)state;
	note(12, 1, VERDICT_DUP_ACK);
	note(12, 2, VERDICT_DUP_ACK);
	note(12, 3, VERDICT_WINDOW_UPDATE);
	note(12, 4, VERDICT_KEEPALIVE_ACK);
	note(12, 5, VERDICT_ZERO_WINDOW_PROBE_ACK);
	step.remarks = REMARK_CONGESTION;
	note(12, 6, VERDICT_NEW);
	assert_string_equal(printed(12, END_CLOSED, 0),
			    "0012:     counts: duplicate ACKs 2, answers to keep-alives 1, answers to zero-window probes 1, "
			    "window updates 1, ECN marks of congestion 1\n");
}

/* In TCP segments, as the header line counts them. */
static void retransmissions_are_counted_by_kind(void **state)
{
	(void)state;
	step.resend = RESEND_FAST;
	step.resent = 40;
	note(12, 1, VERDICT_RETRANSMIT);
	step.resend = RESEND_NONE;
	step.resent = 1;
	note(12, 2, VERDICT_RETRANSMIT);
	step.resent = 0;
	step.spurious = 2;
	note(12, 3, VERDICT_DUP_ACK);
	assert_non_null(strstr(printed(12, END_CLOSED, 0),
			       "0012:     counts: retransmitted 41 (not known 1, fast 40), spurious 2, duplicate ACKs 1\n"));
}

static void reasons_of_a_session_with_their_thresholds(void **state)
{
	(void)state;
	session.start_ns = T0;
	session.last_ns = T0 + 2500 * MS;
	session.flags = SESSION_MID_STREAM;
	session.reasons = 1u << REASON_LONG_CONNECT;
	assert_string_equal(printed(12, END_CLOSED, 0),
			    "0012:     long-connect: lasted 2.500 s; over -T 2000\n"
			    "0012:     times: idle 2.500 s\n"
			    "0012:     mid-stream: what was sent before the capture began is not known\n");
}

/* "client" and "server" in all other lines depend on it. */
static void a_client_that_is_a_guess(void **state)
{
	(void)state;
	session.flags = SESSION_MID_STREAM | SESSION_GUESSED;
	assert_string_equal(printed(12, END_CLOSED, 0),
			    "0012:     mid-stream: what was sent before the capture began is not known; "
			    "who is the client is a guess by the ports\n");
}

static void ends_that_are_no_close(void **state)
{
	(void)state;
	session.reasons = 1u << REASON_DUPLICATE;
	assert_string_equal(printed(12, END_DUPLICATE, 0), "0012:     duplicate: a new SYN came on its ports\n");
	session.flags = SESSION_REPLACES;
	assert_string_equal(printed(12, END_CLOSED, 0), "0012:     duplicate: its SYN came on ports in use\n");
	assert_string_equal(printed(12, END_DUPLICATE, 0),
			    "0012:     duplicate: its SYN came on ports in use, a new SYN came on its ports\n");
	session.reasons = 1u << REASON_REUSE;
	assert_string_equal(printed(12, END_CLOSED, 0), "0012:     reuse: its SYN came on ports in use\n");
	session.flags = SESSION_REUSES;
	assert_string_equal(printed(12, END_CLOSED, 0),
			    "0012:     reuse: its SYN came on ports of a session that was just over\n");
	session.reasons = 1u << REASON_HALF_OPEN;
	session.client = 1;
	session.dir[1].retransmitted = 3;
	assert_string_equal(printed(12, END_TIMEOUT, 0), "0012:     half-open: 4 SYNs and no answer\n");
	session.flags = SESSION_RETRIES; /* the first of its SYNs is counted as sent again */
	assert_string_equal(printed(12, END_TIMEOUT, 0), "0012:     half-open: 3 SYNs and no answer\n");
}

static void what_may_be_the_capture_s_fault(void **state)
{
	(void)state;
	assert_string_equal(printed(12, END_CLOSED, 3), "0012:     capture: packets that it has lost so far 3; "
							"what looks like loss or a delay here may be the capture's\n");
	assert_true(gaps_add(&session.dir[1].gaps, 100, 200));
	step.remarks = REMARK_ACKS_UNSEEN;
	note(12, 1, VERDICT_NEW);
	assert_string_equal(
		printed(12, END_CLOSED, 0),
		"0012:0001 acknowledges data that was not captured\n"
		"0012:     capture: ACKs of data that was not captured 1, holes in the data that were not filled 1; "
		"what looks like loss or a delay here may be the capture's\n");
	gaps_free(&session.dir[1].gaps);
}

static void a_session_has_so_many_findings_and_no_more(void **state)
{
	uint32_t i;

	(void)state;
	for (i = 0; i < EXPLAIN_FINDINGS_MAX + 5; i++)
		note(12, i, VERDICT_KEEPALIVE);
	assert_int_equal(explain_missing(e), 0); /* before anybody misses them */
	printed(12, END_CLOSED, 0);
	assert_int_equal(lines(text, "keep-alive:"), EXPLAIN_FINDINGS_MAX);
	assert_non_null(strstr(text, "0012:     findings that were not kept: 5\n"));
	assert_non_null(strstr(text, "keep-alives 1029\n"));
	assert_int_equal(explain_missing(e), 5);
}

/* Two findings a step, so that the sessions fill up twice as fast. */
static void all_sessions_together_are_bounded(void **state)
{
	const uint32_t sessions = EXPLAIN_BYTES_MAX / sizeof(void *) / EXPLAIN_FINDINGS_MAX;
	uint32_t i, j, s, full = 0;

	(void)state;
	step.remarks = REMARK_WINDOW_FULL;
	for (s = 1; s <= sessions && !full; s++) {
		for (i = 0; i < EXPLAIN_FINDINGS_MAX / 2; i++)
			note(s, i, VERDICT_KEEPALIVE);
		if (lines(printed(s, END_CLOSED, 0), "keep-alive:") < EXPLAIN_FINDINGS_MAX / 2)
			full = s;
	}
	assert_int_not_equal(full, 0);
	assert_true(explain_missing(e) > 0);
	for (j = 1; j <= full; j++) {
		session.id = j;
		explain_forget(e, &session);
	}
	for (i = 0; i < EXPLAIN_FINDINGS_MAX / 2; i++)
		note(full + 1, i, VERDICT_KEEPALIVE);
	assert_int_equal(lines(printed(full + 1, END_CLOSED, 0), "keep-alive:"), EXPLAIN_FINDINGS_MAX / 2);
}

/* As --live does: the lines of a step are printed with it, the session's end has the counts. */
static void nothing_is_kept_that_was_printed(void **state)
{
	size_t len;
	FILE *f;

	(void)state;
	explain_free(e);
	e = explain_new(&cfg, false);
	assert_non_null(e);
	note(12, 3, VERDICT_KEEPALIVE);
	f = open_memstream(&text, &len);
	assert_non_null(f);
	explain_print_step(e, f, &step, 0);
	fclose(f);
	assert_string_equal(text, "0012:0003 keep-alive: one below the next sequence number, no retransmission\n");
	assert_string_equal(printed(12, END_CLOSED, 0), "0012:     counts: keep-alives 1\n");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_session_without_findings_has_nothing_to_print),
		TEST(findings_stand_in_the_order_of_their_segments),
		TEST(sessions_do_not_mix),
		TEST(what_is_only_counted),
		TEST(retransmissions_are_counted_by_kind),
		TEST(reasons_of_a_session_with_their_thresholds),
		TEST(a_client_that_is_a_guess),
		TEST(ends_that_are_no_close),
		TEST(what_may_be_the_capture_s_fault),
		TEST(a_session_has_so_many_findings_and_no_more),
		TEST(all_sessions_together_are_bounded),
		TEST(nothing_is_kept_that_was_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
