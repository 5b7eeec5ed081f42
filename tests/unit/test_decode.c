/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Frames by hand: hex with its meaning, and what decode_frame() makes of them. Each is also decoded cut at every captured
 * length, as a snap length would, and as a runt of every length on the wire; it always ends at an unreadable page.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "guard_page.h"
#include "miruo/decode.h"

#define FRAME_MAX 512
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* clang-format off */

/* Pieces of frames. Blanks separate fields. */
#define MAC "020000000002 020000000001 "
#define ETH_IPV4 MAC "0800 "
#define ETH_IPV6 MAC "86dd "
#define SNAP "aaaa03 000000 "
/* total length, flags and fragment offset, protocol; id 0x1234, ttl 64, 10.0.0.1 to 10.0.0.2 */
#define IPV4(total, frag, proto) "45 00 " total " 1234 " frag " 40 " proto " 0000 0a000001 0a000002 "
/* payload length, next header; hop limit 63, 2001:db8::1 to 2001:db8::2 */
#define IPV6(len, next) "60000000 " len " " next " 3f " IPV6_ADDR "01 " IPV6_ADDR "02 "
#define IPV6_ADDR "20010db8 0000 0000 0000 0000 0000 00"
/* data offset in 4-byte words; port 40000 to 80, seq 1000, ack 5000, PSH+ACK, window 512 */
#define TCP(offset) "9c40 0050 000003e8 00001388 " offset "0 18 0200 0000 0000 "
#define TCP_OPTS "0204 05b4 0103 0307 "	/* 8 bytes: mss 1460, nop, wscale 7 */
#define DATA4 "64617461 "
#define DSTOPTS(next) next " 00 010400000000 "	/* 8 bytes, PadN */
#define SEVEN_DSTOPTS DSTOPTS("3c") DSTOPTS("3c") DSTOPTS("3c") DSTOPTS("3c") DSTOPTS("3c") DSTOPTS("3c") DSTOPTS("3c")

#define V4_ADDR(last) { [10] = 0xff, [11] = 0xff, [12] = 10, [15] = (last) }
#define V6_ADDR(last) { 0x20, 0x01, 0x0d, 0xb8, [15] = (last) }
#define IS_IPV4 .ip_version = 4, .ttl = 64, .ip_id = 0x1234, .saddr = V4_ADDR(1), .daddr = V4_ADDR(2)
#define IS_IPV6 .ip_version = 6, .ttl = 63, .saddr = V6_ADDR(1), .daddr = V6_ADDR(2)
#define IS_TCP .sport = 40000, .dport = 80, .seq = 1000, .ack = 5000, .flags = TCP_PSH | TCP_ACK, .window = 512
#define NO_SEGMENT { 0 }

struct frame_case {
	const char *name;
	enum link_type link;
	const char *hex;
	uint32_t not_captured;		/* bytes of the frame behind those of hex */
	enum decode_result result;
	struct segment seg;		/* if the result is TCP or FRAGMENT; wire_len is not looked at */
};

static const struct frame_case cases[] = {
	{ "ethernet, IPv4, no options", LINK_ETHERNET,
	  ETH_IPV4 IPV4("002c", "4000", "06") TCP("5") DATA4, 0,
	  DECODE_TCP, { IS_IPV4, IS_TCP, .opt_off = 54, .payload_off = 54, .payload_len = 4 } },
	{ "ethernet, IPv4, TCP options", LINK_ETHERNET,
	  ETH_IPV4 IPV4("0034", "4000", "06") TCP("7") TCP_OPTS DATA4, 0,
	  DECODE_TCP, { IS_IPV4, IS_TCP, .opt_off = 54, .opt_len = 8, .payload_off = 62, .payload_len = 4 } },
	{ "40 bytes of TCP options", LINK_RAW,
	  IPV4("0050", "0000", "06") TCP("f") TCP_OPTS TCP_OPTS TCP_OPTS TCP_OPTS TCP_OPTS, 0,
	  DECODE_TCP, { IS_IPV4, IS_TCP, .opt_off = 40, .opt_len = 40, .payload_off = 80 } },
	{ "ethernet padding is not payload", LINK_ETHERNET,
	  ETH_IPV4 IPV4("0028", "4000", "06") TCP("5") "000000000000", 0,
	  DECODE_TCP, { IS_IPV4, IS_TCP, .opt_off = 54, .payload_off = 54 } },
	{ "ethernet padding is not payload of IPv6", LINK_ETHERNET,
	  ETH_IPV6 IPV6("0014", "06") TCP("5") "0000", 0,
	  DECODE_TCP, { IS_IPV6, IS_TCP, .opt_off = 74, .payload_off = 74 } },
	{ "payload behind the snap length counts", LINK_ETHERNET,
	  ETH_IPV4 IPV4("05dc", "4000", "06") TCP("5") DATA4, 1456,
	  DECODE_TCP, { IS_IPV4, IS_TCP, .opt_off = 54, .payload_off = 54, .payload_len = 1460 } },
	{ "options cut by the snap length", LINK_RAW,
	  IPV4("0034", "0000", "06") TCP("7") "0204 05b4 01", 7,
	  DECODE_TCP, { IS_IPV4, IS_TCP, .opt_off = 40, .opt_len = 5, .opt_cut = 1, .payload_off = 48, .payload_len = 4 } },

	/* IPv4 */
	{ "IP options", LINK_RAW,
	  "47 00 0034 1234 0000 40 06 0000 0a000001 0a000002 94040000 01010100 " TCP("5") DATA4, 0,
	  DECODE_TCP, { IS_IPV4, IS_TCP, .opt_off = 48, .payload_off = 48, .payload_len = 4 } },
	{ "IP length 0 of an offloaded segment: all of the frame", LINK_RAW,
	  IPV4("0000", "4000", "06") TCP("5") DATA4, 70000,
	  DECODE_TCP, { IS_IPV4, IS_TCP, .opt_off = 40, .payload_off = 40, .payload_len = 70004 } },
	{ "IP length beyond the frame: what the frame has", LINK_RAW,
	  IPV4("05dc", "4000", "06") TCP("5") DATA4, 0,
	  DECODE_TCP, { IS_IPV4, IS_TCP, .opt_off = 40, .payload_off = 40, .payload_len = 4 } },
	{ "first fragment", LINK_RAW,
	  IPV4("002c", "2000", "06") TCP("5") DATA4, 0,
	  DECODE_TCP, { IS_IPV4, IS_TCP, .frag = FRAG_FIRST, .opt_off = 40, .payload_off = 40, .payload_len = 4 } },
	{ "first fragment that holds some of the options", LINK_RAW,
	  IPV4("002c", "2000", "06") TCP("7") "0204 05b4", 0,
	  DECODE_TCP, { IS_IPV4, IS_TCP, .frag = FRAG_FIRST, .opt_off = 40, .opt_len = 4, .opt_cut = 1,
			.payload_off = 44 } },
	{ "tiny first fragment", LINK_RAW,
	  IPV4("0024", "2000", "06") "9c40 0050 000003e8 00001388 5018 0200", 0, DECODE_BAD_TCP, NO_SEGMENT },
	{ "middle fragment", LINK_RAW,
	  IPV4("001c", "2001", "06") DATA4 DATA4, 0,
	  DECODE_FRAGMENT, { IS_IPV4, .frag = FRAG_LATER, .frag_off = 8, .payload_len = 8 } },
	{ "last fragment", LINK_RAW,
	  IPV4("0018", "1fff", "06") DATA4, 0,
	  DECODE_FRAGMENT, { IS_IPV4, .frag = FRAG_LATER, .frag_off = 65528, .frag_last = 1, .payload_len = 4 } },
	{ "later fragment behind IP options", LINK_RAW,
	  "46 00 001c 1234 0002 40 06 0000 0a000001 0a000002 94040000 " DATA4, 0,
	  DECODE_FRAGMENT, { IS_IPV4, .frag = FRAG_LATER, .frag_off = 16, .frag_last = 1, .payload_len = 4 } },
	{ "later fragment of UDP", LINK_RAW, IPV4("0018", "0001", "11") DATA4, 0, DECODE_NOT_TCP, NO_SEGMENT },
	{ "UDP", LINK_RAW, IPV4("001c", "0000", "11") "0035 0035 0008 0000", 0, DECODE_NOT_TCP, NO_SEGMENT },
	{ "IPv4 in IPv4", LINK_RAW,
	  IPV4("003c", "0000", "04") IPV4("0028", "0000", "06") TCP("5"), 0, DECODE_UNSUPPORTED, NO_SEGMENT },
	{ "IPv6 in IPv4", LINK_RAW,
	  IPV4("0050", "0000", "29") IPV6("0014", "06") TCP("5"), 0, DECODE_UNSUPPORTED, NO_SEGMENT },
	{ "GRE", LINK_RAW,
	  IPV4("0040", "0000", "2f") "00000800 " IPV4("0028", "0000", "06") TCP("5"), 0, DECODE_UNSUPPORTED, NO_SEGMENT },
	{ "authentication header over IPv4", LINK_RAW,
	  IPV4("0034", "0000", "33") "06 01 0000 00000100 00000001 " TCP("5"), 0, DECODE_UNSUPPORTED, NO_SEGMENT },
	{ "IPv4 header length 4 words", LINK_RAW,
	  "44 00 0028 1234 0000 40 06 0000 0a000001 0a000002 " TCP("5"), 0, DECODE_BAD_IP, NO_SEGMENT },
	{ "IPv4 total length below the header's", LINK_RAW,
	  IPV4("0013", "0000", "06") TCP("5"), 0, DECODE_BAD_IP, NO_SEGMENT },
	{ "IPv4 total length that ends in the options", LINK_RAW,
	  "47 00 001b 1234 0000 40 06 0000 0a000001 0a000002 94040000 01010100 " TCP("5"), 0, DECODE_BAD_IP, NO_SEGMENT },
	{ "IPv4 header longer than the frame", LINK_RAW,
	  "4f 00 0028 1234 0000 40 06 0000 0a000001 0a000002 " TCP("5"), 0, DECODE_BAD_IP, NO_SEGMENT },
	{ "version 6 under EtherType IPv4", LINK_ETHERNET,
	  ETH_IPV4 IPV6("0014", "06") TCP("5"), 0, DECODE_BAD_IP, NO_SEGMENT },
	{ "IP length that ends inside the TCP header", LINK_RAW,
	  IPV4("0027", "0000", "06") TCP("5") DATA4, 0, DECODE_BAD_TCP, NO_SEGMENT },
	{ "TCP data offset 4", LINK_RAW, IPV4("0028", "0000", "06") TCP("4"), 0, DECODE_BAD_TCP, NO_SEGMENT },
	{ "TCP data offset beyond the segment", LINK_RAW,
	  IPV4("002c", "0000", "06") TCP("7") DATA4, 0, DECODE_BAD_TCP, NO_SEGMENT },

	/* IPv6 */
	{ "IPv6", LINK_ETHERNET,
	  ETH_IPV6 IPV6("0020", "06") TCP("7") TCP_OPTS DATA4, 0,
	  DECODE_TCP, { IS_IPV6, IS_TCP, .opt_off = 74, .opt_len = 8, .payload_off = 82, .payload_len = 4 } },
	{ "hop-by-hop, routing, destination options", LINK_RAW,
	  IPV6("0040", "00") "2b 00 050200000100 " "3c 02 0400 00000000 " IPV6_ADDR "03 " DSTOPTS("06") TCP("5") DATA4, 0,
	  DECODE_TCP, { IS_IPV6, IS_TCP, .opt_off = 100, .payload_off = 100, .payload_len = 4 } },
	{ "IPv6 atomic fragment", LINK_RAW,
	  IPV6("0020", "2c") "06 00 0000 89abcdef " TCP("5") DATA4, 0,
	  DECODE_TCP, { IS_IPV6, IS_TCP, .ip_id = 0x89abcdef, .opt_off = 68, .payload_off = 68, .payload_len = 4 } },
	{ "IPv6 first fragment", LINK_RAW,
	  IPV6("0020", "2c") "06 00 0001 89abcdef " TCP("5") DATA4, 0,
	  DECODE_TCP, { IS_IPV6, IS_TCP, .ip_id = 0x89abcdef, .frag = FRAG_FIRST, .opt_off = 68,
			.payload_off = 68, .payload_len = 4 } },
	{ "IPv6 tiny first fragment", LINK_RAW,
	  IPV6("0010", "2c") "06 00 0001 89abcdef 9c40 0050 000003e8", 0, DECODE_BAD_TCP, NO_SEGMENT },
	{ "IPv6 middle fragment", LINK_RAW,
	  IPV6("0010", "2c") "06 00 0029 89abcdef " DATA4 DATA4, 0,
	  DECODE_FRAGMENT, { IS_IPV6, .ip_id = 0x89abcdef, .frag = FRAG_LATER, .frag_off = 40, .payload_len = 8 } },
	{ "IPv6 last fragment", LINK_RAW,
	  IPV6("000c", "2c") "06 00 fff8 89abcdef " DATA4, 0,
	  DECODE_FRAGMENT, { IS_IPV6, .ip_id = 0x89abcdef, .frag = FRAG_LATER,
			.frag_off = 65528, .frag_last = 1, .payload_len = 4 } },
	{ "IPv6 later fragment of UDP", LINK_RAW,
	  IPV6("000c", "2c") "11 00 0008 89abcdef " DATA4, 0, DECODE_NOT_TCP, NO_SEGMENT },
	{ "IPv6 later fragment, options before the TCP header in the first", LINK_RAW,
	  IPV6("000c", "2c") "3c 00 0008 89abcdef " DATA4, 0, DECODE_UNSUPPORTED, NO_SEGMENT },
	{ "authentication header", LINK_RAW,
	  IPV6("0030", "33") "06 04 0000 00000100 00000001 000000000000000000000000 " TCP("5") DATA4, 0,
	  DECODE_TCP, { IS_IPV6, IS_TCP, .opt_off = 84, .payload_off = 84, .payload_len = 4 } },
	{ "IPv6 length 0: all of the frame", LINK_RAW,
	  IPV6("0000", "06") TCP("5") DATA4, 70000,
	  DECODE_TCP, { IS_IPV6, IS_TCP, .opt_off = 60, .payload_off = 60, .payload_len = 70004 } },
	{ "IPv6 length beyond the frame: what the frame has", LINK_RAW,
	  IPV6("05dc", "06") TCP("5") DATA4, 0,
	  DECODE_TCP, { IS_IPV6, IS_TCP, .opt_off = 60, .payload_off = 60, .payload_len = 4 } },
	{ "eight extension headers", LINK_RAW,
	  IPV6("0058", "3c") SEVEN_DSTOPTS DSTOPTS("06") TCP("5") DATA4, 0,
	  DECODE_TCP, { IS_IPV6, IS_TCP, .opt_off = 124, .payload_off = 124, .payload_len = 4 } },
	{ "nine extension headers", LINK_RAW,
	  IPV6("0060", "3c") SEVEN_DSTOPTS DSTOPTS("3c") DSTOPTS("06") TCP("5") DATA4, 0, DECODE_UNSUPPORTED, NO_SEGMENT },
	{ "extension header longer than the IP payload", LINK_RAW,
	  IPV6("001c", "3c") "06 03 010400000000 " TCP("5") DATA4, 0, DECODE_BAD_IP, NO_SEGMENT },
	{ "fragment header longer than the IP payload", LINK_RAW, IPV6("0004", "2c") "06 00 0008 89abcdef", 0,
	  DECODE_BAD_IP, NO_SEGMENT },
	{ "ICMPv6 behind hop-by-hop", LINK_RAW,
	  IPV6("0010", "00") "3a 00 050200000100 8f000000 00000000", 0, DECODE_NOT_TCP, NO_SEGMENT },
	{ "IPv4 in IPv6", LINK_RAW,
	  IPV6("0028", "04") IPV4("0028", "0000", "06") TCP("5"), 0, DECODE_UNSUPPORTED, NO_SEGMENT },
	{ "version 4 under EtherType IPv6", LINK_ETHERNET,
	  ETH_IPV6 IPV4("003c", "0000", "06") TCP("5") TCP("5"), 0, DECODE_BAD_IP, NO_SEGMENT },

	/* Ethernet */
	{ "802.1Q tag", LINK_ETHERNET,
	  MAC "8100 6064 0800 " IPV4("002c", "0000", "06") TCP("5") DATA4, 0,
	  DECODE_TCP, { IS_IPV4, IS_TCP, .vlan = 100, .opt_off = 58, .payload_off = 58, .payload_len = 4 } },
	{ "802.1ad and 802.1Q tags, outermost lowest", LINK_ETHERNET,
	  MAC "88a8 00c8 8100 0fff 86dd " IPV6("0014", "06") TCP("5"), 0,
	  DECODE_TCP, { IS_IPV6, IS_TCP, .vlan = 0xfff00c8, .opt_off = 82, .payload_off = 82 } },
	{ "priority tag, id 0, is left out", LINK_ETHERNET,
	  MAC "8100 e000 8100 0064 0800 " IPV4("0028", "0000", "06") TCP("5"), 0,
	  DECODE_TCP, { IS_IPV4, IS_TCP, .vlan = 100, .opt_off = 62, .payload_off = 62 } },
	{ "four tags", LINK_ETHERNET,
	  MAC "9100 0001 88a8 0002 8100 0003 8100 0004 0800 " IPV4("0028", "0000", "06") TCP("5"), 0,
	  DECODE_TCP, { IS_IPV4, IS_TCP, .vlan = 0x0004000300020001, .opt_off = 70, .payload_off = 70 } },
	{ "five tags", LINK_ETHERNET,
	  MAC "8100 0001 8100 0002 8100 0003 8100 0004 8100 0005 0800 " IPV4("0028", "0000", "06") TCP("5"), 0,
	  DECODE_UNSUPPORTED, NO_SEGMENT },
	{ "802.3 with LLC and SNAP", LINK_ETHERNET,
	  MAC "0034 " SNAP "0800 " IPV4("002c", "0000", "06") TCP("5") DATA4, 0,
	  DECODE_TCP, { IS_IPV4, IS_TCP, .opt_off = 62, .payload_off = 62, .payload_len = 4 } },
	{ "SNAP in a tagged frame", LINK_ETHERNET,
	  MAC "8100 0064 0030 " SNAP "0800 " IPV4("0028", "0000", "06") TCP("5"), 0,
	  DECODE_TCP, { IS_IPV4, IS_TCP, .vlan = 100, .opt_off = 66, .payload_off = 66 } },
	{ "SNAP of another organisation", LINK_ETHERNET,
	  MAC "0030 aaaa03 00000c 0800 " IPV4("0028", "0000", "06") TCP("5"), 0, DECODE_NOT_TCP, NO_SEGMENT },
	{ "spanning tree", LINK_ETHERNET, MAC "0026 424203 0000000000 00000000", 0, DECODE_NOT_TCP, NO_SEGMENT },
	{ "ARP", LINK_ETHERNET,
	  MAC "0806 0001 0800 06 04 0001 020000000001 0a000001 000000000000 0a000002", 0, DECODE_NOT_TCP, NO_SEGMENT },
	{ "MPLS", LINK_ETHERNET,
	  MAC "8847 00001140 " IPV4("0028", "0000", "06") TCP("5"), 0, DECODE_UNSUPPORTED, NO_SEGMENT },
	{ "PPPoE", LINK_ETHERNET,
	  MAC "8864 1100 0001 002a 0021 " IPV4("0028", "0000", "06") TCP("5"), 0, DECODE_UNSUPPORTED, NO_SEGMENT },
	{ "Ethernet header of 13 bytes", LINK_ETHERNET, MAC "08", 0, DECODE_BAD_LINK, NO_SEGMENT },
	{ "VLAN tag that the frame ends in", LINK_ETHERNET, MAC "8100 0064 08", 0, DECODE_BAD_LINK, NO_SEGMENT },
	{ "nothing behind the Ethernet header", LINK_ETHERNET, ETH_IPV4, 0, DECODE_BAD_IP, NO_SEGMENT },

	/* Other links */
	{ "SLL, incoming", LINK_SLL,
	  "0000 0001 0006 0200000000010000 0800 " IPV4("002c", "0000", "06") TCP("5") DATA4, 0,
	  DECODE_TCP, { IS_IPV4, IS_TCP, .opt_off = 56, .payload_off = 56, .payload_len = 4 } },
	{ "SLL, outgoing, IPv6", LINK_SLL,
	  "0004 0001 0006 0200000000010000 86dd " IPV6("0014", "06") TCP("5"), 0,
	  DECODE_TCP, { IS_IPV6, IS_TCP, .egress = 1, .opt_off = 76, .payload_off = 76 } },
	{ "SLL with a VLAN tag", LINK_SLL,
	  "0000 0001 0006 0200000000010000 8100 0064 0800 " IPV4("0028", "0000", "06") TCP("5"), 0,
	  DECODE_TCP, { IS_IPV4, IS_TCP, .vlan = 100, .opt_off = 60, .payload_off = 60 } },
	{ "SLL with LLC and SNAP", LINK_SLL,
	  "0000 0001 0006 0200000000010000 0004 " SNAP "0800 " IPV4("0028", "0000", "06") TCP("5"), 0,
	  DECODE_TCP, { IS_IPV4, IS_TCP, .opt_off = 64, .payload_off = 64 } },
	{ "SLL, Novell 802.3 without LLC", LINK_SLL,
	  "0000 0001 0006 0200000000010000 0001 " SNAP "0800 " IPV4("0028", "0000", "06") TCP("5"), 0,
	  DECODE_NOT_TCP, NO_SEGMENT },
	{ "SLL header of 15 bytes", LINK_SLL, "0000 0001 0006 0200000000010000 08", 0, DECODE_BAD_LINK, NO_SEGMENT },
	{ "SLL2, outgoing", LINK_SLL2,
	  "0800 0000 00010003 0001 04 06 0200000000010000 " IPV4("002c", "0000", "06") TCP("5") DATA4, 0,
	  DECODE_TCP, { IS_IPV4, IS_TCP, .ifindex = 0x10003, .egress = 1, .opt_off = 60,
			.payload_off = 60, .payload_len = 4 } },
	{ "SLL2, incoming", LINK_SLL2,
	  "86dd 0000 00000002 0001 00 06 0200000000010000 " IPV6("0014", "06") TCP("5"), 0,
	  DECODE_TCP, { IS_IPV6, IS_TCP, .ifindex = 2, .opt_off = 80, .payload_off = 80 } },
	{ "SLL2, netlink message", LINK_SLL2,
	  "0800 0000 00000002 0338 04 00 0000000000000000 " IPV4("0028", "0000", "06") TCP("5"), 0,
	  DECODE_NOT_TCP, NO_SEGMENT },
	{ "SLL2 header of 19 bytes", LINK_SLL2,
	  "0800 0000 00000002 0001 00 06 02000000000100", 0, DECODE_BAD_LINK, NO_SEGMENT },
	{ "raw IP of version 5", LINK_RAW,
	  "55 00 0028 1234 0000 40 06 0000 0a000001 0a000002 " TCP("5"), 0, DECODE_BAD_IP, NO_SEGMENT },
	{ "raw, empty", LINK_RAW, "", 0, DECODE_BAD_IP, NO_SEGMENT },
	{ "loopback, IPv4, little-endian", LINK_NULL,
	  "02000000 " IPV4("002c", "0000", "06") TCP("5") DATA4, 0,
	  DECODE_TCP, { IS_IPV4, IS_TCP, .opt_off = 44, .payload_off = 44, .payload_len = 4 } },
	{ "loopback, IPv4, big-endian", LINK_NULL,
	  "00000002 " IPV4("0028", "0000", "06") TCP("5"), 0,
	  DECODE_TCP, { IS_IPV4, IS_TCP, .opt_off = 44, .payload_off = 44 } },
	{ "loopback, IPv6 of Linux", LINK_NULL,
	  "0a000000 " IPV6("0014", "06") TCP("5"), 0,
	  DECODE_TCP, { IS_IPV6, IS_TCP, .opt_off = 64, .payload_off = 64 } },
	{ "loopback, IPv6 of OpenBSD", LINK_NULL,
	  "00000018 " IPV6("0014", "06") TCP("5"), 0,
	  DECODE_TCP, { IS_IPV6, IS_TCP, .opt_off = 64, .payload_off = 64 } },
	{ "loopback, IPv6 of FreeBSD", LINK_NULL,
	  "1c000000 " IPV6("0014", "06") TCP("5"), 0,
	  DECODE_TCP, { IS_IPV6, IS_TCP, .opt_off = 64, .payload_off = 64 } },
	{ "loopback, IPv6 of macOS", LINK_NULL,
	  "1e000000 " IPV6("0014", "06") TCP("5"), 0,
	  DECODE_TCP, { IS_IPV6, IS_TCP, .opt_off = 64, .payload_off = 64 } },
	{ "loopback, AppleTalk", LINK_NULL, "10000000 " DATA4, 0, DECODE_NOT_TCP, NO_SEGMENT },
	{ "loopback header of 3 bytes", LINK_NULL, "020000", 0, DECODE_BAD_LINK, NO_SEGMENT },

	/* Headers that were whole on the wire */
	{ "snap length in the Ethernet header", LINK_ETHERNET, MAC "08", 100, DECODE_TRUNCATED, NO_SEGMENT },
	{ "snap length in the VLAN tag", LINK_ETHERNET, MAC "8100 0064 08", 100, DECODE_TRUNCATED, NO_SEGMENT },
	{ "snap length in LLC", LINK_ETHERNET, MAC "0034 " SNAP, 100, DECODE_TRUNCATED, NO_SEGMENT },
	{ "snap length in the IPv4 header", LINK_RAW, "45 00 0028 1234", 100, DECODE_TRUNCATED, NO_SEGMENT },
	{ "snap length in the IP options", LINK_RAW,
	  "47 00 0034 1234 0000 40 06 0000 0a000001 0a000002 9404", 100, DECODE_TRUNCATED, NO_SEGMENT },
	{ "snap length in an extension header", LINK_RAW,
	  IPV6("001c", "3c") "06 00 0104", 100, DECODE_TRUNCATED, NO_SEGMENT },
	{ "snap length in a long extension header", LINK_RAW,
	  IPV6("0024", "3c") "06 01 010c 00000000", 100, DECODE_TRUNCATED, NO_SEGMENT },
	{ "snap length in the TCP header", LINK_RAW,
	  IPV4("0028", "0000", "06") "9c40 0050 000003e8", 12, DECODE_TRUNCATED, NO_SEGMENT },
};

/* clang-format on */

static struct guard_page guard;

static size_t frame_from_hex(const char *hex, uint8_t *bytes)
{
	size_t n;

	for (n = 0; *(hex += strspn(hex, " ")); hex += 2) {
		char digits[3] = { hex[0], hex[1] };
		char *end;

		assert_true(n < FRAME_MAX);
		bytes[n++] = (uint8_t)strtoul(digits, &end, 16);
		assert_ptr_equal(end, digits + 2);
	}
	return n;
}

static enum decode_result decode(enum link_type link, const uint8_t *bytes, size_t captured, size_t wire_len,
				 struct segment *seg)
{
	const uint8_t *data = guard_page_copy(&guard, bytes, captured);

	memset(seg, 0xa5, sizeof(*seg));
	return decode_frame(link, data, data + captured, (uint32_t)wire_len, seg);
}

static void assert_segment(const struct segment *seg, const struct segment *expected, uint32_t wire_len)
{
	struct segment with_len = *expected;

	assert_memory_equal(seg->saddr, expected->saddr, sizeof(seg->saddr));
	assert_memory_equal(seg->daddr, expected->daddr, sizeof(seg->daddr));
	assert_int_equal(seg->ip_version, expected->ip_version);
	assert_int_equal(seg->ttl, expected->ttl);
	assert_int_equal(seg->ip_id, expected->ip_id);
	assert_int_equal(seg->vlan, expected->vlan);
	assert_int_equal(seg->ifindex, expected->ifindex);
	assert_int_equal(seg->egress, expected->egress);
	assert_int_equal(seg->frag, expected->frag);
	assert_int_equal(seg->frag_off, expected->frag_off);
	assert_int_equal(seg->frag_last, expected->frag_last);
	assert_int_equal(seg->sport, expected->sport);
	assert_int_equal(seg->dport, expected->dport);
	assert_int_equal(seg->seq, expected->seq);
	assert_int_equal(seg->ack, expected->ack);
	assert_int_equal(seg->flags, expected->flags);
	assert_int_equal(seg->window, expected->window);
	assert_int_equal(seg->opt_off, expected->opt_off);
	assert_int_equal(seg->opt_len, expected->opt_len);
	assert_int_equal(seg->opt_cut, expected->opt_cut);
	assert_int_equal(seg->payload_off, expected->payload_off);
	assert_int_equal(seg->payload_len, expected->payload_len);
	assert_int_equal(seg->wire_len, wire_len);

	with_len.wire_len = wire_len;	/* and what is left to the source, and padding, is 0 */
	assert_memory_equal(seg, &with_len, sizeof(with_len));
}

static int is_decoded(enum decode_result result)
{
	return result == DECODE_TCP || result == DECODE_FRAGMENT;
}

/* What a shorter snap length leaves of the segment that the whole frame gives: only options get lost. */
static struct segment with_captured(struct segment seg, size_t captured)
{
	if (captured < seg.opt_off + seg.opt_len) {
		seg.opt_len = (uint8_t)(captured - seg.opt_off);
		seg.opt_cut = 1;
	}
	return seg;
}

static void check_snap_lengths(const struct frame_case *c, const uint8_t *bytes, size_t len)
{
	int headers_captured = 0;
	struct segment seg, expected;
	size_t n;

	for (n = 0; n < len; n++) {
		enum decode_result result = decode(c->link, bytes, n, len + c->not_captured, &seg);

		if (result == DECODE_TRUNCATED) {
			assert_false(headers_captured);
			assert_true(c->result != DECODE_TCP || n < c->seg.opt_off);
			continue;
		}
		headers_captured = 1;
		assert_int_equal(result, c->result);
		if (!is_decoded(result))
			continue;
		assert_true(result != DECODE_TCP || n >= c->seg.opt_off);
		expected = with_captured(c->seg, n);
		assert_segment(&seg, &expected, (uint32_t)len + c->not_captured);
	}
}

/* A frame that ends on the wire is never taken for one that the snap length cut, nor for whole before its headers are. */
static void check_runts(const struct frame_case *c, const uint8_t *bytes, size_t len)
{
	size_t headers = c->result == DECODE_TCP ? c->seg.opt_off + c->seg.opt_len : 0, n;
	struct segment seg;

	for (n = 0; n < len; n++) {
		enum decode_result result = decode(c->link, bytes, n, n, &seg);

		assert_int_not_equal(result, DECODE_TRUNCATED);
		if (n < headers && c->seg.frag != FRAG_FIRST)
			assert_int_not_equal(result, DECODE_TCP);
		if (result == DECODE_TCP)
			assert_in_range(seg.payload_off + seg.payload_len, seg.opt_off + seg.opt_len, n);
	}
}

static void check_case(void **state)
{
	const struct frame_case *c = *state;
	uint8_t bytes[FRAME_MAX];
	size_t len = frame_from_hex(c->hex, bytes);
	struct segment seg;

	assert_int_equal(decode(c->link, bytes, len, len + c->not_captured, &seg), c->result);
	if (is_decoded(c->result))
		assert_segment(&seg, &c->seg, (uint32_t)len + c->not_captured);
	check_snap_lengths(c, bytes, len);
	check_runts(c, bytes, len);
}

/* The reasons name the innermost header that did not fit. */
static void a_runt_is_counted_by_the_header_it_ends_in(void **state)
{
	uint8_t bytes[FRAME_MAX];
	size_t len = frame_from_hex(ETH_IPV4 IPV4("0034", "4000", "06") TCP("7") TCP_OPTS DATA4, bytes), n;
	struct segment seg;

	(void)state;
	for (n = 0; n < len; n++) {
		enum decode_result expected = n < 14 ? DECODE_BAD_LINK
					      : n < 34 ? DECODE_BAD_IP
					      : n < 62 ? DECODE_BAD_TCP
						       : DECODE_TCP;

		assert_int_equal(decode(LINK_ETHERNET, bytes, n, n, &seg), expected);
	}
}

static void every_flag_is_kept(void **state)
{
	uint8_t bytes[FRAME_MAX];
	size_t len = frame_from_hex(IPV4("0028", "4000", "06") TCP("5"), bytes);
	struct segment seg;
	int flags;

	(void)state;
	for (flags = 0; flags <= 0xff; flags++) {
		bytes[33] = (uint8_t)flags;
		assert_int_equal(decode(LINK_RAW, bytes, len, len, &seg), DECODE_TCP);
		assert_int_equal(seg.flags, flags);
	}
}

static int setup(void **state)
{
	(void)state;
	return guard_page_init(&guard, FRAME_MAX);
}

static int teardown(void **state)
{
	(void)state;
	guard_page_fini(&guard);
	return 0;
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(cases) + 2] = {
		cmocka_unit_test(a_runt_is_counted_by_the_header_it_ends_in),
		cmocka_unit_test(every_flag_is_kept),
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		tests[2 + i] = (struct CMUnitTest) { .name = cases[i].name, .test_func = check_case,
						     .initial_state = (void *)&cases[i] };
	return cmocka_run_group_tests(tests, setup, teardown);
}
