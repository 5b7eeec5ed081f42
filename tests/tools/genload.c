/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * genload KIND FILE: large captures for measuring, the same bytes each time. Classic pcap in host byte order, Ethernet,
 * IPv4, timestamps option in each segment, nothing lost or sent twice. TCP checksums are left 0.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIN = 1, SYN = 2, PSH = 8, ACK = 16 };

#define FRAME_HEADERS 66u	/* Ethernet 14, IPv4 20, TCP 20, NOP NOP timestamps 12 */
#define PAYLOAD_MAX 1448u
#define BASE_TIME 1700000000u
#define BUFFER_LEN (4u << 20)

struct session {
	uint32_t number;	/* makes addresses, ports and sequence numbers */
	uint32_t next[2];	/* sequence number of the client, of the server */
};

struct step {
	uint8_t from_server;
	uint8_t flags;
	uint16_t len;
};

struct record {
	uint32_t sec, usec, caplen, len;
	uint8_t frame[FRAME_HEADERS + PAYLOAD_MAX];
};

static struct record record;
static uint64_t now_us;
static uint64_t packets;

static void set16(uint32_t off, uint32_t v)
{
	record.frame[off] = (uint8_t)(v >> 8);
	record.frame[off + 1] = (uint8_t)v;
}

static void set32(uint32_t off, uint32_t v)
{
	set16(off, v >> 16);
	set16(off + 2, v);
}

/* Everything that is the same in all frames. */
static void prepare_record(void)
{
	static const uint8_t headers[FRAME_HEADERS] = {
		2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0,				/* Ethernet */
		0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,	/* IPv4, don't fragment */
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0, 0xff, 0xff, 0, 0, 0, 0,	/* TCP, window 65535 */
		1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0,
	};
	uint32_t i;

	memcpy(record.frame, headers, sizeof(headers));
	for (i = 0; i < PAYLOAD_MAX; i++)
		record.frame[FRAME_HEADERS + i] = (uint8_t)('a' + i % 26);
}

static void set_ip_checksum(void)
{
	uint32_t acc = 0, i;

	set16(24, 0);
	for (i = 14; i < 34; i += 2)
		acc += (uint32_t)record.frame[i] << 8 | record.frame[i + 1];
	acc = (acc & 0xffff) + (acc >> 16);
	set16(24, ~(acc + (acc >> 16)));
}

static void write_segment(FILE *f, struct session *s, const struct step *step)
{
	uint32_t client = 0x0a000000u | (s->number & 0x3fffff), server = 0x0ac80000u | (s->number % 250 + 1);
	uint32_t client_port = 1024 + s->number % 60000, side = step->from_server;

	record.sec = BASE_TIME + (uint32_t)(now_us / 1000000);
	record.usec = (uint32_t)(now_us % 1000000);
	record.caplen = record.len = FRAME_HEADERS + step->len;
	set16(16, 52u + step->len);
	set16(18, (uint32_t)packets);
	set32(side ? 30 : 26, client);
	set32(side ? 26 : 30, server);
	set_ip_checksum();
	set16(side ? 36 : 34, client_port);
	set16(side ? 34 : 36, 443);
	set32(38, s->next[side]);
	set32(42, step->flags & ACK ? s->next[!side] : 0);
	record.frame[47] = step->flags;
	set32(58, (uint32_t)(now_us / 1000));
	set32(62, step->flags & ACK ? (uint32_t)(now_us / 1000) : 0);
	s->next[side] += step->len + (step->flags & SYN ? 1 : 0) + (step->flags & FIN ? 1 : 0);
	fwrite(&record, 16 + record.caplen, 1, f);
	packets++;
}

static void start_session(struct session *s, uint32_t number)
{
	s->number = number;
	s->next[0] = number * 2654435761u;
	s->next[1] = number * 2246822519u + 1;
}

#define HANDSHAKE { 0, SYN, 0 }, { 1, SYN | ACK, 0 }, { 0, ACK, 0 }
#define CLOSE { 0, FIN | ACK, 0 }, { 1, ACK, 0 }, { 1, FIN | ACK, 0 }, { 0, ACK, 0 }

/* One request and a response in four segments: 16 packets. */
static const struct step web[] = {
	HANDSHAKE, { 0, PSH | ACK, 200 }, { 1, ACK, 0 }, { 1, ACK, 1448 }, { 1, ACK, 1448 }, { 0, ACK, 0 },
	{ 1, ACK, 1448 }, { 0, ACK, 0 }, { 1, PSH | ACK, 300 }, { 0, ACK, 0 }, CLOSE,
};
static const struct step exchange[] = {
	{ 0, PSH | ACK, 60 }, { 1, ACK, 0 }, { 1, PSH | ACK, 20 }, { 0, ACK, 0 },
};
static const struct step handshake[] = { HANDSHAKE };
static const struct step closing[] = { CLOSE };
static const struct step bulk[] = { { 1, ACK, 1448 }, { 1, ACK, 1448 }, { 0, ACK, 0 } };

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct session *new_sessions(uint32_t count)
{
	struct session *s = calloc(count, sizeof(*s));
	uint32_t i;

	if (!s) {
		fputs("genload: no memory\n", stderr);
		exit(1);
	}
	for (i = 0; i < count; i++)
		start_session(&s[i], i);
	return s;
}

/* The steps, each done by every session before the next step. */
static void round_robin(FILE *f, struct session *s, uint32_t count, const struct step *steps, size_t step_count,
			uint32_t gap_us)
{
	size_t i;
	uint32_t k;

	for (i = 0; i < step_count; i++) {
		for (k = 0; k < count; k++, now_us += gap_us)
			write_segment(f, &s[k], &steps[i]);
	}
}

/* 200,000 sessions of 16 packets; 500 are open at once, each at another point of its life. */
static void make_sessions(FILE *f)
{
	enum { TOTAL = 200000, OPEN = 500 };
	struct session *s = new_sessions(OPEN);
	uint32_t at[OPEN], started = OPEN, left = OPEN, k;

	for (k = 0; k < OPEN; k++)
		at[k] = 0;
	while (left) {
		for (k = 0; k < OPEN; k++, now_us += 7) {
			if (at[k] == COUNT(web) || packets / 8 < k)	/* done, or not begun */
				continue;
			write_segment(f, &s[k], &web[at[k]++]);
			if (at[k] < COUNT(web))
				continue;
			if (started < TOTAL) {
				start_session(&s[k], started++);
				at[k] = 0;
			} else {
				left--;
			}
		}
	}
	free(s);
}

/* 20,000 sessions open at once, 80 packets each. */
static void make_open(FILE *f)
{
	enum { SESSIONS = 20000, EXCHANGES = (80 - 3 - 5) / 4 };
	static const struct step last = { 1, ACK, 0 };
	struct session *s = new_sessions(SESSIONS);
	uint32_t i;

	round_robin(f, s, SESSIONS, handshake, COUNT(handshake), 5);
	for (i = 0; i < EXCHANGES; i++)
		round_robin(f, s, SESSIONS, exchange, COUNT(exchange), 5);
	round_robin(f, s, SESSIONS, &last, 1, 5);
	round_robin(f, s, SESSIONS, closing, COUNT(closing), 5);
	free(s);
}

/* 10 sessions, 200,107 packets each: full segments, every second one acknowledged; 2 GB. */
static void make_bulk(FILE *f)
{
	enum { SESSIONS = 10, ROUNDS = 66700 };
	struct session *s = new_sessions(SESSIONS);
	uint32_t i;

	round_robin(f, s, SESSIONS, handshake, COUNT(handshake), 100);
	for (i = 0; i < ROUNDS; i++)
		round_robin(f, s, SESSIONS, bulk, COUNT(bulk), 1);
	round_robin(f, s, SESSIONS, closing, COUNT(closing), 100);
	free(s);
}

/* A million sessions that are all open at the end, 7 packets each. */
static void make_million(FILE *f)
{
	enum { SESSIONS = 1000000 };
	struct session *s = new_sessions(SESSIONS);

	round_robin(f, s, SESSIONS, handshake, COUNT(handshake), 1);
	round_robin(f, s, SESSIONS, exchange, COUNT(exchange), 1);
	free(s);
}

static const struct kind {
	const char *name;
	void (*make)(FILE *f);
	const char *text;
} kinds[] = {
	{ "sessions", make_sessions, "3,200,000 packets, 200,000 sessions, 500 open at once" },
	{ "open", make_open, "1,600,000 packets, 20,000 sessions, all open at once" },
	{ "bulk", make_bulk, "2,001,070 packets, 10 sessions, full segments, 2 GB" },
	{ "million", make_million, "7,000,000 packets, 1,000,000 sessions, all open at once" },
};

static int usage(void)
{
	size_t i;

	fputs("usage: genload KIND FILE\n", stderr);
	for (i = 0; i < COUNT(kinds); i++)
		fprintf(stderr, "  %-8s  %s\n", kinds[i].name, kinds[i].text);
	return 2;
}

int main(int argc, char **argv)
{
	static const struct {
		uint32_t magic;
		uint16_t major, minor;
		uint32_t zone, sigfigs, snaplen, link;
	} header = { 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1 };
	size_t i;
	FILE *f;

	for (i = 0; argc == 3 && i < COUNT(kinds); i++) {
		if (!strcmp(kinds[i].name, argv[1]))
			break;
	}
	if (argc != 3 || i == COUNT(kinds))
		return usage();
	f = fopen(argv[2], "wb");
	if (!f) {
		perror(argv[2]);
		return 1;
	}
	setvbuf(f, NULL, _IOFBF, BUFFER_LEN);
	fwrite(&header, sizeof(header), 1, f);
	prepare_record();
	kinds[i].make(f);
	if (ferror(f) || fclose(f)) {
		perror(argv[2]);
		return 1;
	}
	printf("%s: %llu packets\n", argv[2], (unsigned long long)packets);
	return 0;
}
