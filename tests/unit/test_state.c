/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every cell of the two tables, and the exchanges of RFC 9293 3.5 and 3.6 as a capture point between the ends sees them. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "state.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* clang-format off */

/* What each event makes of each state; 0: nothing. */
struct row {
	const char *state;
	const char *after[EV_COUNT];
};

/*		  SYN		SYN/ACK		ACK of SYN	ACK of FIN	FIN		RST */
static const struct row sender[TS_COUNT] = {
{ "NONE",	{ 0,		0,		0,		0,		0,		0 } },
{ "CLOSED",	{ 0,		0,		0,		0,		0,		0 } },
{ "SYN_SENT",	{ "SYN_SENT",	"SYN_RECV",	"ESTABLISHED",	0,		"FIN_WAIT1",	"CLOSED" } },
{ "SYN_RECV",	{ "SYN_RECV",	0,		"ESTABLISHED",	"CLOSE_WAIT",	"FIN_WAIT1",	"CLOSED" } },
{ "ESTABLISHED",{ 0,		0,		0,		"CLOSE_WAIT",	"FIN_WAIT1",	"CLOSED" } },
{ "FIN_WAIT1",	{ 0,		0,		0,		"CLOSING",	0,		"CLOSED" } },
{ "FIN_WAIT2",	{ 0,		0,		0,		"TIME_WAIT",	0,		"CLOSED" } },
{ "CLOSE_WAIT",	{ 0,		0,		0,		0,		"LAST_ACK",	"CLOSED" } },
{ "CLOSING",	{ 0,		0,		0,		0,		0,		"CLOSED" } },
{ "LAST_ACK",	{ 0,		0,		0,		0,		0,		"CLOSED" } },
{ "TIME_WAIT",	{ 0,		0,		0,		0,		0,		"CLOSED" } },
};

static const struct row receiver[TS_COUNT] = {
{ "NONE",	{ 0,		0,		0,		0,		0,		0 } },
{ "CLOSED",	{ 0,		0,		0,		0,		0,		0 } },
{ "SYN_SENT",	{ "SYN_RECV",	"ESTABLISHED",	"ESTABLISHED",	0,		0,		"CLOSED" } },
{ "SYN_RECV",	{ 0,		"ESTABLISHED",	"ESTABLISHED",	0,		0,		"CLOSED" } },
{ "ESTABLISHED",{ 0,		0,		0,		0,		0,		"CLOSED" } },
{ "FIN_WAIT1",	{ 0,		0,		0,		"FIN_WAIT2",	0,		"CLOSED" } },
{ "FIN_WAIT2",	{ 0,		0,		0,		0,		0,		"CLOSED" } },
{ "CLOSE_WAIT",	{ 0,		0,		0,		0,		0,		"CLOSED" } },
{ "CLOSING",	{ 0,		0,		0,		"TIME_WAIT",	0,		"CLOSED" } },
{ "LAST_ACK",	{ 0,		0,		0,		"CLOSED",	0,		"CLOSED" } },
{ "TIME_WAIT",	{ 0,		0,		0,		0,		0,		"CLOSED" } },
};

/* One event: who sent it, and the states of A and B after it. */
struct move {
	char from;
	enum tcp_event event;
	enum tcp_state a, b;
};

/* A opens: after its SYN. */
#define OPEN { 'B', EV_SYN_ACK, TS_ESTABLISHED, TS_SYN_RECV }, { 'A', EV_ACKS_SYN, TS_ESTABLISHED, TS_ESTABLISHED }

struct path {
	const char *name;
	struct move move[10];
};

static const struct path paths[] = {
	{ "A closes (figure 12)", { OPEN,
		{ 'A', EV_FIN,		TS_FIN_WAIT1,	TS_ESTABLISHED },
		{ 'B', EV_ACKS_FIN,	TS_FIN_WAIT2,	TS_CLOSE_WAIT },
		{ 'B', EV_FIN,		TS_FIN_WAIT2,	TS_LAST_ACK },
		{ 'A', EV_ACKS_FIN,	TS_TIME_WAIT,	TS_CLOSED } } },
	{ "B closes", { OPEN,
		{ 'B', EV_FIN,		TS_ESTABLISHED,	TS_FIN_WAIT1 },
		{ 'A', EV_ACKS_FIN,	TS_CLOSE_WAIT,	TS_FIN_WAIT2 },
		{ 'A', EV_FIN,		TS_LAST_ACK,	TS_FIN_WAIT2 },
		{ 'B', EV_ACKS_FIN,	TS_CLOSED,	TS_TIME_WAIT } } },
	{ "both close at once (figure 13)", { OPEN,
		{ 'A', EV_FIN,		TS_FIN_WAIT1,	TS_ESTABLISHED },
		{ 'B', EV_FIN,		TS_FIN_WAIT1,	TS_FIN_WAIT1 },
		{ 'A', EV_ACKS_FIN,	TS_CLOSING,	TS_FIN_WAIT2 },
		{ 'B', EV_ACKS_FIN,	TS_TIME_WAIT,	TS_TIME_WAIT } } },
	{ "both open at once (figure 7)", {
		{ 'B', EV_SYN,		TS_SYN_RECV,	TS_SYN_RECV },
		{ 'A', EV_SYN_ACK,	TS_SYN_RECV,	TS_ESTABLISHED },
		{ 'B', EV_SYN_ACK,	TS_ESTABLISHED,	TS_ESTABLISHED } } },
	{ "half-close: what follows changes nothing", { OPEN,
		{ 'A', EV_FIN,		TS_FIN_WAIT1,	TS_ESTABLISHED },
		{ 'B', EV_ACKS_FIN,	TS_FIN_WAIT2,	TS_CLOSE_WAIT },
		{ 'B', EV_ACKS_FIN,	TS_FIN_WAIT2,	TS_CLOSE_WAIT },
		{ 'B', EV_ACKS_FIN,	TS_FIN_WAIT2,	TS_CLOSE_WAIT } } },
	{ "the SYN/ACK was not captured", {
		{ 'A', EV_ACKS_SYN,	TS_ESTABLISHED,	TS_ESTABLISHED } } },
	{ "the SYN/ACK was not captured, B speaks first", {
		{ 'B', EV_ACKS_SYN,	TS_ESTABLISHED,	TS_ESTABLISHED },
		{ 'A', EV_ACKS_SYN,	TS_ESTABLISHED,	TS_ESTABLISHED } } },
	{ "repeats of SYN, SYN/ACK and FIN", {
		{ 'A', EV_SYN,		TS_SYN_SENT,	TS_SYN_RECV },
		{ 'B', EV_SYN_ACK,	TS_ESTABLISHED,	TS_SYN_RECV },
		{ 'B', EV_SYN_ACK,	TS_ESTABLISHED,	TS_SYN_RECV },
		{ 'A', EV_ACKS_SYN,	TS_ESTABLISHED,	TS_ESTABLISHED },
		{ 'A', EV_SYN,		TS_ESTABLISHED,	TS_ESTABLISHED },
		{ 'A', EV_FIN,		TS_FIN_WAIT1,	TS_ESTABLISHED },
		{ 'A', EV_FIN,		TS_FIN_WAIT1,	TS_ESTABLISHED } } },
	{ "refused", {
		{ 'B', EV_RST,		TS_CLOSED,	TS_CLOSED } } },
};

/* clang-format on */

static void check_table(const char *name, const struct row *rows, enum tcp_state (*after)(enum tcp_state, enum tcp_event))
{
	int state, event;

	for (state = 0; state < TS_COUNT; state++) {
		assert_string_equal(state_name((enum tcp_state)state), rows[state].state);
		for (event = 0; event < EV_COUNT; event++) {
			const char *want = rows[state].after[event] ? rows[state].after[event] : "NONE";
			const char *is = state_name(after((enum tcp_state)state, (enum tcp_event)event));

			if (strcmp(is, want))
				fail_msg("%s: %s, event %d: %s, not %s", name, rows[state].state, event, is, want);
		}
	}
}

static void each_cell_is_as_written_here(void **state)
{
	(void)state;
	check_table("sender", sender, state_on_send);
	check_table("receiver", receiver, state_on_receive);
}

static void apply(enum tcp_state states[2], const struct move *m)
{
	int from = m->from == 'B';
	enum tcp_state sent = state_on_send(states[from], m->event), received = state_on_receive(states[!from], m->event);

	if (sent)
		states[from] = sent;
	if (received)
		states[!from] = received;
}

static void paths_of_the_rfc(void **state)
{
	size_t i, j;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(paths); i++) {
		enum tcp_state states[2] = { TS_SYN_SENT, TS_SYN_RECV };

		for (j = 0; j < ARRAY_SIZE(paths[i].move) && paths[i].move[j].from; j++) {
			const struct move *m = &paths[i].move[j];

			apply(states, m);
			if (states[0] != m->a || states[1] != m->b)
				fail_msg("%s, move %zu: %s/%s", paths[i].name, j, state_name(states[0]),
					 state_name(states[1]));
		}
	}
}

/* At every point of every path, a RST of either side ends the session. */
static void rst_ends_it_anywhere(void **state)
{
	size_t i, j;
	int from;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(paths); i++) {
		for (j = 0; j < ARRAY_SIZE(paths[i].move) && paths[i].move[j].from; j++) {
			for (from = 'A'; from <= 'B'; from++) {
				const struct move rst = { .from = (char)from, .event = EV_RST };
				enum tcp_state states[2] = { paths[i].move[j].a, paths[i].move[j].b };

				apply(states, &rst);
				assert_int_equal(states[0], TS_CLOSED);
				assert_int_equal(states[1], TS_CLOSED);
			}
		}
	}
}

static void only_closed_and_time_wait_are_over(void **state)
{
	int a, b;

	(void)state;
	for (a = TS_CLOSED; a < TS_COUNT; a++) {
		bool a_over = a == TS_CLOSED || a == TS_TIME_WAIT;

		for (b = TS_CLOSED; b < TS_COUNT; b++) {
			bool b_over = b == TS_CLOSED || b == TS_TIME_WAIT;

			assert_int_equal(state_is_closed((enum tcp_state)a, (enum tcp_state)b), a_over && b_over);
		}
		assert_int_equal(state_is_transient((enum tcp_state)a), !a_over && a != TS_ESTABLISHED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_cell_is_as_written_here),
		cmocka_unit_test(paths_of_the_rfc),
		cmocka_unit_test(rst_ends_it_anywhere),
		cmocka_unit_test(only_closed_and_time_wait_are_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
