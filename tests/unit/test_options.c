/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <fcntl.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "option_table.h"
#include "options.h"

#define WORDS_MAX 32
#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* One call of options_parse() and all that came of it. */
struct run {
	enum options_result result;
	struct config cfg;
	char *out, *err;
};

static void run_start(struct run *r, const char *const *words)
{
	char *argv[WORDS_MAX] = { (char *)"miruo" };
	size_t out_len, err_len;
	FILE *out, *err;
	int argc = 1;

	while (*words)
		argv[argc++] = (char *)*words++;
	out = open_memstream(&r->out, &out_len);
	err = open_memstream(&r->err, &err_len);
	assert_non_null(out);
	assert_non_null(err);
	r->result = options_parse(argc, argv, &r->cfg, out, err);
	fclose(out);
	fclose(err);
}

#define RUN(r, ...) run_start(r, (const char *const[]) { __VA_ARGS__, NULL })

static void run_end(struct run *r)
{
	config_fini(&r->cfg);
	free(r->out);
	free(r->err);
}

static void assert_accepted(const struct run *r)
{
	assert_string_equal(r->err, "");
	assert_int_equal(r->result, OPTIONS_RUN);
	assert_string_equal(r->out, "");
}

/* A mistake: this line, the pointer to --help, nothing on stdout. */
static void expect_mistake(const char *line, const char *const *words)
{
	char expected[1024];
	struct run r;

	run_start(&r, words);
	snprintf(expected, sizeof(expected), "miruo: %s\nRun 'miruo --help' to see all options.\n", line);
	assert_string_equal(r.err, expected);
	assert_int_equal(r.result, OPTIONS_USAGE);
	assert_string_equal(r.out, "");
	run_end(&r);
}

#define MISTAKE(line, ...) expect_mistake(line, (const char *const[]) { __VA_ARGS__, NULL })

/* The contract, written down a second time: what the table must say. */
struct number_case {
	const char *letter, *name, *alias, *prefix;
	size_t field;
	uint32_t initial, max;
};

#define FIELD(member) offsetof(struct config, member)

static const struct number_case numbers[] = {
	{ "-v", "--view-data", NULL, "--vi", FIELD(rules.context), 0, UINT32_MAX },
	{ "-T", "--long-connect", NULL, "--long-c", FIELD(rules.long_connect_ms), 0, UINT32_MAX },
	{ "-t", "--long-delay", NULL, "--long-d", FIELD(rules.long_delay_ms), 0, UINT32_MAX },
	{ "-r", "--retransmit", NULL, "--ret", FIELD(rules.retransmit_ms), 1000, UINT32_MAX },
	{ "-s", "--stat-interval", "--stat", "--sta", FIELD(stat_interval_s), 0, UINT32_MAX },
	{ "-S", "--syn", NULL, "--sy", FIELD(rules.syn), 1, 1 },
	{ "-R", "--rst", NULL, "--rs", FIELD(rules.rst), 1, 2 },
	{ "-F", "--fragment", "--flagment", "--fr", FIELD(rules.fragment), 1, 1 },
	{ "-C", "--color", NULL, "--co", FIELD(colour), COLOUR_AUTOMATIC, 1 },
	{ "-L", "--session-limit", "--limit-session", "--ses", FIELD(tracker.session_limit), 1024, 4194304 },
	{ "-l", "--segment-limit", "--limit-segment", "--seg", FIELD(tracker.segment_limit), 65536, 67108864 },
	{ NULL, "--rtt", NULL, "--rt", FIELD(rules.rtt_ms), 0, UINT32_MAX },
	{ NULL, "--handshake", NULL, "--hand", FIELD(rules.handshake_ms), 0, UINT32_MAX },
	{ NULL, "--zero-window", NULL, "--z", FIELD(rules.zero_window_ms), 0, UINT32_MAX },
	{ NULL, "--server-delay", NULL, "--ser", FIELD(rules.server_delay_ms), 0, UINT32_MAX },
	{ NULL, "--client-delay", NULL, "--cl", FIELD(rules.client_delay_ms), 0, UINT32_MAX },
	{ NULL, "--pickup", NULL, "--p", FIELD(tracker.pickup), 1, 1 },
	{ NULL, "--ring-size", NULL, "--ri", FIELD(source.ring_kb), 0, 1048576 },
};

static void assert_number(const struct run *r, const struct number_case *n, uint32_t value)
{
	assert_accepted(r);
	assert_int_equal(*(const uint32_t *)((const char *)&r->cfg + n->field), value);
}

static void accept_joined(const struct number_case *n, const char *name, const char *between, uint32_t value)
{
	char word[64];
	struct run r;

	snprintf(word, sizeof(word), "%s%s%u", name, between, value);
	RUN(&r, word);
	assert_number(&r, n, value);
	run_end(&r);
}

static void accept_apart(const struct number_case *n, const char *name, uint32_t value)
{
	char digits[16];
	struct run r;

	snprintf(digits, sizeof(digits), "%u", value);
	RUN(&r, name, digits);
	assert_number(&r, n, value);
	run_end(&r);
}

static void numbers_have_their_defaults(void **state)
{
	struct run r;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(numbers); i++) {
		RUN(&r, "tcp");
		assert_number(&r, &numbers[i], numbers[i].initial);
		run_end(&r);
	}
}

static void numbers_in_every_spelling_from_0_to_the_highest(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(numbers); i++) {
		const struct number_case *n = &numbers[i];
		const uint32_t values[] = { 0, 1, n->max };

		for (size_t v = 0; v < LENGTH(values); v++) {
			const char *const names[] = { n->name, n->prefix, n->alias };

			for (size_t k = 0; k < LENGTH(names) && names[k]; k++) {
				accept_apart(n, names[k], values[v]);
				accept_joined(n, names[k], "=", values[v]);
			}
			if (!n->letter)
				continue;
			accept_apart(n, n->letter, values[v]);
			accept_joined(n, n->letter, "", values[v]);
			accept_joined(n, n->letter, "00", values[v]);
		}
	}
}

/* The value is refused under each of the option's names, in one line that has the names, the range and the value. */
static void refuse_number(const struct number_case *n, const char *value)
{
	const char *const names[] = { n->name, n->letter, n->alias };
	char line[256];

	for (size_t k = 0; k < LENGTH(names); k++) {
		struct run r;

		if (!names[k])
			continue;
		RUN(&r, names[k], value);
		assert_int_equal(r.result, OPTIONS_USAGE);
		assert_string_equal(r.out, "");
		snprintf(line, sizeof(line), "miruo: %s%s%s takes a whole number from 0 to %u, not '%s'; for example: ",
			 n->letter ? n->letter : "", n->letter ? "/" : "", n->name, n->max, value);
		assert_memory_equal(r.err, line, strlen(line));
		assert_int_equal(*(uint32_t *)((char *)&r.cfg + n->field), n->initial);
		run_end(&r);
	}
}

static void what_is_not_a_number_in_range_is_refused(void **state)
{
	static const char *const bad[] = { "", "-", "+", "-1", "+1", " 1", "1 ", "abc", "12abc", "0x10", "1.5", "1e3",
					   "99999999999", "18446744073709551616", "18446744073709551617",
					   "340282366920938463463374607431768211457" };
	char beyond[16];

	(void)state;
	for (size_t i = 0; i < LENGTH(numbers); i++) {
		for (size_t k = 0; k < LENGTH(bad); k++)
			refuse_number(&numbers[i], bad[k]);
		snprintf(beyond, sizeof(beyond), "%llu", numbers[i].max + 1ull);
		refuse_number(&numbers[i], beyond);
	}
}

/* The value proposed after a bad one must be a good one. */
static void each_example_value_is_accepted(void **state)
{
	const struct option_row *row;
	char word[64];
	struct run r;

	(void)state;
	for (row = option_table; row < option_table + option_count; row++) {
		if (!row->arg)
			continue;
		snprintf(word, sizeof(word), "--%s=%s", row->name, row->example);
		RUN(&r, word);
		assert_accepted(&r);
		run_end(&r);
	}
}

static void no_row_of_numbers_is_left_untested(void **state)
{
	size_t i, count = 0;

	(void)state;
	for (i = 0; i < option_count; i++)
		count += option_table[i].kind == OPTION_NUMBER;
	assert_int_equal(count, LENGTH(numbers));
}

static void values_may_be_attached_and_letters_clustered(void **state)
{
	struct run r;

	(void)state;
	RUN(&r, "-qT3000");
	assert_accepted(&r);
	assert_int_equal(r.cfg.rules.quiet, 1);
	assert_int_equal(r.cfg.rules.long_connect_ms, 3000);
	run_end(&r);

	RUN(&r, "-qqT", "3000", "-S0");
	assert_accepted(&r);
	assert_int_equal(r.cfg.rules.quiet, 2);
	assert_int_equal(r.cfg.rules.long_connect_ms, 3000);
	assert_int_equal(r.cfg.rules.syn, 0);
	run_end(&r);
}

static void the_last_number_wins(void **state)
{
	struct run r;

	(void)state;
	RUN(&r, "-r", "1", "--retransmit=2", "-r3");
	assert_accepted(&r);
	assert_int_equal(r.cfg.rules.retransmit_ms, 3);
	run_end(&r);
}

static void quiet_adds_up_for_rules_and_sink(void **state)
{
	static const char *const words[][4] = { { "tcp" }, { "-q" }, { "--quiet" }, { "--qui" }, { "-qq" },
						{ "-q", "--quiet" } };
	static const uint32_t levels[] = { 0, 1, 1, 1, 2, 2 };
	struct run r;

	(void)state;
	for (size_t i = 0; i < LENGTH(words); i++) {
		run_start(&r, words[i]);
		assert_accepted(&r);
		assert_int_equal(r.cfg.rules.quiet, levels[i]);
		assert_int_equal(r.cfg.sink.quiet, levels[i]);
		run_end(&r);
	}
}

static void all_and_live_in_their_spellings(void **state)
{
	static const struct {
		const char *word;
		bool all, live;
	} cases[] = {
		{ "tcp", false, false }, { "--all", true, false }, { "-all", true, false }, { "--al", true, false },
		{ "--live", true, true }, { "-live", true, true }, { "--liv", true, true },
	};
	struct run r;

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		RUN(&r, cases[i].word);
		assert_accepted(&r);
		assert_int_equal(r.cfg.rules.all, cases[i].all);
		assert_int_equal(r.cfg.sink.live, cases[i].live);
		run_end(&r);
	}
}

static void flags_that_are_off_unless_asked_for(void **state)
{
	struct run r;

	(void)state;
	RUN(&r, "tcp");
	assert_accepted(&r);
	assert_false(r.cfg.rules.half_open);
	assert_false(r.cfg.rules.reuse);
	assert_false(r.cfg.explain);
	run_end(&r);
	RUN(&r, "--half-open", "--reuse", "--explain");
	assert_accepted(&r);
	assert_true(r.cfg.rules.half_open);
	assert_true(r.cfg.rules.reuse);
	assert_true(r.cfg.explain);
	run_end(&r);
}

static void a_single_dash_is_for_all_and_live_only(void **state)
{
	struct run r;

	(void)state;
	RUN(&r, "-q", "-all", "-f", "-live", "-T", "5", "port", "80");
	assert_accepted(&r);
	assert_true(r.cfg.rules.all);
	assert_false(r.cfg.sink.live);
	assert_string_equal(r.cfg.source.files[0], "-live");
	assert_string_equal(r.cfg.source.filter, "port 80");
	run_end(&r);

	RUN(&r, "-file=x");
	assert_accepted(&r);
	assert_string_equal(r.cfg.source.files[0], "ile=x");
	run_end(&r);

	MISTAKE("unknown option '-a'", "-allx");
	MISTAKE("unknown option '-u'", "-quiet");
}

static void the_fragment_column_goes_with_the_rule(void **state)
{
	struct run r;

	(void)state;
	RUN(&r, "tcp");
	assert_true(r.cfg.sink.fragment_column);
	run_end(&r);
	RUN(&r, "-F0");
	assert_false(r.cfg.sink.fragment_column);
	run_end(&r);
}

static void files_are_kept_in_order(void **state)
{
	char first[] = "a.pcap";
	struct run r;

	(void)state;
	RUN(&r, "-f", first, "-fb c.pcap", "--file=-", "--file", "d", "--fi=e", "-f", "--all");
	memset(first, 'X', sizeof(first) - 1);
	assert_accepted(&r);
	assert_int_equal(r.cfg.source.file_count, 6);
	assert_string_equal(r.cfg.source.files[0], "a.pcap");
	assert_string_equal(r.cfg.source.files[1], "b c.pcap");
	assert_string_equal(r.cfg.source.files[2], "-");
	assert_string_equal(r.cfg.source.files[3], "d");
	assert_string_equal(r.cfg.source.files[4], "e");
	assert_string_equal(r.cfg.source.files[5], "--all");
	assert_false(r.cfg.rules.all);
	run_end(&r);

	RUN(&r, "tcp");
	assert_int_equal(r.cfg.source.file_count, 0);
	run_end(&r);
}

static void interfaces_are_joined_in_order(void **state)
{
	static const struct {
		const char *words[8];
		const char *interfaces[6];
	} cases[] = {
		{ { "tcp" }, { NULL } },
		{ { "-i", "eth0" }, { "eth0" } },
		{ { "-ieth0" }, { "eth0" } },
		{ { "--interface", "any" }, { "any" } },
		{ { "--interface=lo" }, { "lo" } },
		{ { "--in", "bond0.7" }, { "bond0.7" } },
		{ { "-i", "eth0,eth1" }, { "eth0", "eth1" } },
		{ { "-i", "eth1", "-i", "eth0", "-iany" }, { "eth1", "eth0", "any" } },
		{ { "-ic,b", "--interface=a", "-i", "d,e" }, { "c", "b", "a", "d", "e" } },
		{ { "-i", ",eth0,,eth1," }, { "eth0", "eth1" } },
		{ { "-i", "--all" }, { "--all" } },
	};
	struct run r;

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		size_t count = 0;

		run_start(&r, cases[i].words);
		assert_accepted(&r);
		for (; cases[i].interfaces[count]; count++) {
			assert_true(count < r.cfg.source.interface_count);
			assert_string_equal(r.cfg.source.interfaces[count], cases[i].interfaces[count]);
		}
		assert_int_equal(r.cfg.source.interface_count, count);
		assert_false(r.cfg.rules.all);
		run_end(&r);
	}
}

/* An option that takes one of some words, the default first. */
struct word_case {
	const char *name, *prefix;
	size_t field;
	const char *words[4];
};

static const struct word_case word_options[] = {
	{ "--backend", "--b", FIELD(backend), { "auto", "ebpf", "pcap" } },
	{ "--hook", "--ho", FIELD(source.hook), { "tc", "xdp", "xdp-generic" } },
};

static void accept_word(const struct word_case *w, const char *const *words, uint32_t place)
{
	struct run r;

	run_start(&r, words);
	assert_accepted(&r);
	assert_int_equal(*(const uint32_t *)((const char *)&r.cfg + w->field), place);
	run_end(&r);
}

static void words_in_every_spelling(void **state)
{
	(void)state;
	assert_int_equal(BACKEND_AUTO, 0);
	assert_int_equal(BACKEND_EBPF, 1);
	assert_int_equal(BACKEND_PCAP, 2);
	for (size_t i = 0; i < LENGTH(word_options); i++) {
		const struct word_case *w = &word_options[i];

		accept_word(w, (const char *const[]) { "tcp", NULL }, 0);
		for (uint32_t place = 0; w->words[place]; place++) {
			const char *word = w->words[place];
			char joined[64];

			snprintf(joined, sizeof(joined), "%s=%s", w->name, word);
			accept_word(w, (const char *const[]) { joined, NULL }, place);
			accept_word(w, (const char *const[]) { w->name, word, NULL }, place);
			accept_word(w, (const char *const[]) { w->prefix, word, NULL }, place);
			accept_word(w, (const char *const[]) { w->name, w->words[0], w->name, word, NULL }, place);
		}
	}
}

static void other_words_are_refused_with_the_right_ones(void **state)
{
	(void)state;
	MISTAKE("--backend takes one of auto, ebpf, pcap, not 'bpf'", "--backend=bpf");
	MISTAKE("--backend takes one of auto, ebpf, pcap, not 'EBPF'", "--backend", "EBPF");
	MISTAKE("--backend takes one of auto, ebpf, pcap, not 'ebp'", "--b", "ebp");
	MISTAKE("--backend takes one of auto, ebpf, pcap, not ''", "--backend=");
	MISTAKE("--hook takes one of tc, xdp, xdp-generic, not 'xdpgeneric'", "--hook=xdpgeneric");
	MISTAKE("--hook takes one of tc, xdp, xdp-generic, not '\\x1b[31m'", "--hook", "\033[31m");
	MISTAKE("--hook takes one of tc, xdp, xdp-generic, not ''", "--ho", "");
}

static void the_last_netns_wins(void **state)
{
	static const struct {
		const char *words[4];
		const char *netns;
	} cases[] = {
		{ { "-q" }, NULL },
		{ { "--netns=web" }, "web" },
		{ { "--netns", "/proc/1/ns/net" }, "/proc/1/ns/net" },
		{ { "--n", "4711" }, "4711" },
		{ { "--netns=web", "--netns=db" }, "db" },
	};
	struct run r;

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		run_start(&r, cases[i].words);
		assert_accepted(&r);
		if (cases[i].netns)
			assert_string_equal(r.cfg.source.netns, cases[i].netns);
		else
			assert_null(r.cfg.source.netns);
		run_end(&r);
	}
}

static void what_the_host_has_is_asked_in_every_spelling(void **state)
{
	static const struct {
		const char *word;
		bool list_interfaces, check;
	} cases[] = {
		{ "tcp", false, false }, { "-D", true, false }, { "--list-interfaces", true, false },
		{ "--lis", true, false }, { "--check", false, true }, { "--ch", false, true },
	};
	struct run r;

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		RUN(&r, cases[i].word);
		assert_accepted(&r);
		assert_int_equal(r.cfg.list_interfaces, cases[i].list_interfaces);
		assert_int_equal(r.cfg.check, cases[i].check);
		run_end(&r);
	}
}

static void the_compiled_filter_is_asked_for_once_or_twice(void **state)
{
	static const struct {
		const char *word;
		uint32_t times;
	} cases[] = {
		{ "tcp", 0 }, { "-d", 1 }, { "-dd", 2 }, { "--dump-filter", 1 }, { "--dump", 1 }, { "-dqd", 2 },
	};
	struct run r;

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		RUN(&r, cases[i].word);
		assert_accepted(&r);
		assert_int_equal(r.cfg.dump_filter, cases[i].times);
		run_end(&r);
	}
}

/* Payload costs the kernel programs a copy of each packet: only -m asks for it. */
static void payload_is_captured_for_http_only(void **state)
{
	struct run r;

	(void)state;
	RUN(&r, "-i", "eth0", "-m", "http");
	assert_true(r.cfg.source.payload_bytes >= 1024);
	run_end(&r);
	RUN(&r, "-i", "eth0", "-m", "tcp");
	assert_int_equal(r.cfg.source.payload_bytes, 0);
	run_end(&r);
}

static void dpi_mode_is_read_by_its_module(void **state)
{
	static const char *const words[][4] = { { "-m", "http" }, { "-mhttp:User-Agent:Server" }, { "--dpi-mode=http" },
						{ "--dpi", "http" }, { "-mtcp", "-mhttp" } };
	static const char about[] = "miruo: -m/--dpi-mode: ";
	static const char pointer[] = "\nRun 'miruo --help' to see all options.\n";
	struct run r;

	(void)state;
	for (size_t i = 0; i < LENGTH(words); i++) {
		run_start(&r, words[i]);
		assert_accepted(&r);
		assert_true(r.cfg.http.on);
		run_end(&r);
	}
	RUN(&r, "-m", "http", "-m", "tcp");
	assert_accepted(&r);
	assert_false(r.cfg.http.on);
	run_end(&r);
	RUN(&r, "tcp");
	assert_false(r.cfg.http.on);
	run_end(&r);

	RUN(&r, "-m", "mysql\033");
	assert_int_equal(r.result, OPTIONS_USAGE);
	assert_memory_equal(r.err, about, strlen(about));
	assert_true(strlen(r.err) > strlen(about) + strlen(pointer));
	assert_string_equal(strchr(r.err, '\n'), pointer);
	assert_null(strchr(r.err, '\033'));
	run_end(&r);
}

static void the_other_words_are_the_expression(void **state)
{
	static const struct {
		const char *words[8];
		const char *expression;
	} cases[] = {
		{ { "-q" }, NULL },
		{ { "--" }, NULL },
		{ { "port", "80" }, "port 80" },
		{ { "-q", "--", "port", "80" }, "port 80" },
		{ { "host 10.0.0.1 and port 80" }, "host 10.0.0.1 and port 80" },
		{ { "host", "a-b", "or", "port", "80" }, "host a-b or port 80" },
		{ { "len", "-", "1", ">", "-len" }, "len - 1 > -len" },
		{ { "len", "-tcp[12]", ">", "-4" }, "len -tcp[12] > -4" },
		{ { "--", "port", "80", "--all" }, "port 80 --all" },
		{ { "--", "--all" }, "--all" },
	};
	struct run r;

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		run_start(&r, cases[i].words);
		assert_accepted(&r);
		assert_false(r.cfg.rules.all);
		if (cases[i].expression)
			assert_string_equal(r.cfg.source.filter, cases[i].expression);
		else
			assert_null(r.cfg.source.filter);
		run_end(&r);
	}
}

static void nothing_is_too_long(void **state)
{
	enum { LEN = 1 << 20 };
	char *word = malloc(LEN + 1);
	struct run r;

	(void)state;
	assert_non_null(word);
	memset(word, 'x', LEN);
	word[LEN] = '\0';
	RUN(&r, "-f", word, "-i", word, word, word);
	assert_accepted(&r);
	assert_string_equal(r.cfg.source.files[0], word);
	assert_string_equal(r.cfg.source.interfaces[0], word);
	assert_int_equal(strlen(r.cfg.source.filter), 2 * LEN + 1);
	assert_int_equal(r.cfg.source.filter[LEN], ' ');
	run_end(&r);

	RUN(&r, "-r", word);
	assert_int_equal(r.result, OPTIONS_USAGE);
	assert_true(strlen(r.err) < 400);
	assert_non_null(strstr(r.err, "xxx...'"));
	run_end(&r);
	free(word);
}

static void options_behind_the_expression_are_pointed_out(void **state)
{
	(void)state;
	MISTAKE("'--all' is behind the expression; options go before the expression", "port", "80", "--all");
	MISTAKE("'-T3000' is behind the expression; options go before the expression", "tcp", "-T3000", "or", "udp");
	MISTAKE("'-q' is behind the expression; options go before the expression", "-f", "x", "tcp", "-q");
}

static void mistakes_in_names_are_told(void **state)
{
	(void)state;
	MISTAKE("unknown option '-x'", "-x");
	MISTAKE("unknown option '-x'", "--all", "-qxT", "3000");
	MISTAKE("unknown option '-A'", "-A");
	MISTAKE("unknown option '-?'", "-?");
	MISTAKE("unknown option '-:'", "-:");
	MISTAKE("unknown option '-\\xc3'", "-\xc3\xa4");
	MISTAKE("unknown option '--frob'", "-q", "--frob");
	MISTAKE("unknown option '--frob=\\x1b[31m'", "--frob=\033[31m");
	MISTAKE("unknown option '--allx'", "--allx");
	MISTAKE("'--s' could be any of --syn, --server-delay, --stat-interval, --session-limit, --segment-limit", "--s", "1");
	MISTAKE("'--long' could be any of --long-connect, --long-delay", "--long", "1");
	MISTAKE("'--f=x' could be any of --file, --fragment", "--f=x");
	MISTAKE("'--limit-s' could be any of --limit-session, --limit-segment", "--limit-s", "1");
	MISTAKE("'--r' could be any of --ring-size, --retransmit, --rst, --rtt, --reuse", "--r", "1");
	MISTAKE("'--c' could be any of --client-delay, --color, --check", "--c");
	MISTAKE("'--li' could be any of --list-interfaces, --live, --limit-session, --limit-segment", "--li");
	MISTAKE("--all takes no value, as in '--all=1'", "--all=1");
	MISTAKE("--list-interfaces takes no value, as in '--list=eth0'", "--list=eth0");
	MISTAKE("--check takes no value, as in '--check=ebpf'", "--check=ebpf");
	MISTAKE("--quiet takes no value, as in '--qui=1'", "--qui=1");
}

static void missing_and_empty_values_are_told(void **state)
{
	(void)state;
	MISTAKE("-r/--retransmit needs a value, for example: -r 1000", "-r");
	MISTAKE("-r/--retransmit needs a value, for example: -r 1000", "-qr");
	MISTAKE("-r/--retransmit needs a value, for example: -r 1000", "--retr");
	MISTAKE("-f/--file needs a value, for example: -f trace.pcap", "--file");
	MISTAKE("-L/--session-limit needs a value, for example: -L 100000", "--limit-session");
	MISTAKE("--pickup needs a value, for example: --pickup=1", "--pickup");
	MISTAKE("-i/--interface needs a value, for example: -i eth0", "-i");
	MISTAKE("--netns needs a value, for example: --netns=web", "--netns");
	MISTAKE("--backend needs a value, for example: --backend=pcap", "--backend");
	MISTAKE("--hook needs a value, for example: --hook=tc", "--hook");
	MISTAKE("--ring-size needs a value, for example: --ring-size=16384", "--ring-size");
	MISTAKE("-f/--file has an empty value; it takes a name, for example: -f trace.pcap", "-f", "");
	MISTAKE("-f/--file has an empty value; it takes a name, for example: -f trace.pcap", "--file=");
	MISTAKE("-i/--interface has an empty value; it takes a name, for example: -i eth0", "-i", "");
	MISTAKE("--netns has an empty value; it takes a name, for example: --netns=web", "--netns=");
	MISTAKE("-S/--syn takes a whole number from 0 to 1, not ''; for example: -S 1", "--syn=");
}

static void values_are_escaped(void **state)
{
	(void)state;
	MISTAKE("-r/--retransmit takes a whole number from 0 to 4294967295, not '\\x1b[31m\\x0a'; for example: -r 1000",
		"-r", "\033[31m\n");
}

static void a_file_for_r_points_to_f(void **state)
{
	char dir[] = "/tmp/miruo-test-XXXXXX";
	int fd;

	(void)state;
	MISTAKE("-r/--retransmit takes a number, not 'x.pcap'; to read a file use -f", "-r", "x.pcap");
	MISTAKE("-r/--retransmit takes a number, not 'dir/x'; to read a file use -f", "-qrdir/x");
	MISTAKE("-r/--retransmit takes a whole number from 0 to 4294967295, not 'capture'; for example: -r 1000",
		"-r", "capture");

	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	fd = open("capture", O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	close(fd);
	MISTAKE("-r/--retransmit takes a number, not 'capture'; to read a file use -f", "-r", "capture");
	assert_int_equal(unlink("capture"), 0);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(rmdir(dir), 0);
}

static void the_first_word_that_decides_wins(void **state)
{
	static const char *const help_words[][4] = { { "--help" }, { "-h" }, { "-qh" }, { "--he" }, { "-h", "-x" },
						     { "--help", "-r", "abc" } };
	struct run r;

	(void)state;
	for (size_t i = 0; i < LENGTH(help_words); i++) {
		run_start(&r, help_words[i]);
		assert_int_equal(r.result, OPTIONS_DONE);
		assert_string_equal(r.err, "");
		assert_memory_equal(r.out, "Usage: miruo ", 13);
		run_end(&r);
	}
	MISTAKE("unknown option '-x'", "-x", "--help");
	MISTAKE("--all takes no value, as in '--all=1'", "--all=1", "-V");
}

static void a_run_leaves_nothing_to_the_next(void **state)
{
	struct run r;

	(void)state;
	RUN(&r, "-qxT5", "-all");
	assert_int_equal(r.result, OPTIONS_USAGE);
	run_end(&r);
	RUN(&r, "-T6", "tcp");
	assert_accepted(&r);
	assert_int_equal(r.cfg.rules.quiet, 0);
	assert_int_equal(r.cfg.rules.long_connect_ms, 6);
	assert_false(r.cfg.rules.all);
	run_end(&r);
}

static void version_names_miruo_and_libpcap(void **state)
{
	static const char *const words[] = { "-V", "--version", "--vers" };
	struct run r;

	(void)state;
	for (size_t i = 0; i < LENGTH(words); i++) {
		RUN(&r, words[i]);
		assert_int_equal(r.result, OPTIONS_DONE);
		assert_string_equal(r.err, "");
		assert_memory_equal(r.out, "  miruo version " MIRUO_VERSION "\nlibpcap version ",
				    strlen("  miruo version " MIRUO_VERSION "\nlibpcap version "));
		assert_string_equal(strrchr(r.out, '\n'), "\n");
		run_end(&r);
	}
}

static void help_fits_80_columns_and_is_aligned(void **state)
{
	const size_t column = 28;
	size_t rows = 0;
	struct run r;
	char *line;

	(void)state;
	RUN(&r, "--help");
	for (line = strtok(r.out, "\n"); line; line = strtok(NULL, "\n")) {
		assert_in_range(strlen(line), 1, 79);
		if (strncmp(line, "  -", 3) != 0 && strncmp(line, "      --", 8) != 0)
			continue;
		rows++;
		assert_true(strlen(line) > column);
		assert_int_equal(line[column - 1], ' ');
		assert_int_not_equal(line[column], ' ');
	}
	assert_int_equal(rows, option_count);
	run_end(&r);
}

static void help_has_every_option_and_default(void **state)
{
	static const char *const expected[] = {
		"\n  -h, --help ", "\n  -V, --version ", "\n  -i, --interface=DEV ", "\n  -v, --view-data=N ",
		"\n  -T, --long-connect=MS ", "\n  -t, --long-delay=MS ", "\n  -r, --retransmit=MS ",
		"\n  -s, --stat-interval=SEC ", "\n  -f, --file=FILE ", "\n  -S, --syn=0|1 ", "\n  -R, --rst=0|1|2 ",
		"\n  -F, --fragment=0|1 ", "\n  -C, --color=0|1 ", "\n  -L, --session-limit=N ",
		"\n  -l, --segment-limit=N ", "\n  -m, --dpi-mode=MODE ", "\n  -q, --quiet ", "\n      --all ",
		"\n      --live ", "\n      --pickup=0|1 ", "\n  -D, --list-interfaces ", "\n      --netns=NS ",
		"\n      --backend=HOW ", "\n      --hook=WHERE ", "\n      --ring-size=KB ", "\n      --check ",
		"\n      --rtt=MS ", "\n      --handshake=MS ",
		"\n      --zero-window=MS ", "\n      --server-delay=MS ", "\n      --client-delay=MS ",
		"\n      --half-open ", "\n      --reuse ", "\n      --explain ",
		"\n  -d, --dump-filter ",
		"(default 1000)", "(default 1024)", "(default 65536)",
	};
	struct run r;

	(void)state;
	assert_int_equal(option_count, LENGTH(expected) - 3);
	RUN(&r, "--help");
	for (size_t i = 0; i < LENGTH(expected); i++)
		assert_non_null(strstr(r.out, expected[i]));
	run_end(&r);
}

/* The examples that help and manual show are command lines that work. */
static void the_examples_are_accepted(void **state)
{
	const char *words[WORDS_MAX], *miruo;
	char command[256];
	struct run r;

	(void)state;
	assert_in_range(option_example_count, 4, 7);
	assert_memory_equal(option_examples[0].command, "miruo -f ", 9);
	for (size_t i = 0; i < option_example_count; i++) {
		size_t count = 0;

		miruo = strstr(option_examples[i].command, "miruo ");
		assert_non_null(miruo);
		snprintf(command, sizeof(command), "%s", miruo + strlen("miruo "));
		for (char *word = strtok(command, " "); word; word = strtok(NULL, " "))
			words[count++] = word;
		words[count] = NULL;
		run_start(&r, words);
		assert_accepted(&r);
		assert_true(r.cfg.source.file_count > 0 || r.cfg.source.interface_count > 0);
		run_end(&r);
	}
}

static void colour_by_option_then_no_color_then_terminal(void **state)
{
	(void)state;
	assert_true(colour_wanted(COLOUR_ON, false, "1"));
	assert_true(colour_wanted(COLOUR_ON, false, NULL));
	assert_false(colour_wanted(COLOUR_OFF, true, NULL));
	assert_false(colour_wanted(COLOUR_AUTOMATIC, true, "1"));
	assert_true(colour_wanted(COLOUR_AUTOMATIC, true, ""));
	assert_true(colour_wanted(COLOUR_AUTOMATIC, true, NULL));
	assert_false(colour_wanted(COLOUR_AUTOMATIC, false, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_have_their_defaults),
		cmocka_unit_test(numbers_in_every_spelling_from_0_to_the_highest),
		cmocka_unit_test(what_is_not_a_number_in_range_is_refused),
		cmocka_unit_test(each_example_value_is_accepted),
		cmocka_unit_test(no_row_of_numbers_is_left_untested),
		cmocka_unit_test(values_may_be_attached_and_letters_clustered),
		cmocka_unit_test(the_last_number_wins),
		cmocka_unit_test(quiet_adds_up_for_rules_and_sink),
		cmocka_unit_test(all_and_live_in_their_spellings),
		cmocka_unit_test(flags_that_are_off_unless_asked_for),
		cmocka_unit_test(a_single_dash_is_for_all_and_live_only),
		cmocka_unit_test(the_fragment_column_goes_with_the_rule),
		cmocka_unit_test(files_are_kept_in_order),
		cmocka_unit_test(interfaces_are_joined_in_order),
		cmocka_unit_test(words_in_every_spelling),
		cmocka_unit_test(other_words_are_refused_with_the_right_ones),
		cmocka_unit_test(the_last_netns_wins),
		cmocka_unit_test(what_the_host_has_is_asked_in_every_spelling),
		cmocka_unit_test(the_compiled_filter_is_asked_for_once_or_twice),
		cmocka_unit_test(payload_is_captured_for_http_only),
		cmocka_unit_test(dpi_mode_is_read_by_its_module),
		cmocka_unit_test(the_other_words_are_the_expression),
		cmocka_unit_test(nothing_is_too_long),
		cmocka_unit_test(options_behind_the_expression_are_pointed_out),
		cmocka_unit_test(mistakes_in_names_are_told),
		cmocka_unit_test(missing_and_empty_values_are_told),
		cmocka_unit_test(values_are_escaped),
		cmocka_unit_test(a_file_for_r_points_to_f),
		cmocka_unit_test(the_first_word_that_decides_wins),
		cmocka_unit_test(a_run_leaves_nothing_to_the_next),
		cmocka_unit_test(version_names_miruo_and_libpcap),
		cmocka_unit_test(help_fits_80_columns_and_is_aligned),
		cmocka_unit_test(help_has_every_option_and_default),
		cmocka_unit_test(the_examples_are_accepted),
		cmocka_unit_test(colour_by_option_then_no_color_then_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
