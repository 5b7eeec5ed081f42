/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "guard_page.h"
#include "http.h"

#define REQUEST "DPI:HTTP:RequestLine >>>> "
#define RESPONSE "DPI:HTTP:ResponseLine >>> "
#define HEADER "DPI:HTTP:Header >>>>>>>>> "

static struct http_config cfg;
static struct guard_page guard;
static char text[HTTP_TEXT_MAX];

static void set_mode(const char *mode)
{
	char err[256];

	if (!http_config_parse(&cfg, mode, err, sizeof(err)))
		fail_msg("%s: %s", mode, err);
}

/* What is shown of a payload that ends at the unreadable page. */
static const char *shown_bytes(const void *payload, size_t len)
{
	size_t n;

	memset(text, '#', sizeof(text));
	n = http_inspect(&cfg, guard_page_copy(&guard, payload, len), len, text);
	assert_in_range(n, 0, HTTP_TEXT_MAX - 1);
	assert_int_equal(text[n], '\0');
	assert_int_equal(strlen(text), n);
	return text;
}

static const char *shown(const char *payload)
{
	return shown_bytes(payload, strlen(payload));
}

static void assert_refused(const char *mode, const char *reason)
{
	char err[256];

	cfg.on = true;
	assert_false(http_config_parse(&cfg, mode, err, sizeof(err)));
	assert_false(cfg.on);
	if (!strstr(err, reason))
		fail_msg("'%s' is not in '%s'", reason, err);
	assert_null(strchr(err, '\n'));
}

static void tcp_switches_it_off(void **state)
{
	(void)state;
	set_mode("http:%");
	set_mode("tcp");
	assert_false(cfg.on);
	assert_false(cfg.request.all);
}

static void http_alone_shows_host(void **state)
{
	(void)state;
	set_mode("http");
	assert_true(cfg.on);
	assert_int_equal(cfg.request.count, 1);
	assert_string_equal(cfg.request.name[0], "Host");
	assert_int_equal(cfg.response.count, 0);
}

static void the_lists_are_told_apart(void **state)
{
	(void)state;
	set_mode("http:User-Agent,HOST,user-agent:Server,%");
	assert_int_equal(cfg.request.count, 2);
	assert_string_equal(cfg.request.name[1], "User-Agent");
	assert_false(cfg.request.all);
	assert_int_equal(cfg.response.count, 1);
	assert_string_equal(cfg.response.name[0], "Server");
	assert_true(cfg.response.all);
}

static void lists_may_be_empty(void **state)
{
	static const char *const modes[] = { "http:", "http::", "http:,", "http:,,:," };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		set_mode(modes[i]);
		assert_int_equal(cfg.request.count, 1);
		assert_int_equal(cfg.response.count, 0);
	}
	set_mode("http::Server");
	assert_int_equal(cfg.request.count, 1);
	assert_string_equal(cfg.response.name[0], "Server");
}

static void bad_modes_are_refused_with_a_reason(void **state)
{
	(void)state;
	assert_refused("", "'' is not a mode: use tcp or http");
	assert_refused("httpx", "'httpx' is not a mode");
	assert_refused("HTTP", "is not a mode");
	assert_refused("tcp:Host", "is not a mode");
	assert_refused("my\x1b[2J", "'my\\x1b[2J' is not a mode");
	assert_refused("http:Host, Server", "' Server' is not a header name");
	assert_refused("http::Se\x1brver", "'Se\\x1brver' is not a header name");
	assert_refused("http:a:b:c", "more than two lists");
}

static void too_many_names_are_refused(void **state)
{
	char mode[HTTP_MODE_MAX + 1] = "http:", *end = mode + 5;
	int i;

	(void)state;
	for (i = 1; i < HTTP_NAMES_MAX; i++)
		end += sprintf(end, "x%d,", i);
	set_mode(mode);
	assert_int_equal(cfg.request.count, HTTP_NAMES_MAX);
	strcpy(end, "one-more");
	assert_refused(mode, "more than 64 header names");

	memset(mode + 5, 'x', sizeof(mode) - 6);
	mode[sizeof(mode) - 2] = '\0';
	set_mode(mode);
	mode[sizeof(mode) - 2] = 'x';
	mode[sizeof(mode) - 1] = '\0';
	assert_refused(mode, "4096 bytes of header names are too many");
}

static void a_short_error_buffer_is_respected(void **state)
{
	char err[8] = "#######";

	(void)state;
	assert_false(http_config_parse(&cfg, "mysql", err, 5));
	assert_string_equal(err, "'mys");
	assert_memory_equal(err + 5, "##", 3);
}

static void a_request_shows_its_line_and_the_headers_asked_for(void **state)
{
	(void)state;
	set_mode("http:User-Agent");
	assert_string_equal(shown("GET /index.html HTTP/1.1\r\nHost: 10.77.0.2\r\nUser-Agent: curl/7.88.1\r\n"
				  "Accept: */*\r\n\r\n"),
			    REQUEST "GET /index.html HTTP/1.1\n"
			    HEADER "Host: 10.77.0.2\n"
			    HEADER "User-Agent: curl/7.88.1\n");
}

static void a_response_shows_its_line_and_the_headers_asked_for(void **state)
{
	(void)state;
	set_mode("http:Date:Server,Content-Length");
	assert_string_equal(shown("HTTP/1.1 404 Not Found\r\nDate: today\r\nContent-Length: 6\r\n"
				  "Host: no\r\nServer: nginx\r\n\r\nhello\n"),
			    RESPONSE "HTTP/1.1 404 Not Found\n"
			    HEADER "Content-Length: 6\n"
			    HEADER "Server: nginx\n");
}

static void every_token_is_a_method(void **state)
{
	(void)state;
	set_mode("http");
	assert_string_equal(shown("PROPFIND /dav HTTP/1.1\r\n\r\n"), REQUEST "PROPFIND /dav HTTP/1.1\n");
	assert_string_equal(shown("OPTIONS * HTTP/1.0\n\n"), REQUEST "OPTIONS * HTTP/1.0\n");
	assert_string_equal(shown("CONNECT a.example:443 HTTP/1.1\r\n"), REQUEST "CONNECT a.example:443 HTTP/1.1\n");
	assert_string_equal(shown("M-SEARCH * HTTP/1.1\r\n"), REQUEST "M-SEARCH * HTTP/1.1\n");
	assert_string_equal(shown("x!#$%&'*+-.^_`|~9 / HTTP/1.1\r\n"), REQUEST "x!#$%&'*+-.^_`|~9 / HTTP/1.1\n");
	assert_string_equal(shown("G(T / HTTP/1.1\r\n"), "");
	assert_string_equal(shown(" GET / HTTP/1.1\r\n"), "");
	assert_string_equal(shown("G\xc3\x89T / HTTP/1.1\r\n"), "");
}

static void text_that_begins_like_a_request_is_none(void **state)
{
	(void)state;
	set_mode("http:%:%");
	assert_string_equal(shown("GET "), "");
	assert_string_equal(shown("GET rich quick\r\nHost: nobody\r\n"), "");
	assert_string_equal(shown("GET /page\r\nHost: a\r\nHTTP/1.1\r\n"), "");
	assert_string_equal(shown("GET /page HTTP/1.1 is how it begins\r\n"), "");
	assert_string_equal(shown("GET two words HTTP/1.1\r\n"), "");
	assert_string_equal(shown("GET HTTP/1.1\r\n"), "");
	assert_string_equal(shown("GET / HTTP/2.0\r\n"), "");
	assert_string_equal(shown("GET / HTTP/1.\r\n"), "");
	assert_string_equal(shown("GET / HTTP/1.11\r\n"), "");
	assert_string_equal(shown("GET / http/1.1\r\n"), "");
	assert_string_equal(shown("GET / xHTTP/1.1\r\n"), "");
	assert_string_equal(shown("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), "");
	assert_string_equal(shown("DESCRIBE rtsp://a/b RTSP/1.0\r\n"), "");
	assert_string_equal(shown("\x16\x03\x01\x02"), "");
	assert_string_equal(shown("\r\n\r\n"), "");
	assert_string_equal(shown(""), "");
}

static void a_status_has_three_digits(void **state)
{
	(void)state;
	set_mode("http");
	assert_string_equal(shown("HTTP/1.0 200 OK\r\n"), RESPONSE "HTTP/1.0 200 OK\n");
	assert_string_equal(shown("HTTP/1.1 -12 OK\r\n"), "");
	assert_string_equal(shown("HTTP/1.1 20 OK\r\n"), "");
	assert_string_equal(shown("HTTP/1.1 2000 OK\r\n"), "");
	assert_string_equal(shown("HTTP/1.1 2x0 OK\r\n"), "");
	assert_string_equal(shown("HTTP/1.1 200OK\r\n"), "");
	assert_string_equal(shown("HTTP/1.1\r\n"), "");
	assert_string_equal(shown("HTTP/1.1 \r\n200 OK\r\n"), "");
	assert_string_equal(shown("HTTP/2 200 OK\r\n"), "");
	assert_string_equal(shown("HTTP/1.x 200 OK\r\n"), "");
}

static void the_reason_is_optional(void **state)
{
	(void)state;
	set_mode("http::Server");
	assert_string_equal(shown("HTTP/1.1 204\r\nServer: a\r\n\r\n"), RESPONSE "HTTP/1.1 204\n" HEADER "Server: a\n");
	assert_string_equal(shown("HTTP/1.1 204 \r\nServer: a\r\n\r\n"), RESPONSE "HTTP/1.1 204\n" HEADER "Server: a\n");
}

static void names_compare_without_case_and_are_shown_as_sent(void **state)
{
	(void)state;
	set_mode("http:X-Forwarded-FOR");
	assert_string_equal(shown("GET / HTTP/1.1\r\nhost: a\r\n"
				  "x-forwarded-for: b\r\nx-forwarded: c\r\nx-forwarded-fort: d\r\n\r\n"),
			    REQUEST "GET / HTTP/1.1\n" HEADER "host: a\n" HEADER "x-forwarded-for: b\n");
	assert_string_equal(shown("GET / HTTP/1.1\r\n@ost: a\r\nHOST: a\r\n"),
			    REQUEST "GET / HTTP/1.1\n" HEADER "HOST: a\n");
}

static void a_zero_byte_ends_no_name(void **state)
{
	(void)state;
	set_mode("http:Ab,cd");
	assert_string_equal(shown_bytes("GET / HTTP/1.1\nAb\0cd: 1\nAb\0: 2\ncd: 3\n", 37),
			    REQUEST "GET / HTTP/1.1\n" HEADER "cd: 3\n");
}

static void percent_shows_every_header(void **state)
{
	(void)state;
	set_mode("http:%");
	assert_string_equal(shown("GET / HTTP/1.1\r\nA: 1\r\nHost: h\r\nA: 2\r\n\r\nB: body\r\n"),
			    REQUEST "GET / HTTP/1.1\n" HEADER "A: 1\n" HEADER "Host: h\n" HEADER "A: 2\n");
	assert_string_equal(shown("GET / HTTP/1.1\r\nA: 1\r\n B: folded\r\n: no name\r\nno colon\r\nC d: 2\r\n"),
			    REQUEST "GET / HTTP/1.1\n" HEADER "A: 1...\n" HEADER "C d: 2\n");
	assert_string_equal(shown("HTTP/1.1 200 OK\r\nA: 1\r\n\r\n"), RESPONSE "HTTP/1.1 200 OK\n");
}

static void bare_line_feeds_end_lines_too(void **state)
{
	(void)state;
	set_mode("http:%");
	assert_string_equal(shown("GET / HTTP/1.1\nHost: a\nB: b\r\n\nC: body\n"),
			    REQUEST "GET / HTTP/1.1\n" HEADER "Host: a\n" HEADER "B: b\n");
}

static void an_empty_value_takes_nothing_from_the_next_line(void **state)
{
	(void)state;
	set_mode("http:Referer");
	assert_string_equal(shown("GET / HTTP/1.1\r\nHost:\r\nCookie: c=1\r\nReferer: \r\n\r\n"),
			    REQUEST "GET / HTTP/1.1\n" HEADER "Host: \n" HEADER "Referer: \n");
	assert_string_equal(shown("GET / HTTP/1.1\r\nReferer:\r\n"), REQUEST "GET / HTTP/1.1\n" HEADER "Referer: \n");
}

static void only_the_first_colon_of_a_line_makes_a_header(void **state)
{
	(void)state;
	set_mode("http");
	assert_string_equal(shown("GET / HTTP/1.1\r\nX-Note: foo:Host:injected\r\nHost: a:8080\r\n\r\n"),
			    REQUEST "GET / HTTP/1.1\n" HEADER "Host: a:8080\n");
	assert_string_equal(shown("GET /Host:x HTTP/1.1\r\nno colon\r\n: no name\r\nHost: a\r\n\r\n"),
			    REQUEST "GET /Host:x HTTP/1.1\n" HEADER "Host: a\n");
}

static void a_folded_value_is_marked_and_its_rest_is_no_header(void **state)
{
	(void)state;
	set_mode("http:X-Note,Via");
	assert_string_equal(shown("GET / HTTP/1.1\r\nX-Note: one\r\n Host: injected\r\n\tVia: injected\r\nHost: a\r\n\r\n"),
			    REQUEST "GET / HTTP/1.1\n" HEADER "X-Note: one...\n" HEADER "Host: a\n");
}

static void outer_blanks_are_trimmed(void **state)
{
	(void)state;
	set_mode("http:X");
	assert_string_equal(shown("GET  \t/  HTTP/1.1 \r\nHost:\t a b \t\r\nX:1\r\n\r\n"),
			    REQUEST "GET / HTTP/1.1\n" HEADER "Host: a b\n" HEADER "X: 1\n");
}

static void queries_of_urls_are_not_shown(void **state)
{
	(void)state;
	set_mode("http:referer,X:Location,X");
	assert_string_equal(shown("GET /login?user=a&pw=b HTTP/1.1\r\nReferer: http://a/b?secret=1\r\nX: what?\r\n\r\n"),
			    REQUEST "GET /login HTTP/1.1\n" HEADER "Referer: http://a/b\n" HEADER "X: what?\n");
	assert_string_equal(shown("HTTP/1.1 302 Really?\r\nlocation: /cb?code=secret\r\nX: what?\r\n\r\n"),
			    RESPONSE "HTTP/1.1 302 Really?\n" HEADER "location: /cb\n" HEADER "X: what?\n");
	assert_string_equal(shown("GET / HTTP/1.1\r\nReferer: http://a/b?sec"),
			    REQUEST "GET / HTTP/1.1\n" HEADER "Referer: http://a/b\n");
}

static void bytes_that_drive_a_terminal_are_escaped(void **state)
{
	(void)state;
	set_mode("http:%:%");
	assert_string_equal(shown("GET /\x1b]0;owned\x07 HTTP/1.1\r\nHo\x1bst: \x1b[2J\xff\x7f\rHost\r\n\r\n"),
			    REQUEST "GET /\\x1b]0;owned\\x07 HTTP/1.1\n"
			    HEADER "Ho\\x1bst: \\x1b[2J\\xff\\x7f\\x0dHost\n");
	assert_string_equal(shown("HTTP/1.1 200 \x9b" "31mOK\r\n"), RESPONSE "HTTP/1.1 200 \\x9b31mOK\n");
	assert_string_equal(shown_bytes("GET /\0 HTTP/1.1\nA: \0\n", 21),
			    REQUEST "GET /\\x00 HTTP/1.1\n" HEADER "A: \\x00\n");
}

static void a_line_cut_by_the_end_of_the_payload_is_marked(void **state)
{
	(void)state;
	set_mode("http:User-Agent");
	assert_string_equal(shown("GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: cur"),
			    REQUEST "GET / HTTP/1.1\n" HEADER "Host: a\n" HEADER "User-Agent: cur...\n");
	assert_string_equal(shown("GET / HTTP/1.1\r\nHost: a\r\nUser-Ag"), REQUEST "GET / HTTP/1.1\n" HEADER "Host: a\n");
	assert_string_equal(shown("GET / HTTP/1.1\r\nHost:"), REQUEST "GET / HTTP/1.1\n" HEADER "Host: ...\n");
	assert_string_equal(shown("GET / HTTP/1.1\r\nHost: a\r"), REQUEST "GET / HTTP/1.1\n" HEADER "Host: a\n");
	assert_string_equal(shown("GET / HTTP/1.1"), REQUEST "GET / HTTP/1.1...\n");
	assert_string_equal(shown("GET / HTTP/1."), "");
	assert_string_equal(shown("HTTP/1.1 404 Not Fo"), RESPONSE "HTTP/1.1 404 Not Fo...\n");
	assert_string_equal(shown("HTTP/1.1 40"), "");
}

static void a_long_line_is_cut_and_marked(void **state)
{
	char payload[4096], *end;

	(void)state;
	set_mode("http");
	end = payload + sprintf(payload, "GET /");
	memset(end, 'a', 3000);
	end += 3000;
	sprintf(end, " HTTP/1.1\r\nHost: b\r\n\r\n");
	shown(payload);
	assert_memory_equal(text, REQUEST "GET /aaaa", strlen(REQUEST) + 9);
	assert_int_equal(strcspn(text, "\n"), HTTP_LINE_MAX);
	assert_string_equal(text + HTTP_LINE_MAX - 4, "a...\n" HEADER "Host: b\n");
}

static void the_longest_whole_line_has_no_mark(void **state)
{
	static char payload[2048];
	size_t room = HTTP_LINE_MAX - strlen(HTTP_MARK) - strlen(HEADER "Host: ");

	(void)state;
	set_mode("http");
	sprintf(payload, "GET / HTTP/1.1\r\nHost: %0*d\r\n", (int)room, 7);
	assert_non_null(strstr(shown(payload), "007\n"));
	sprintf(payload, "GET / HTTP/1.1\r\nHost: %0*d\r\n", (int)room + 1, 7);
	assert_non_null(strstr(shown(payload), "000...\n"));
}

static void an_escape_is_not_split_by_the_cut(void **state)
{
	char payload[2048], *end = payload + sprintf(payload, "GET /a");

	(void)state;
	set_mode("http");
	memset(end, 0x1b, 1000);
	sprintf(end + 1000, " HTTP/1.1\r\n");
	shown(payload);
	assert_in_range(strlen(text), HTTP_LINE_MAX - 3, HTTP_LINE_MAX + 1);
	assert_non_null(strstr(text, "\\x1b...\n"));
}

/* However much room the last line finds, it is written whole or not at all, and the mark still fits. */
static void more_headers_than_the_text_holds_end_in_a_mark(void **state)
{
	static char payload[64000];
	const size_t mark_len = strlen("x\n" HEADER "...\n");
	int pad, i;

	(void)state;
	set_mode("http:%");
	for (pad = 1; pad <= HTTP_LINE_MAX; pad++) {
		char *end = payload + sprintf(payload, "GET / HTTP/1.1\r\nPad: %0*d\r\n", pad, 0);

		for (i = 0; i < 20; i++)
			end += sprintf(end, "X: %0*dx\r\n", i == 0 ? 1 : 985, i);
		shown(payload);
		assert_in_range(strlen(text), HTTP_TEXT_MAX - 3 * HTTP_LINE_MAX, HTTP_TEXT_MAX - 1);
		assert_string_equal(text + strlen(text) - mark_len, "x\n" HEADER "...\n");
		assert_non_null(strstr(text, "\n" HEADER "X: 0x\n" HEADER "X: 0000"));
	}
}

/* Cut anywhere, a message shows the beginning of what it shows whole, and nothing behind the cut is read. */
static void every_cut_shows_the_beginning_of_the_whole(void **state)
{
	static const char *const messages[] = {
		"POST /a/b?c=d HTTP/1.1\r\nHost: a\r\nReferer: http://a/?b\r\nX-Empty:\r\nCookie: \x1b=1\r\n\r\nbody: 1\r\n",
		"HTTP/1.1 301 Moved Permanently\nServer: nginx\nLocation: https://a/b?c\nContent-Length: 0\n\n",
	};
	char whole[HTTP_TEXT_MAX];
	size_t i, len;

	(void)state;
	set_mode("http:%:%");
	for (i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		strcpy(whole, shown(messages[i]));
		assert_int_not_equal(whole[0], '\0');
		for (len = 0; len < strlen(messages[i]); len++) {
			size_t n = strlen(shown_bytes(messages[i], len));

			if (n && strncmp(text, whole, n)) {
				n -= strlen(HTTP_MARK "\n");
				assert_string_equal(text + n, HTTP_MARK "\n");
			}
			assert_memory_equal(text, whole, n);
		}
	}
}

static int setup(void **state)
{
	(void)state;
	return guard_page_init(&guard, 200000);
}

static int teardown(void **state)
{
	(void)state;
	guard_page_fini(&guard);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tcp_switches_it_off),
		cmocka_unit_test(http_alone_shows_host),
		cmocka_unit_test(the_lists_are_told_apart),
		cmocka_unit_test(lists_may_be_empty),
		cmocka_unit_test(bad_modes_are_refused_with_a_reason),
		cmocka_unit_test(too_many_names_are_refused),
		cmocka_unit_test(a_short_error_buffer_is_respected),
		cmocka_unit_test(a_request_shows_its_line_and_the_headers_asked_for),
		cmocka_unit_test(a_response_shows_its_line_and_the_headers_asked_for),
		cmocka_unit_test(every_token_is_a_method),
		cmocka_unit_test(text_that_begins_like_a_request_is_none),
		cmocka_unit_test(a_status_has_three_digits),
		cmocka_unit_test(the_reason_is_optional),
		cmocka_unit_test(names_compare_without_case_and_are_shown_as_sent),
		cmocka_unit_test(a_zero_byte_ends_no_name),
		cmocka_unit_test(percent_shows_every_header),
		cmocka_unit_test(bare_line_feeds_end_lines_too),
		cmocka_unit_test(an_empty_value_takes_nothing_from_the_next_line),
		cmocka_unit_test(only_the_first_colon_of_a_line_makes_a_header),
		cmocka_unit_test(a_folded_value_is_marked_and_its_rest_is_no_header),
		cmocka_unit_test(outer_blanks_are_trimmed),
		cmocka_unit_test(queries_of_urls_are_not_shown),
		cmocka_unit_test(bytes_that_drive_a_terminal_are_escaped),
		cmocka_unit_test(a_line_cut_by_the_end_of_the_payload_is_marked),
		cmocka_unit_test(a_long_line_is_cut_and_marked),
		cmocka_unit_test(the_longest_whole_line_has_no_mark),
		cmocka_unit_test(an_escape_is_not_split_by_the_cut),
		cmocka_unit_test(more_headers_than_the_text_holds_end_in_a_mark),
		cmocka_unit_test(every_cut_shows_the_beginning_of_the_whole),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
