/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "finding.h"

#include <inttypes.h>

#include "format.h"
#include "rst_evidence.h"
#include "state.h"
#include "text.h"
#include "timing.h"

/* What a verdict is told with; those without a text are only counted (explain.h). %s is the side that sent the segment. */
static const char *const verdict_text[VERDICT_COUNT] = {
	[VERDICT_OUT_OF_ORDER] = "out of order: fills a hole that was skipped, no retransmission",
	[VERDICT_KEEPALIVE] = "keep-alive: one below the next sequence number, no retransmission",
	[VERDICT_STRAY] = "stray: sequence number far outside of what this side sends",
	[VERDICT_ZERO_WINDOW_PROBE] = "zero-window probe: the window of the other side is closed, no retransmission",
};

static const char *const resend_text[RESEND_COUNT] = {
	[RESEND_NONE] = "", /* nothing that was captured tells why */
	[RESEND_SYN] = ", SYN",
	[RESEND_SYN_ACK] = ", SYN/ACK",
	[RESEND_FAST] = ", fast",
	[RESEND_TIMEOUT] = ", timeout",
	[RESEND_TAIL_LOSS_PROBE] = ", tail-loss probe",
};

struct bit_text {
	uint32_t bit;
	const char *text;
};

static const struct bit_text remark_text[] = {
	{ REMARK_ZERO_WINDOW, "zero window: this side takes no more data" },
	{ REMARK_WINDOW_FULL, "window full: fills the window that the other side gave" },
	{ REMARK_GAP, "gap: what came before it was not captured, or comes late" },
	{ REMARK_ACKS_UNSEEN, "acknowledges data that was not captured" },
	{ REMARK_TELLS_SPURIOUS, "DSACK: something arrived twice, the other side sent it for nothing" },
	{ REMARK_CHALLENGE, "challenge ACK: answers a segment that does not fit (RFC 5961)" },
};

#define REMARKS_TOLD                                                                                                        \
	(REMARK_ZERO_WINDOW | REMARK_WINDOW_FULL | REMARK_GAP | REMARK_ACKS_UNSEEN | REMARK_TELLS_SPURIOUS |                \
	 REMARK_CHALLENGE)

static const struct bit_text doubt_text[] = {
	{ RST_DOUBT_WINDOW, "outside of the window" },
	{ RST_DOUBT_TTL, "other TTL than before" },
	{ RST_DOUBT_IP_ID, "IP id does not go on" },
	{ RST_DOUBT_TIMESTAMP, "timestamp does not go on" },
};

/* What was compared and fits. */
static const struct bit_text fit_text[] = {
	{ RST_DOUBT_WINDOW, "in the window" },
	{ RST_DOUBT_TTL, "TTL as before" },
	{ RST_DOUBT_IP_ID, "IP id goes on" },
	{ RST_DOUBT_TIMESTAMP, "timestamp goes on" },
};

#define NS_PER_MS     1000000ull
#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static struct finding finding_of(const struct step *step, uint32_t reasons, enum finding_kind kind)
{
	const struct direction *peer = &step->session->dir[!step->side];
	const struct segment *seg = step->seg;

	return (struct finding) {
		.id = step->id,
		.other_id = FINDING_NO_ID,
		.payload_len = seg->payload_len,
		.segments = step->verdict == VERDICT_RETRANSMIT ? step->resent : step->segments,
		.remarks = step->remarks,
		.rst_doubts = (uint8_t)step->rst_doubts,
		.rst_checked = (uint8_t)step->rst_checked,
		.dup_acks = peer->dup_acks,
		.sacked = peer->flags & DIR_SACKED,
		.reasons = reasons,
		.kind = (uint8_t)kind,
		.verdict = (uint8_t)step->verdict,
		.resend = (uint8_t)step->resend,
		.rst = (uint8_t)step->rst,
		.flags = seg->flags,
		.side = step->side,
		.state = { step->state_before[0], step->state_before[1] },
	};
}

uint32_t findings_of(const struct step *step, uint32_t reasons, struct finding out[FINDING_KINDS])
{
	uint32_t n = 0;

	if (reasons & REASONS_OF_WAITS) {
		out[n] = finding_of(step, reasons, FINDING_PAUSE);
		out[n].other_id = step->id - 1;
		out[n].ns = step->pause_ns;
		out[n++].split = step->split;
	}
	if (step->resent || verdict_text[step->verdict]) {
		out[n] = finding_of(step, reasons, FINDING_VERDICT);
		out[n].ns = step->since_original_ns;
		if (step->original)
			out[n].other_id = record_id(step->original);
		n++;
	}
	if (step->remarks & REMARKS_TOLD)
		out[n++] = finding_of(step, reasons, FINDING_REMARKS);
	if (step->rst)
		out[n++] = finding_of(step, reasons, FINDING_RST);
	if (reasons & 1u << REASON_RTT) {
		out[n] = finding_of(step, reasons, FINDING_RTT);
		out[n++].ns = timing_rtt_us(step->timing) * 1000ull;
	}
	if (reasons & 1u << REASON_HANDSHAKE) {
		out[n] = finding_of(step, reasons, FINDING_HANDSHAKE);
		out[n++].ns = timing_handshake_us(step->timing) * 1000ull;
	}
	if (reasons & 1u << REASON_FRAGMENT)
		out[n++] = finding_of(step, reasons, FINDING_FRAGMENT);
	return n;
}

/* The texts of all bits that are set, parted by between. */
static void add_bits(struct text *t, uint32_t bits, const struct bit_text *table, size_t count, const char *between)
{
	const char *before = "";
	size_t i;

	for (i = 0; i < count; i++) {
		if (!(bits & table[i].bit))
			continue;
		text_add(t, "%s%s", before, table[i].text);
		before = between;
	}
}

/* A wait may go on over several segments, and be known by the one that ends it. */
static void add_wait_rule(struct text *t, const struct finding *f, enum reason reason, uint64_t ns, uint32_t limit_ms)
{
	char word[32];

	if (!(f->reasons & 1u << reason))
		return;
	reasons_text(1u << reason, word, sizeof(word));
	text_add(t, ns / NS_PER_MS >= limit_ms ? "; reached --%s %" PRIu32 : "; with what was before, reached --%s %" PRIu32,
		 word, limit_ms);
}

static void pause_line(struct text *t, const struct finding *f, const struct rules_config *cfg)
{
	char split[PAUSE_TEXT_MAX];

	text_add(t, "delay ");
	format_duration(t, f->ns);
	text_add(t, " after %04" PRIu64, f->other_id);
	pause_text(&f->split, split, sizeof(split));
	text_add(t, ": %s", split);
	if (f->reasons & 1u << REASON_LONG_DELAY)
		text_add(t, "; over -t %" PRIu32, cfg->long_delay_ms);
	add_wait_rule(t, f, REASON_ZERO_WINDOW, f->split.ns[WAIT_ZERO_WINDOW], cfg->zero_window_ms);
	add_wait_rule(t, f, REASON_SERVER_DELAY, f->split.ns[WAIT_SERVER], cfg->server_delay_ms);
	add_wait_rule(t, f, REASON_CLIENT_DELAY, f->split.ns[WAIT_CLIENT] + f->split.ns[WAIT_IDLE], cfg->client_delay_ms);
}

/* What it carries: SYN and FIN are said, so that "0 bytes" does not puzzle. */
static void add_size(struct text *t, const struct finding *f)
{
	text_add(t, " (%s%s%" PRIu32 " byte%s", f->flags & TCP_SYN ? "SYN, " : "", f->flags & TCP_FIN ? "FIN, " : "",
		 f->payload_len, f->payload_len == 1 ? "" : "s");
	if (f->segments > 1)
		text_add(t, " in %" PRIu32 " segments", f->segments);
	text_add(t, ")");
}

static void add_evidence_of_loss(struct text *t, const struct finding *f)
{
	if (f->resend == RESEND_FAST && f->dup_acks)
		text_add(t, ", %u%s duplicate ACK%s", f->dup_acks, f->dup_acks == DUP_ACKS_MAX ? " or more" : "",
			 f->dup_acks == 1 ? "" : "s");
	if (f->resend == RESEND_FAST && f->sacked)
		text_add(t, ", SACK of what came behind it");
	if (f->remarks & REMARK_SPURIOUS)
		text_add(t, ", spurious: it had arrived");
}

static void add_retransmit_rule(struct text *t, const struct finding *f, const struct rules_config *cfg)
{
	if (f->flags & TCP_SYN)
		text_add(t, "; -S is %s", cfg->syn ? "on" : "off");
	else if (!cfg->retransmit_ms)
		text_add(t, "; -r is off");
	else
		text_add(t, "; %s -r %" PRIu32, f->reasons & 1u << REASON_RETRANSMIT ? "reached" : "below",
			 cfg->retransmit_ms);
}

static void retransmit_line(struct text *t, const struct finding *f, const struct rules_config *cfg)
{
	text_add(t, "retransmit%s: ", resend_text[f->resend]);
	if (f->other_id != FINDING_NO_ID)
		text_add(t, "repeats %04" PRIu64, f->other_id);
	else
		text_add(t, "repeats what is not held any more");
	add_size(t, f);
	text_add(t, f->other_id != FINDING_NO_ID ? " after " : " after at least ");
	format_duration(t, f->ns);
	add_evidence_of_loss(t, f);
	add_retransmit_rule(t, f, cfg);
}

static void verdict_line(struct text *t, const struct finding *f, const struct rules_config *cfg)
{
	if (f->verdict == VERDICT_RETRANSMIT) {
		retransmit_line(t, f, cfg);
		return;
	}
	if (f->verdict == VERDICT_NEW) {
		text_add(t, "retransmit, SYN: of the session before on its ports, which was refused or not answered");
		return;
	}
	text_add(t, "%s", verdict_text[f->verdict]);
	if (f->payload_len)
		add_size(t, f);
}

static void rst_line(struct text *t, const struct finding *f, const struct rules_config *cfg, uint8_t client)
{
	uint32_t fits = f->rst_checked & ~f->rst_doubts;

	text_add(t, "RST by the %s in %s/%s: ", f->side == client ? "client" : "server", state_name(f->state[client]),
		 state_name(f->state[!client]));
	add_bits(t, f->rst_doubts, doubt_text, LENGTH(doubt_text), ", ");
	text_add(t, "%s", f->rst_doubts && fits ? ", " : "");
	add_bits(t, fits, fit_text, LENGTH(fit_text), ", ");
	if (!f->rst_doubts && !fits)
		text_add(t, "nothing to compare it with");
	if (rst_looks_forged(f->rst_doubts))
		text_add(t, ": does not look sent by this peer");
	text_add(t, "; %s FIN, %s -R %" PRIu32, f->rst == RST_AFTER_FIN ? "after a" : "before any",
		 f->reasons & 1u << REASON_RST ? "reported by" : "not reported by", cfg->rst);
}

void finding_text(const struct finding *f, const struct rules_config *cfg, uint8_t client, char *buf, size_t size)
{
	struct text t;

	text_init(&t, buf, size);
	switch ((enum finding_kind)f->kind) {
	case FINDING_PAUSE:
		pause_line(&t, f, cfg);
		break;
	case FINDING_VERDICT:
		verdict_line(&t, f, cfg);
		break;
	case FINDING_REMARKS:
		add_bits(&t, f->remarks, remark_text, LENGTH(remark_text), "; ");
		break;
	case FINDING_RST:
		rst_line(&t, f, cfg, client);
		break;
	case FINDING_RTT:
		text_add(&t, "round trip ");
		format_duration(&t, f->ns);
		text_add(&t, "; reached --rtt %" PRIu32, cfg->rtt_ms);
		break;
	case FINDING_HANDSHAKE:
		text_add(&t, "handshake ");
		format_duration(&t, f->ns);
		text_add(&t, "; reached --handshake %" PRIu32, cfg->handshake_ms);
		break;
	case FINDING_FRAGMENT:
		text_add(&t, "IP fragment; -F is on");
		break;
	case FINDING_KINDS:
		break;
	}
}
