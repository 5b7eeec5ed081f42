/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Captures are written byte by byte here, so that each one is as right, or as wrong, as its test wants it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <zlib.h>
#include <zstd.h>

#include <cmocka.h>

#include "source.h"

enum {
	PCAP_MICRO = 0xa1b2c3d4u,
	PCAP_NANO = 0xa1b23c4du,
	LINKTYPE_ETHERNET = 1,
	LINKTYPE_RAW = 101,
	LINKTYPE_LINUX_SLL = 113,
	PCAP_HEADER_LEN = 24,
	RECORD_HEADER_LEN = 16,
	SECONDS = 1700000000,
	TIMEOUT = 20,	/* seconds after which a test that waits for ever is ended */
};

struct bytes {
	uint8_t data[16384];
	size_t len;
	bool swapped;	/* numbers are big-endian */
};

struct outcome {
	bool opened, usage;
	enum poll_result end;
	size_t count;			/* segments */
	uint64_t ts_ns[16];		/* of the first ones */
	uint32_t seq[16];
	uint32_t wire_len[16];
	char error[SOURCE_ERROR_MAX];
	char description[SOURCE_ERROR_MAX];
	struct source_stats stats;
};

static char folder[] = "/tmp/test_pcap_file.XXXXXX";

/* Bytes */

static void put(struct bytes *b, const void *data, size_t len)
{
	assert_true(b->len + len <= sizeof(b->data));
	memcpy(b->data + b->len, data, len);
	b->len += len;
}

static void put_number(struct bytes *b, uint32_t value, unsigned size)
{
	unsigned i;

	for (i = 0; i < size; i++) {
		uint8_t byte = (uint8_t)(value >> 8 * (b->swapped ? size - 1 - i : i));

		put(b, &byte, 1);
	}
}

static void put_pcap_header(struct bytes *b, uint32_t magic, uint32_t link_type)
{
	put_number(b, magic, 4);
	put_number(b, 2, 2);
	put_number(b, 4, 2);
	put_number(b, 0, 4);
	put_number(b, 0, 4);
	put_number(b, 65535, 4);
	put_number(b, link_type, 4);
}

static void put_record(struct bytes *b, uint32_t seconds, uint32_t fraction, const struct bytes *frame, uint32_t captured)
{
	put_number(b, seconds, 4);
	put_number(b, fraction, 4);
	put_number(b, captured, 4);
	put_number(b, (uint32_t)frame->len, 4);
	put(b, frame->data, captured);
}

static void put_section(struct bytes *b)
{
	put_number(b, 0x0a0d0d0a, 4);
	put_number(b, 28, 4);
	put_number(b, 0x1a2b3c4d, 4);
	put_number(b, 1, 2);
	put_number(b, 0, 2);
	put_number(b, UINT32_MAX, 4);
	put_number(b, UINT32_MAX, 4);
	put_number(b, 28, 4);
}

static void put_interface(struct bytes *b, uint16_t link_type, uint32_t snaplen)
{
	static const uint8_t nanoseconds[4] = { 9 };

	put_number(b, 1, 4);
	put_number(b, 32, 4);
	put_number(b, link_type, 2);
	put_number(b, 0, 2);
	put_number(b, snaplen, 4);
	put_number(b, 9, 2);	/* if_tsresol */
	put_number(b, 1, 2);
	put(b, nanoseconds, 4);
	put_number(b, 0, 4);
	put_number(b, 32, 4);
}

static void put_packet_block(struct bytes *b, uint64_t ts_ns, const struct bytes *frame)
{
	uint32_t padded = (uint32_t)(frame->len + 3) & ~3u, block_len = 32 + padded;

	put_number(b, 6, 4);
	put_number(b, block_len, 4);
	put_number(b, 0, 4);
	put_number(b, (uint32_t)(ts_ns >> 32), 4);
	put_number(b, (uint32_t)ts_ns, 4);
	put_number(b, (uint32_t)frame->len, 4);
	put_number(b, (uint32_t)frame->len, 4);
	put(b, frame->data, frame->len);
	put(b, "\0\0", padded - frame->len);
	put_number(b, block_len, 4);
}

/* Ethernet, IPv4, TCP 10.0.0.1:1000 > 10.0.0.2:80 with MSS 1460 and the payload "hello". */
static const uint8_t ethernet[14] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x08, 0x00 };

static struct bytes ip_packet(uint32_t seq)
{
	static const uint8_t ip[20] = { 0x45, 0, 0, 49, 0, 1, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2 };
	static const uint8_t tcp[12] = { 0x60, 0x18, 1, 0, 0, 0, 0, 0, 2, 4, 0x05, 0xb4 };
	struct bytes b = { .swapped = true };

	put(&b, ip, sizeof(ip));
	put_number(&b, 1000, 2);
	put_number(&b, 80, 2);
	put_number(&b, seq, 4);
	put_number(&b, 0, 4);
	put(&b, tcp, sizeof(tcp));
	put(&b, "hello", 5);
	return b;
}

static struct bytes frame(uint32_t seq)
{
	struct bytes packet = ip_packet(seq), b = { .len = 0 };

	put(&b, ethernet, sizeof(ethernet));
	put(&b, packet.data, packet.len);
	return b;
}

/* A capture of count frames, one a second, with sequence numbers from first. */
static struct bytes capture(uint32_t first, uint32_t count)
{
	struct bytes b = { .len = 0 }, f;
	uint32_t i;

	put_pcap_header(&b, PCAP_MICRO, LINKTYPE_ETHERNET);
	for (i = 0; i < count; i++) {
		f = frame(first + i);
		put_record(&b, SECONDS + i, 0, &f, (uint32_t)f.len);
	}
	return b;
}

static void put_gzip(struct bytes *b, const uint8_t *data, size_t len)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)data, .avail_in = (uInt)len };

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_out = b->data + b->len;
	z.avail_out = (uInt)(sizeof(b->data) - b->len);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	b->len += z.total_out;
	deflateEnd(&z);
}

static void put_zstd(struct bytes *b, const uint8_t *data, size_t len)
{
	size_t n = ZSTD_compress(b->data + b->len, sizeof(b->data) - b->len, data, len, 3);

	assert_false(ZSTD_isError(n));
	b->len += n;
}

typedef void put_compressed_fn(struct bytes *b, const uint8_t *data, size_t len);

/* The capture with its header and each of its records in a gzip member or zstd frame of its own. */
static struct bytes compress_in_parts(const struct bytes *plain, put_compressed_fn *put_part)
{
	size_t part = PCAP_HEADER_LEN, at;
	struct bytes b = { .len = 0 };

	for (at = 0; at < plain->len; at += part) {
		part = at ? RECORD_HEADER_LEN + frame(0).len : PCAP_HEADER_LEN;
		put_part(&b, plain->data + at, part);
	}
	return b;
}

static void split_capture(struct bytes *parts, size_t count)
{
	struct bytes b = capture(0, (uint32_t)count - 1);
	size_t i, record = RECORD_HEADER_LEN + frame(0).len, at = 0;

	for (i = 0; i < count; i++) {
		parts[i].len = 0;
		put(&parts[i], b.data + at, i ? record : PCAP_HEADER_LEN);
		at += parts[i].len;
	}
}

typedef void flush_parts_fn(struct bytes *parts, size_t count);

/* Makes one gzip member of the parts, such that each can be decompressed without the next. */
static void flush_gzip(struct bytes *parts, size_t count)
{
	z_stream z = { .next_in = NULL };
	struct bytes plain;
	size_t i;

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	for (i = 0; i < count; i++) {
		plain = parts[i];
		z.next_in = plain.data;
		z.avail_in = (uInt)plain.len;
		z.next_out = parts[i].data;
		z.avail_out = sizeof(parts[i].data);
		assert_true(deflate(&z, i + 1 == count ? Z_FINISH : Z_SYNC_FLUSH) >= 0);
		parts[i].len = (size_t)(z.next_out - parts[i].data);
	}
	deflateEnd(&z);
}

/* The same as one zstd frame. */
static void flush_zstd(struct bytes *parts, size_t count)
{
	ZSTD_CCtx *c = ZSTD_createCCtx();
	struct bytes plain;
	size_t i;

	for (i = 0; i < count; i++) {
		ZSTD_outBuffer out = { .dst = parts[i].data, .size = sizeof(parts[i].data) };
		ZSTD_inBuffer in = { .src = plain.data };

		plain = parts[i];
		in.size = plain.len;
		assert_int_equal(ZSTD_compressStream2(c, &out, &in, i + 1 == count ? ZSTD_e_end : ZSTD_e_flush), 0);
		parts[i].len = out.pos;
	}
	ZSTD_freeCCtx(c);
}

/* Files */

static const char *path_of(const char *name)
{
	static char paths[4][128];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static const char *write_part(const char *name, const struct bytes *b, size_t len)
{
	const char *path = path_of(name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(b->data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	return path;
}

static const char *write_file(const char *name, const struct bytes *b)
{
	return write_part(name, b, b->len);
}

/* Running */

static void collect(void *ctx, const struct segment *seg, size_t count)
{
	struct outcome *o = ctx;

	for (; count; count--, seg++, o->count++) {
		if (o->count >= 16)
			continue;
		o->ts_ns[o->count] = seg->ts_ns;
		o->seq[o->count] = seg->seq;
		o->wire_len[o->count] = seg->wire_len;
	}
}

static struct outcome run_with(const struct source_config *cfg, segments_fn *fn, void *ctx)
{
	struct outcome o = { .end = POLL_END };
	struct source *s;

	alarm(TIMEOUT);
	s = source_pcap_file.open(cfg, o.error, sizeof(o.error), &o.usage);
	o.opened = s != NULL;
	if (s) {
		source_pcap_file.describe(s, o.description, sizeof(o.description));
		do {
			o.end = source_pcap_file.poll(s, fn ? fn : collect, fn ? ctx : &o);
		} while (o.end == POLL_MORE);
		if (o.end == POLL_FAILED)
			snprintf(o.error, sizeof(o.error), "%s", source_pcap_file.error(s));
		source_pcap_file.stats(s, &o.stats);
		source_pcap_file.close(s);
	}
	alarm(0);
	return o;
}

static struct outcome run(const char *path, const char *filter)
{
	const struct source_config cfg = { .files = &path, .file_count = 1, .filter = filter };

	return run_with(&cfg, NULL, NULL);
}

static void assert_contains(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" does not contain \"%s\"", text, part);
	assert_null(strchr(text, '\n'));
}

/* Formats */

static void byte_orders_and_precisions(void **state)
{
	static const struct {
		uint32_t magic;
		bool swapped;
		uint64_t ns;
	} cases[] = {
		{ PCAP_MICRO, false, 123456000 },
		{ PCAP_MICRO, true, 123456000 },
		{ PCAP_NANO, false, 123456 },
		{ PCAP_NANO, true, 123456 },
	};
	struct bytes f = frame(1);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bytes b = { .swapped = cases[i].swapped };
		struct outcome o;

		put_pcap_header(&b, cases[i].magic, LINKTYPE_ETHERNET);
		put_record(&b, SECONDS, 123456, &f, (uint32_t)f.len);
		o = run(write_file("order.pcap", &b), NULL);
		assert_int_equal(o.end, POLL_END);
		assert_int_equal(o.count, 1);
		assert_true(o.ts_ns[0] == SECONDS * UINT64_C(1000000000) + cases[i].ns);
	}
}

static struct bytes pcapng(bool swapped, uint32_t count)
{
	struct bytes b = { .swapped = swapped }, f;
	uint32_t i;

	put_section(&b);
	put_interface(&b, LINKTYPE_ETHERNET, 0);
	for (i = 0; i < count; i++) {
		f = frame(i);
		put_packet_block(&b, SECONDS * UINT64_C(1000000000) + i, &f);
	}
	return b;
}

static void pcapng_in_both_byte_orders(void **state)
{
	int swapped;

	(void)state;
	for (swapped = 0; swapped <= 1; swapped++) {
		struct bytes b = pcapng(swapped, 3);
		struct outcome o = run(write_file("a.pcapng", &b), NULL);

		assert_int_equal(o.end, POLL_END);
		assert_int_equal(o.count, 3);
		assert_true(o.ts_ns[2] == SECONDS * UINT64_C(1000000000) + 2);
	}
}

static void impossible_times_do_not_move_the_clock(void **state)
{
	struct bytes b = { .len = 0 }, ng = { .len = 0 }, f = frame(1);
	const char *files[2];
	const struct source_config cfg = { .files = files, .file_count = 2 };
	struct outcome o;

	(void)state;
	put_pcap_header(&b, PCAP_NANO, LINKTYPE_ETHERNET);
	put_record(&b, SECONDS, 7, &f, (uint32_t)f.len);
	put_record(&b, SECONDS + 5, 1000000000, &f, (uint32_t)f.len);
	put_record(&b, SECONDS + 5, UINT32_MAX, &f, (uint32_t)f.len);
	put_record(&b, 4000000000, 0, &f, (uint32_t)f.len);	/* 2096: more than 31 bits */
	put_section(&ng);
	put_interface(&ng, LINKTYPE_ETHERNET, 0);
	put_packet_block(&ng, UINT64_MAX, &f);
	files[0] = write_file("times.pcap", &b);
	files[1] = write_file("times.pcapng", &ng);
	o = run_with(&cfg, NULL, NULL);
	assert_int_equal(o.count, 5);
	assert_true(o.ts_ns[0] == SECONDS * UINT64_C(1000000000) + 7);
	assert_true(o.ts_ns[1] == o.ts_ns[0]);
	assert_true(o.ts_ns[2] == o.ts_ns[0]);
	assert_true(o.ts_ns[3] == UINT64_C(4000000000000000000));
	assert_true(o.ts_ns[4] == o.ts_ns[3]);
}

/* Segments */

static void check_borrowed_one(void *ctx, const struct segment *seg)
{
	static const uint8_t mss[4] = { 2, 4, 0x05, 0xb4 };
	uint32_t *count = ctx;

	switch ((*count)++) {
	case 0:		/* padded to 70 bytes */
		assert_int_equal(seg->wire_len, 70);
		assert_int_equal(seg->payload_len, 5);
		assert_int_equal(seg->payload_cap, 5);
		assert_memory_equal(seg->payload, "hello", 5);
		assert_int_equal(seg->opt_len, 4);
		assert_memory_equal(seg->opt, mss, 4);
		break;
	case 1:		/* captured up to "he" */
		assert_int_equal(seg->payload_len, 5);
		assert_int_equal(seg->payload_cap, 2);
		assert_memory_equal(seg->payload, "he", 2);
		break;
	case 2:		/* captured up to the first two option bytes */
		assert_int_equal(seg->payload_len, 5);
		assert_int_equal(seg->payload_cap, 0);
		assert_int_equal(seg->opt_len, 2);
		assert_memory_equal(seg->opt, mss, 2);
		break;
	case 3:		/* a later fragment */
		assert_int_equal(seg->frag, FRAG_LATER);
		assert_int_equal(seg->payload_cap, 0);
		break;
	}
	assert_int_equal(seg->segs, 0);
}

static void check_borrowed(void *ctx, const struct segment *seg, size_t count)
{
	for (; count; count--, seg++)
		check_borrowed_one(ctx, seg);
}

static void segments_lend_what_was_captured(void **state)
{
	struct bytes b = { .len = 0 }, f = frame(1), padded = f, fragment = f;
	uint32_t count = 0;
	const char *path;
	const struct source_config cfg = { .files = &path, .file_count = 1 };

	(void)state;
	put(&padded, "1234567", 7);
	fragment.data[14 + 7] = 1;	/* offset 8 */
	put_pcap_header(&b, PCAP_MICRO, LINKTYPE_ETHERNET);
	put_record(&b, SECONDS, 0, &padded, (uint32_t)padded.len);
	put_record(&b, SECONDS, 0, &f, (uint32_t)f.len - 3);
	put_record(&b, SECONDS, 0, &f, (uint32_t)f.len - 7);
	put_record(&b, SECONDS, 0, &fragment, (uint32_t)fragment.len);
	path = write_file("lent.pcap", &b);
	run_with(&cfg, check_borrowed, &count);
	assert_int_equal(count, 4);
}

static void every_frame_is_counted(void **state)
{
	struct bytes b = capture(1, 2), udp = frame(3);
	struct outcome o;

	(void)state;
	udp.data[14 + 9] = 17;
	put_record(&b, SECONDS, 0, &udp, (uint32_t)udp.len);
	put_record(&b, SECONDS, 0, &udp, 13);
	o = run(write_file("counted.pcap", &b), NULL);
	assert_int_equal(o.stats.frames, 4);
	assert_int_equal(o.stats.decoded[DECODE_TCP], 2);
	assert_int_equal(o.stats.decoded[DECODE_NOT_TCP], 1);
	assert_int_equal(o.stats.decoded[DECODE_TRUNCATED], 1);

	o = run(write_file("counted.pcap", &b), "tcp[4:4] = 2 or udp");
	assert_int_equal(o.count, 1);
	assert_int_equal(o.seq[0], 2);
	assert_int_equal(o.stats.frames, 4);
	assert_int_equal(o.stats.filtered, 2);
	assert_int_equal(o.stats.decoded[DECODE_TCP], 1);
	assert_int_equal(o.stats.decoded[DECODE_NOT_TCP], 1);
}

static void a_length_shorter_than_captured_is_not_believed(void **state)
{
	struct bytes b = capture(1, 1);
	struct outcome o;

	(void)state;
	b.data[PCAP_HEADER_LEN + 12] = 5;	/* length on the wire */
	o = run(write_file("short.pcap", &b), NULL);
	assert_int_equal(o.count, 1);
	assert_int_equal(o.wire_len[0], frame(0).len);
}

/* Several files */

static void files_are_one_capture_in_order(void **state)
{
	struct bytes first = capture(10, 2), last = capture(30, 1), raw = { .len = 0 }, packet = ip_packet(20);
	const char *files[3];
	const struct source_config cfg = { .files = files, .file_count = 3, .filter = "src host 10.0.0.1" };
	struct outcome o;

	(void)state;
	put_pcap_header(&raw, PCAP_NANO, LINKTYPE_RAW);
	put_record(&raw, SECONDS, 0, &packet, (uint32_t)packet.len);
	files[0] = write_file("1.pcap", &first);
	files[1] = write_file("2.pcap", &raw);
	files[2] = write_file("3.pcap", &last);
	o = run_with(&cfg, NULL, NULL);
	assert_int_equal(o.end, POLL_END);
	assert_int_equal(o.count, 4);
	assert_int_equal(o.seq[0], 10);
	assert_int_equal(o.seq[1], 11);
	assert_int_equal(o.seq[2], 20);
	assert_int_equal(o.seq[3], 30);
	assert_contains(o.description, "1.pcap and 2 more files, link-type EN10MB (Ethernet), capture size 65535 bytes");
}

static void the_files_after_a_broken_one_are_read(void **state)
{
	struct bytes b = capture(10, 2), whole = capture(20, 1);
	const char *files[3];
	const struct source_config cfg = { .files = files, .file_count = 3 };
	struct outcome o;

	(void)state;
	files[0] = write_part("cut1.pcap", &b, b.len - 1);
	files[1] = write_part("cut2.pcap", &b, b.len - 1);
	files[2] = write_file("whole.pcap", &whole);
	o = run_with(&cfg, NULL, NULL);
	assert_int_equal(o.end, POLL_FAILED);
	assert_int_equal(o.count, 3);
	assert_int_equal(o.seq[2], 20);
	assert_contains(o.error, "cut1.pcap: broken after packet 1, at byte");
	assert_contains(o.error, "the file ends inside a packet");
	assert_contains(o.error, "; 1 more file broke");
}

static void a_file_that_vanishes_is_told(void **state)
{
	struct bytes b = capture(1, 1);
	const char *path = write_file("vanish.pcap", &b);
	const struct source_config cfg = { .files = &path, .file_count = 1 };
	char err[SOURCE_ERROR_MAX];
	bool usage;
	struct source *s = source_pcap_file.open(&cfg, err, sizeof(err), &usage);

	(void)state;
	assert_non_null(s);
	unlink(path);
	assert_int_equal(source_pcap_file.poll(s, collect, NULL), POLL_FAILED);
	assert_contains(source_pcap_file.error(s), "vanish.pcap: No such file or directory");
	source_pcap_file.close(s);
}

/* Broken files */

static void cut_at_every_byte_pcap(void **state)
{
	struct bytes b = capture(0, 3);
	size_t cut, record = RECORD_HEADER_LEN + frame(0).len;

	(void)state;
	for (cut = 0; cut <= b.len; cut++) {
		struct outcome o = run(write_part("cut.pcap", &b, cut), NULL);
		size_t body = cut - PCAP_HEADER_LEN;

		assert_false(o.usage);
		assert_int_equal(o.opened, cut >= PCAP_HEADER_LEN);
		if (!o.opened) {
			assert_contains(o.error, cut ? "cut.pcap: the file ends inside its header" : "cut.pcap: is empty");
			continue;
		}
		assert_int_equal(o.count, body / record);
		assert_int_equal(o.end, body % record ? POLL_FAILED : POLL_END);
		if (o.end == POLL_FAILED)
			assert_contains(o.error, "the file ends inside a packet or block");
	}
}

static void cut_at_every_byte_pcapng(void **state)
{
	struct bytes b = pcapng(true, 3);
	size_t cut, header = pcapng(true, 0).len, block = pcapng(true, 1).len - header;

	(void)state;
	for (cut = 1; cut <= b.len; cut++) {
		struct outcome o = run(write_part("cut.pcapng", &b, cut), NULL);

		assert_int_equal(o.opened, cut >= header);
		assert_contains(o.error, o.opened && (cut - header) % block == 0 ? "" : "cut.pcapng: ");
		if (o.opened) {
			assert_int_equal(o.count, (cut - header) / block);
			assert_int_equal(o.end, (cut - header) % block ? POLL_FAILED : POLL_END);
		}
	}
}

/* With a part for each record, all parts that are whole must come out. */
static void check_every_cut(put_compressed_fn *put_part)
{
	struct bytes plain = capture(0, 3), b = compress_in_parts(&plain, put_part), parts[5];
	size_t cut, n, i;

	for (i = 0; i < 5; i++) {
		struct bytes some = capture(0, i ? (uint32_t)i - 1 : 0);

		parts[i].len = 0;
		if (i)
			parts[i] = compress_in_parts(&some, put_part);
	}
	for (cut = parts[1].len; cut <= b.len; cut++) {
		struct outcome o = run(write_part("cut.z", &b, cut), NULL);
		bool whole = false;

		for (n = 0, i = 1; i < 5; i++) {
			if (cut >= parts[i].len)
				n = i - 1;
			whole = whole || cut == parts[i].len;
		}
		assert_true(o.opened);
		assert_int_equal(o.end, whole ? POLL_END : POLL_FAILED);
		/* What is inside of a cut part may come out, too. */
		assert_true(o.count == n || (!whole && o.count == n + 1));
		if (!whole)
			assert_contains(o.error, "the compressed data end too early");
	}
	for (cut = 1; cut < parts[1].len; cut++) {
		struct outcome o = run(write_part("cut.z", &b, cut), NULL);

		assert_int_equal(o.count, 0);
		assert_true(!o.opened || o.end == POLL_FAILED);
		assert_contains(o.error, "cut.z: ");
	}
}

static void cut_at_every_byte_gzip(void **state)
{
	(void)state;
	check_every_cut(put_gzip);
}

static void cut_at_every_byte_zstd(void **state)
{
	(void)state;
	check_every_cut(put_zstd);
}

static void what_precedes_damage_is_delivered(void **state)
{
	static put_compressed_fn *const formats[] = { put_gzip, put_zstd };
	struct bytes plain = capture(0, 3), two = capture(0, 2);
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		struct bytes b = compress_in_parts(&plain, formats[i]);
		struct outcome o;

		b.data[compress_in_parts(&two, formats[i]).len] ^= 0xff;	/* magic number of the third record's part */
		o = run(write_file("damaged.z", &b), NULL);
		assert_int_equal(o.end, POLL_FAILED);
		assert_int_equal(o.count, 2);
		assert_contains(o.error, "damaged.z: broken after packet 2, at byte 182 of the decompressed data: ");
	}
}

/* The third record's block gets type 3, reserved in the same two bits by both (RFC 1951 3.2.3, RFC 8878 3.1.1.2). */
static void what_precedes_a_damaged_block_is_delivered(void **state)
{
	static flush_parts_fn *const formats[] = { flush_gzip, flush_zstd };
	size_t i, k;

	(void)state;
	for (i = 0; i < 2; i++) {
		struct bytes parts[4], b = { .len = 0 };
		struct outcome o;

		split_capture(parts, 4);
		formats[i](parts, 4);
		parts[3].data[0] |= 6;
		for (k = 0; k < 4; k++)
			put(&b, parts[k].data, parts[k].len);
		o = run(write_file("damaged.z", &b), NULL);
		assert_int_equal(o.end, POLL_FAILED);
		assert_int_equal(o.count, 2);
	}
}

static void interfaces_that_differ_are_refused_at_once(void **state)
{
	struct bytes b = { .len = 0 }, f = frame(1);
	struct outcome o;

	(void)state;
	put_section(&b);
	put_interface(&b, LINKTYPE_ETHERNET, 0);
	put_interface(&b, LINKTYPE_RAW, 0);
	put_packet_block(&b, 0, &f);
	o = run(write_file("types.pcapng", &b), NULL);
	assert_false(o.opened);
	assert_contains(o.error, "types.pcapng: libpcap does not read pcapng files with several link types");
	assert_contains(o.error, "tshark -r FILE -Y frame.interface_id==0");

	b.len = 0;
	put_section(&b);
	put_interface(&b, LINKTYPE_ETHERNET, 0);
	put_packet_block(&b, 0, &f);
	put_interface(&b, LINKTYPE_ETHERNET, 96);
	o = run(write_file("lengths.pcapng", &b), NULL);
	assert_int_equal(o.count, 1);
	assert_int_equal(o.end, POLL_FAILED);
	assert_contains(o.error, "lengths.pcapng: broken after packet 1");
	assert_contains(o.error, "several snapshot lengths: convert it with `editcap");
}

/* Compressed files */

static void gzip_and_zstd_with_many_parts(void **state)
{
	static const uint8_t skippable[12] = { 0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4 };
	struct bytes plain = capture(5, 4), gz = compress_in_parts(&plain, put_gzip), zst = { .len = 0 };
	struct bytes frames = compress_in_parts(&plain, put_zstd);
	struct outcome o;

	(void)state;
	put(&zst, skippable, sizeof(skippable));
	put(&zst, frames.data, frames.len);
	o = run(write_file("no-suffix", &gz), NULL);
	assert_int_equal(o.end, POLL_END);
	assert_int_equal(o.count, 4);
	assert_int_equal(o.seq[3], 8);
	o = run(write_file("no-suffix", &zst), NULL);
	assert_int_equal(o.end, POLL_END);
	assert_int_equal(o.count, 4);
	assert_int_equal(o.seq[3], 8);
}

/* The caller frees it. */
static uint8_t *large_capture(size_t count, size_t *len)
{
	struct bytes one = capture(1, 1);
	size_t i, record = one.len - PCAP_HEADER_LEN;
	uint8_t *plain;

	*len = PCAP_HEADER_LEN + count * record;
	plain = malloc(*len);
	assert_non_null(plain);
	memcpy(plain, one.data, PCAP_HEADER_LEN);
	for (i = 0; i < count; i++)
		memcpy(plain + PCAP_HEADER_LEN + i * record, one.data + PCAP_HEADER_LEN, record);
	return plain;
}

/* More than any buffer on the way holds, and it compresses well: output waits for room again and again, at the end too. */
static void large_compressed_files(void **state)
{
	static put_compressed_fn *const formats[] = { put_gzip, put_zstd };
	size_t count = 21200, len, k;
	uint8_t *plain = large_capture(count, &len);

	(void)state;
	for (k = 0; k < 2; k++) {
		struct bytes b = { .len = 0 };
		struct outcome o;

		formats[k](&b, plain, len);
		o = run(write_file("large.z", &b), NULL);
		assert_int_equal(o.end, POLL_END);
		assert_int_equal(o.count, count);
	}
	free(plain);
}

static struct outcome run_bytes(const char *name, const uint8_t *data, size_t len)
{
	const char *path = path_of(name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	return run(path, NULL);
}

/* Plain files are not read by libpcap as long as they are as they should be, compressed ones are. */
static void check_both_readers(const uint8_t *plain, size_t len)
{
	struct outcome by_blocks = run_bytes("both.pcap", plain, len), by_libpcap;
	struct bytes b = { .len = 0 };
	char *of;

	put_gzip(&b, plain, len);
	by_libpcap = run(write_file("both.pcap", &b), NULL);
	assert_int_equal(by_blocks.end, by_libpcap.end);
	assert_int_equal(by_blocks.count, by_libpcap.count);
	assert_memory_equal(by_blocks.ts_ns, by_libpcap.ts_ns, sizeof(by_blocks.ts_ns));
	assert_memory_equal(&by_blocks.stats, &by_libpcap.stats, sizeof(by_blocks.stats));
	of = strstr(by_libpcap.error, " of the decompressed data");
	if (of)
		memmove(of, of + strlen(" of the decompressed data"), strlen(of) - strlen(" of the decompressed data") + 1);
	assert_string_equal(by_blocks.error, by_libpcap.error);
}

static void set_captured(uint8_t *record, uint32_t captured)
{
	memcpy(record + 8, &captured, sizeof(captured));
}

static void plain_files_are_read_as_libpcap_reads(void **state)
{
	size_t count = 21200, len;
	uint8_t *plain = large_capture(count, &len), *middle;
	size_t record_len = (len - PCAP_HEADER_LEN) / count;

	(void)state;
	middle = plain + PCAP_HEADER_LEN + count / 2 * record_len;
	check_both_readers(plain, len);
	check_both_readers(plain, len - 1);
	check_both_readers(plain, len - record_len + 3);
	check_both_readers(plain, PCAP_HEADER_LEN);
	set_captured(middle, (uint32_t)record_len * 1001 - RECORD_HEADER_LEN);	/* more than the snap length, then as before */
	check_both_readers(plain, len);
	set_captured(middle, 0x7fffffff);
	check_both_readers(plain, len);
	set_captured(middle, 0);	/* the frame is taken for a record header */
	check_both_readers(plain, len);
	free(plain);
}

/* Standard input. A writer that waits for each segment before it writes the next one shows that nothing is held back. */

struct writer {
	int fd;
	const struct bytes *parts;	/* the header, then a record each */
	size_t count, written;
	size_t segments;
	volatile sig_atomic_t *stop;	/* not NULL: to be set instead of writing on */
};

static void write_next(struct writer *w)
{
	if (w->written < w->count) {
		const struct bytes *part = &w->parts[w->written++];

		assert_int_equal(write(w->fd, part->data, part->len), part->len);
	} else {
		close(w->fd);
	}
}

static void answer(void *ctx, const struct segment *seg, size_t count)
{
	struct writer *w = ctx;

	(void)seg;
	assert_int_equal(count, 1);
	w->segments++;
	if (w->stop)
		*w->stop = 1;
	else
		write_next(w);
}

/* Makes a pipe standard input; returns the end to write to. */
static int stdin_pipe(void)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	close(ends[0]);
	return ends[1];
}

static const char *const dash = "-";

static void check_pipe(const struct bytes *parts, size_t count)
{
	const struct source_config cfg = { .files = &dash, .file_count = 1 };
	struct writer w = { .fd = stdin_pipe(), .parts = parts, .count = count };
	struct outcome o;

	write_next(&w);
	write_next(&w);
	o = run_with(&cfg, answer, &w);
	assert_int_equal(o.end, POLL_END);
	assert_int_equal(w.segments, count - 1);
	assert_contains(o.description, "standard input, link-type EN10MB");
}

static void a_pipe_is_read_as_it_arrives(void **state)
{
	struct bytes parts[4];

	(void)state;
	split_capture(parts, 4);
	check_pipe(parts, 4);
}

static void a_gzip_pipe_is_read_as_it_arrives(void **state)
{
	struct bytes parts[4];

	(void)state;
	split_capture(parts, 4);
	flush_gzip(parts, 4);
	check_pipe(parts, 4);
}

static void a_zstd_pipe_is_read_as_it_arrives(void **state)
{
	struct bytes parts[4];

	(void)state;
	split_capture(parts, 4);
	flush_zstd(parts, 4);
	check_pipe(parts, 4);
}

enum { FLUSHED = 1500 };	/* records: more than one buffer of the reader holds */

static void answer_the_last(void *ctx, const struct segment *seg, size_t count)
{
	struct writer *w = ctx;

	(void)seg;
	assert_int_equal(count, 1);
	if (++w->segments == FLUSHED) {
		write_next(w);
		close(w->fd);
	}
}

static void a_large_flush_is_read_to_its_end(void **state)
{
	const struct source_config cfg = { .files = &dash, .file_count = 1 };
	struct bytes parts[2] = { { .len = 0 }, { .len = 0 } };
	struct writer w = { .fd = stdin_pipe(), .parts = parts, .count = 2 };
	ZSTD_outBuffer flushed = { .dst = parts[0].data, .size = sizeof(parts[0].data) };
	ZSTD_outBuffer end = { .dst = parts[1].data, .size = sizeof(parts[1].data) };
	ZSTD_CCtx *c = ZSTD_createCCtx();
	ZSTD_inBuffer in = { .pos = 0 };
	uint8_t *plain = large_capture(FLUSHED, &in.size);
	struct outcome o;

	(void)state;
	in.src = plain;
	assert_int_equal(ZSTD_compressStream2(c, &flushed, &in, ZSTD_e_flush), 0);
	assert_int_equal(ZSTD_compressStream2(c, &end, &in, ZSTD_e_end), 0);
	ZSTD_freeCCtx(c);
	free(plain);
	parts[0].len = flushed.pos;
	parts[1].len = end.pos;
	write_next(&w);
	o = run_with(&cfg, answer_the_last, &w);
	assert_int_equal(o.end, POLL_END);
	assert_int_equal(w.segments, FLUSHED);
}

static void a_stop_ends_the_wait_for_a_pipe(void **state)
{
	volatile sig_atomic_t stop = 0;
	const struct source_config cfg = { .files = &dash, .file_count = 1, .stop = &stop };
	struct bytes parts[3];
	struct writer w = { .fd = stdin_pipe(), .parts = parts, .count = 3, .stop = &stop };
	struct outcome o;

	(void)state;
	split_capture(parts, 3);
	parts[2].len -= 10;	/* the wait is inside a record */
	write_next(&w);
	write_next(&w);
	write_next(&w);
	o = run_with(&cfg, answer, &w);
	assert_int_equal(o.end, POLL_END);
	assert_int_equal(w.segments, 1);
	close(w.fd);
}

static volatile sig_atomic_t stop_requested;

static void request_stop(int number)
{
	(void)number;
	stop_requested = 1;
}

/* Makes a process that sends SIGUSR1 to this one in a moment. */
static pid_t signal_soon(void (*handler)(int))
{
	const struct sigaction act = { .sa_handler = handler };
	pid_t child;

	assert_int_equal(sigaction(SIGUSR1, &act, NULL), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		usleep(50000);
		kill(getppid(), SIGUSR1);
	}
	return child;
}

static void a_signal_can_stop_the_wait(void **state)
{
	const struct source_config cfg = { .files = &dash, .file_count = 1, .stop = &stop_requested };
	struct bytes b = capture(0, 2);
	int fd = stdin_pipe();
	struct outcome o;
	pid_t child;

	(void)state;
	assert_int_equal(write(fd, b.data, b.len - 20), b.len - 20);
	child = signal_soon(request_stop);
	if (child == 0)
		_exit(0);
	o = run_with(&cfg, NULL, NULL);
	assert_int_equal(o.end, POLL_END);
	assert_int_equal(o.count, 1);
	close(fd);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

static void ignore_signal(int number)
{
	(void)number;
}

static void a_signal_loses_nothing(void **state)
{
	const struct source_config cfg = { .files = &dash, .file_count = 1 };
	struct bytes b = capture(0, 2);
	int fd = stdin_pipe(), status;
	struct outcome o;
	pid_t child;

	(void)state;
	assert_int_equal(write(fd, b.data, b.len - 20), b.len - 20);
	child = signal_soon(ignore_signal);
	if (child == 0) {
		usleep(50000);
		_exit(write(fd, b.data + b.len - 20, 20) == 20 ? 0 : 1);
	}
	close(fd);
	o = run_with(&cfg, NULL, NULL);
	assert_int_equal(o.end, POLL_END);
	assert_int_equal(o.count, 2);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* Error lines */

static void bad_expressions_are_usage_errors(void **state)
{
	struct bytes b = capture(1, 1);
	const char *path = write_file("filter.pcap", &b);
	char lengthy[600];
	struct outcome o = run(path, "tcp and \x1b[31m");

	(void)state;
	assert_false(o.opened);
	assert_true(o.usage);
	assert_contains(o.error, "bad expression \"tcp and \\x1b[31m\": ");
	assert_contains(o.error, "filter.pcap)");

	memset(lengthy, 'x', sizeof(lengthy));
	lengthy[sizeof(lengthy) - 1] = '\0';
	o = run(path, lengthy);
	assert_true(o.usage);
	assert_contains(o.error, "xxx...\": ");
	assert_contains(o.error, "filter.pcap)");
}

static void what_is_no_capture_is_told(void **state)
{
	static const struct {
		const char *content, *says;
	} cases[] = {
		{ "Just some text,\nnot a capture.\n", "not a capture file: pcap and pcapng are read" },
		{ "hi\n", "the file ends inside its header" },
		{ "\xfd" "7zXZ and so on", "xz files are not read directly: use `xz -dc FILE | miruo -f -`" },
		{ "\x1f\x8bgarbage", "broken.pcap: " },
	};
	struct bytes b = { .len = 0 };
	struct outcome o;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		b.len = 0;
		put(&b, cases[i].content, strlen(cases[i].content));
		o = run(write_file("broken.pcap", &b), NULL);
		assert_false(o.opened);
		assert_false(o.usage);
		assert_contains(o.error, cases[i].says);
		assert_contains(o.error, "broken.pcap: ");
	}
}

static void paths_that_cannot_be_read_are_told(void **state)
{
	struct bytes b = capture(1, 1);
	const char *files[2] = { path_of("here.pcap"), path_of("missing\x1b.pcap") };
	const struct source_config cfg = { .files = files, .file_count = 2 };
	struct outcome o;

	(void)state;
	write_file("here.pcap", &b);
	o = run_with(&cfg, NULL, NULL);
	assert_false(o.opened);
	assert_contains(o.error, "missing\\x1b.pcap: No such file or directory");

	o = run(folder, NULL);
	assert_contains(o.error, ": is a directory");

	assert_int_equal(chmod(files[0], 0), 0);
	if (geteuid() == 0)
		assert_int_equal(seteuid(65534), 0);
	o = run(files[0], NULL);
	if (getuid() == 0)
		assert_int_equal(seteuid(0), 0);
	assert_contains(o.error, "here.pcap: Permission denied");
}

static void standard_input_is_taken_once(void **state)
{
	const char *files[2] = { "-", "-" };
	const struct source_config cfg = { .files = files, .file_count = 2 };
	struct bytes b = capture(1, 1);
	int fd = stdin_pipe();
	struct outcome o;

	(void)state;
	assert_int_equal(write(fd, b.data, b.len), b.len);
	close(fd);
	o = run_with(&cfg, NULL, NULL);
	assert_false(o.opened);
	assert_true(o.usage);
	assert_contains(o.error, "standard input can be read only once");
}

static void unsupported_link_types_are_named(void **state)
{
	struct bytes b = { .len = 0 };
	struct outcome o;

	(void)state;
	put_pcap_header(&b, PCAP_MICRO, 127);
	o = run(write_file("radio.pcap", &b), NULL);
	assert_false(o.opened);
	assert_contains(o.error, "radio.pcap: link type 127 IEEE802_11_RADIO (802.11 plus radiotap header) is not supported,"
				 " only EN10MB, LINUX_SLL, LINUX_SLL2, RAW, IPV4, IPV6, NULL, LOOP");
	b.len = 0;
	put_pcap_header(&b, PCAP_MICRO, 60000);
	o = run(write_file("odd.pcap", &b), NULL);
	assert_contains(o.error, "odd.pcap: link type 60000 is not supported");
}

static void every_supported_link_type_is_decoded(void **state)
{
	static const uint8_t sll[16] = { [5] = 6, [14] = 0x08 }, sll2[20] = { 0x08 };
	static const struct {
		uint32_t type;
		const void *header;
		size_t len;
	} cases[] = {
		{ LINKTYPE_ETHERNET, ethernet, sizeof(ethernet) },
		{ LINKTYPE_LINUX_SLL, sll, sizeof(sll) },
		{ 276, sll2, sizeof(sll2) },
		{ LINKTYPE_RAW, NULL, 0 },
		{ 228, NULL, 0 },		/* LINKTYPE_IPV4 */
		{ 0, "\2\0\0\0", 4 },		/* LINKTYPE_NULL */
		{ 108, "\0\0\0\2", 4 },		/* LINKTYPE_LOOP */
	};
	struct bytes packet = ip_packet(77);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bytes b = { .len = 0 }, f = { .len = 0 };
		struct outcome o;

		if (cases[i].len)
			put(&f, cases[i].header, cases[i].len);
		put(&f, packet.data, packet.len);
		put_pcap_header(&b, PCAP_MICRO, cases[i].type);
		put_record(&b, SECONDS, 0, &f, (uint32_t)f.len);
		o = run(write_file("link.pcap", &b), "tcp port 80");
		assert_int_equal(o.count, 1);
		assert_int_equal(o.seq[0], 77);
	}
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(byte_orders_and_precisions),
		cmocka_unit_test(pcapng_in_both_byte_orders),
		cmocka_unit_test(impossible_times_do_not_move_the_clock),
		cmocka_unit_test(segments_lend_what_was_captured),
		cmocka_unit_test(every_frame_is_counted),
		cmocka_unit_test(a_length_shorter_than_captured_is_not_believed),
		cmocka_unit_test(every_supported_link_type_is_decoded),
		cmocka_unit_test(files_are_one_capture_in_order),
		cmocka_unit_test(the_files_after_a_broken_one_are_read),
		cmocka_unit_test(a_file_that_vanishes_is_told),
		cmocka_unit_test(cut_at_every_byte_pcap),
		cmocka_unit_test(cut_at_every_byte_pcapng),
		cmocka_unit_test(cut_at_every_byte_gzip),
		cmocka_unit_test(cut_at_every_byte_zstd),
		cmocka_unit_test(what_precedes_damage_is_delivered),
		cmocka_unit_test(what_precedes_a_damaged_block_is_delivered),
		cmocka_unit_test(interfaces_that_differ_are_refused_at_once),
		cmocka_unit_test(gzip_and_zstd_with_many_parts),
		cmocka_unit_test(large_compressed_files),
		cmocka_unit_test(plain_files_are_read_as_libpcap_reads),
		cmocka_unit_test(a_pipe_is_read_as_it_arrives),
		cmocka_unit_test(a_gzip_pipe_is_read_as_it_arrives),
		cmocka_unit_test(a_zstd_pipe_is_read_as_it_arrives),
		cmocka_unit_test(a_large_flush_is_read_to_its_end),
		cmocka_unit_test(a_stop_ends_the_wait_for_a_pipe),
		cmocka_unit_test(a_signal_can_stop_the_wait),
		cmocka_unit_test(a_signal_loses_nothing),
		cmocka_unit_test(bad_expressions_are_usage_errors),
		cmocka_unit_test(what_is_no_capture_is_told),
		cmocka_unit_test(paths_that_cannot_be_read_are_told),
		cmocka_unit_test(standard_input_is_taken_once),
		cmocka_unit_test(unsupported_link_types_are_named),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
