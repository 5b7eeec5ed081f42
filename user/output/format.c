/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "miruo/decode.h"
#include "rst_evidence.h"
#include "tcpopt.h"
#include "timing.h"

#define NS_PER_S 1000000000ull
#define NS_PER_MS 1000000ull
#define PART_MIN_NS 100000u

void format_endpoint(const struct session *s, uint8_t side, char buf[ENDPOINT_TEXT_MAX])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	const uint8_t *addr = s->key.addr[side];
	char text[INET6_ADDRSTRLEN];
	bool v4 = memcmp(addr, mapped, sizeof(mapped)) == 0;

	if (!inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? addr + 12 : addr, text, sizeof(text)))
		text[0] = '\0';
	snprintf(buf, ENDPOINT_TEXT_MAX, v4 ? "%s:%u" : "[%s]:%u", text, flow_port(&s->key, side));
}

void format_time(uint64_t ts_ns, char buf[TIME_TEXT_MAX])
{
	static uint64_t cached_minute = UINT64_MAX;	/* the time zone is only asked once a minute of the capture */
	static struct tm tm;
	uint64_t second = ts_ns / NS_PER_S;
	time_t minute_start = (time_t)(second - second % 60);

	if (second / 60 != cached_minute) {
		cached_minute = second / 60;
		if (!localtime_r(&minute_start, &tm))
			memset(&tm, 0, sizeof(tm));
	}
	snprintf(buf, TIME_TEXT_MAX, "%02u:%02u:%02u.%03u", (unsigned)tm.tm_hour % 24, (unsigned)tm.tm_min % 60,
		 (unsigned)(second % 60), (unsigned)(ts_ns % NS_PER_S / 1000000));
}

void format_arrow(uint8_t flags, bool from_client, char buf[9])
{
	static const struct {
		uint8_t flag;
		char letter;
	} positions[] = {
		{ TCP_URG, 'U' }, { TCP_ACK, 'A' }, { TCP_PSH, 'P' }, { TCP_RST, 'R' }, { TCP_SYN, 'S' }, { TCP_FIN, 'F' },
	};
	size_t i;

	buf[0] = buf[7] = from_client ? '>' : '<';
	for (i = 0; i < 6; i++)
		buf[i + 1] = flags & positions[i].flag ? positions[i].letter : '-';
	buf[8] = '\0';
}

static void format_option(struct text *t, const struct tcpopt *o)
{
	if (o->kind == TCPOPT_MSS && o->len == 4)
		text_add(t, "mss=%u", be16(o->value));
	else if (o->kind == TCPOPT_WSCALE && o->len == 3)
		text_add(t, "wscale=%u", o->value[0]);
	else if (o->kind == TCPOPT_SACK_OK && o->len == 2)
		text_add(t, "sackOK");
	else if (o->kind == TCPOPT_SACK && o->len >= 10 && (o->len - 2) % 8 == 0)
		text_add(t, "sack %u", (o->len - 2) / 8);
	else if (o->kind == TCPOPT_TIMESTAMP && o->len == 10)
		text_add(t, "timestamp %u %u", be32(o->value), be32(o->value + 4));
	else
		text_add(t, "len=%u opt[%u]", o->len, o->kind);
}

void format_options(const uint8_t *opt, uint32_t len, bool cut, char buf[OPTIONS_TEXT_MAX])
{
	struct tcpopt o;
	struct text t;
	uint32_t pos = 0;
	int more;

	text_init(&t, buf, OPTIONS_TEXT_MAX);
	while ((more = tcpopt_next(opt, len, &pos, &o)) > 0) {
		if (t.len)
			text_add(&t, ", ");
		format_option(&t, &o);
	}
	if (cut || more < 0)
		text_add(&t, "%s%s", t.len ? ", " : "", cut ? "cut" : "bad");
}

void format_duration(struct text *t, uint64_t ns)
{
	uint64_t s = ns / NS_PER_S;
	unsigned us = (unsigned)(ns / 1000 % 1000000);

	if (s)
		text_add(t, "%" PRIu64 ".%03u s", s, us / 1000);
	else if (us >= 100)
		text_add(t, "%u.%u ms", us / 1000, us / 100 % 10);
	else
		text_add(t, "0.%03u ms", us);
}

static int largest_part(const struct pause_split *split)
{
	int i, largest = 0;

	for (i = 1; i < WAIT_COUNT; i++)
		if (split->ns[i] > split->ns[largest])
			largest = i;
	return largest;
}

void pause_text(const struct pause_split *split, char *buf, size_t size)
{
	static const char *const names[WAIT_COUNT] = {
		[WAIT_NETWORK] = "network",
		[WAIT_SERVER] = "server",
		[WAIT_CLIENT] = "client",
		[WAIT_ZERO_WINDOW] = "zero window",
		[WAIT_IDLE] = "idle",
	};
	struct pause_split left = *split;
	struct text t;
	int part;

	text_init(&t, buf, size);
	for (part = largest_part(&left); !t.len || left.ns[part] >= PART_MIN_NS; part = largest_part(&left)) {
		text_add(&t, "%s%s ", t.len ? ", " : "", names[part]);
		format_duration(&t, left.ns[part]);
		left.ns[part] = 0;
	}
}

/* That data waited is known when it comes, behind the segment that opened the window. */
static void add_window(struct text *t, const struct step *step, uint32_t reasons)
{
	struct waits waits;

	if (!(reasons & 1u << REASON_ZERO_WINDOW) || step->split.ns[WAIT_ZERO_WINDOW])
		return;
	timing_waits(step->timing, step->session, &waits);
	text_add(t, ", zero window ");
	format_duration(t, waits.zero_window_ms * NS_PER_MS);
	text_add(t, " before it");
}

size_t format_remarks(const struct step *step, uint32_t reasons, char buf[REMARKS_TEXT_MAX])
{
	char pause[PAUSE_TEXT_MAX];
	struct text t;

	text_init(&t, buf, REMARKS_TEXT_MAX);
	if (reasons & REASONS_OF_WAITS) {
		pause_text(&step->split, pause, sizeof(pause));
		text_add(&t, "%s", pause);
		add_window(&t, step, reasons);
	}
	if (step->rst && rst_looks_forged(step->rst_doubts))
		text_add(&t, "%sdoes not look sent by this peer", t.len ? ", " : "");
	return t.len;
}

const struct end_words *format_end(enum session_end why)
{
	static const struct end_words words[] = {
		[END_CLOSED] = { NULL, NULL },
		[END_TIMEOUT] = { "destroy session", "time out" },
		[END_DUPLICATE] = { "error break", "Duplicate connection(packet loss?)" },
		[END_EVICTED] = { "destroy session", "table full" },
		[END_CAPTURE] = { "destroy session", "capture end" },
	};

	return words[why].message ? &words[why] : NULL;
}

void colour_begin(FILE *f, bool on, enum colour colour)
{
	if (on && colour)
		fprintf(f, "\x1b[3%dm", (int)colour);
}

void colour_end(FILE *f, bool on, enum colour colour)
{
	if (on && colour)
		fputs("\x1b[39m", f);
}

void note_print(FILE *f, bool on, const char *note)
{
	const char *end;

	for (; *note; note = end + 1) {
		end = strchr(note, '\n');
		if (!end)
			break;
		colour_begin(f, on, COLOUR_GREEN);
		fwrite(note, 1, (size_t)(end - note), f);
		colour_end(f, on, COLOUR_GREEN);
		fputc('\n', f);
	}
}
