/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What --explain tells of one segment. The client is side 1, so that no test passes by mixing sides with roles. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "finding.h"
#include "make_segment.h"
#include "state.h"
#include "timing.h"

static const struct rules_config defaults = { .retransmit_ms = 1000, .syn = 1, .rst = 1, .fragment = 1 };

static struct session session;
static struct segment seg;
static struct record original;
static struct timing timing;

/* A step of the client's with 100 bytes, packet 7 of its session. */
static struct step begin(void)
{
	memset(&session, 0, sizeof(session));
	memset(&original, 0, sizeof(original));
	memset(&timing, 0, sizeof(timing));
	session.client = 1;
	session.start_ns = T0;
	session.last_ns = T0 + 5 * SEC;
	seg = make_segment(CLIENT, TCP_ACK, 1000, 5000, 100);
	original.id_low = 4;
	return (struct step) {
		.session = &session,
		.seg = &seg,
		.id = 7,
		.timing = &timing,
		.segments = 1,
		.side = 1,
		.state_before = { TS_ESTABLISHED, TS_CLOSE_WAIT },
	};
}

/* All findings of the step in one text, parted by "|". */
static const char *told(const struct step *step, const struct rules_config *cfg, uint32_t reasons)
{
	static char all[FINDING_KINDS * FINDING_TEXT_MAX];
	struct finding found[FINDING_KINDS];
	char text[FINDING_TEXT_MAX];
	uint32_t n = findings_of(step, reasons, found), i;

	all[0] = '\0';
	for (i = 0; i < n; i++) {
		assert_int_equal(found[i].id, 7);
		finding_text(&found[i], cfg, 1, text, sizeof(text));
		strcat(all, i ? "|" : "");
		strcat(all, text);
	}
	return all;
}

static void most_segments_are_not_worth_a_line(void **state)
{
	static const enum verdict counted[] = { VERDICT_NEW, VERDICT_KEEPALIVE_ACK, VERDICT_ZERO_WINDOW_PROBE_ACK,
						VERDICT_DUP_ACK, VERDICT_WINDOW_UPDATE };
	struct step step = begin();
	size_t i;

	(void)state;
	step.remarks = REMARK_CONGESTION;
	step.pause_ns = 5 * SEC;
	for (i = 0; i < sizeof(counted) / sizeof(counted[0]); i++) {
		step.verdict = counted[i];
		assert_string_equal(told(&step, &defaults, 0), "");
	}
}

static void a_retransmission_with_its_original_and_the_rule(void **state)
{
	struct rules_config cfg = defaults;
	struct step step = begin();

	(void)state;
	step.verdict = VERDICT_RETRANSMIT;
	step.original = &original;
	step.since_original_ns = 12300000;
	step.resent = 1;
	assert_string_equal(told(&step, &cfg, 0), "retransmit: repeats 0004 (100 bytes) after 12.3 ms; below -r 1000");
	cfg.retransmit_ms = 10;
	assert_string_equal(told(&step, &cfg, 1u << REASON_RETRANSMIT),
			    "retransmit: repeats 0004 (100 bytes) after 12.3 ms; reached -r 10");
	cfg.retransmit_ms = 0;
	assert_string_equal(told(&step, &cfg, 0), "retransmit: repeats 0004 (100 bytes) after 12.3 ms; -r is off");
	step.original = NULL;
	assert_string_equal(told(&step, &cfg, 0),
			    "retransmit: repeats what is not held any more (100 bytes) after at least 12.3 ms; -r is off");
	seg.payload_len = 1;
	assert_string_equal(told(&step, &cfg, 0),
			    "retransmit: repeats what is not held any more (1 byte) after at least 12.3 ms; -r is off");
}

static const char *kind(enum resend resend, uint8_t flags, uint32_t remarks)
{
	struct step step = begin();

	step.verdict = VERDICT_RETRANSMIT;
	step.original = &original;
	step.since_original_ns = SEC;
	step.resent = 1;
	step.resend = resend;
	step.remarks = remarks;
	seg.flags = flags;
	session.dir[0].dup_acks = 3;
	session.dir[0].flags = DIR_SACKED;
	session.dir[1].dup_acks = 9; /* the sender's own say nothing */
	return told(&step, &defaults, 0);
}

static void retransmissions_by_kind(void **state)
{
	(void)state;
	assert_string_equal(kind(RESEND_FAST, TCP_ACK, 0),
			    "retransmit, fast: repeats 0004 (100 bytes) after 1.000 s, 3 duplicate ACKs, "
			    "SACK of what came behind it; below -r 1000");
	assert_string_equal(kind(RESEND_TIMEOUT, TCP_ACK, 0),
			    "retransmit, timeout: repeats 0004 (100 bytes) after 1.000 s; below -r 1000");
	assert_string_equal(kind(RESEND_TAIL_LOSS_PROBE, TCP_ACK | TCP_FIN, 0),
			    "retransmit, tail-loss probe: repeats 0004 (FIN, 100 bytes) after 1.000 s; below -r 1000");
	assert_string_equal(kind(RESEND_SYN, TCP_SYN, 0),
			    "retransmit, SYN: repeats 0004 (SYN, 100 bytes) after 1.000 s; -S is on");
	assert_string_equal(kind(RESEND_SYN_ACK, TCP_SYN | TCP_ACK, 0),
			    "retransmit, SYN/ACK: repeats 0004 (SYN, 100 bytes) after 1.000 s; -S is on");
	assert_string_equal(kind(RESEND_NONE, TCP_ACK, REMARK_SPURIOUS),
			    "retransmit: repeats 0004 (100 bytes) after 1.000 s, spurious: it had arrived; below -r 1000");
}

static void a_syn_that_was_refused_comes_again(void **state)
{
	struct step step = begin();

	(void)state;
	seg.flags = TCP_SYN;
	step.resend = RESEND_SYN;
	step.resent = 1;
	assert_string_equal(told(&step, &defaults, 0),
			    "retransmit, SYN: of the session before on its ports, which was refused or not answered");
}

/* Of a packet that is new in part, only the segments that repeat something. */
static void an_offloaded_packet_says_how_many_segments_repeat(void **state)
{
	struct step step = begin();

	(void)state;
	step.verdict = VERDICT_RETRANSMIT;
	step.original = &original;
	step.segments = 45;
	step.resent = 3;
	assert_string_equal(told(&step, &defaults, 0),
			    "retransmit: repeats 0004 (100 bytes in 3 segments) after 0.000 ms; below -r 1000");
}

static void what_looks_like_a_retransmission_and_is_none(void **state)
{
	struct step step = begin();

	(void)state;
	step.verdict = VERDICT_OUT_OF_ORDER;
	assert_string_equal(told(&step, &defaults, 0),
			    "out of order: fills a hole that was skipped, no retransmission (100 bytes)");
	seg.payload_len = 0;
	step.verdict = VERDICT_KEEPALIVE;
	assert_string_equal(told(&step, &defaults, 0), "keep-alive: one below the next sequence number, no retransmission");
	step.verdict = VERDICT_ZERO_WINDOW_PROBE;
	assert_string_equal(told(&step, &defaults, 0),
			    "zero-window probe: the window of the other side is closed, no retransmission");
	step.verdict = VERDICT_STRAY;
	assert_string_equal(told(&step, &defaults, 0), "stray: sequence number far outside of what this side sends");
}

static void remarks_stand_in_one_line(void **state)
{
	struct step step = begin();

	(void)state;
	step.remarks = REMARK_ZERO_WINDOW | REMARK_ACKS_UNSEEN;
	assert_string_equal(told(&step, &defaults, 0),
			    "zero window: this side takes no more data; acknowledges data that was not captured");
	step.remarks = ~0u;
	assert_true(strlen(told(&step, &defaults, 0)) < FINDING_TEXT_MAX - 1);
}

static void pauses_only_if_a_rule_hit_them(void **state)
{
	const struct rules_config cfg = {
		.long_delay_ms = 500, .server_delay_ms = 2000, .client_delay_ms = 10, .zero_window_ms = 1
	};
	struct step step = begin();

	(void)state;
	step.pause_ns = 2124300000;
	step.split.ns[WAIT_SERVER] = 2124000000;
	step.split.ns[WAIT_NETWORK] = 300000;
	assert_string_equal(told(&step, &cfg, 0), "");
	assert_string_equal(told(&step, &cfg, 1u << REASON_LONG_DELAY),
			    "delay 2.124 s after 0006: server 2.124 s, network 0.3 ms; over -t 500");
	assert_string_equal(told(&step, &cfg, 1u << REASON_SERVER_DELAY),
			    "delay 2.124 s after 0006: server 2.124 s, network 0.3 ms; reached --server-delay 2000");
	assert_string_equal(told(&step, &cfg, 1u << REASON_ZERO_WINDOW),
			    "delay 2.124 s after 0006: server 2.124 s, network 0.3 ms; with what was before, "
			    "reached --zero-window 1");
	assert_string_equal(told(&step, &cfg, 1u << REASON_CLIENT_DELAY | 1u << REASON_LONG_DELAY),
			    "delay 2.124 s after 0006: server 2.124 s, network 0.3 ms; over -t 500; with what was before, "
			    "reached --client-delay 10");
}

static void round_trip_and_handshake(void **state)
{
	const struct rules_config cfg = { .rtt_ms = 100, .handshake_ms = 300 };
	struct step step = begin();

	(void)state;
	timing.rtt[0] = (struct rtt) { .smoothed = 120000 * 8, .min_us = 120000 };
	timing.handshake_us = 305000;
	assert_string_equal(told(&step, &cfg, 0), "");
	assert_string_equal(told(&step, &cfg, 1u << REASON_RTT | 1u << REASON_HANDSHAKE),
			    "round trip 120.0 ms; reached --rtt 100|handshake 305.0 ms; reached --handshake 300");
}

static void a_rst_with_what_speaks_for_and_against_its_sender(void **state)
{
	struct rules_config cfg = defaults;
	struct step step = begin();

	(void)state;
	step.rst = RST_BREAK;
	assert_string_equal(told(&step, &cfg, 1u << REASON_RST),
			    "RST by the client in CLOSE_WAIT/ESTABLISHED: nothing to compare it with; before any FIN, "
			    "reported by -R 1");
	step.rst_checked = RST_DOUBT_WINDOW | RST_DOUBT_TTL | RST_DOUBT_IP_ID | RST_DOUBT_TIMESTAMP;
	step.rst = RST_AFTER_FIN;
	step.side = 0;
	assert_string_equal(told(&step, &cfg, 0),
			    "RST by the server in CLOSE_WAIT/ESTABLISHED: in the window, TTL as before, IP id goes on, "
			    "timestamp goes on; after a FIN, not reported by -R 1");
	step.rst_doubts = RST_DOUBT_TTL;
	step.rst_checked = RST_DOUBT_TTL | RST_DOUBT_WINDOW;
	assert_string_equal(told(&step, &cfg, 0),
			    "RST by the server in CLOSE_WAIT/ESTABLISHED: other TTL than before, in the window: "
			    "does not look sent by this peer; after a FIN, not reported by -R 1");
	step.rst_doubts = RST_DOUBT_IP_ID;
	step.rst_checked = RST_DOUBT_IP_ID;
	cfg.rst = 2;
	assert_string_equal(
		told(&step, &cfg, 1u << REASON_RST),
		"RST by the server in CLOSE_WAIT/ESTABLISHED: IP id does not go on; after a FIN, reported by -R 2");
}

static void several_findings_of_one_segment(void **state)
{
	struct step step = begin();

	(void)state;
	step.verdict = VERDICT_RETRANSMIT;
	step.original = &original;
	step.since_original_ns = 3 * SEC;
	step.resent = 1;
	step.remarks = REMARK_WINDOW_FULL;
	assert_string_equal(told(&step, &defaults, 1u << REASON_FRAGMENT | 1u << REASON_RETRANSMIT),
			    "retransmit: repeats 0004 (100 bytes) after 3.000 s; reached -r 1000"
			    "|window full: fills the window that the other side gave|IP fragment; -F is on");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(most_segments_are_not_worth_a_line),
		cmocka_unit_test(a_retransmission_with_its_original_and_the_rule),
		cmocka_unit_test(retransmissions_by_kind),
		cmocka_unit_test(a_syn_that_was_refused_comes_again),
		cmocka_unit_test(an_offloaded_packet_says_how_many_segments_repeat),
		cmocka_unit_test(what_looks_like_a_retransmission_and_is_none),
		cmocka_unit_test(remarks_stand_in_one_line),
		cmocka_unit_test(pauses_only_if_a_rule_hit_them),
		cmocka_unit_test(round_trip_and_handshake),
		cmocka_unit_test(a_rst_with_what_speaks_for_and_against_its_sender),
		cmocka_unit_test(several_findings_of_one_segment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
