/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What sequence_feed() says of segments, one row a segment. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "make_segment.h"
#include "sequence.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

struct row {
	char from; /* c or s; 0: the end */
	char flags[5];
	uint32_t seq, ack, len;
	enum verdict verdict;
};

struct exchange {
	const char *name;
	struct row row[16];
};

#define NEW   VERDICT_NEW
#define AGAIN VERDICT_RETRANSMIT
#define LATE  VERDICT_OUT_OF_ORDER
#define KEEP  VERDICT_KEEPALIVE
#define STRAY VERDICT_STRAY

/* clang-format off */

#define HANDSHAKE \
	{ 'c', "S",  999,   0,    0, NEW }, \
	{ 's', "SA", 4999, 1000,  0, NEW }, \
	{ 'c', "A",  1000, 5000,  0, NEW }

static const struct exchange exchanges[] = {
	{ "nothing but new data", { HANDSHAKE,
		{ 'c', "PA", 1000, 5000, 100, NEW },
		{ 's', "A",  5000, 1100,   0, NEW },
		{ 's', "PA", 5000, 1100, 200, NEW },
		{ 'c', "PA", 1100, 5200, 100, NEW },
		{ 's', "A",  5200, 1200,   0, NEW },
		{ 's', "A",  5200, 1200,   0, NEW },	/* an ACK again, or a window update */
		{ 'c', "FA", 1200, 5200,   0, NEW },
		{ 's', "FA", 5200, 1201,  10, NEW },
		{ 'c', "A",  1201, 5211,   0, NEW } } },
	{ "sent again, in all shapes", { HANDSHAKE,
		{ 'c', "PA", 1000, 5000, 100, NEW },
		{ 'c', "PA", 1100, 5000, 100, NEW },
		{ 'c', "PA", 1100, 5000, 100, AGAIN },
		{ 'c', "A",  1100, 5000, 100, AGAIN },	/* without PSH */
		{ 's', "PA", 5000, 1000,  50, NEW },
		{ 'c', "PA", 1100, 5050, 100, AGAIN },	/* the ACK has moved */
		{ 'c', "PA", 1000, 5050, 200, AGAIN },	/* two in one */
		{ 'c', "PA", 1000, 5050,  30, AGAIN },	/* one in three */
		{ 'c', "PA", 1030, 5050,  30, AGAIN },
		{ 'c', "PA", 1060, 5050,  40, AGAIN },
		{ 'c', "PA", 1150, 5050, 100, AGAIN },	/* half of it is new */
		{ 'c', "PA", 1249, 5050,   2, AGAIN },
		{ 'c', "PA", 1251, 5050,   1, NEW } } },
	{ "out of order", { HANDSHAKE,
		{ 'c', "A",  1100, 5000, 100, NEW },
		{ 'c', "A",  1000, 5000, 100, LATE },
		{ 'c', "A",  1000, 5000, 100, AGAIN },
		{ 'c', "A",  1400, 5000, 100, NEW },
		{ 'c', "A",  1300, 5000, 100, LATE },
		{ 'c', "A",  1250, 5000, 100, AGAIN },	/* half of it fills the hole */
		{ 'c', "A",  1200, 5000,  50, LATE },
		{ 'c', "A",  1200, 5000, 300, AGAIN } } },
	{ "a FIN out of order", { HANDSHAKE,
		{ 'c', "FA", 1100, 5000,   0, NEW },
		{ 'c', "PA", 1000, 5000, 100, LATE },
		{ 'c', "FA", 1100, 5000,   0, AGAIN } } },
	{ "keep-alives", { HANDSHAKE,
		{ 'c', "PA", 1000, 5000, 100, NEW },
		{ 'c', "A",  1099, 5000,   1, AGAIN },	/* not acknowledged: a byte of data sent again */
		{ 'c', "A",  1099, 5000,   0, NEW },	/* an ACK that the last byte overtook */
		{ 's', "A",  5000, 1100,   0, NEW },
		{ 'c', "A",  1099, 5000,   0, KEEP },
		{ 's', "A",  5000, 1100,   0, NEW },
		{ 'c', "A",  1099, 5000,   1, KEEP },
		{ 'c', "A",  1098, 5000,   1, AGAIN },
		{ 'c', "A",  1098, 5000,   2, AGAIN },
		{ 's', "A",  4999, 1100,   0, KEEP },
		{ 'c', "PA", 1100, 5000,  10, NEW } } },
	{ "repeats of SYN and FIN", {
		{ 'c', "S",   999,    0,   0, NEW },
		{ 'c', "S",   999,    0,   0, AGAIN },
		{ 's', "SA", 4999, 1000,   0, NEW },
		{ 's', "SA", 4999, 1000,   0, AGAIN },
		{ 'c', "A",  1000, 5000,   0, NEW },
		{ 'c', "FA", 1000, 5000,   0, NEW },
		{ 'c', "FA", 1000, 5000,   0, AGAIN },
		{ 's', "PA", 5000, 1001,  10, NEW },
		{ 's', "FA", 5010, 1001,   0, NEW },
		{ 's', "FA", 5000, 1001,  10, AGAIN } } },	/* with the data before it */
	{ "a SYN with data, sent again without", {
		{ 'c', "S",   999,    0, 100, NEW },
		{ 'c', "S",   999,    0,   0, AGAIN },
		{ 's', "SA", 4999, 1000,   0, NEW },
		{ 'c', "PA", 1000, 5000, 100, AGAIN },
		{ 'c', "PA", 1100, 5000, 100, NEW } } },
	{ "numbers wrap", {
		{ 'c', "S",  0xffffffce, 0,          0, NEW },
		{ 's', "SA", 0xfffffffe, 0xffffffcf, 0, NEW },
		{ 'c', "A",  0xffffffcf, 0xffffffff, 0, NEW },
		{ 'c', "PA", 0xffffffcf, 0xffffffff, 100, NEW },
		{ 's', "PA", 0xffffffff, 51,        10, NEW },
		{ 'c', "PA", 0xffffffcf, 9,        100, AGAIN },
		{ 'c', "PA", 151,        9,        100, NEW },
		{ 'c', "PA", 51,         9,        100, LATE },
		{ 's', "A",  9,          251,        0, NEW },
		{ 'c', "A",  250,        9,          0, KEEP } } },
	{ "data that only its ACK shows", { HANDSHAKE,
		{ 's', "A",  5000, 1200,   0, NEW },
		{ 'c', "PA", 1200, 5000, 100, NEW },
		{ 'c', "PA", 1000, 5000, 100, LATE },	/* captured in another order than sent */
		{ 'c', "PA", 1000, 5000, 100, AGAIN },
		{ 'c', "PA", 1050, 5000, 150, AGAIN },
		{ 'c', "PA", 1100, 5000, 100, AGAIN } } },
	{ "strays, and what follows", { HANDSHAKE,
		{ 'c', "PA", 0x20000000, 5000, 100, STRAY },
		{ 'c', "PA", 1000, 5000, 100, NEW },
		{ 'c', "PA", 0xe0000000, 5000, 100, STRAY },
		{ 'c', "PA", 0xf0000000, 5000, 100, STRAY },	/* does not go on from there */
		{ 'c', "PA", 1100, 5000, 100, NEW },
		{ 'c', "PA", 1000, 5000, 100, AGAIN } } },
	{ "a second segment makes a jump believed", { HANDSHAKE,
		{ 'c', "PA", 0x20000000, 5000, 100, STRAY },
		{ 'c', "PA", 0x20000064, 5000, 100, NEW },
		{ 'c', "PA", 0x200000c8, 5000, 100, NEW },
		{ 'c', "PA", 0x200000c8, 5000, 100, AGAIN },
		{ 'c', "PA", 1000,       5000, 100, STRAY } } },
	{ "a stray ACK moves nothing", { HANDSHAKE,
		{ 's', "A",  5000, 0x40000000, 0, NEW },
		{ 'c', "PA", 1000, 5000, 100, NEW },
		{ 'c', "PA", 1000, 5000, 100, AGAIN } } },
	{ "from before the first segment", {
		{ 'c', "PA", 1000, 5000, 100, NEW },
		{ 'c', "PA",  900, 5000, 100, LATE },
		{ 'c', "PA",  900, 5000, 100, AGAIN },
		{ 'c', "PA",  850, 5000, 100, AGAIN },	/* half of it is known */
		{ 'c', "PA",  850, 5000,  50, AGAIN },
		{ 's', "PA", 5000, 1100,  10, NEW },
		{ 's', "PA", 4900, 1100, 100, LATE } } },
};

/* clang-format on */

static uint8_t flags_of(const char *letters)
{
	uint8_t flags = 0;

	for (; *letters; letters++)
		flags |= *letters == 'S' ? TCP_SYN : *letters == 'A' ? TCP_ACK : *letters == 'F' ? TCP_FIN : TCP_PSH;
	return flags;
}

struct ends {
	struct direction dir[2];
};

static enum verdict feed(struct ends *e, enum who from, uint8_t flags, uint32_t seq, uint32_t ack, uint32_t len)
{
	struct segment seg = make_segment(from, flags, seq, ack, len);
	struct placing p;

	sequence_feed(&e->dir[from], &e->dir[!from], &seg, &p);
	return p.verdict;
}

static void ends_fini(struct ends *e)
{
	gaps_free(&e->dir[0].gaps);
	gaps_free(&e->dir[1].gaps);
}

/* offset is added to all numbers: where a session begins must not matter. */
static void check_exchange(const struct exchange *x, uint32_t offset)
{
	struct ends e = { 0 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(x->row) && x->row[i].from; i++) {
		const struct row *r = &x->row[i];
		enum who from = r->from == 's';
		enum verdict v = feed(&e, from, flags_of(r->flags), r->seq + offset, r->ack + offset, r->len);

		if (v != r->verdict)
			fail_msg("%s, offset %u, row %zu: verdict %d, not %d", x->name, offset, i, v, r->verdict);
	}
	ends_fini(&e);
}

static void each_segment_is_judged(void **state)
{
	static const uint32_t offsets[] = { 0, 0x7ffffc00, 0x80000000, 0xfffffc00, 0xffffec00, 0x12345678 };
	size_t i, j;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(exchanges); i++)
		for (j = 0; j < ARRAY_SIZE(offsets); j++)
			check_exchange(&exchanges[i], offsets[j]);
}

/* Sends total bytes of new data, 1 MiB a segment, and checks that each sent again, and a hole filled, is told apart. */
static void send_much(struct ends *e, uint32_t *seq, uint64_t total)
{
	const uint32_t len = 1 << 20;

	for (; total >= 2 * len; total -= 2 * len, *seq += 2 * len) {
		assert_int_equal(feed(e, CLIENT, TCP_ACK, *seq + len, 5000, len), VERDICT_NEW);
		assert_int_equal(feed(e, CLIENT, TCP_ACK, *seq + len, 5000, len), VERDICT_RETRANSMIT);
		assert_int_equal(feed(e, CLIENT, TCP_ACK, *seq, 5000, len), VERDICT_OUT_OF_ORDER);
		assert_int_equal(feed(e, CLIENT, TCP_ACK, *seq, 5000, 2 * len), VERDICT_RETRANSMIT);
	}
}

static void ten_gigabytes_are_judged_like_the_first_one(void **state)
{
	struct ends e = { 0 };
	uint32_t seq = 1000;

	(void)state;
	assert_int_equal(feed(&e, CLIENT, TCP_SYN, 999, 0, 0), VERDICT_NEW);
	send_much(&e, &seq, 10ull << 30);
	ends_fini(&e);
}

/* A hole that is never filled is not mistaken for one when the numbers come round again. */
static void an_old_hole_does_not_come_round_again(void **state)
{
	struct ends e = { 0 };
	uint32_t seq = 3000;

	(void)state;
	assert_int_equal(feed(&e, CLIENT, TCP_SYN, 999, 0, 0), VERDICT_NEW);
	assert_int_equal(feed(&e, CLIENT, TCP_ACK, 2000, 5000, 1000), VERDICT_NEW);
	send_much(&e, &seq, (4ull << 30) - (2 << 20));
	assert_int_equal(feed(&e, CLIENT, TCP_ACK, seq, 5000, (2 << 20) - 3000 + 2000), VERDICT_NEW);
	assert_int_equal(feed(&e, CLIENT, TCP_ACK, 1000, 5000, 1000), VERDICT_RETRANSMIT);
	ends_fini(&e);
}

/* More holes than are kept: what falls into the oldest is not known, and not called sent before - not for ever, though. */
static void forgotten_holes_do_not_come_round_again(void **state)
{
	struct ends e = { 0 };
	uint32_t seq = 1000, i;

	(void)state;
	assert_int_equal(feed(&e, CLIENT, TCP_SYN, 999, 0, 0), VERDICT_NEW);
	for (i = 0; i < 2 * GAPS_MAX; i++, seq += 200)
		assert_int_equal(feed(&e, CLIENT, TCP_ACK, seq + 100, 5000, 100), VERDICT_NEW);
	assert_int_equal(feed(&e, CLIENT, TCP_ACK, 1000, 5000, 100), VERDICT_OUT_OF_ORDER);
	send_much(&e, &seq, 5ull << 30);
	ends_fini(&e);
}

static void what_was_seen_is_old(void **state)
{
	struct ends e = { 0 };
	struct segment seg = make_segment(CLIENT, TCP_SYN, 999, 0, 0);
	struct placing p;

	(void)state;
	assert_false(sequence_is_old(&e.dir[CLIENT], &seg));
	sequence_feed(&e.dir[CLIENT], &e.dir[SERVER], &seg, &p);
	assert_true(sequence_is_old(&e.dir[CLIENT], &seg));

	seg = make_segment(CLIENT, TCP_ACK, 1000, 5000, 0);
	assert_false(sequence_is_old(&e.dir[CLIENT], &seg)); /* the first ACK */
	sequence_feed(&e.dir[CLIENT], &e.dir[SERVER], &seg, &p);
	assert_true(sequence_is_old(&e.dir[CLIENT], &seg));
	seg.ack = 5001;
	assert_false(sequence_is_old(&e.dir[CLIENT], &seg));

	seg = make_segment(CLIENT, TCP_ACK, 1000, 5000, 100);
	assert_false(sequence_is_old(&e.dir[CLIENT], &seg));
	sequence_feed(&e.dir[CLIENT], &e.dir[SERVER], &seg, &p);
	assert_true(sequence_is_old(&e.dir[CLIENT], &seg));
	seg.payload_len = 101;
	assert_false(sequence_is_old(&e.dir[CLIENT], &seg));
	ends_fini(&e);
}

/* The rest of a datagram belongs to what was sent: what follows it is new, what repeats it is not. */
static void later_fragments_extend_what_was_sent(void **state)
{
	struct ends e = { 0 };

	(void)state;
	sequence_extend(&e.dir[CLIENT], 1000, 100); /* nothing is known yet */
	assert_false(e.dir[CLIENT].flags & DIR_SEQ);
	assert_int_equal(feed(&e, CLIENT, TCP_SYN, 999, 0, 0), VERDICT_NEW);
	assert_int_equal(feed(&e, CLIENT, TCP_ACK, 1000, 5000, 1400), VERDICT_NEW);
	sequence_extend(&e.dir[CLIENT], 2400, 600);
	assert_int_equal(e.dir[CLIENT].next_seq, 3000);
	assert_int_equal(feed(&e, CLIENT, TCP_ACK, 3000, 5000, 100), VERDICT_NEW);
	assert_int_equal(feed(&e, CLIENT, TCP_ACK, 2400, 5000, 600), VERDICT_RETRANSMIT);
	sequence_extend(&e.dir[CLIENT], 0x30000000, 600); /* too far away to be believed */
	assert_int_equal(e.dir[CLIENT].next_seq, 3100);
	ends_fini(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_segment_is_judged),
		cmocka_unit_test(ten_gigabytes_are_judged_like_the_first_one),
		cmocka_unit_test(an_old_hole_does_not_come_round_again),
		cmocka_unit_test(forgotten_holes_do_not_come_round_again),
		cmocka_unit_test(what_was_seen_is_old),
		cmocka_unit_test(later_fragments_extend_what_was_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
