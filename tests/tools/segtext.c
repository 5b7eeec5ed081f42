/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * segtext SCRIPT PCAP: writes a capture from lines of text, one line a segment; README.md beside this file has the
 * notation. It knows TCP only as bytes: what the script says is written, sensible or not.
 */
#include "frame.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BASE_TIME 1700000000u /* 2023-11-14 22:13:20 UTC */
#define NS_PER_S 1000000000u
#define ENDS_MAX 32
#define LINE_LEN 8192

static const struct link {
	const char *name;
	int dlt;
	enum frame_link layout;
} links[] = {
	{ "ethernet", DLT_EN10MB, FRAME_ETHERNET }, { "sll", DLT_LINUX_SLL, FRAME_SLL },
	{ "sll2", DLT_LINUX_SLL2, FRAME_SLL2 },     { "raw", DLT_RAW, FRAME_RAW },
	{ "ipv4", DLT_IPV4, FRAME_RAW },            { "ipv6", DLT_IPV6, FRAME_RAW },
	{ "null", DLT_NULL, FRAME_NULL },           { "loop", DLT_LOOP, FRAME_LOOP },
	{ "ieee802_11", DLT_IEEE802_11, FRAME_RAW },	/* one that miruo does not read */
};

enum word_kind { FLAG, NUMBER, TIME, TEXT, VLANS };

enum word_id {
	W_SEQ, W_ACK, W_LEN, W_DATA, W_WIN, W_ID, W_TTL, W_FRAG, W_REVERSED, W_MF, W_CUT, W_PAD, W_DUP, W_IPLEN, W_DOFF,
	W_VLAN, W_SNAP, W_HOPOPTS, W_BADSUM, W_TIMES, W_EVERY, W_COUNT
};

static const struct word {
	const char *name;
	enum word_kind kind;
	uint64_t max;
} words[W_COUNT] = {
	[W_SEQ] = { "seq", NUMBER, UINT32_MAX },
	[W_ACK] = { "ack", NUMBER, UINT32_MAX },
	[W_LEN] = { "len", NUMBER, FRAME_PAYLOAD_MAX },
	[W_DATA] = { "data", TEXT, 0 },
	[W_WIN] = { "win", NUMBER, UINT16_MAX },
	[W_ID] = { "id", NUMBER, UINT32_MAX },
	[W_TTL] = { "ttl", NUMBER, UINT8_MAX },
	[W_FRAG] = { "frag", NUMBER, UINT16_MAX },
	[W_REVERSED] = { "reversed", FLAG, 0 },
	[W_MF] = { "mf", FLAG, 0 },
	[W_CUT] = { "cut", NUMBER, FRAME_MAX },
	[W_PAD] = { "pad", NUMBER, 64 },
	[W_DUP] = { "dup", TIME, 0 },
	[W_IPLEN] = { "iplen", NUMBER, UINT16_MAX },
	[W_DOFF] = { "doff", NUMBER, 15 },
	[W_VLAN] = { "vlan", VLANS, 0 },
	[W_SNAP] = { "snap", FLAG, 0 },
	[W_HOPOPTS] = { "hopopts", FLAG, 0 },
	[W_BADSUM] = { "badsum", FLAG, 0 },
	[W_TIMES] = { "times", NUMBER, 10000000 },
	[W_EVERY] = { "every", TIME, 0 },
};

struct vlans {
	uint16_t id[FRAME_VLANS_MAX];
	uint32_t count;
};

/* One segment line as read. */
struct line {
	bool set[W_COUNT];
	uint64_t value[W_COUNT];
	struct vlans vlans;
	uint8_t payload[FRAME_PAYLOAD_MAX];
	uint32_t payload_len;
};

static struct {
	const char *script, *out;
	uint32_t line_no;
	const char *pos;		/* in the current line */
	uint64_t now_ns, emit_ns;	/* of the line, of the frame being written */
	uint32_t caplen;		/* of the frame being written */

	const struct link *link;
	uint32_t snaplen, chop;
	struct vlans vlans;
	size_t end_count;
	struct end {
		char name[16];
		struct frame_end end;
		uint32_t next_id;
	} ends[ENDS_MAX];
	uint32_t next_seq[ENDS_MAX][ENDS_MAX];	/* after what was sent so far, by sender and receiver */

	pcap_t *pcap;
	pcap_dumper_t *dumper;
} st = { .link = &links[0], .snaplen = 262144 };

static struct line line;

__attribute__((format(printf, 1, 2), noreturn)) static void fail(const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s:%" PRIu32 ": ", st.script, st.line_no);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

static void skip_blanks(void)
{
	while (*st.pos == ' ' || *st.pos == '\t')
		st.pos++;
}

static bool at_end(void)
{
	skip_blanks();
	return !*st.pos || *st.pos == '#' || *st.pos == '\n';
}

/* The next word, up to a blank or one of stop, copied to buf (64 bytes). */
static const char *take_word(char *buf, const char *stop, const char *what)
{
	size_t n = 0;

	if (at_end())
		fail("%s expected", what);
	while (*st.pos && !isspace((unsigned char)*st.pos) && !strchr(stop, *st.pos)) {
		if (n == 63)
			fail("%s is too long", what);
		buf[n++] = *st.pos++;
	}
	buf[n] = '\0';
	return buf;
}

static bool accept_word(const char *word)
{
	size_t n = strlen(word);

	skip_blanks();
	if (strncmp(st.pos, word, n) || isalnum((unsigned char)st.pos[n]))
		return false;
	st.pos += n;
	return true;
}

static bool accept_char(char c)
{
	skip_blanks();
	if (*st.pos != c)
		return false;
	st.pos++;
	return true;
}

static bool number_follows(void)
{
	skip_blanks();
	return isdigit((unsigned char)*st.pos);
}

static uint64_t take_number(const char *what, uint64_t max)
{
	bool hex = number_follows() && st.pos[0] == '0' && st.pos[1] == 'x';
	unsigned long long v;
	char *end;

	if (!number_follows())
		fail("%s: number expected", what);
	errno = 0;
	v = strtoull(st.pos, &end, hex ? 16 : 10);
	if (errno || v > max)
		fail("%s: at most %" PRIu64, what, max);
	st.pos = end;
	return v;
}

/* 1.5 or 1.5s, 20ms, 20us, 20ns: in ns. */
static uint64_t take_time(const char *what)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = { { "ms", 1000000 }, { "us", 1000 }, { "ns", 1 }, { "s", NS_PER_S } };
	uint64_t whole = take_number(what, UINT32_MAX), part = 0, scale = 1, unit = NS_PER_S;
	size_t i;

	if (*st.pos == '.') {
		for (st.pos++; isdigit((unsigned char)*st.pos); st.pos++, scale *= 10) {
			if (scale == NS_PER_S)
				fail("%s: more than nine decimals", what);
			part = part * 10 + (uint64_t)(*st.pos - '0');
		}
	}
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strncmp(st.pos, units[i].name, strlen(units[i].name)))
			continue;
		st.pos += strlen(units[i].name);
		unit = units[i].ns;
		break;
	}
	return whole * unit + part * unit / scale;
}

static uint8_t take_hex_byte(const char *what)
{
	char digits[3] = "";

	if (!isxdigit((unsigned char)st.pos[0]) || !isxdigit((unsigned char)st.pos[1]))
		fail("%s: two hex digits expected", what);
	memcpy(digits, st.pos, 2);
	st.pos += 2;
	return (uint8_t)strtoul(digits, NULL, 16);
}

/* Hex bytes up to the end of the line, a comma or a closing bracket; blanks may stand between them. */
static uint32_t take_hex(uint8_t *buf, uint32_t size, const char *what)
{
	uint32_t n = 0;

	while (!at_end() && *st.pos != '>' && *st.pos != ',') {
		if (n == size)
			fail("%s: at most %" PRIu32 " bytes", what, size);
		buf[n++] = take_hex_byte(what);
	}
	return n;
}

static uint8_t take_escape(void)
{
	static const char letters[] = "rnt0\\\"", bytes[] = "\r\n\t\0\\\"";
	const char *at;

	if (*st.pos == 'x') {
		st.pos++;
		return take_hex_byte("\\x");
	}
	at = *st.pos ? strchr(letters, *st.pos) : NULL;
	if (!at)
		fail("data: unknown escape \\%c", *st.pos);
	st.pos++;
	return (uint8_t)bytes[at - letters];
}

static void take_text(void)
{
	if (!accept_char('"'))
		fail("data: \"text\" expected");
	while (*st.pos != '"') {
		if (!*st.pos || *st.pos == '\n')
			fail("data: closing \" is missing");
		if (*st.pos != '\\') {
			line.payload[line.payload_len++] = (uint8_t)*st.pos++;
			continue;
		}
		st.pos++;
		line.payload[line.payload_len++] = take_escape();
	}
	st.pos++;
}

static void take_vlans(struct vlans *v)
{
	for (v->count = 0; number_follows(); v->count++) {
		if (v->count == FRAME_VLANS_MAX)
			fail("vlan: at most %d tags", FRAME_VLANS_MAX);
		v->id[v->count] = (uint16_t)take_number("vlan", UINT16_MAX);
	}
}

/* --- directives --- */

static void before_first_frame(const char *what)
{
	if (st.dumper)
		fail("%s comes before the first segment", what);
}

static void directive_link(void)
{
	char name[64];
	size_t i;

	before_first_frame("link");
	take_word(name, "", "link type");
	for (i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		if (!strcmp(links[i].name, name)) {
			st.link = &links[i];
			return;
		}
	}
	fail("unknown link type %s", name);
}

static void directive_snaplen(void)
{
	before_first_frame("snaplen");
	st.snaplen = (uint32_t)take_number("snaplen", 262144);
}

static void directive_endpoints(void)
{
	char addr[64];
	struct end *e;

	while (!at_end()) {
		if (st.end_count == ENDS_MAX)
			fail("at most %d endpoints", ENDS_MAX);
		e = &st.ends[st.end_count];
		take_word(addr, "=", "name=address:port");
		if (strlen(addr) >= sizeof(e->name))
			fail("endpoint name %s is too long", addr);
		strcpy(e->name, addr);
		if (!accept_char('='))
			fail("endpoint %s: = expected", e->name);
		e->end.ip_version = accept_char('[') ? 6 : 4;
		take_word(addr, e->end.ip_version == 6 ? "]" : ":", "address");
		if (inet_pton(e->end.ip_version == 6 ? AF_INET6 : AF_INET, addr, e->end.addr) != 1)
			fail("endpoint %s: %s is no address", e->name, addr);
		if ((e->end.ip_version == 6 && !accept_char(']')) || !accept_char(':'))
			fail("endpoint %s: 10.0.0.1:80 or [2001:db8::1]:80 expected", e->name);
		e->end.port = (uint16_t)take_number("port", UINT16_MAX);
		e->end.host = (uint8_t)++st.end_count;
		e->next_id = 1;
	}
}

static void directive_vlan(void)
{
	take_vlans(&st.vlans);
}

static void directive_chop(void)
{
	st.chop = (uint32_t)take_number("chop", UINT32_MAX);
}

static const struct directive {
	const char *name;
	void (*take)(void);
} directives[] = {
	{ "link", directive_link }, { "snaplen", directive_snaplen }, { "endpoints", directive_endpoints },
	{ "vlan", directive_vlan }, { "chop", directive_chop },
};

/* --- TCP options --- */

static uint8_t *put_option(uint8_t *p, uint8_t kind, uint32_t value_len)
{
	p[0] = kind;
	p[1] = (uint8_t)(2 + value_len);
	return p + 2;
}

static uint8_t *put_number(uint8_t *p, const char *what, uint32_t bytes)
{
	uint64_t v = take_number(what, bytes == 4 ? UINT32_MAX : (1u << 8 * bytes) - 1);
	uint32_t i;

	for (i = 0; i < bytes; i++)
		p[i] = (uint8_t)(v >> 8 * (bytes - 1 - i));
	return p + bytes;
}

static uint8_t *option_nop(uint8_t *p)
{
	*p = 1;
	return p + 1;
}

static uint8_t *option_eol(uint8_t *p)
{
	*p = 0;
	return p + 1;
}

static uint8_t *option_mss(uint8_t *p)
{
	return put_number(put_option(p, 2, 2), "mss", 2);
}

static uint8_t *option_wscale(uint8_t *p)
{
	return put_number(put_option(p, 3, 1), "wscale", 1);
}

static uint8_t *option_sackok(uint8_t *p)
{
	return put_option(p, 4, 0);
}

static uint8_t *option_sack(uint8_t *p)
{
	uint8_t *start = p, blocks;

	p += 2;
	for (blocks = 0; number_follows(); blocks++) {
		if (blocks == 4)
			fail("sack: at most four blocks");
		p = put_number(p, "sack", 4);
		if (!accept_char('-'))
			fail("sack: LEFT-RIGHT expected");
		p = put_number(p, "sack", 4);
	}
	put_option(start, 5, 8u * blocks);
	return p;
}

static uint8_t *option_ts(uint8_t *p)
{
	return put_number(put_number(put_option(p, 8, 8), "ts", 4), "ts", 4);
}

static uint8_t *option_hex(uint8_t *p)
{
	return p + take_hex(p, 40, "hex");
}

static const struct option {
	const char *name;
	uint8_t *(*take)(uint8_t *p);
} options[] = {
	{ "mss", option_mss }, { "sackOK", option_sackok }, { "sack", option_sack }, { "ts", option_ts },
	{ "wscale", option_wscale }, { "nop", option_nop }, { "eol", option_eol }, { "hex", option_hex },
};

/* "<option, option...>", filled with NOPs up to a multiple of four bytes. */
static void take_options(struct frame_spec *spec)
{
	uint8_t buf[128], *p = buf;
	size_t i;

	for (;;) {
		for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
			if (accept_word(options[i].name))
				break;
		}
		if (i == sizeof(options) / sizeof(options[0]))
			fail("unknown TCP option at: %.20s", st.pos);
		p = options[i].take(p);
		if (p - buf > 40)
			fail("more than 40 bytes of TCP options");
		if (accept_char('>'))
			break;
		if (!accept_char(','))
			fail("TCP options: , or > expected");
	}
	while ((p - buf) % 4)
		p = option_nop(p);
	spec->opt_len = (uint32_t)(p - buf);
	memcpy(spec->opt, buf, spec->opt_len);
}

/* --- segments --- */

static void open_output(void)
{
	if (st.dumper)
		return;
	st.pcap = pcap_open_dead_with_tstamp_precision(st.link->dlt, (int)st.snaplen, PCAP_TSTAMP_PRECISION_NANO);
	st.dumper = st.pcap ? pcap_dump_open(st.pcap, st.out) : NULL;
	if (!st.dumper)
		fail("%s", st.pcap ? pcap_geterr(st.pcap) : "no memory");
}

static void write_frame(void *ctx, const uint8_t *frame, size_t len)
{
	struct pcap_pkthdr header = { .len = (bpf_u_int32)len };

	(void)ctx;
	open_output();
	header.caplen = header.len < st.caplen ? header.len : st.caplen;
	header.ts.tv_sec = (time_t)(BASE_TIME + st.emit_ns / NS_PER_S);
	header.ts.tv_usec = (suseconds_t)(st.emit_ns % NS_PER_S);
	pcap_dump((u_char *)st.dumper, &header, frame);
}

static size_t take_end(const char *stop)
{
	char name[64];
	size_t i;

	take_word(name, stop, "endpoint");
	for (i = 0; i < st.end_count; i++) {
		if (!strcmp(st.ends[i].name, name))
			return i;
	}
	fail("unknown endpoint %s", name);
}

static uint8_t take_flags(void)
{
	static const char letters[] = "FSRPAUEC";
	char buf[64];
	const char *p = take_word(buf, "", "flags"), *at;
	uint8_t flags = 0;

	if (!strcmp(buf, "-"))
		return 0;
	for (; *p; p++) {
		at = strchr(letters, *p);
		if (!at)
			fail("flags are letters of %s, or -, not %s", letters, buf);
		flags |= (uint8_t)(1u << (at - letters));
	}
	return flags;
}

static void take_segment_word(void)
{
	char name[64];
	int i;

	take_word(name, "", "word");
	for (i = 0; i < W_COUNT; i++) {
		if (!strcmp(words[i].name, name))
			break;
	}
	if (i == W_COUNT)
		fail("unknown word %s", name);
	if (line.set[i])
		fail("%s is there twice", name);
	line.set[i] = true;
	switch (words[i].kind) {
	case FLAG:
		break;
	case NUMBER:
		line.value[i] = take_number(name, words[i].max);
		break;
	case TIME:
		line.value[i] = take_time(name);
		break;
	case TEXT:
		take_text();
		break;
	case VLANS:
		take_vlans(&line.vlans);
		break;
	}
}

static uint32_t value_or(enum word_id id, uint32_t other)
{
	return line.set[id] ? (uint32_t)line.value[id] : other;
}

/* Letters by sequence number, so that data sent again holds the same bytes. */
static void fill_payload(uint32_t seq)
{
	uint32_t i;

	if (!line.set[W_LEN])
		return;
	line.payload_len = (uint32_t)line.value[W_LEN];
	for (i = 0; i < line.payload_len; i++)
		line.payload[i] = (uint8_t)('a' + (seq + i) % 26);
}

static void fill_spec(struct frame_spec *spec, size_t from, size_t to)
{
	const struct vlans *vlans = line.set[W_VLAN] ? &line.vlans : &st.vlans;

	spec->link = st.link->layout;
	spec->src = st.ends[from].end;
	spec->dst = st.ends[to].end;
	spec->seq = value_or(W_SEQ, st.next_seq[from][to]);
	spec->ack = value_or(W_ACK, spec->flags & 0x10 ? st.next_seq[to][from] : 0);
	spec->window = (uint16_t)value_or(W_WIN, 65535);
	spec->ttl = (uint8_t)value_or(W_TTL, 64);
	spec->ip_id = value_or(W_ID, st.ends[from].next_id);
	memcpy(spec->vlan, vlans->id, sizeof(spec->vlan));
	spec->vlan_count = vlans->count;
	spec->pad = value_or(W_PAD, 0);
	spec->frag_len = value_or(W_FRAG, 0);
	spec->frag_reversed = line.set[W_REVERSED];
	spec->more_fragments = line.set[W_MF];
	spec->snap = line.set[W_SNAP];
	spec->hop_by_hop = line.set[W_HOPOPTS];
	spec->bad_checksum = line.set[W_BADSUM];
	spec->ip_len = line.set[W_IPLEN] ? (int32_t)line.value[W_IPLEN] : -1;
	spec->data_offset = line.set[W_DOFF] ? (int32_t)line.value[W_DOFF] : -1;
	st.caplen = value_or(W_CUT, st.snaplen);
}

static void emit(const struct frame_spec *spec)
{
	const char *wrong;
	int copy;

	for (copy = 0; copy <= line.set[W_DUP]; copy++) {
		st.emit_ns = st.now_ns + (copy ? line.value[W_DUP] : 0);
		wrong = frame_build(spec, write_frame, NULL);
		if (wrong)
			fail("%s", wrong);
	}
}

static void take_segment(void)
{
	struct frame_spec spec = { 0 };
	size_t from, to;
	uint32_t i;

	from = take_end(">");
	if (!accept_char('>'))
		fail("sender>receiver expected");
	to = take_end("");
	spec.flags = take_flags();
	memset(line.set, 0, sizeof(line.set));
	line.payload_len = 0;
	while (!at_end() && *st.pos != '=') {	/* what follows is for another reader */
		if (accept_char('<'))
			take_options(&spec);
		else
			take_segment_word();
	}
	if (line.set[W_LEN] && line.set[W_DATA])
		fail("either len or data");

	fill_spec(&spec, from, to);
	for (i = 0; i < value_or(W_TIMES, 1); i++) {
		if (i) {
			st.now_ns += line.value[W_EVERY];
			spec.ip_id++;
			spec.seq += line.payload_len;
		}
		fill_payload(spec.seq);
		spec.payload = line.payload;
		spec.payload_len = line.payload_len;
		emit(&spec);
	}
	if (!line.set[W_ID])
		st.ends[from].next_id = spec.ip_id + 1;
	spec.seq += line.payload_len + !!(spec.flags & 2) + !!(spec.flags & 1);
	if (!st.next_seq[from][to] || spec.flags & 2 || (int32_t)(spec.seq - st.next_seq[from][to]) > 0)
		st.next_seq[from][to] = spec.seq;
}

static void take_raw_frame(void)
{
	static uint8_t frame[LINE_LEN];
	uint32_t len = take_hex(frame, sizeof(frame), "hex");

	st.caplen = st.snaplen;
	st.emit_ns = st.now_ns;
	write_frame(NULL, frame, len);
}

static void take_line(void)
{
	uint64_t time;
	size_t i;

	if (at_end())
		return;
	for (i = 0; i < sizeof(directives) / sizeof(directives[0]); i++) {
		if (accept_word(directives[i].name)) {
			directives[i].take();
			if (!at_end())
				fail("not understood: %.20s", st.pos);
			return;
		}
	}
	time = accept_char('+') ? st.now_ns + take_time("time") : take_time("time");
	st.now_ns = time;
	if (accept_word("hex"))
		take_raw_frame();
	else
		take_segment();
}

static void close_output(void)
{
	long size;

	open_output();
	if (pcap_dump_flush(st.dumper) < 0)
		fail("%s: %s", st.out, strerror(errno));
	size = pcap_dump_ftell(st.dumper);
	pcap_dump_close(st.dumper);
	pcap_close(st.pcap);
	if (st.chop && truncate(st.out, size - (long)st.chop) < 0)
		fail("%s: %s", st.out, strerror(errno));
}

int main(int argc, char **argv)
{
	static char buf[LINE_LEN];
	FILE *script;

	if (argc != 3) {
		fputs("usage: segtext SCRIPT PCAP\n", stderr);
		return 2;
	}
	st.script = argv[1];
	st.out = argv[2];
	script = fopen(st.script, "r");
	if (!script)
		fail("%s", strerror(errno));
	while (fgets(buf, sizeof(buf), script)) {
		st.line_no++;
		if (!strchr(buf, '\n') && !feof(script))
			fail("line is too long");
		st.pos = buf;
		take_line();
	}
	fclose(script);
	close_output();
	return 0;
}
