/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "copies.h"
#include "history.h"
#include "make_segment.h"

#define SESSIONS 3

static struct session sessions[SESSIONS + 1]; /* [0] is not used */
static struct history *h;

static void begin_with_context(uint32_t limit, uint32_t context)
{
	memset(sessions, 0, sizeof(sessions));
	h = history_new(limit, context, sessions, SESSIONS);
	assert_non_null(h);
}

static void begin(uint32_t limit)
{
	begin_with_context(limit, 0);
}

static void end(void)
{
	history_free(h);
}

/* As the segment of its session that has this id. */
static struct record *add_segment(uint32_t session, const struct segment *seg, uint64_t id, uint8_t side)
{
	sessions[session].segments = id;
	return history_add(h, &sessions[session], seg, side, VERDICT_NEW);
}

static struct record *add(uint32_t session, uint64_t id)
{
	struct segment seg = make_segment(CLIENT, TCP_ACK, 1000 + (uint32_t)id, 5000, 1);

	return add_segment(session, &seg, id, 0);
}

static struct record *add_shown(uint32_t session, uint64_t id)
{
	struct record *r = add(session, id);

	assert_non_null(r);
	history_show(h, &sessions[session], r);
	return r;
}

/* Every session opens with a SYN, which is always shown. */
static struct record *add_syn(uint32_t session)
{
	struct segment seg = make_segment(CLIENT, TCP_SYN, 999, 0, 0);
	struct record *r = add_segment(session, &seg, 0, 0);

	assert_non_null(r);
	history_show(h, &sessions[session], r);
	return r;
}

static uint32_t held(void)
{
	struct history_stats stats;

	history_stats(h, &stats);
	return stats.held;
}

static uint64_t dropped(void)
{
	struct history_stats stats;

	history_stats(h, &stats);
	return stats.dropped;
}

/* Checks the ids held of a session, forwards and backwards, ended by -1. */
static void check_ids(uint32_t session, const int *ids)
{
	const struct record *r = history_first(h, &sessions[session]), *last = NULL;
	const int *id = ids;

	for (; r; last = r, r = history_next(h, r), id++)
		assert_int_equal(record_id(r), *id);
	assert_int_equal(*id, -1);
	assert_ptr_equal(history_last(h, &sessions[session]), last);
	for (r = last; r; r = history_prev(h, r))
		assert_int_equal(record_id(r), *--id);
	assert_ptr_equal(id, ids);
}

#define CHECK_IDS(session, ...) check_ids(session, (const int[]) { __VA_ARGS__, -1 })

static void a_record_keeps_what_the_segment_says(void **state)
{
	static const uint8_t options[] = { 2, 4, 5, 0xb4 };
	struct segment seg = make_segment(CLIENT, TCP_PSH | TCP_ACK, 1000, 5000, 100);
	struct record *r;

	(void)state;
	begin(4);
	seg.opt = options;
	seg.opt_len = sizeof(options);
	seg.opt_cut = 1;
	seg.frag = FRAG_FIRST;
	r = add_segment(1, &seg, 7, 1);
	assert_non_null(r);
	assert_int_equal(r->ts_ns, T0);
	assert_int_equal(r->seq, 1000);
	assert_int_equal(r->ack, 5000);
	assert_int_equal(r->wire_len, HEADERS_LEN + 100);
	assert_int_equal(r->payload_len, 100);
	assert_int_equal(r->flags, TCP_PSH | TCP_ACK);
	assert_int_equal(r->side, 1);
	assert_int_equal(r->frag, 1);
	assert_int_equal(r->opt_cut, 1);
	assert_int_equal(r->opt_len, sizeof(options));
	assert_memory_equal(record_options(h, r), options, sizeof(options));
	assert_false(record_is_shown(h, r));
	end();
}

static void lengths_of_large_frames_are_kept(void **state)
{
	struct segment seg = make_segment(CLIENT, TCP_ACK, 1000, 5000, UINT32_MAX - HEADERS_LEN);
	struct record *r;

	(void)state;
	begin(4);
	r = add_segment(1, &seg, 0, 0);
	assert_int_equal(r->wire_len, UINT32_MAX);
	assert_int_equal(r->payload_len, UINT32_MAX - HEADERS_LEN);
	end();
}

static void ids_pass_two_to_the_32(void **state)
{
	(void)state;
	begin(4);
	assert_int_equal(record_id(add(1, UINT32_MAX)), UINT32_MAX);
	assert_int_equal(record_id(add(1, 1ull << 32)), 1ull << 32);
	assert_int_equal(record_id(add(1, (1ull << 40) - 1)), (1ull << 40) - 1);
	end();
}

static void opening_syns_do_not_count(void **state)
{
	(void)state;
	begin(2);
	add_syn(1);
	add_syn(2);
	add_syn(3);
	assert_int_equal(held(), 0);
	add(1, 1);
	add(2, 1);
	assert_int_equal(held(), 2);
	assert_int_equal(dropped(), 0);
	history_clear(h, &sessions[1]);
	assert_int_equal(held(), 1);
	assert_null(history_first(h, &sessions[1]));
	add_syn(1);	/* in a slot that was used */
	assert_int_equal(held(), 1);
	end();
}

static void the_limit_takes_the_own_oldest_hidden_record(void **state)
{
	(void)state;
	begin(4);
	add_syn(1);
	add_syn(2);
	add(2, 1);
	add_shown(1, 1);
	add(1, 2);
	add(1, 3);
	assert_non_null(add(1, 4));
	CHECK_IDS(1, 0, 1, 3, 4);
	CHECK_IDS(2, 0, 1);
	assert_int_equal(held(), 4);
	assert_int_equal(dropped(), 1);
	end();
}

static void a_session_without_hidden_ones_takes_from_another(void **state)
{
	(void)state;
	begin(4);
	add_syn(1);
	add_syn(2);
	add(2, 1);
	add(2, 2);
	add_shown(1, 1);
	add_shown(1, 2);
	add_shown(1, 3);
	CHECK_IDS(1, 0, 1, 2, 3);
	CHECK_IDS(2, 0, 2);
	assert_int_equal(sessions[2].hidden, 1);
	end();
}

/* Nothing is hidden any more: the session's own oldest goes, but never its first. */
static void shown_records_go_last_and_the_first_never(void **state)
{
	(void)state;
	begin(3);
	add_syn(1);
	add_syn(2);
	add_shown(2, 1);
	add_shown(1, 1);
	add_shown(1, 2);
	add_shown(1, 3);
	CHECK_IDS(1, 0, 2, 3);
	add_shown(1, 4);
	CHECK_IDS(1, 0, 3, 4);
	CHECK_IDS(2, 0, 1);
	assert_int_equal(dropped(), 2);
	end();
}

/* The one that went was behind others that are shown, and before a hidden one. */
static void the_oldest_hidden_one_is_found_after_a_shown_one_went(void **state)
{
	struct session *s = &sessions[1];

	(void)state;
	begin(3);
	add_syn(1);
	add_shown(1, 1);
	add(1, 2);
	history_show(h, s, history_oldest_hidden(h, s));
	add_shown(1, 3);
	add(1, 4);
	CHECK_IDS(1, 0, 2, 3, 4);
	assert_int_equal(record_id(history_oldest_hidden(h, s)), 4);
	end();
}

static void what_has_no_room_is_not_held(void **state)
{
	(void)state;
	begin(2);
	add_syn(1);
	add_shown(1, 1);
	add_shown(1, 2);
	assert_null(add(2, 0));
	add_syn(3);
	assert_null(add(3, 1));
	CHECK_IDS(1, 0, 1, 2);
	CHECK_IDS(3, 0);
	assert_int_equal(dropped(), 2);
	end();
}

static void a_session_holds_1024_hidden_ones(void **state)
{
	uint32_t i;

	(void)state;
	begin(10000);
	add_syn(1);
	for (i = 1; i <= 5; i++)
		add_shown(1, i);
	for (i = 6; i < 6 + HISTORY_HIDDEN_MAX + 100; i++)
		add(1, i);
	assert_int_equal(sessions[1].hidden, HISTORY_HIDDEN_MAX);
	assert_int_equal(held(), 5 + HISTORY_HIDDEN_MAX);
	assert_int_equal(record_id(history_oldest_hidden(h, &sessions[1])), 106);
	assert_int_equal(dropped(), 0); /* not for want of room */

	while (history_oldest_hidden(h, &sessions[1]))
		history_show(h, &sessions[1], history_oldest_hidden(h, &sessions[1]));
	for (; i < 10000 - 5; i++)
		add_shown(1, i);
	assert_int_equal(record_id(history_next(h, history_first(h, &sessions[1]))), 1);
	end();
}

/* All that add() adds up to that id is acknowledged, and too old to be captured once more. */
static void acknowledge(uint32_t id)
{
	sessions[1].last_ns = T0 + COPY_NS + 1;
	sessions[1].dir[1].flags |= DIR_ACK;
	sessions[1].dir[1].ack = 1000 + id + 1;
}

static void add_many(uint32_t first, uint32_t last)
{
	uint32_t i;

	for (i = first; i <= last; i++)
		add(1, i);
}

static void of_what_is_settled_few_are_held(void **state)
{
	(void)state;
	begin(10000);
	acknowledge(10000);
	add_many(0, 999);
	assert_int_equal(sessions[1].hidden, HISTORY_SETTLED_MAX);
	assert_int_equal(held(), HISTORY_SETTLED_MAX);
	assert_int_equal(record_id(history_oldest_hidden(h, &sessions[1])), 1000 - HISTORY_SETTLED_MAX);
	assert_int_equal(dropped(), 0);
	end();
}

static void what_is_in_flight_is_held_with_all_behind_it(void **state)
{
	(void)state;
	begin(10000);
	acknowledge(299);
	add_many(0, 799);
	assert_int_equal(record_id(history_oldest_hidden(h, &sessions[1])), 300);
	assert_int_equal(sessions[1].hidden, 500);
	acknowledge(100000);
	add_many(800, 1439);	/* now and then two go for one that comes */
	assert_int_equal(sessions[1].hidden, 490);
	add_many(1440, 39999);
	assert_int_equal(sessions[1].hidden, HISTORY_SETTLED_MAX);
	assert_int_equal(held(), HISTORY_SETTLED_MAX);
	end();
}

static void what_may_come_twice_yet_is_held(void **state)
{
	(void)state;
	begin(10000);
	acknowledge(10000);
	sessions[1].last_ns = T0 + COPY_NS;
	add_many(0, 999);
	assert_int_equal(sessions[1].hidden, 1000);
	sessions[1].last_ns++;
	add_many(1000, 1999);
	assert_int_equal(sessions[1].hidden, 984);
	end();
}

static void what_may_come_again_from_elsewhere_is_held(void **state)
{
	(void)state;
	begin(10000);
	acknowledge(10000);
	sessions[1].dir[0].flags |= DIR_ELSEWHERE;
	sessions[1].last_ns = T0 + COPY_ELSEWHERE_NS;
	add_many(0, 799);
	assert_int_equal(sessions[1].hidden, 800);
	sessions[1].last_ns++;
	add_many(800, 1439);
	assert_int_equal(sessions[1].hidden, 790);
	end();
}

/* When there is little room left for others the settled ones go at once. */
static void where_many_are_held_settled_ones_go_at_once(void **state)
{
	(void)state;
	begin(1000);
	add_many(0, 599);
	assert_int_equal(sessions[1].hidden, 600);
	acknowledge(10000);
	add_many(600, 699);
	assert_int_equal(sessions[1].hidden, 500);
	assert_int_equal(dropped(), 0);
	end();
}

/* Not one of the segments in flight goes before it must. */
static void what_is_in_flight_does_not_shrink(void **state)
{
	uint32_t i;

	(void)state;
	begin(10000);
	for (i = 0; i < 3000; i++) {
		add(1, i);
		assert_int_equal(sessions[1].hidden, i < HISTORY_HIDDEN_MAX ? i + 1 : HISTORY_HIDDEN_MAX);
	}
	end();
}

/* A note, even of another record, does not keep a session from giving its oldest slot to the new one. */
static void notes_go_with_the_oldest_records(void **state)
{
	uint32_t i;

	(void)state;
	begin(10000);
	acknowledge(10000);
	for (i = 0; i < 1000; i++)
		history_note(h, add(1, i), NOTE_BELOW, "text", 4);
	assert_int_equal(sessions[1].hidden, HISTORY_SETTLED_MAX);
	for (; i < 2000; i++)
		assert_null(record_note(h, add(1, i), NOTE_BELOW));
	assert_int_equal(sessions[1].hidden, HISTORY_SETTLED_MAX);
	end();
}

static void the_context_is_held(void **state)
{
	(void)state;
	begin_with_context(10000, 200);
	acknowledge(10000);
	add_many(0, 799);
	assert_int_equal(sessions[1].hidden, 201); /* and the one that it is of */
	end();
	begin_with_context(10000, UINT32_MAX);
	acknowledge(10000);
	add_many(0, 1999);
	assert_int_equal(sessions[1].hidden, HISTORY_HIDDEN_MAX);
	end();
}

static void the_oldest_hidden_one_is_found_as_records_come_and_go(void **state)
{
	struct session *s = &sessions[1];
	struct record *second, *third;

	(void)state;
	begin(100);
	assert_null(history_oldest_hidden(h, s));
	add_syn(1);
	assert_null(history_oldest_hidden(h, s));
	second = add(1, 1);
	third = add(1, 2);
	assert_ptr_equal(history_oldest_hidden(h, s), second);
	history_show(h, s, third);
	history_show(h, s, third); /* again: nothing */
	assert_int_equal(s->hidden, 1);
	assert_ptr_equal(history_oldest_hidden(h, s), second);
	history_show(h, s, second);
	assert_null(history_oldest_hidden(h, s));
	add(1, 3);
	assert_int_equal(record_id(history_oldest_hidden(h, s)), 3);
	history_clear(h, s);
	assert_null(history_oldest_hidden(h, s));
	add(1, 4);
	assert_int_equal(record_id(history_oldest_hidden(h, s)), 4);
	end();
}

static void long_options_come_back_with_their_slot(void **state)
{
	struct segment seg = make_segment(CLIENT, TCP_ACK, 1000, 5000, 1);
	uint8_t options[TCP_OPTIONS_MAX];
	uint32_t i, j;

	(void)state;
	begin(4);
	add_syn(1);
	for (i = 1; i < 10000; i++) {
		struct record *r;

		memset(options, (int)i, sizeof(options));
		seg.opt = options;
		seg.opt_len = (uint8_t)(i % (TCP_OPTIONS_MAX + 1));
		r = add_segment(1, &seg, i, 0);
		assert_non_null(r);
		for (j = 0; r && j < 4 && record_id(r); j++, r = history_prev(h, r)) {
			assert_int_equal(r->opt_len, (i - j) % (TCP_OPTIONS_MAX + 1));
			memset(options, (int)(i - j), sizeof(options));
			assert_memory_equal(record_options(h, r), options, r->opt_len);
		}
	}
	assert_int_equal(held(), 4);
	end();
}

static void a_note_lives_as_long_as_its_record(void **state)
{
	struct record *r;

	(void)state;
	begin(2);
	add_syn(1);
	r = add(1, 1);
	assert_null(record_note(h, r, NOTE_BELOW));
	history_note(h, r, NOTE_BELOW, "first\nsecond\nnot this", 13);
	assert_string_equal(record_note(h, r, NOTE_BELOW), "first\nsecond\n");
	assert_null(record_note(h, add(1, 2), NOTE_BELOW));
	r = add(1, 3); /* in the place of the first one */
	assert_null(record_note(h, r, NOTE_BELOW));
	history_note(h, r, NOTE_BELOW, "third\n", 6);
	assert_string_equal(record_note(h, r, NOTE_BELOW), "third\n");
	end();
}

static void notes_of_a_record_are_kept_by_place(void **state)
{
	struct record *r;

	(void)state;
	begin(2);
	add_syn(1);
	r = add(1, 1);
	history_note(h, r, NOTE_BEHIND, "behind", 6);
	assert_null(record_note(h, r, NOTE_BELOW));
	history_note(h, r, NOTE_BELOW, "below\n", 6);
	assert_string_equal(record_note(h, r, NOTE_BEHIND), "behind");
	assert_string_equal(record_note(h, r, NOTE_BELOW), "below\n");
	add(1, 2);
	r = add(1, 3); /* in the place of the first one */
	assert_null(record_note(h, r, NOTE_BEHIND));
	assert_null(record_note(h, r, NOTE_BELOW));
	end();
}

static void notes_are_bounded(void **state)
{
	const size_t len = HISTORY_NOTES_MAX / 4 - 1;
	char *text = malloc(len);
	struct history_stats stats;
	uint32_t i;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', len);
	begin(10);
	for (i = 0; i < 4; i++)
		history_note(h, add_shown(1, i), NOTE_BELOW, text, len);
	history_note(h, add_shown(2, 0), NOTE_BELOW, "x", 1);
	assert_null(record_note(h, history_first(h, &sessions[2]), NOTE_BELOW));
	history_stats(h, &stats);
	assert_int_equal(stats.notes_dropped, 1);
	history_clear(h, &sessions[1]);
	history_note(h, add_shown(2, 1), NOTE_BELOW, text, len);
	assert_non_null(record_note(h, history_last(h, &sessions[2]), NOTE_BELOW));
	end();
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_keeps_what_the_segment_says),
		cmocka_unit_test(lengths_of_large_frames_are_kept),
		cmocka_unit_test(ids_pass_two_to_the_32),
		cmocka_unit_test(opening_syns_do_not_count),
		cmocka_unit_test(the_limit_takes_the_own_oldest_hidden_record),
		cmocka_unit_test(a_session_without_hidden_ones_takes_from_another),
		cmocka_unit_test(shown_records_go_last_and_the_first_never),
		cmocka_unit_test(the_oldest_hidden_one_is_found_after_a_shown_one_went),
		cmocka_unit_test(what_has_no_room_is_not_held),
		cmocka_unit_test(a_session_holds_1024_hidden_ones),
		cmocka_unit_test(of_what_is_settled_few_are_held),
		cmocka_unit_test(what_is_in_flight_is_held_with_all_behind_it),
		cmocka_unit_test(what_may_come_twice_yet_is_held),
		cmocka_unit_test(what_may_come_again_from_elsewhere_is_held),
		cmocka_unit_test(where_many_are_held_settled_ones_go_at_once),
		cmocka_unit_test(what_is_in_flight_does_not_shrink),
		cmocka_unit_test(notes_go_with_the_oldest_records),
		cmocka_unit_test(the_context_is_held),
		cmocka_unit_test(the_oldest_hidden_one_is_found_as_records_come_and_go),
		cmocka_unit_test(long_options_come_back_with_their_slot),
		cmocka_unit_test(a_note_lives_as_long_as_its_record),
		cmocka_unit_test(notes_of_a_record_are_kept_by_place),
		cmocka_unit_test(notes_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
