/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Expressions compiled in parts against the same compiled whole by libpcap, on frames made of the addresses and ports that
 * the expressions name, and on random expressions. No difference is right.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile.h"
#include "expression.h"

#define FRAMES 1500
#define FRAME_BYTES 160
#define SNAPLEN 262144

static uint8_t frames[FRAMES][FRAME_BYTES];	/* longer than all headers: nothing is cut */
static struct pcap_pkthdr headers[FRAMES];
static uint64_t random_state = 88172645463325252u;

static uint32_t below(uint32_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 11) % n;
}

static uint8_t *put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
	return at + 2;
}

static uint8_t *put_address(uint8_t *at)
{
	static const uint8_t nets[][3] = { { 10, 0, 0 }, { 10, 1, 0 }, { 192, 168, 1 }, { 224, 0, 0 } };

	memcpy(at, nets[below(4)], 3);
	at[3] = (uint8_t)below(6);
	return at + 4;
}

static uint8_t *put_address6(uint8_t *at)
{
	memset(at, 0, 16);
	at[0] = 0x20;
	at[1] = 0x01;
	put16(at + 2, below(3) ? 0xdb8 : 0xdb9);
	at[15] = (uint8_t)below(6);
	return at + 16;
}

static uint8_t *put_mac(uint8_t *at)
{
	static const uint8_t mac[] = { 2, 0, 0, 0, 0, 0 };

	memset(at, 0xff, 6);
	if (below(8)) {
		memcpy(at, mac, 6);
		at[5] = (uint8_t)below(4);
	}
	return at + 6;
}

static uint8_t *put_tags(uint8_t *at)
{
	uint32_t tags = below(3) ? 0 : 1 + below(2);

	while (tags--) {
		at = put16(at, below(4) ? 0x8100 : 0x88a8);
		at = put16(at, 10 * (1 + below(3)));
	}
	return at;
}

static uint8_t random_protocol(void)
{
	static const uint8_t protocols[] = { 6, 6, 6, 17, 132, 1, 58, 44 };

	return protocols[below(sizeof(protocols))];
}

static void put_transport(uint8_t *at)
{
	static const uint16_t ports[] = { 22, 53, 80, 443, 3306, 8080, 40000 };

	at = put16(at, ports[below(7)]);
	at = put16(at, ports[below(7)]);
	at[8] = (uint8_t)(5 + below(3)) << 4;
	at[9] = (uint8_t)below(64);
}

static void put_ip(uint8_t *at)
{
	uint32_t words = below(4) ? 5 : 6;

	at = put16(at, 0x0800);
	memset(at, 0, 20);
	at[0] = (uint8_t)(0x40 + words);
	put16(at + 2, below(1500));
	put16(at + 6, below(6) ? 0x4000 : below(2) ? 0x2000 : 0x00b9);
	at[8] = (uint8_t)below(256);
	at[9] = random_protocol();
	put_address(put_address(at + 12));
	put_transport(at + words * 4);
}

static void put_ip6(uint8_t *at)
{
	at = put16(at, 0x86dd);
	at[0] = 0x60;
	at[6] = random_protocol();
	put_transport(put_address6(put_address6(at + 8)));
}

static void put_arp(uint8_t *at)
{
	at = put16(at, below(4) ? 0x0806 : 0x8035);
	put_address(at + 14);
	put_address(at + 24);
}

static void put_other(uint8_t *at)
{
	put16(at, below(2) ? 0x8847 : 40);
}

static int make_frames(void **state)
{
	static void (*const put[])(uint8_t *) = { put_ip, put_ip, put_ip, put_ip6, put_ip6, put_arp, put_other };
	size_t i, j;

	(void)state;
	for (i = 0; i < FRAMES; i++) {
		for (j = 0; j < FRAME_BYTES; j++)
			frames[i][j] = (uint8_t)below(256);
		put[below(7)](put_tags(put_mac(put_mac(frames[i]))));
		headers[i].len = below(3) ? FRAME_BYTES : FRAME_BYTES + below(2000);
		headers[i].caplen = FRAME_BYTES;
	}
	return 0;
}

static void assert_same(const char *expression, unsigned int weight, unsigned int *accepted, unsigned int *rejected)
{
	pcap_t *p = pcap_open_dead(DLT_EN10MB, SNAPLEN);
	struct bpf_program whole, parts;
	bool a, b;
	size_t i;

	if (pcap_compile(p, &whole, expression, 1, PCAP_NETMASK_UNKNOWN))
		fail_msg("%s: %s", expression, pcap_geterr(p));
	if (compile_in_parts(p, &parts, expression, PCAP_NETMASK_UNKNOWN, weight))
		fail_msg("%s: in parts of %u: %s", expression, weight, pcap_geterr(p));
	assert_true(bpf_validate(parts.bf_insns, (int)parts.bf_len));
	for (i = 0; i < FRAMES; i++) {
		a = pcap_offline_filter(&whole, &headers[i], frames[i]);
		b = pcap_offline_filter(&parts, &headers[i], frames[i]);
		if (a != b)
			fail_msg("%s, parts of %u, frame %zu: whole %d, in parts %d", expression, weight, i, a, b);
		*accepted += a;
		*rejected += !a;
	}
	pcap_freecode(&whole);
	pcap_freecode(&parts);
	pcap_close(p);
}

/* understood: has a structure that must be understood. */
static const struct {
	const char *expression;
	bool understood;
} table[] = {
	{ "host 10.0.0.1", false },
	{ "host 10.0.0.1 or host 10.0.0.2", true },
	{ "host 10.0.0.1 or 10.0.0.2 or 10.0.0.3", true },
	{ "host 10.0.0.1 and 10.0.0.2", true },
	{ "not host 10.0.0.1", true },
	{ "not host 10.0.0.1 and not host 10.0.0.2", true },
	{ "not host 10.0.0.1 and not 10.0.0.2", true },
	{ "! host 10.0.0.1 && ! host 10.0.0.2 || port 80", true },
	{ "not (host 10.0.0.1 or host 10.0.0.2)", true },
	{ "not (not (host 10.0.0.1) or not (port 80 or port 22))", true },
	{ "not not port 80", true },
	{ "port 80 or 443", true },
	{ "port 80 or 443 and host 10.0.0.1", true },
	{ "host 10.0.0.1 or port 80 and port 40000", true },
	{ "host 10.0.0.1 and (port 80 or port 443)", true },
	{ "(host 10.0.0.1 or host 10.0.0.2) and (port 80 or port 443) and tcp", true },
	{ "tcp port 80 or 443 or udp port 53", true },
	{ "tcp or udp port 53", true },
	{ "src host 10.0.0.1 or dst host 10.0.0.2", true },
	{ "src or dst host 10.0.0.1 and port 80", true },
	{ "src and dst net 10.0.0.0/8 or port 22", true },
	{ "dst or src port 80 or 443", true },
	{ "src 10.0.0.1 or 10.0.0.2", true },
	{ "tcp src port 80 or 22 or not dst port 443", true },
	{ "net 10.0.0.0/24 or net 192.168.0.0/16", true },
	{ "net 10 or 192.168.1", true },
	{ "net 10.0.0.0 mask 255.255.0.0 or 192.168.0.0 mask 255.255.0.0", true },
	{ "net 10.0.0.0 mask 255.0.0.0 and not net 10.1.0.0/16", true },
	{ "portrange 20-80 or portrange 400-500", true },
	{ "portrange 20-80 or 400-500 or 3306", true },
	{ "not portrange 1-1023 and tcp", true },
	{ "ip6 host 2001:db8::1 or ip6 host 2001:db8::2", true },
	{ "host 2001:db8::1 or host 10.0.0.1 or 2001:db9::2", true },
	{ "net 2001:db8::/32 and port 80", true },
	{ "net 2001:db8::/32 or 2001:db9::/32", true },
	{ "ip or ip6", true },
	{ "ip and not tcp and not udp", true },
	{ "arp or rarp or icmp or icmp6", true },
	{ "arp host 10.0.0.1 or rarp host 10.0.0.2", true },
	{ "ether host 02:00:00:00:00:01 or ether host 02:00:00:00:00:02", true },
	{ "ether src 02:00:00:00:00:01 and ip", true },
	{ "ether broadcast or ip multicast", true },
	{ "not broadcast and not multicast", true },
	{ "ip proto 6 or 17", true },
	{ "ip proto 6 or ip6 proto 17 and port 80", true },
	{ "proto 132 or proto 17", true },
	{ "sctp or sctp port 80", true },
	{ "less 200 or greater 1000", true },
	{ "len > 200 and tcp", true },
	{ "tcp[13] & 2 != 0 or port 80", true },
	{ "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0 and host 10.0.0.1", true },
	{ "host 10.0.0.1 or (tcp[13]&1 != 0 and port 22)", true },
	{ "ip[2:2] > 576 or ip6", true },
	{ "ip[6:2] & 0x1fff = 0 and ip[9] = 6", true },
	{ "0 != ether[0] & 1 or port 80", true },
	{ "tcp [0:2] = 80 and not ip [8] < 64", true },
	{ "ip[0] & 0xf > 5 or ip[0] & 0xf == 5 and tcp", true },
	{ "vlan", false },
	{ "vlan and host 10.0.0.1", true },
	{ "vlan 10 and (host 10.0.0.1 or host 10.0.0.2)", true },
	{ "vlan 10 and vlan 20 and (port 80 or port 22) and not host 10.0.0.1", true },
	{ "ether src 02:00:00:00:00:01 and vlan 20 and (port 80 or port 443)", true },
	{ "mpls and (host 10.0.0.1 or host 10.0.0.2)", true },
	{ "(vlan 10 and host 10.0.0.1) or host 10.0.0.2", false },
	{ "vlan 10 or host 10.0.0.2", false },
	{ "not vlan and (host 10.0.0.1 or host 10.0.0.2)", true },
	{ "host 10.0.0.1 or vlan", false },
	{ "(vlan 10 or vlan 20) and (host 10.0.0.1 or host 10.0.0.2)", true },
	{ "port (80 or 443)", false },
	{ "port 80 or (443 or 22)", false },
	{ "(tcp[12] & 0xf0) >> 2 > 20 and port 80", false },
	{ "host 10.0.0.1\n or\thost 10.0.0.2", true },
	{ "(((host 10.0.0.1)))or(((port 80)))", true },
};

#define TABLE_COUNT (sizeof(table) / sizeof(table[0]))

static void test_table_is_understood(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < TABLE_COUNT; i++) {
		struct expression *e = expression_parse(table[i].expression);
		bool list = e && e->kind != EXPRESSION_TERM;

		if (table[i].understood && !list)
			fail_msg("%s: not understood", table[i].expression);
		expression_free(e);
	}
}

static void test_table(void **state)
{
	static const unsigned int weights[] = { 1, 2, 3, 5 };
	unsigned int accepted = 0, rejected = 0;
	size_t i, j;

	(void)state;
	for (i = 0; i < TABLE_COUNT; i++)
		for (j = 0; j < sizeof(weights) / sizeof(weights[0]); j++)
			assert_same(table[i].expression, weights[j], &accepted, &rejected);
	assert_in_range(accepted, 10000, UINT32_MAX);
	assert_in_range(rejected, 10000, UINT32_MAX);
}

/* Random expressions */

static const char *const atoms[] = {
	"host 10.0.0.1", "host 10.0.0.2", "src host 10.1.0.3", "dst net 10.1.0.0/16", "net 192.168.1.0/24", "port 80",
	"tcp port 22", "udp dst port 53", "portrange 20-100", "src portrange 400-40000", "ip", "ip6", "tcp", "udp", "arp",
	"host 2001:db8::1", "net 2001:db9::/32", "ether host 02:00:00:00:00:01", "tcp[13] & 2 != 0", "ip[8] > 100",
	"greater 300", "port 80 or 443", "host 10.0.0.3 or 10.0.0.4", "not port 22 or 3306",
};

static char *add_random(char *at, unsigned int depth)
{
	unsigned int terms = 1 + below(4);

	if (!depth || !below(4))
		return stpcpy(at, atoms[below(sizeof(atoms) / sizeof(atoms[0]))]);
	while (terms--) {
		at = stpcpy(at, below(4) ? "(" : "not (");
		at = add_random(at, depth - 1);
		at = stpcpy(at, terms ? (below(2) ? ") and " : ") or ") : ")");
	}
	return at;
}

/* Some reject everything, which libpcap refuses. */
static bool compiles(const char *expression)
{
	pcap_t *p = pcap_open_dead(DLT_EN10MB, SNAPLEN);
	struct bpf_program program;
	bool good = !pcap_compile(p, &program, expression, 1, PCAP_NETMASK_UNKNOWN);

	if (good)
		pcap_freecode(&program);
	pcap_close(p);
	return good;
}

static void test_random(void **state)
{
	unsigned int accepted = 0, rejected = 0, round;
	char expression[8192];

	(void)state;
	for (round = 0; round < 300; round++) {
		*add_random(expression, 3) = '\0';
		if (compiles(expression))
			assert_same(expression, 1 + below(8), &accepted, &rejected);
	}
	assert_in_range(accepted, 10000, UINT32_MAX);
	assert_in_range(rejected, 10000, UINT32_MAX);
}

/* What libpcap refuses is refused, in its words. */
static void test_refused(void **state)
{
	static const char *const bad[] = {
		"10.0.0.1 or 10.0.0.2", "host 10.0.0.1 or or host 10.0.0.2", "(host 10.0.0.1 or host 10.0.0.2",
		"tcp or 80",
		"host 10.0.0.1 or host 10.0.0.2)", "host 10.0.0.1 or port", "port 80 or not", "and port 80",
		"port 80 and ()",
		"tcp port 80 or 10.0.0.1", "port 80 or protocol 5", "host 10.0.0.1 or 10.0.0.300", "port 80 or $",
		"tcp[13 & 2 != 0 or port 80", "ether broadcast or 02:00:00:00:00:01", "port 80 or (443)) or port 22",
		"host 10.0.0.1 or port 99999", "(port 80) or host", "len > 5 or 6 or port 80",
	};
	pcap_t *p = pcap_open_dead(DLT_EN10MB, SNAPLEN);
	struct bpf_program program;
	char reason[PCAP_ERRBUF_SIZE];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (!pcap_compile(p, &program, bad[i], 1, PCAP_NETMASK_UNKNOWN))
			fail_msg("%s: libpcap takes it", bad[i]);
		snprintf(reason, sizeof(reason), "%s", pcap_geterr(p));
		if (!compile_in_parts(p, &program, bad[i], PCAP_NETMASK_UNKNOWN, 1))
			fail_msg("%s: taken in parts, but libpcap says: %s", bad[i], reason);
		assert_string_equal(pcap_geterr(p), reason);
	}
	pcap_close(p);
}

/* Long lists */

#define LIST 1000

static bool matches(const struct bpf_program *program, uint32_t source, uint32_t destination, uint16_t port)
{
	uint8_t frame[FRAME_BYTES] = { 0 };
	struct pcap_pkthdr header = { .caplen = sizeof(frame), .len = sizeof(frame) };

	put16(frame + 12, 0x0800);
	frame[14] = 0x45;
	frame[23] = 6;
	put16(frame + 26, source >> 16);
	put16(frame + 28, source);
	put16(frame + 30, destination >> 16);
	put16(frame + 32, destination);
	put16(frame + 34, 40000);
	put16(frame + 36, port);
	return pcap_offline_filter(program, &header, frame);
}

/* 10.0.0.0, 10.0.0.3, ...: nothing between them */
static void test_long_list(void **state)
{
	char *expression = malloc(LIST * 32), *at = stpcpy(expression, "port 80 and (host 10.0.0.0");
	pcap_t *p = pcap_open_dead(DLT_EN10MB, SNAPLEN);
	struct bpf_program program;
	uint32_t i;

	(void)state;
	for (i = 3; i < 3 * LIST; i += 3)
		at += sprintf(at, " or host 10.0.%u.%u", i >> 8, i & 255);
	strcpy(at, ")");
	assert_int_equal(compile_expression(p, &program, expression, PCAP_NETMASK_UNKNOWN), 0);
	assert_in_range(program.bf_len, LIST, 5 * LIST);
	for (i = 0; i < 3 * LIST; i++) {
		assert_int_equal(matches(&program, 0x0a000000 + i, 1, 80), i % 3 == 0);
		assert_int_equal(matches(&program, 1, 0x0a000000 + i, 80), i % 3 == 0);
		assert_false(matches(&program, 0x0a000000 + i, 1, 81));
	}
	pcap_freecode(&program);
	pcap_close(p);
	free(expression);
}

/* Short ones are libpcap's own program. */
static void test_short_is_whole(void **state)
{
	static const char text[] = "tcp port 80 or 443 or host 10.0.0.1";
	pcap_t *p = pcap_open_dead(DLT_EN10MB, SNAPLEN);
	struct bpf_program program, whole;

	(void)state;
	assert_int_equal(compile_expression(p, &program, text, PCAP_NETMASK_UNKNOWN), 0);
	assert_int_equal(pcap_compile(p, &whole, text, 1, PCAP_NETMASK_UNKNOWN), 0);
	assert_int_equal(program.bf_len, whole.bf_len);
	assert_memory_equal(program.bf_insns, whole.bf_insns, whole.bf_len * sizeof(*whole.bf_insns));
	pcap_freecode(&program);
	pcap_freecode(&whole);
	pcap_close(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table_is_understood),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_long_list),
		cmocka_unit_test(test_short_is_whole),
	};

	return cmocka_run_group_tests(tests, make_frames, NULL);
}
