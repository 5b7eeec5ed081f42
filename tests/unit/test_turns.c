/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who made whom wait: exchanges, one row a segment, with what is to be said of the pause before it. Times are ms.
 * In most of them the capture point is 2 ms from the client and 20 ms from the server, there and back.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "make_segment.h"
#include "timing.h"
#include "tracker.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define ROWS_MAX 24

/*
 * A row: MS FROM FLAGS SEQ ACK LENGTH [win 0] [= WHO MS, ...], FROM c or s. total: of the whole session, by who; the longest
 * times are those of struct waits.
 */
struct exchange {
	const char *name;
	bool pickup; /* no handshake */
	const char *row[ROWS_MAX];
	const char *total;
	uint32_t server_max_ms, client_max_ms, zero_window_ms;
};

/* clang-format off */

#define HANDSHAKE \
	"0 c S 999 0 0", \
	"20 s SA 4999 1000 0 = network 20", \
	"22 c A 1000 5000 0 = network 2"

static const struct exchange exchanges[] = {
	{ "a request, its ACK, the answer", false, { HANDSHAKE,
		"30 c PA 1000 5000 100 = client 8",
		"50 s A 5000 1100 0 = network 20",
		"2050 s PA 5000 1100 200 = server 2000",
		"2052 c A 1100 5200 0 = network 2" },
		"network 44, server 2000, client 8", 2000, 8, 0 },
	{ "the answer brings the ACK along", false, { HANDSHAKE,
		"22 c PA 1000 5000 100",
		"2042 s PA 5000 1100 200 = network 20, server 2000",
		"2044 c A 1100 5200 0 = network 2" },
		"network 44, server 2000", 2000, 0, 0 },
	{ "a delayed ACK is not the network", false, { HANDSHAKE,
		"22 c PA 1000 5000 100",
		"82 s A 5000 1100 0 = network 20, server 40",
		"2042 s PA 5000 1100 200 = server 1960" },
		"network 42, server 2000", 2000, 0, 0 },
	{ "an ACK alone that comes later than ACKs are delayed", false, { HANDSHAKE,
		"22 c PA 1000 5000 100",
		"1022 s A 5000 1100 0 = network 1000" },
		"network 1022", 0, 0, 0 },
	{ "no think time at all", false, { HANDSHAKE,
		"22 c PA 1000 5000 100",
		"42 s PA 5000 1100 200 = network 20",
		"44 c PA 1100 5200 100 = network 2",
		"64 s PA 5200 1200 200 = network 20" },
		"network 64", 0, 0, 0 },
	{ "the client is idle between its requests", false, { HANDSHAKE,
		"22 c PA 1000 5000 100",
		"42 s PA 5000 1100 200 = network 20",
		"44 c A 1100 5200 0 = network 2",
		"5044 c PA 1100 5200 100 = idle 5000",
		"5064 s PA 5200 1200 200 = network 20",
		"8064 c PA 1200 5400 100 = network 2, idle 2998" },
		"network 66, idle 7998", 0, 5000, 0 },
	{ "keep-alives do not end the idleness", false, { HANDSHAKE,
		"22 c PA 1000 5000 100",
		"42 s PA 5000 1100 200 = network 20",
		"44 c A 1100 5200 0 = network 2",
		"3044 c A 1099 5200 0 = idle 3000",
		"3064 s A 5200 1100 0 = idle 20",
		"4064 s A 5199 1100 0 = idle 1000",
		"4066 c A 1100 5200 0 = idle 2",
		"5044 c PA 1100 5200 100 = idle 978" },
		"network 44, idle 5000", 0, 5000, 0 },
	{ "nor the wait for an answer", false, { HANDSHAKE,
		"22 c PA 1000 5000 100",
		"42 s A 5000 1100 0 = network 20",
		"3042 c A 1099 5000 0 = server 3000",
		"3062 s A 5000 1100 0 = server 20",
		"5042 s PA 5000 1100 200 = server 1980" },
		"network 42, server 5000", 5000, 0, 0 },
	{ "the server greets", false, { HANDSHAKE,
		"1042 s PA 5000 1000 50 = network 20, server 1000",
		"1044 c A 1000 5050 0 = network 2",
		"3044 c PA 1000 5050 100 = client 2000" },
		"network 44, server 1000, client 2000", 1000, 2000, 0 },
	{ "the client pauses in the middle of its request", false, { HANDSHAKE,
		"22 c PA 1000 5000 100",
		"82 s A 5000 1100 0 = network 20, server 40",
		"3082 c PA 1100 5000 100 = network 2, client 2998",
		"3102 s PA 5000 1200 100 = network 20" },
		"network 64, client 3038", 0, 3038, 0 },	/* now it is known whose the 40 ms were */
	{ "the server pauses in the middle of its answer", false, { HANDSHAKE,
		"22 c PA 1000 5000 100",
		"42 s A 5000 1100 1000 = network 20",
		"44 c A 1100 6000 0 = network 2",
		"3064 s PA 6000 1100 100 = network 20, server 3000" },
		"network 64, server 3000", 3000, 0, 0 },
	{ "nobody acknowledges within the pause", false, { HANDSHAKE,
		"22 c PA 1000 5000 100",
		"322 c PA 1100 5000 100 = network 20, client 280",
		"1322 c PA 1200 5000 100 = network 1000" },
		"network 1042, client 280", 0, 280, 0 },
	{ "sent again, and again", false, { HANDSHAKE,
		"22 c PA 1000 5000 100",
		"322 c PA 1000 5000 100 = network 300",
		"922 c PA 1000 5000 100 = network 600",
		"1942 s PA 5000 1100 100 = network 20, server 1000" },
		"network 942, server 1000", 1000, 0, 0 },
	{ "lost before it came by here: what fills the hole", false, { HANDSHAKE,
		"22 c PA 1000 5000 100",
		"42 s A 5500 1100 100 = network 20",
		"44 c A 1100 5000 0 = network 2",
		"444 s A 5000 1100 500 = network 400" },
		"network 444", 0, 0, 0 },
	{ "an answer that does not acknowledge the request: it had not arrived", false, { HANDSHAKE,
		"22 c PA 1000 5000 100",
		"222 s PA 5000 1000 50 = network 200" },
		"network 222", 0, 0, 0 },
	{ "SYNs that are not answered", false, {
		"0 c S 999 0 0",
		"1000 c S 999 0 0 = network 1000",
		"3000 c S 999 0 0 = network 2000" },
		"network 3000", 0, 0, 0 },
	{ "the last of them is", false, {
		"0 c S 999 0 0",
		"1000 c S 999 0 0 = network 1000",
		"1020 s SA 4999 1000 0 = network 20",
		"1022 c A 1000 5000 0 = network 2",
		"1022 c PA 1000 5000 100",
		"1042 s A 5000 1100 0 = network 20",
		"2042 s PA 5000 1100 100 = server 1000" },
		"network 1042, server 1000", 1000, 0, 0 },
	{ "refused", false, {
		"0 c S 999 0 0",
		"20 s RA 0 1000 0 = network 20" },
		"network 20", 0, 0, 0 },
	{ "data in the SYN is a request", false, {
		"0 c S 999 0 100",
		"20 s SA 4999 1100 0 = network 20",
		"1020 s PA 5000 1100 100 = network 1000",	/* its SYN is not acknowledged yet */
		"1022 c A 1100 5100 0 = network 2",
		"2022 s PA 5100 1100 100 = network 20, server 980" },
		"network 1042, server 980", 980, 0, 0 },
	{ "a window closes and opens again", false, { HANDSHAKE,
		"22 c PA 1000 5000 100",
		"42 s A 5000 1100 1000 = network 20",
		"44 c A 1100 6000 0 win 0 = network 2",
		"544 s A 5999 1100 0 = zero 500",
		"546 c A 1100 6000 0 win 0 = zero 2",
		"3046 c A 1100 6000 0 = zero 2500",
		"3066 s A 6000 1100 1000 = network 20" },
		"network 64, zero 3002", 0, 0, 3002 },
	{ "data follows without a probe", false, { HANDSHAKE,
		"22 c PA 1000 5000 100",
		"42 s A 5000 1100 1000 = network 20",
		"44 c A 1100 6000 0 win 0 = network 2",
		"184 c A 1100 6000 0 = zero 140",
		"204 s A 6000 1100 1000 = network 20" },
		"network 64, zero 140", 0, 0, 140 },
	{ "a window of 512 that is filled again and again: who reads it is slow", false, { HANDSHAKE,
		"22 c PA 1000 5000 512",
		"82 s A 5000 1512 0 = network 20, zero 40",
		"82 c PA 1512 5000 512",
		"142 s A 5000 2024 0 = network 20, zero 40",
		"142 c PA 2024 5000 100",
		"162 s PA 5000 2124 100 = network 20" },
		"network 82, zero 80", 0, 0, 40 },
	{ "a request that happens to fill the window: nobody waited for room", false, { HANDSHAKE,
		"22 c PA 1000 5000 512",
		"82 s A 5000 1512 0 = network 20, zero 40",
		"2042 s PA 5000 1512 100 = server 1960" },
		"network 42, server 2000", 2000, 0, 0 },
	{ "half a request that does, and a pause", false, { HANDSHAKE,
		"22 c PA 1000 5000 512",
		"82 s A 5000 1512 0 = network 20, zero 40",
		"3082 c PA 1512 5000 100 = network 2, client 2998" },
		"network 44, client 3038", 0, 3038, 0 },
	{ "what fills the window is lost", false, { HANDSHAKE,
		"22 c PA 1000 5000 512",
		"322 c PA 1000 5000 512 = network 300",
		"342 s A 5000 1512 0 = network 20" },
		"network 342", 0, 0, 0 },
	{ "a closed window that nobody minded", false, { HANDSHAKE,
		"22 c PA 1000 5000 100",
		"42 s A 5000 1100 1000 = network 20",
		"44 c A 1100 6000 0 win 0 = network 2",
		"1044 c A 1100 6000 0 = zero 1000",
		"3044 c PA 1100 6000 100 = idle 2000",
		"3064 s PA 6000 1200 100 = network 20" },
		"network 64, idle 3000", 0, 3000, 0 },
	{ "a request while the client's own window is closed", false, { HANDSHAKE,
		"22 c PA 1000 5000 100",
		"42 s A 5000 1100 1000 = network 20",
		"44 c A 1100 6000 0 win 0 = network 2",
		"1044 c PA 1100 6000 100 win 0 = idle 1000" },
		"network 44, idle 1000", 0, 1000, 0 },
	{ "the client gives up", false, { HANDSHAKE,
		"22 c PA 1000 5000 100",
		"42 s A 5000 1100 0 = network 20",
		"5042 c FA 1100 5000 0 = server 5000",
		"5062 s A 5000 1101 0 = network 20" },
		"network 62, server 5000", 5000, 0, 0 },
	{ "and resets", false, { HANDSHAKE,
		"22 c PA 1000 5000 100",
		"42 s A 5000 1100 0 = network 20",
		"5042 c RA 1100 5000 0 = server 5000" },
		"network 42, server 5000", 5000, 0, 0 },
	{ "the server resets, and says why", false, { HANDSHAKE,
		"22 c PA 1000 5000 100",
		"42 s PA 5000 1100 100 = network 20",
		"44 c A 1100 5100 0 = network 2",
		"3044 s R 5100 1100 20 = idle 3000" },
		"network 44, idle 3000", 0, 3000, 0 },
	{ "an idle session is closed by the server", false, { HANDSHAKE,
		"22 c PA 1000 5000 100",
		"42 s PA 5000 1100 100 = network 20",
		"44 c A 1100 5100 0 = network 2",
		"6044 s FA 5100 1100 0 = idle 6000",
		"6046 c A 1100 5101 0 = network 2",
		"9046 c FA 1100 5101 0 = idle 3000" },
		"network 46, idle 9000", 0, 6000, 0 },
	{ "and takes leave before that, which looks like the rest of an answer", false, { HANDSHAKE,
		"22 c PA 1000 5000 100",
		"42 s PA 5000 1100 100 = network 20",
		"44 c A 1100 5100 0 = network 2",
		"60044 s PA 5100 1100 31 = network 20, server 59980",
		"60044 s FA 5131 1100 0",
		"60046 c A 1100 5132 0 = network 2" },
		"network 66, idle 59980", 0, 59980, 0 },
	{ "the rest of an answer, closed at once", false, { HANDSHAKE,
		"22 c PA 1000 5000 100",
		"42 s PA 5000 1100 100 = network 20",
		"44 c A 1100 5100 0 = network 2",
		"3064 s PA 5100 1100 65 = network 20, server 3000",
		"3064 s FA 5165 1100 0" },
		"network 64, server 3000", 3000, 0, 0 },
	{ "little rests of an answer", false, { HANDSHAKE,
		"22 c PA 1000 5000 100",
		"42 s PA 5000 1100 100 = network 20",
		"44 c A 1100 5100 0 = network 2",
		"3064 s PA 5100 1100 5 = network 20, server 3000",
		"3066 c A 1100 5105 0 = network 2",
		"4086 s PA 5105 1100 5 = network 20, server 1000",
		"4088 c PA 1100 5110 100 = network 2",
		"5108 s PA 5110 1200 5 = network 20, server 1000",
		"5110 c A 1200 5115 0 = network 2",
		"6110 s FA 5115 1200 0 = idle 1000" },
		"network 110, server 5000, idle 1000", 3000, 1000, 0 },
	{ "the server answers a half-closed client", false, { HANDSHAKE,
		"22 c FPA 1000 5000 100",
		"42 s A 5000 1101 0 = network 20",
		"1042 s PA 5000 1101 100 = server 1000",
		"1044 c A 1101 5100 0 = network 2" },
		"network 44, server 1000", 1000, 0, 0 },
	{ "in mid-stream, all seen", true, {
		"0 c PA 1000 5000 100",
		"20 s A 5000 1100 0 = network 20",
		"120 s PA 5000 1100 100 = server 100",
		"122 c A 1100 5100 0 = network 2",
		"1122 c PA 1100 5100 100 = idle 1000",
		"1142 s A 5100 1200 0 = network 20",
		"2142 s PA 5100 1200 100 = server 1000" },
		"network 42, server 1100, idle 1000", 1000, 1000, 0 },
	{ "in mid-stream, nothing said before", true, {
		"0 c A 1000 5000 0",
		"2000 s A 4999 1000 0 = idle 2000",
		"2002 c A 1000 5000 0 = idle 2",
		"4002 c PA 1000 5000 100 = client 2000" },	/* now it is known whose all of it was */
		"client 4002", 0, 4002, 0 },
	{ "one side alone", true, {
		"0 s A 5000 1000 1000",
		"100 s A 6000 1000 1000 = server 100",
		"400 s PA 7000 1000 1000 = server 300",
		"900 s PA 8000 1100 1000 = server 500" },
		"server 900", 500, 0, 0 },
	{ "in mid-stream, keep-alives of one byte", true, {
		"0 c A 1000 5000 1",
		"20 s A 5000 1001 0 = network 20",
		"45000 c A 1000 5000 1 = idle 44980",
		"45020 s A 5000 1001 0 = idle 20",
		"46020 c PA 1001 5000 100 = client 1000" },
		"network 20, client 46000", 0, 46000, 0 },
	{ "the server is not captured", false, {
		"0 c S 999 0 0",
		"20 c A 1000 5000 0 = network 20",
		"20 c PA 1000 5000 100",
		"5020 c A 1100 9000 0 = idle 5000",
		"6020 c PA 1100 9000 100 = client 1000" },
		"network 20, client 6000", 0, 6000, 0 },
	{ "time that stands still or runs backwards", false, { HANDSHAKE,
		"22 c PA 1000 5000 100",
		"10 s A 5000 1100 0",
		"1022 s PA 5000 1100 100 = server 1000" },
		"network 22, server 1000", 1000, 0, 0 },
	{ "a bulk transfer, captured at its receiver", false, {
		"0 c S 999 0 0",
		"20 s SA 4999 1000 0 = network 20",
		"20 c A 1000 5000 0",
		"20 c PA 1000 5000 100",
		"40 s A 5000 1100 1000 = network 20",
		"40 s A 6000 1100 1000",
		"40 c A 1100 7000 0",
		"60 s A 7000 1100 1000 = network 20",	/* the ACK had to get there */
		"60 s A 8000 1100 1000",
		"60 c A 1100 9000 0",
		"1080 s A 9000 1100 1000 = network 20, server 1000" },
		"network 80, server 1000", 1000, 0, 0 },
};

/* clang-format on */

struct seen {
	struct tracker *t;
	struct pause_split split;
	uint64_t pause_ns;
	struct waits waits;
	uint32_t ends;
};

static void on_segment(void *ctx, const struct step *step)
{
	struct seen *seen = ctx;

	seen->split = step->split;
	seen->pause_ns = step->pause_ns;
}

static void on_end(void *ctx, struct session *s, enum session_end why, uint64_t ts_ns)
{
	struct seen *seen = ctx;

	(void)why;
	(void)ts_ns;
	seen->ends++;
	timing_waits(timing_of(s), s, &seen->waits);
}

static uint8_t flags_of(const char *letters)
{
	static const char all[] = "FSRPA";
	uint8_t flags = 0;
	int i;

	for (; *letters; letters++)
		for (i = 0; all[i]; i++)
			flags |= all[i] == *letters ? (uint8_t)(1 << i) : 0;
	return flags;
}

static struct segment segment_of(const char *row, uint32_t id)
{
	char from, flags[8];
	unsigned at_ms, seq, ack, len;
	struct segment seg;

	assert_int_equal(sscanf(row, "%u %c %7s %u %u %u", &at_ms, &from, flags, &seq, &ack, &len), 6);
	seg = make_segment(from == 'c' ? CLIENT : SERVER, flags_of(flags), seq, ack, len);
	seg.ts_ns += at_ms * MS;
	seg.ip_id = id;
	if (strstr(row, "win 0"))
		seg.window = 0;
	return seg;
}

/* Counts the parts that are not as text tells. */
static int differences(const char *name, const char *row, const struct pause_split *got, const char *text)
{
	static const char *const words[WAIT_COUNT] = { "network", "server", "client", "zero", "idle" };
	const char *at;
	unsigned want_ms;
	int i, count = 0;

	for (i = 0; i < WAIT_COUNT; i++) {
		at = text ? strstr(text, words[i]) : NULL;
		want_ms = at ? (unsigned)strtoul(at + strlen(words[i]), NULL, 10) : 0;
		if (got->ns[i] == want_ms * MS)
			continue;
		print_error("%s: \"%s\": %s %.3f ms\n", name, row, words[i], (double)got->ns[i] / 1e6);
		count++;
	}
	return count;
}

static uint64_t sum_ns(const struct pause_split *split)
{
	uint64_t sum = 0;
	int i;

	for (i = 0; i < WAIT_COUNT; i++)
		sum += split->ns[i];
	return sum;
}

static int run(const struct exchange *x)
{
	struct seen seen = { 0 };
	const struct tracker_config cfg = { .session_limit = 16, .segment_limit = 256, .pickup = x->pickup };
	const struct tracker_events events = { .ctx = &seen, .segment = on_segment, .ended = on_end };
	struct waits *w = &seen.waits;
	int count = 0;
	uint32_t i;

	seen.t = tracker_new(&cfg, &events);
	assert_non_null(seen.t);
	for (i = 0; i < ROWS_MAX && x->row[i]; i++) {
		struct segment seg = segment_of(x->row[i], i + 1);

		tracker_feed(seen.t, &seg);
		count += differences(x->name, x->row[i], &seen.split, strchr(x->row[i], '='));
		assert_int_equal(sum_ns(&seen.split), seen.pause_ns);
	}
	tracker_finish(seen.t);
	assert_int_equal(seen.ends, 1);
	count += differences(x->name, "total", &w->total, x->total);
	if (w->server_max_ms != x->server_max_ms || w->client_max_ms != x->client_max_ms ||
	    w->zero_window_ms != x->zero_window_ms) {
		print_error("%s: longest: server %u ms, client %u ms, zero window %u ms\n", x->name, w->server_max_ms,
			    w->client_max_ms, w->zero_window_ms);
		count++;
	}
	tracker_free(seen.t);
	return count;
}

static void every_exchange(void **state)
{
	int count = 0;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(exchanges); i++)
		count += run(&exchanges[i]);
	assert_int_equal(count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_exchange),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
