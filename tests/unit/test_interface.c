/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "guard_page.h"
#include "interface.h"
#include "link_message.h"

static struct guard_page page;

/* Reads the messages in len bytes that end where memory ends. Returns how many were of use; *out is the last one. */
static int parse(const void *bytes, size_t len, struct interface *out)
{
	struct netlink_cursor c = { guard_page_copy(&page, bytes, len), len };
	struct netlink_message message;
	struct interface iface;
	int count = 0;

	while (netlink_next_message(&c, &message)) {
		if (!interface_parse(&message, &iface))
			continue;
		*out = iface;
		count++;
	}
	return count;
}

/* A port of a bridge with two XDP programs. */
static void veth_message(struct link_message *m)
{
	uint32_t at;

	put_header(m, RTM_NEWLINK, 7, ARPHRD_ETHER, AF_UNSPEC);
	put_string(m, IFLA_IFNAME, "veth7");
	put_u32(m, IFLA_MTU, 1500);
	put_u32(m, IFLA_MASTER, 3);
	put_attr(m, IFLA_BROADCAST, "\xff\xff\xff\xff\xff\xff", 6);
	at = put_begin(m, IFLA_XDP);
	put_attr(m, IFLA_XDP_ATTACHED, "\4", 1);
	put_u32(m, IFLA_XDP_DRV_PROG_ID, 41);
	put_u32(m, IFLA_XDP_SKB_PROG_ID, 42);
	put_end(m, at);
	put_kind(m, "veth");
}

static void a_link_is_read(void **state)
{
	struct link_message m;
	struct interface i;

	(void)state;
	veth_message(&m);
	assert_int_equal(parse(m.bytes, m.len, &i), 1);
	assert_int_equal(i.index, 7);
	assert_int_equal(i.master, 3);
	assert_int_equal(i.flags, 1);
	assert_int_equal(i.arphrd, ARPHRD_ETHER);
	assert_string_equal(i.name, "veth7");
	assert_string_equal(i.kind, "veth");
	assert_int_equal(i.link, INTERFACE_ETHERNET);
	assert_null(i.why_not);
	assert_int_equal(i.xdp.native, 41);
	assert_int_equal(i.xdp.generic, 42);
	assert_int_equal(i.xdp.offloaded, 0);
}

static void all_messages_of_a_datagram_are_read(void **state)
{
	struct link_message m;
	uint8_t both[sizeof(m.bytes) * 2];
	struct interface i;

	(void)state;
	veth_message(&m);
	memcpy(both, m.bytes, m.len);
	memcpy(both + m.len, m.bytes, m.len);
	assert_int_equal(parse(both, 2 * m.len, &i), 2);
	assert_int_equal(parse(both, 2 * m.len - 1, &i), 1);
}

static void the_link_layer_follows_type_and_kind(void **state)
{
	static const struct {
		uint16_t arphrd;
		const char *kind;
		enum interface_link link;
	} rows[] = {
		{ ARPHRD_ETHER, "", INTERFACE_ETHERNET },
		{ ARPHRD_ETHER, "gretap", INTERFACE_ETHERNET },
		{ ARPHRD_LOOPBACK, "", INTERFACE_ETHERNET },
		{ ARPHRD_NONE, "tun", INTERFACE_RAW_IP },
		{ ARPHRD_NONE, "wireguard", INTERFACE_RAW_IP },
		{ ARPHRD_NONE, "", INTERFACE_RAW_IP },
		{ ARPHRD_NONE, "xfrm", INTERFACE_UNSUPPORTED },
		{ ARPHRD_RAWIP, "rmnet", INTERFACE_RAW_IP },
		{ ARPHRD_TUNNEL, "ipip", INTERFACE_RAW_IP },
		{ ARPHRD_TUNNEL, "vti", INTERFACE_UNSUPPORTED },
		{ ARPHRD_TUNNEL6, "ip6tnl", INTERFACE_RAW_IP },
		{ ARPHRD_TUNNEL6, "vti6", INTERFACE_UNSUPPORTED },
		{ ARPHRD_SIT, "sit", INTERFACE_RAW_IP },
		{ ARPHRD_PPP, "ppp", INTERFACE_RAW_IP },
		{ ARPHRD_PPP, "", INTERFACE_UNSUPPORTED },
		{ ARPHRD_INFINIBAND, "", INTERFACE_UNSUPPORTED },
		{ ARPHRD_CAN, "vcan", INTERFACE_UNSUPPORTED },
		{ ARPHRD_IEEE80211_RADIOTAP, "", INTERFACE_UNSUPPORTED },
		{ 12345, "new", INTERFACE_UNSUPPORTED },
	};
	struct link_message m;
	struct interface i;
	size_t k;

	(void)state;
	for (k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
		put_header(&m, RTM_NEWLINK, 1, rows[k].arphrd, AF_UNSPEC);
		put_string(&m, IFLA_IFNAME, "x");
		put_kind(&m, rows[k].kind);
		assert_int_equal(parse(m.bytes, m.len, &i), 1);
		assert_int_equal(i.link, rows[k].link);
		assert_int_equal(i.why_not != NULL, rows[k].link == INTERFACE_UNSUPPORTED);
	}
}

static enum interface_link gre_link(uint16_t arphrd, const char *kind, const char *peer, size_t peer_len, bool per_packet)
{
	struct link_message m;
	struct interface i = { 0 };
	uint32_t info, data;

	put_header(&m, RTM_NEWLINK, 1, arphrd, AF_UNSPEC);
	put_string(&m, IFLA_IFNAME, "gre1");
	put_attr(&m, IFLA_BROADCAST, peer, peer_len);
	info = put_begin(&m, IFLA_LINKINFO);
	put_string(&m, IFLA_INFO_KIND, kind);
	data = put_begin(&m, IFLA_INFO_DATA);
	put_u32(&m, IFLA_GRE_LINK, 0);
	if (per_packet)
		put_attr(&m, IFLA_GRE_COLLECT_METADATA, "", 0);
	put_end(&m, data);
	put_end(&m, info);
	put_length(&m);
	assert_int_equal(parse(m.bytes, m.len, &i), 1);
	return i.link;
}

/* Without one peer, the frames of GRE begin with the outer IP header, which must not be taken for the inner one. */
static void gre_needs_one_peer(void **state)
{
	static const char any[16], one[16] = { 10, 0, 0, 1 }, group[16] = { (char)239, 0, 0, 1 };

	(void)state;
	assert_int_equal(gre_link(ARPHRD_IPGRE, "gre", one, 4, false), INTERFACE_RAW_IP);
	assert_int_equal(gre_link(ARPHRD_IPGRE, "gre", any, 4, false), INTERFACE_UNSUPPORTED);
	assert_int_equal(gre_link(ARPHRD_IPGRE, "gre", group, 4, false), INTERFACE_UNSUPPORTED);
	assert_int_equal(gre_link(ARPHRD_IPGRE, "gre", any, 4, true), INTERFACE_RAW_IP);
	assert_int_equal(gre_link(ARPHRD_IPGRE, "gre", any, 0, false), INTERFACE_UNSUPPORTED);
	assert_int_equal(gre_link(ARPHRD_IP6GRE, "ip6gre", one, 16, false), INTERFACE_RAW_IP);
	assert_int_equal(gre_link(ARPHRD_IP6GRE, "ip6gre", any, 16, false), INTERFACE_UNSUPPORTED);
	assert_int_equal(gre_link(ARPHRD_IP6GRE, "ip6gre", any, 16, true), INTERFACE_RAW_IP);
}

/* A bridge says RTM_DELLINK when a port leaves it, wireless drivers say RTM_NEWLINK without a name. */
static void messages_about_other_things_are_passed_over(void **state)
{
	struct link_message m;
	struct interface i;

	(void)state;
	put_header(&m, RTM_DELLINK, 7, ARPHRD_ETHER, AF_BRIDGE);
	assert_int_equal(parse(m.bytes, m.len, &i), 0);
	put_header(&m, RTM_NEWLINK, 7, ARPHRD_ETHER, AF_UNSPEC);
	assert_int_equal(parse(m.bytes, m.len, &i), 0);
	put_header(&m, RTM_NEWADDR, 7, ARPHRD_ETHER, AF_UNSPEC);
	assert_int_equal(parse(m.bytes, m.len, &i), 0);
	put_header(&m, RTM_DELLINK, 7, ARPHRD_ETHER, AF_UNSPEC);
	assert_int_equal(parse(m.bytes, m.len, &i), 1);
	assert_int_equal(i.index, 7);
	put_header(&m, RTM_DELLINK, 0, ARPHRD_ETHER, AF_UNSPEC);
	assert_int_equal(parse(m.bytes, m.len, &i), 0);
	put_header(&m, RTM_DELLINK, -1, ARPHRD_ETHER, AF_UNSPEC);
	assert_int_equal(parse(m.bytes, m.len, &i), 0);
}

static void names_that_cannot_be_are_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		int count;
	} rows[] = {
		{ "123456789012345", 16, 1 },	/* the longest one */
		{ "1234567890123456", 17, 0 },
		{ "1234567890123456", 16, 0 },	/* without its end */
		{ "eth0", 4, 0 },
		{ "", 1, 0 },
		{ "", 0, 0 },
	};
	struct link_message m;
	struct interface i;
	size_t k;

	(void)state;
	for (k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
		put_header(&m, RTM_NEWLINK, 7, ARPHRD_ETHER, AF_UNSPEC);
		put_attr(&m, IFLA_IFNAME, rows[k].bytes, rows[k].len);
		put_length(&m);
		assert_int_equal(parse(m.bytes, m.len, &i), rows[k].count);
	}
}

static void long_kinds_are_cut(void **state)
{
	struct link_message m;
	struct interface i;

	(void)state;
	put_header(&m, RTM_NEWLINK, 7, ARPHRD_ETHER, AF_UNSPEC);
	put_string(&m, IFLA_IFNAME, "x");
	put_kind(&m, "a-kind-with-a-long-name");
	assert_int_equal(parse(m.bytes, m.len, &i), 1);
	assert_string_equal(i.kind, "a-kind-with-a-l");
}

static void what_is_cut_is_not_guessed(void **state)
{
	struct link_message m;
	struct interface i;
	uint32_t len, whole;

	(void)state;
	veth_message(&m);
	whole = m.len;
	for (len = 0; len < whole; len++)	/* the datagram ends inside the message */
		assert_int_equal(parse(m.bytes, len, &i), 0);
	for (len = 0; len < whole; len++) {	/* the message ends inside an attribute, and says so */
		m.len = len;
		put_length(&m);
		if (!parse(m.bytes, len, &i))
			continue;
		assert_string_equal(i.name, "veth7");
		assert_true(!i.kind[0] || !strcmp(i.kind, "veth"));
		assert_true(!i.master || i.master == 3);
		assert_true(!i.xdp.native || i.xdp.native == 41);
	}
}

/* Any byte may be anything: nothing is read behind the end (guard page), and texts end. */
static void no_byte_leads_out_of_the_message(void **state)
{
	struct link_message m;
	struct interface i;
	uint32_t at;
	int value;

	(void)state;
	veth_message(&m);
	for (at = 0; at < m.len; at++) {
		uint8_t was = m.bytes[at];

		for (value = 0; value < 256; value++) {
			m.bytes[at] = (uint8_t)value;
			if (!parse(m.bytes, m.len, &i))
				continue;
			assert_non_null(memchr(i.name, 0, sizeof(i.name)));
			assert_non_null(memchr(i.kind, 0, sizeof(i.kind)));
			assert_int_not_equal(i.index, 0);
		}
		m.bytes[at] = was;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_link_is_read),
		cmocka_unit_test(all_messages_of_a_datagram_are_read),
		cmocka_unit_test(the_link_layer_follows_type_and_kind),
		cmocka_unit_test(gre_needs_one_peer),
		cmocka_unit_test(messages_about_other_things_are_passed_over),
		cmocka_unit_test(names_that_cannot_be_are_refused),
		cmocka_unit_test(long_kinds_are_cut),
		cmocka_unit_test(what_is_cut_is_not_guessed),
		cmocka_unit_test(no_byte_leads_out_of_the_message),
	};
	int failed;

	if (guard_page_init(&page, 4096))
		return EXIT_FAILURE;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	guard_page_fini(&page);
	return failed;
}
