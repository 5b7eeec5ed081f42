/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_tracker FLOWS RECORDS: CPU time of everything behind the ring buffer for each record, with the default rules:
 * unpacking, tracking, judging. FLOWS sessions are opened; then each record is of a random one of them, as request and answer
 * in turn, nothing lost or sent twice. Prints one line: flows, records, nanoseconds a record, and those of the fastest of many
 * parts of the run, which other work on the machine disturbs less.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "config.h"
#include "monitor.h"
#include "wire.h"

#define CHUNK 4096	/* records made at once; making them is not timed */
#define BASE_NS 1700000000000000000u
#define PAYLOAD 100

struct flow {
	uint32_t next[2];	/* sequence number of the client, of the server */
	uint32_t turn;
};

struct bench {
	struct monitor *monitor;
	struct flow *flows;
	uint32_t flow_count;
	uint64_t random, records, now_ns, cpu_ns, chunk_ns_min;
	struct wire_head chunk[CHUNK];
};

static uint64_t cpu_clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void set_address(uint8_t addr[4], uint32_t v)
{
	addr[0] = (uint8_t)(v >> 24);
	addr[1] = (uint8_t)(v >> 16);
	addr[2] = (uint8_t)(v >> 8);
	addr[3] = (uint8_t)v;
}

static void make_record(struct bench *b, struct wire_head *w, uint32_t n, uint8_t side, uint8_t flags, uint32_t len)
{
	struct flow *f = &b->flows[n];
	uint16_t client_port = (uint16_t)(1024 + n % 60000);

	*w = (struct wire_head){
		.ktime_ns = b->now_ns += 1000,
		.seq = f->next[side],
		.ack = flags & TCP_ACK ? f->next[!side] : 0,
		.wire_len = 66 + len,
		.payload_len = len,
		.sport = side ? 443 : client_port,
		.dport = side ? client_port : 443,
		.window = 500,
		.segs = 1,
		.ip_id = (uint16_t)f->turn,
		.ifindex = 2,
		.ts_value = (uint32_t)(b->now_ns / 1000000),
		.ts_echo = (uint32_t)(b->now_ns / 1000000),
		.flags = flags,
		.ttl = 64,
		.opt_len = 12,
		.egress = !side,
		.bits = WIRE_TIMESTAMP,
	};
	set_address(side ? w->daddr : w->saddr, 0x0a000000u + n);
	set_address(side ? w->saddr : w->daddr, 0xc0a80000u + n % 250);
	f->next[side] += len + !!(flags & TCP_SYN);
}

static void feed_chunk(struct bench *b, uint32_t count)
{
	uint8_t options[SOURCE_BATCH][TCP_OPTIONS_MAX];
	struct segment batch[SOURCE_BATCH];
	uint64_t start = cpu_clock_ns(), took;
	uint32_t i, n;

	for (i = 0; i < count; i += n) {
		for (n = 0; n < SOURCE_BATCH && i + n < count; n++) {
			if (!wire_unpack(&b->chunk[i + n], sizeof(b->chunk[0]), &batch[n], options[n]))
				abort();
			batch[n].ts_ns += BASE_NS;
		}
		monitor_segments(b->monitor, batch, n);
	}
	took = cpu_clock_ns() - start;
	if (took < b->chunk_ns_min && count == CHUNK)
		b->chunk_ns_min = took;
	b->cpu_ns += took;
	b->records += count;
}

static uint32_t random_flow(struct bench *b)
{
	b->random ^= b->random << 13;	/* xorshift64 */
	b->random ^= b->random >> 7;
	b->random ^= b->random << 17;
	return (uint32_t)((b->random >> 32) * b->flow_count >> 32);
}

static void open_flows(struct bench *b)
{
	static const uint8_t flags[3] = { TCP_SYN, TCP_SYN | TCP_ACK, TCP_ACK };
	uint32_t step, n, i = 0;

	for (step = 0; step < 3; step++) {
		for (n = 0; n < b->flow_count; n++) {
			make_record(b, &b->chunk[i++], n, step == 1, flags[step], 0);
			if (i < CHUNK && n + 1 < b->flow_count)
				continue;
			feed_chunk(b, i);
			i = 0;
		}
	}
}

static void exchange(struct bench *b, uint64_t records)
{
	uint32_t i, n;

	b->records = b->cpu_ns = 0;
	b->chunk_ns_min = UINT64_MAX;
	while (b->records < records) {
		for (i = 0; i < CHUNK; i++) {
			n = random_flow(b);
			make_record(b, &b->chunk[i], n, b->flows[n].turn++ & 1, TCP_ACK | TCP_PSH, PAYLOAD);
		}
		feed_chunk(b, CHUNK);
	}
}

static int fail(const char *what)
{
	fprintf(stderr, "bench_tracker: %s\n", what);
	return 1;
}

int main(int argc, char **argv)
{
	uint64_t records = argc == 3 ? strtoull(argv[2], NULL, 10) : 0;
	static struct bench b = { .random = 88172645463325252u };
	struct statistics st;
	struct config cfg;
	struct stream out;

	b.flow_count = argc == 3 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
	if (!b.flow_count || !records) {
		fputs("usage: bench_tracker FLOWS RECORDS\n", stderr);
		return 2;
	}
	config_init(&cfg);
	cfg.tracker.session_limit = b.flow_count;
	stream_init(&out, stdout, false);
	b.monitor = monitor_new(&cfg, &out);
	b.flows = calloc(b.flow_count, sizeof(b.flows[0]));
	if (!b.monitor || !b.flows)
		return fail("not enough memory");
	open_flows(&b);
	exchange(&b, records / 4);	/* from here on memory is in place */
	exchange(&b, records);
	monitor_statistics(b.monitor, &st);
	if (st.tracker.active != b.flow_count || st.tracker.retransmitted + st.tracker.copies + st.tracker.not_followed)
		return fail("the sessions are not what they were meant to be");
	printf("%u flows, %llu records: %.1f ns a record, fastest %.1f\n", b.flow_count, (unsigned long long)b.records,
	       (double)b.cpu_ns / (double)b.records, (double)b.chunk_ns_min / CHUNK);
	monitor_free(b.monitor);
	free(b.flows);
	config_fini(&cfg);
	return 0;
}
