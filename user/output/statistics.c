/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "statistics.h"

#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "explain.h"
#include "text.h"

static uint64_t wall_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static uint64_t timeval_us(struct timeval tv)
{
	return (uint64_t)tv.tv_sec * 1000000 + (uint64_t)tv.tv_usec;
}

/* Virtual and resident size; where there is no /proc, the largest resident size so far stands for both. */
static void memory_usage(struct statistics *st, const struct rusage *usage)
{
	uint64_t page_kb = (uint64_t)sysconf(_SC_PAGESIZE) / 1024, vsz, rss;
	FILE *f = fopen("/proc/self/statm", "r");

	st->vsz_kb = st->rss_kb = (uint64_t)usage->ru_maxrss;
	if (!f)
		return;
	if (fscanf(f, "%" SCNu64 " %" SCNu64, &vsz, &rss) == 2) {
		st->vsz_kb = vsz * page_kb;
		st->rss_kb = rss * page_kb;
	}
	fclose(f);
}

void statistics_usage(struct statistics *st, struct usage *last)
{
	struct usage now = { .wall_us = wall_us() };
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	now.cpu_us = timeval_us(usage.ru_utime) + timeval_us(usage.ru_stime);
	if (last->wall_us && now.wall_us > last->wall_us)
		st->cpu_percent = 100.0 * (double)(now.cpu_us - last->cpu_us) / (double)(now.wall_us - last->wall_us);
	if (st->cpu_percent > 100.0)
		st->cpu_percent = 100.0;
	memory_usage(st, &usage);
	*last = now;
}

static void line(FILE *f, int width, const char *name, uint64_t value)
{
	fprintf(f, "%-*s: %" PRIu64 "\n", width, name, value);
}

static void rule_off(FILE *f)
{
	fputs("------------------------------\n", f);
}

/* Sessions hit by the rules that are off by default, if they are on. */
static void print_more_rules(FILE *f, const struct statistics *st)
{
	const struct rules_config *cfg = &st->rules_config;
	const struct {
		const char *name;
		enum reason reason;
		bool on;
	} rules[] = {
		{ "    Rtt", REASON_RTT, cfg->rtt_ms },
		{ "    Handshake", REASON_HANDSHAKE, cfg->handshake_ms },
		{ "    ZeroWindow", REASON_ZERO_WINDOW, cfg->zero_window_ms },
		{ "    ServerDelay", REASON_SERVER_DELAY, cfg->server_delay_ms },
		{ "    ClientDelay", REASON_CLIENT_DELAY, cfg->client_delay_ms },
		{ "    HalfOpen", REASON_HALF_OPEN, cfg->half_open },
		{ "    Reuse", REASON_REUSE, cfg->reuse },
	};
	size_t i;

	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].on)
			line(f, 16, rules[i].name, st->rules.sessions[rules[i].reason]);
}

static void print_sessions(FILE *f, const struct statistics *st)
{
	uint64_t s = st->capture_ms / 1000;

	fprintf(f, "\n===== Session Statistics =====\n");
	fprintf(f, "%-16s: %02" PRIu64 ":%02" PRIu64 ":%02" PRIu64 "\n", "Capture Time", s / 3600, s / 60 % 60, s % 60);
	line(f, 16, "Total Sessions", st->tracker.sessions);
	line(f, 16, "  Lookup", st->lookups);
	line(f, 16, "    LongConnect", st->rules.sessions[REASON_LONG_CONNECT]);
	line(f, 16, "    LongDelay", st->rules.sessions[REASON_LONG_DELAY]);
	line(f, 16, "    Retransmit", st->rules.repeated);
	line(f, 16, "    Timeout", st->tracker.timeouts);
	line(f, 16, "    Error", st->tracker.duplicates);
	line(f, 16, "    RST", st->tracker.resets);
	line(f, 16, "    fragment", st->rules.sessions[REASON_FRAGMENT]);
	print_more_rules(f, st);
	rule_off(f);
	fprintf(f, "%-16s: %" PRIu32 " [ms]\n", "LongConnectTime", st->rules_config.long_connect_ms);
	fprintf(f, "%-16s: %" PRIu32 " [ms]\n", "LongDelayTime", st->rules_config.long_delay_ms);
	fprintf(f, "%-16s: %" PRIu32 " [ms]\n", "RetransmitTime", st->rules_config.retransmit_ms);
	rule_off(f);
}

static void print_limits(FILE *f, const struct statistics *st)
{
	line(f, 16, "ActiveSession", st->tracker.active);
	line(f, 16, "ActiveSessionMax", st->tracker.active_max);
	line(f, 16, "ActiveSessionLim", st->session_limit);
	line(f, 16, "ActiveSegment", st->history.held);
	line(f, 16, "ActiveSegmentMax", st->history.held_max);
	line(f, 16, "ActiveSegmentLim", st->segment_limit);
	line(f, 16, "DropSession", st->tracker.refused + st->tracker.evicted);
	line(f, 16, "DropSegment", st->history.dropped);
	if (st->not_printed)
		line(f, 16, "DropOutput", st->not_printed);
	rule_off(f);
}

static void print_resends(FILE *f, const uint64_t resends[RESEND_COUNT])
{
	static const char *const names[RESEND_COUNT] = {
		[RESEND_NONE] = "  RetransOther",
		[RESEND_SYN] = "  RetransSyn",
		[RESEND_SYN_ACK] = "  RetransSynAck",
		[RESEND_FAST] = "  RetransFast",
		[RESEND_TIMEOUT] = "  RetransTimeout",
		[RESEND_TAIL_LOSS_PROBE] = "  RetransProbe",
	};
	int i;

	for (i = RESEND_NONE + 1; i < RESEND_COUNT; i++)
		line(f, 16, names[i], resends[i]);
	line(f, 16, names[RESEND_NONE], resends[RESEND_NONE]);
}

static void print_segments(FILE *f, const struct statistics *st)
{
	line(f, 16, "Segments", st->tracker.segments);
	line(f, 16, "SegmentsOffload", st->tracker.offload_segments);
	line(f, 16, "RetransSegs", st->tracker.retransmitted);
	print_resends(f, st->tracker.resends);
	line(f, 16, "Spurious", st->tracker.spurious);
	line(f, 16, "OutOfOrder", st->tracker.out_of_order);
	line(f, 16, "DupAck", st->tracker.dup_acks);
	line(f, 16, "KeepAlive", st->tracker.keepalives);
	line(f, 16, "KeepAliveAck", st->tracker.keepalive_acks);
	line(f, 16, "ZeroWinProbe", st->tracker.zero_window_probes);
	line(f, 16, "WindowUpdate", st->tracker.window_updates);
	line(f, 16, "Stray", st->tracker.strays);
	line(f, 16, "Copies", st->tracker.copies);
	line(f, 16, "Late", st->tracker.late);
	line(f, 16, "Fragments", st->tracker.fragments);
	line(f, 16, "FragmentsLost", st->tracker.fragments_orphaned);
	line(f, 16, "MidStream", st->tracker.mid_stream);
	line(f, 16, "NotFollowed", st->tracker.not_followed);
	rule_off(f);
}

static void print_source(FILE *f, const struct statistics *st)
{
	uint32_t i;

	if (st->kernel) {
		fprintf(f, "===== kernel Statistics  =====\n");
		line(f, 6, "seen", st->seen);
		line(f, 6, "sent", st->received);
		line(f, 6, "full", st->dropped);
		line(f, 6, "plain", st->dropped_plain);
	} else {
		fprintf(f, "===== libpcap Statistics =====\n");
		line(f, 6, "recv", st->received);
		line(f, 6, "drop", st->dropped);
		line(f, 6, "ifdrop", st->if_dropped);
	}
	line(f, 6, "filter", st->filtered);
	for (i = 0; i < st->interfaces; i++) {
		char buf[80];
		struct text name;

		text_init(&name, buf, sizeof(buf));
		text_add_escaped(&name, st->interface[i].name, strlen(st->interface[i].name));
		fprintf(f, "  %-15s: %" PRIu64 " segments, %" PRIu64 " bytes\n", buf, st->interface[i].segments,
			st->interface[i].bytes);
	}
}

void statistics_add_interface(struct statistics *st, const char *name, uint64_t segments, uint64_t bytes)
{
	struct statistics_interface *i;

	if (st->interfaces < STATISTICS_INTERFACES_MAX) {
		i = &st->interface[st->interfaces++];
		snprintf(i->name, sizeof(i->name), "%s", name);
	} else {
		i = &st->interface[STATISTICS_INTERFACES_MAX - 1];
		snprintf(i->name, sizeof(i->name), "others");
	}
	i->segments += segments;
	i->bytes += bytes;
}

void statistics_print(FILE *f, const struct statistics *st)
{
	print_sessions(f, st);
	print_limits(f, st);
	print_segments(f, st);
	fprintf(f, "%-6s: %.1f%%\n", "CPU", st->cpu_percent);
	fprintf(f, "%-6s: %" PRIu64 "KB\n", "VSZ", st->vsz_kb);
	fprintf(f, "%-6s: %" PRIu64 "KB\n", "RSS", st->rss_kb);
	print_source(f, st);
	fprintf(f, "===== Header Error Count =====\n");
	line(f, 6, "L2", st->decoded[DECODE_BAD_LINK]);
	line(f, 6, "IP", st->decoded[DECODE_BAD_IP]);
	line(f, 6, "TCP", st->decoded[DECODE_BAD_TCP]);
	line(f, 6, "Cut", st->decoded[DECODE_TRUNCATED]);
	line(f, 6, "Other", st->decoded[DECODE_UNSUPPORTED]);
	fprintf(f, "==============================\n");
}

void statistics_warn(FILE *f, const struct statistics *st)
{
	if (st->dropped)
		fprintf(f, "miruo: %" PRIu64 " packets were lost in all: the buffer was full; raise --ring-size\n", st->dropped);
	if (st->not_printed)
		fprintf(f, "miruo: %" PRIu64 " %s in all were not printed: the reader of the output was too slow\n",
			st->not_printed, st->ladders ? "sessions" : "lines");
	if (st->tracker.refused || st->tracker.evicted)
		fprintf(f, "miruo: %" PRIu64 " sessions were not followed: more than %" PRIu32
			   " at once; raise --session-limit (-L)\n",
			st->tracker.refused + st->tracker.evicted, st->session_limit);
	if (st->history.dropped && st->ladders)
		fprintf(f, "miruo: %" PRIu64 " segments are missing in the ladders: more than %" PRIu32
			   " held at once; raise --segment-limit (-l)\n",
			st->history.dropped, st->segment_limit);
	if (st->history.notes_dropped)
		fprintf(f, "miruo: %" PRIu64 " texts are missing in the ladders: more than %u MiB of them held at once\n",
			st->history.notes_dropped, HISTORY_NOTES_MAX >> 20);
	if (st->explain_missing)
		fprintf(f, "miruo: %" PRIu64 " lines of --explain are missing: more than %u in a session, or %u MiB in all\n",
			st->explain_missing, EXPLAIN_FINDINGS_MAX, EXPLAIN_BYTES_MAX >> 20);
}
