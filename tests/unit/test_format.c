/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fields of a line. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <arpa/inet.h>

#include <cmocka.h>

#include "format.h"
#include "make_segment.h"
#include "timing.h"

static const char *endpoint(const char *address, uint16_t port)
{
	static char text[ENDPOINT_TEXT_MAX];
	struct session s = { .key.rest = (uint32_t)port << 16 | 1 };
	uint32_t v4;

	if (inet_pton(AF_INET, address, &v4) == 1)
		make_address(s.key.addr[1], ntohl(v4));
	else
		assert_int_equal(inet_pton(AF_INET6, address, s.key.addr[1]), 1);
	format_endpoint(&s, 1, text);
	return text;
}

static void endpoints(void **state)
{
	(void)state;
	assert_string_equal(endpoint("10.0.0.1", 80), "10.0.0.1:80");
	assert_string_equal(endpoint("255.255.255.255", 65535), "255.255.255.255:65535");
	assert_string_equal(endpoint("0.0.0.0", 0), "0.0.0.0:0");
	assert_string_equal(endpoint("2001:db8::1", 443), "[2001:db8::1]:443");
	assert_string_equal(endpoint("::", 0), "[::]:0");
	assert_string_equal(endpoint("2001:db8:1111:2222:3333:4444:5555:6666", 65535),
			    "[2001:db8:1111:2222:3333:4444:5555:6666]:65535");
}

static const char *arrow(uint8_t flags, bool from_client)
{
	static char text[9];

	format_arrow(flags, from_client, text);
	return text;
}

static void arrows(void **state)
{
	(void)state;
	assert_string_equal(arrow(TCP_SYN, true), ">----S->");
	assert_string_equal(arrow(TCP_SYN | TCP_ACK, false), "<-A--S-<");
	assert_string_equal(arrow(TCP_PSH | TCP_ACK, true), ">-AP--->");
	assert_string_equal(arrow(0xff, false), "<UAPRSF<");
	assert_string_equal(arrow(TCP_ECE | TCP_CWR, true), ">------>");
}

static const char *options(const char *bytes, size_t len, bool cut)
{
	static char text[OPTIONS_TEXT_MAX];

	format_options((const uint8_t *)bytes, (uint32_t)len, cut, text);
	return text;
}

#define OPTIONS(literal)     options(literal, sizeof(literal) - 1, false)
#define CUT_OPTIONS(literal) options(literal, sizeof(literal) - 1, true)

static void options_in_wire_order(void **state)
{
	(void)state;
	assert_string_equal(OPTIONS(""), "");
	assert_string_equal(OPTIONS("\1\1"), "");
	assert_string_equal(OPTIONS("\2\4\x5\xb4\4\2\x8\xa\x2\x39\x41\x26\0\0\0\0\1\3\3\xa"),
			    "mss=1460, sackOK, timestamp 37306662 0, wscale=10");
	assert_string_equal(OPTIONS("\1\1\x8\xa\xff\xff\xff\xff\x80\0\0\0"), "timestamp 4294967295 2147483648");
	assert_string_equal(OPTIONS("\1\1\5\xa\0\0\0\1\0\0\0\2"), "sack 1");
	assert_string_equal(OPTIONS("\2\4\xff\xff\0\4\2"), "mss=65535");
}

/* Other kinds, and known ones with a length that is not theirs. */
static void options_of_no_known_shape(void **state)
{
	(void)state;
	assert_string_equal(OPTIONS("\xfd\6\1\2\3\4\x22\2"), "len=6 opt[253], len=2 opt[34]");
	assert_string_equal(OPTIONS("\2\3\1\3\2\4\3\1\x8\3\1\5\3\1\5\2"),
			    "len=3 opt[2], len=2 opt[3], len=3 opt[4], len=3 opt[8], len=3 opt[5], len=2 opt[5]");
}

static void bad_and_cut_options_say_so(void **state)
{
	(void)state;
	assert_string_equal(OPTIONS("\4\2\x1e\0\4\2"), "sackOK, bad");
	assert_string_equal(OPTIONS("\x1e\1"), "bad");
	assert_string_equal(OPTIONS("\x8\xa\0\0"), "bad");
	assert_string_equal(CUT_OPTIONS("\4\2\x8\xa\0\0"), "sackOK, cut");
	assert_string_equal(CUT_OPTIONS("\4\2"), "sackOK, cut");
	assert_string_equal(CUT_OPTIONS(""), "cut");
}

static void forty_bytes_fit_whatever_they_are(void **state)
{
	char bytes[40], want[OPTIONS_TEXT_MAX] = "";
	int i;

	(void)state;
	for (i = 0; i < 40; i += 2) {
		bytes[i] = (char)0xff;
		bytes[i + 1] = 2;
		strcat(want, i ? ", len=2 opt[255]" : "len=2 opt[255]");
	}
	assert_string_equal(options(bytes, sizeof(bytes), false), want);
}

static void set_zone(const char *zone)
{
	setenv("TZ", zone, 1);
	tzset();
}

static const char *time_text(uint64_t ts_ns)
{
	static char text[TIME_TEXT_MAX];

	format_time(ts_ns, text);
	return text;
}

/* 2023-11-14 22:13:20 UTC is T0. No minute is asked for in two zones: the zone does not change while the program runs. */
static void times_are_local_and_cut_to_milliseconds(void **state)
{
	(void)state;
	set_zone("UTC");
	assert_string_equal(time_text(T0), "22:13:20.000");
	assert_string_equal(time_text(T0 + 999999), "22:13:20.000");
	assert_string_equal(time_text(T0 + 999999999), "22:13:20.999");
	assert_string_equal(time_text(T0 + 39999 * MS), "22:13:59.999");
	assert_string_equal(time_text(T0 + 40 * SEC), "22:14:00.000");
	assert_string_equal(time_text(T0 - 20001 * MS), "22:12:59.999");
	assert_string_equal(time_text(0), "00:00:00.000");
}

static void times_pass_midnight_of_the_zone(void **state)
{
	const uint64_t midnight = 1700006400 * SEC; /* 2023-11-15 00:00 UTC */

	(void)state;
	set_zone("UTC");
	assert_string_equal(time_text(midnight - 1), "23:59:59.999");
	assert_string_equal(time_text(midnight), "00:00:00.000");
	set_zone("XXX-05:45");
	assert_string_equal(time_text(midnight + 86400 * SEC), "05:45:00.000");
	assert_string_equal(time_text(midnight + (86400 - 5 * 3600 - 45 * 60) * SEC - 1), "23:59:59.999");
	assert_string_equal(time_text(midnight + (86400 - 5 * 3600 - 45 * 60) * SEC), "00:00:00.000");
	set_zone("UTC");
}

static void times_follow_the_clock_change(void **state)
{
	const uint64_t change = 1711846800 * SEC; /* 2024-03-31 01:00 UTC */

	(void)state;
	set_zone("CET-1CEST,M3.5.0,M10.5.0/3");
	assert_string_equal(time_text(change - 1), "01:59:59.999");
	assert_string_equal(time_text(change), "03:00:00.000");
	set_zone("UTC");
}

/* Far beyond what the calendar can do: the line keeps its columns. */
static void any_time_has_its_width(void **state)
{
	(void)state;
	assert_int_equal(strlen(time_text(UINT64_MAX)), 12);
}

static void ends_have_words_unless_closed(void **state)
{
	(void)state;
	assert_null(format_end(END_CLOSED));
	assert_string_equal(format_end(END_TIMEOUT)->message, "destroy session");
	assert_string_equal(format_end(END_TIMEOUT)->reason, "time out");
	assert_string_equal(format_end(END_DUPLICATE)->message, "error break");
	assert_string_equal(format_end(END_DUPLICATE)->reason, "Duplicate connection(packet loss?)");
	assert_string_equal(format_end(END_CAPTURE)->reason, "capture end");
	assert_string_equal(format_end(END_EVICTED)->reason, "table full");
}

static const char *note(bool colour, const char *text)
{
	static char buf[128];
	FILE *f = fmemopen(buf, sizeof(buf), "w");

	assert_non_null(f);
	note_print(f, colour, text);
	fclose(f);
	return buf;
}

static void each_line_of_a_note_is_green(void **state)
{
	(void)state;
	assert_string_equal(note(false, "one\ntwo\n"), "one\ntwo\n");
	assert_string_equal(note(true, "one\ntwo\n"), "\x1b[32mone\x1b[39m\n\x1b[32mtwo\x1b[39m\n");
}

static const char *duration(uint64_t ns)
{
	static char buf[32];
	struct text t;

	text_init(&t, buf, sizeof(buf));
	format_duration(&t, ns);
	return buf;
}

static void durations(void **state)
{
	(void)state;
	assert_string_equal(duration(0), "0.000 ms");
	assert_string_equal(duration(999), "0.000 ms");
	assert_string_equal(duration(99999), "0.099 ms");
	assert_string_equal(duration(100000), "0.1 ms");
	assert_string_equal(duration(12399999), "12.3 ms");
	assert_string_equal(duration(999999999), "999.9 ms");
	assert_string_equal(duration(SEC), "1.000 s");
	assert_string_equal(duration(86399999999999), "86399.999 s");
}

static const char *waited(uint64_t network, uint64_t server, uint64_t client, uint64_t zero_window, uint64_t idle)
{
	static char buf[PAUSE_TEXT_MAX];
	struct pause_split split = { .ns = { [WAIT_NETWORK] = network,
					     [WAIT_SERVER] = server,
					     [WAIT_CLIENT] = client,
					     [WAIT_ZERO_WINDOW] = zero_window,
					     [WAIT_IDLE] = idle } };

	pause_text(&split, buf, sizeof(buf));
	return buf;
}

static void pauses_are_told_by_who_spent_them(void **state)
{
	(void)state;
	assert_string_equal(waited(300000, 2124000000, 0, 0, 0), "server 2.124 s, network 0.3 ms");
	assert_string_equal(waited(20 * MS, 0, 0, 0, 0), "network 20.0 ms");
	assert_string_equal(waited(1, 0, 0, 3 * SEC, 0), "zero window 3.000 s");
	assert_string_equal(waited(99999, 0, 40 * MS, 0, 0), "client 40.0 ms");
	assert_string_equal(waited(5 * MS, 5 * MS, 0, 0, 0), "network 5.0 ms, server 5.0 ms");
	assert_string_equal(waited(50000, 0, 0, 0, 20000), "network 0.050 ms");
	assert_string_equal(waited(0, 0, 0, 0, 0), "network 0.000 ms");
	assert_string_equal(waited(2 * MS, 3 * SEC, 1 * MS, 2 * SEC, 9 * SEC),
			    "idle 9.000 s, server 3.000 s, zero window 2.000 s, network 2.0 ms, client 1.0 ms");
}

static void the_longest_pause_fits(void **state)
{
	const uint64_t most = UINT64_MAX;

	(void)state;
	assert_true(strlen(waited(most, most, most, most, most)) < PAUSE_TEXT_MAX - 1);
}

static const char *remarks(const struct step *step, uint32_t reasons)
{
	static char buf[REMARKS_TEXT_MAX];
	size_t len = format_remarks(step, reasons, buf);

	assert_int_equal(len, strlen(buf));
	return buf;
}

static void a_line_says_whose_a_pause_was_if_a_rule_looked_for_it(void **state)
{
	struct session session = { 0 };
	struct step step = { .session = &session, .timing = &timing_none, .split = { .ns = { [WAIT_SERVER] = 2 * SEC } } };

	(void)state;
	assert_string_equal(remarks(&step, 0), "");
	assert_string_equal(remarks(&step, 1u << REASON_RETRANSMIT | 1u << REASON_RTT), "");
	assert_string_equal(remarks(&step, 1u << REASON_LONG_DELAY), "server 2.000 s");
	assert_string_equal(remarks(&step, 1u << REASON_SERVER_DELAY), "server 2.000 s");
	assert_string_equal(remarks(&step, 1u << REASON_CLIENT_DELAY), "server 2.000 s");
}

static void a_line_says_that_a_rst_seems_forged(void **state)
{
	struct step step = { .rst = RST_BREAK, .split = { .ns = { [WAIT_IDLE] = 2 * SEC } } };

	(void)state;
	assert_string_equal(remarks(&step, 1u << REASON_RST), "");
	step.rst_doubts = RST_DOUBT_IP_ID;
	assert_string_equal(remarks(&step, 1u << REASON_RST), "");
	step.rst_doubts = RST_DOUBT_TTL;
	assert_string_equal(remarks(&step, 0), "does not look sent by this peer");
	assert_string_equal(remarks(&step, 1u << REASON_RST | 1u << REASON_LONG_DELAY),
			    "idle 2.000 s, does not look sent by this peer");
}

static void the_longest_remarks_fit(void **state)
{
	const uint64_t most = UINT64_MAX;
	struct session session = { .last_ns = UINT64_MAX };
	struct step step = { .session = &session, .timing = &timing_none, .rst = RST_BREAK, .rst_doubts = RST_DOUBT_TTL,
			     .split = { .ns = { most, most, most, 0, most } } };
	char buf[REMARKS_TEXT_MAX];

	(void)state;
	assert_true(format_remarks(&step, REASONS_OF_WAITS, buf) < REMARKS_TEXT_MAX - 1);
	assert_non_null(strstr(buf, "zero window"));
	assert_non_null(strstr(buf, "this peer"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(endpoints),
		cmocka_unit_test(arrows),
		cmocka_unit_test(options_in_wire_order),
		cmocka_unit_test(options_of_no_known_shape),
		cmocka_unit_test(bad_and_cut_options_say_so),
		cmocka_unit_test(forty_bytes_fit_whatever_they_are),
		cmocka_unit_test(times_are_local_and_cut_to_milliseconds),
		cmocka_unit_test(times_pass_midnight_of_the_zone),
		cmocka_unit_test(times_follow_the_clock_change),
		cmocka_unit_test(any_time_has_its_width),
		cmocka_unit_test(ends_have_words_unless_closed),
		cmocka_unit_test(durations),
		cmocka_unit_test(pauses_are_told_by_who_spent_them),
		cmocka_unit_test(the_longest_pause_fits),
		cmocka_unit_test(a_line_says_whose_a_pause_was_if_a_rule_looked_for_it),
		cmocka_unit_test(a_line_says_that_a_rst_seems_forged),
		cmocka_unit_test(the_longest_remarks_fit),
		cmocka_unit_test(each_line_of_a_note_is_green),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
