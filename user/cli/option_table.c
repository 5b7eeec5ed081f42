/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "option_table.h"

#define FIELD(member) .field = offsetof(struct config, member)

const char *const option_group_titles[OPTION_GROUPS] = {
	[GROUP_INPUT] = "Input",
	[GROUP_RULES] = "Which sessions are printed",
	[GROUP_OUTPUT] = "Output",
	[GROUP_LIMITS] = "Limits",
	[GROUP_OTHER] = "Other",
};

/* In the order of enum backend and of enum hook. */
static const char *const backend_words[] = { "auto", "ebpf", "pcap", NULL };
static const char *const hook_words[] = { "tc", "xdp", "xdp-generic", NULL };

const struct option_row option_table[] = {
	{
		.letter = 'f', .name = "file", .arg = "FILE", .kind = OPTION_LIST, .group = GROUP_INPUT,
		FIELD(files), .example = "trace.pcap",
		.summary = "read a capture file, - is standard input; several are read in this order as one",
		.manual =
			"Read a capture in pcap or pcapng format, as tcpdump -w writes it, also if gzip or zstd packed it.\n"
			"The name - is standard input, read as it arrives.\n"
			"The option may be given several times: the files are read in that order as one capture, "
			"so that sessions go on from one file of a rotated capture to the next.",
	},
	{
		.letter = 'i', .name = "interface", .arg = "DEV", .kind = OPTION_LIST, .group = GROUP_INPUT,
		FIELD(interfaces), .example = "eth0",
		.summary = "watch this network interface; any: all of them; may be repeated, or a list with commas",
		.manual =
			"Watch a network interface; several may be given, each with its own option or parted by commas.\n"
			"The name any stands for all interfaces, those that appear later too.\n"
			"A segment that is seen on several interfaces counts once.",
	},
	{
		.letter = 'D', .name = "list-interfaces", .kind = OPTION_FLAG, .group = GROUP_INPUT, FIELD(list_interfaces),
		.summary = "list the interfaces with what each supports, and end",
		.manual = "List the interfaces that can be watched, with what each supports, and end.",
	},
	{
		.name = "netns", .arg = "NS", .kind = OPTION_TEXT, .group = GROUP_INPUT, FIELD(netns), .example = "web",
		.summary = "watch the interfaces of this network namespace: a name, a path or a process id",
		.manual =
			"Watch the interfaces of another network namespace.\n"
			"It is given by its name (as ip netns lists them), by the path of its file, "
			"or by the id of a process in it.",
	},
	{
		.name = "backend", .arg = "HOW", .kind = OPTION_WORD, .words = backend_words, .group = GROUP_INPUT,
		FIELD(backend), .example = "pcap",
		.summary = "auto: kernel programs if they can be had, else libpcap; ebpf, pcap: only that",
		.manual =
			"With ebpf, programs in the kernel look at each packet and send a short record of each TCP segment; "
			"with pcap, packets are captured by libpcap, which costs the host more "
			"and cannot tell of how many segments an offloaded packet is.\n"
			"With auto, the default, it is ebpf where that is possible; "
			"if it is not, a line says why and it is pcap.",
	},
	{
		.name = "hook", .arg = "WHERE", .kind = OPTION_WORD, .words = hook_words, .group = GROUP_INPUT,
		FIELD(source.hook), .example = "tc",
		.summary = "tc: TC both ways; xdp, xdp-generic: incoming packets by XDP, outgoing ones by TC",
		.manual =
			"Where the kernel programs are attached.\n"
			"With tc, the default, they see both directions after the network stack's offloads, "
			"so that a large packet is one record that knows of how many segments it is.\n"
			"With xdp they see incoming packets before the stack, if the driver supports it; "
			"native XDP may switch off offloads of the device and so slow it down.\n"
			"VLAN tags that the device takes out of packets cannot be seen there.\n"
			"With xdp-generic the same without the driver's support, which slows the host down.\n"
			"Programs of others are never replaced.",
	},
	{
		.name = "ring-size", .arg = "KB", .kind = OPTION_NUMBER, .group = GROUP_LIMITS, FIELD(source.ring_kb),
		.max = 1048576, .example = "16384",
		.summary = "buffer between kernel and reader, for each CPU; 0: as is usual",
		.manual =
			"The buffer between the kernel and the reader in KiB, for each CPU; it is rounded up to a power of two.\n"
			"0, the default, is 4096 with kernel programs, less on more than 16 CPUs, and 8192 with libpcap.\n"
			"With kernel programs it is at least 16.\n"
			"If segments were lost because it was full, a line says so: raise it.",
	},
	{
		.name = "pickup", .arg = "0|1", .kind = OPTION_NUMBER, .group = GROUP_INPUT,
		FIELD(tracker.pickup), .max = 1, .initial = 1, .example = "1",
		.summary = "1: follow sessions that began before the capture too; 0: only those whose SYN was captured",
		.manual =
			"With 1, sessions that were already running when the capture began are followed too.\n"
			"Their header line ends with the word mid-stream.\n"
			"With 0, only sessions whose opening SYN was captured are followed and the others are counted.",
	},
	{
		.letter = 'T', .name = "long-connect", .arg = "MS", .kind = OPTION_NUMBER, .group = GROUP_RULES,
		FIELD(rules.long_connect_ms), .max = UINT32_MAX, .example = "3000",
		.summary = "sessions that lasted longer than MS milliseconds; 0: off",
		.manual =
			"Print sessions that lasted longer than this many milliseconds from first to last segment, "
			"also those still open at the end.\n"
			"0 switches the rule off.",
	},
	{
		.letter = 't', .name = "long-delay", .arg = "MS", .kind = OPTION_NUMBER, .group = GROUP_RULES,
		FIELD(rules.long_delay_ms), .max = UINT32_MAX, .example = "500",
		.summary = "sessions that paused for longer than MS milliseconds; 0: off",
		.manual =
			"Print sessions in which more than this many milliseconds went by between two segments, "
			"whichever side sent them.\n"
			"The late segment is red, the one before it is shown too.\n"
			"0 switches the rule off.",
	},
	{
		.letter = 'r', .name = "retransmit", .arg = "MS", .kind = OPTION_NUMBER, .group = GROUP_RULES,
		FIELD(rules.retransmit_ms), .max = UINT32_MAX, .initial = 1000, .example = "1000",
		.summary = "sessions with data sent again MS milliseconds later or more; 0: off",
		.manual =
			"Print sessions in which data was sent again this many milliseconds after the first time or later.\n"
			"Faster retransmissions stay visible in a printed session and are counted, "
			"but are no reason to print it.\n"
			"Segments without data are never retransmissions, nor are keep-alive probes.\n"
			"0 switches the rule off.\n"
			"\n"
			"To read a file use -f, not -r as with tcpdump.",
	},
	{
		.letter = 'S', .name = "syn", .arg = "0|1", .kind = OPTION_NUMBER, .group = GROUP_RULES,
		FIELD(rules.syn), .max = 1, .initial = 1, .example = "1",
		.summary = "1: sessions whose SYN or SYN/ACK was sent again; 0: off",
		.manual =
			"With 1, print sessions whose SYN or SYN/ACK was sent again, after any delay and whatever -r says.\n"
			"0 switches the rule off.",
	},
	{
		.letter = 'R', .name = "rst", .arg = "0|1|2", .kind = OPTION_NUMBER, .group = GROUP_RULES,
		FIELD(rules.rst), .max = 2, .initial = 1, .example = "1",
		.summary = "1: sessions broken off by RST, but not after a FIN; 2: by any RST; 0: off",
		.manual =
			"With 1, print sessions that an RST broke off before either side had sent a FIN; "
			"refused connections are among them.\n"
			"With 2, print those with an RST after a FIN too: some programs end each connection like that.\n"
			"0 switches the rule off.",
	},
	{
		.letter = 'F', .name = "fragment", .alias = "flagment", .arg = "0|1", .kind = OPTION_NUMBER,
		.group = GROUP_RULES, FIELD(rules.fragment), .max = 1, .initial = 1, .example = "1",
		.summary = "1: sessions with IP fragments; 0: off",
		.manual =
			"With 1, print sessions of which a segment came in IP fragments, and mark it with an F.\n"
			"0 switches the rule and the column off.",
	},
	{
		.name = "rtt", .arg = "MS", .kind = OPTION_NUMBER, .group = GROUP_RULES,
		FIELD(rules.rtt_ms), .max = UINT32_MAX, .example = "100",
		.summary = "sessions with a round trip of MS milliseconds or more; 0: off",
		.manual =
			"Print sessions whose round-trip time reached this many milliseconds.\n"
			"It is measured from data and its ACK and smoothed as TCP itself does (RFC 6298), "
			"to both sides of the place of capture.\n"
			"0 switches the rule off.",
	},
	{
		.name = "handshake", .arg = "MS", .kind = OPTION_NUMBER, .group = GROUP_RULES,
		FIELD(rules.handshake_ms), .max = UINT32_MAX, .example = "1000",
		.summary = "sessions whose handshake took MS milliseconds or more; 0: off",
		.manual =
			"Print sessions whose handshake, from the first SYN to the ACK of the SYN/ACK, "
			"took this many milliseconds or more.\n"
			"A SYN without an answer is no handshake; see --half-open.\n"
			"0 switches the rule off.",
	},
	{
		.name = "zero-window", .arg = "MS", .kind = OPTION_NUMBER, .group = GROUP_RULES,
		FIELD(rules.zero_window_ms), .max = UINT32_MAX, .example = "200",
		.summary = "sessions with data held up by a closed window for MS milliseconds; 0: off",
		.manual =
			"Print sessions in which a receiver had closed its window for this many milliseconds or more "
			"while data waited: the program there did not read.\n"
			"A closed window that nobody waited for does not count.\n"
			"0 switches the rule off.",
	},
	{
		.name = "server-delay", .arg = "MS", .kind = OPTION_NUMBER, .group = GROUP_RULES,
		FIELD(rules.server_delay_ms), .max = UINT32_MAX, .example = "500",
		.summary = "sessions whose server let the client wait for MS milliseconds; 0: off",
		.manual =
			"Print sessions in which the server let the client wait for this many milliseconds or more at once: "
			"before its answer, or in the middle of it.\n"
			"What the network took is not in it, nor is time in which the client was to speak.\n"
			"A server that speaks unasked, to notify its client, looks as if it had let it wait.\n"
			"0 switches the rule off.",
	},
	{
		.name = "client-delay", .arg = "MS", .kind = OPTION_NUMBER, .group = GROUP_RULES,
		FIELD(rules.client_delay_ms), .max = UINT32_MAX, .example = "5000",
		.summary = "sessions whose client was silent in its turn for MS milliseconds; 0: off",
		.manual =
			"Print sessions in which the client said nothing for this many milliseconds or more at once "
			"although it was its turn, in the middle of a request or between two of them.\n"
			"For a database this finds the transaction that is left open while its client does something else; "
			"a connection that rests in a pool looks the same.\n"
			"0 switches the rule off.",
	},
	{
		.name = "half-open", .kind = OPTION_FLAG, .group = GROUP_RULES, FIELD(rules.half_open),
		.summary = "sessions whose SYN was not answered",
		.manual =
			"Print sessions whose SYN was not answered, not even by an RST: "
			"nobody is there, or a firewall drops it.\n"
			"A SYN of the last second does not count at the end of the capture, "
			"nor where its session gives way because of -L.",
	},
	{
		.name = "reuse", .kind = OPTION_FLAG, .group = GROUP_RULES, FIELD(rules.reuse),
		.summary = "sessions opened on addresses and ports that are in use, or were a minute ago",
		.manual =
			"Print sessions whose SYN came on the addresses and ports of a session that was still open, "
			"or over for no more than a minute; a SYN sent again with its number does not count.\n"
			"A client that does so runs out of ports, or a NAT device does; "
			"the server may refuse such a SYN because its side is still in TIME_WAIT.",
	},
	{
		.name = "all", .kind = OPTION_FLAG, .group = GROUP_RULES, FIELD(rules.all),
		.summary = "every session",
		.manual = "Print every session, those without a fault too.\nThe spelling -all is accepted.",
	},
	{
		.name = "explain", .kind = OPTION_FLAG, .group = GROUP_OUTPUT, FIELD(explain),
		.summary = "say below each session what was found in it, with the evidence",
		.manual =
			"Below each printed session, a line for each finding with its evidence: the segments it is about, "
			"how long and how often, and the option whose threshold it reached or did not; "
			"then on whom the time was spent, what was counted, "
			"and whether the capture itself may have lost what seems to be missing.\n"
			"With --live, findings stand below their segments.",
	},
	{
		.letter = 'v', .name = "view-data", .arg = "N", .kind = OPTION_NUMBER, .group = GROUP_OUTPUT,
		FIELD(rules.context), .max = UINT32_MAX, .example = "5",
		.summary = "show N segments before and after each one of interest too",
		.manual =
			"In a printed session, show this many segments before and after each one of interest too.\n"
			"The highest number shows all of them.\n"
			"Without effect with --live, which shows all segments anyway.",
	},
	{
		.letter = 'm', .name = "dpi-mode", .arg = "MODE", .kind = OPTION_DPI, .group = GROUP_OUTPUT,
		FIELD(http), .example = "http",
		.summary = "http[:REQ,...[:RES,...]]: show HTTP start lines and the named headers; tcp: off (default)",
		.manual =
			"With http, print the request and response lines of HTTP/1 messages below the segments "
			"in which they begin.\n"
			"Header names may follow: after a colon those of requests, after a second colon those of responses, "
			"each a list with commas that may be empty, as in http:User-Agent,Cookie:Server or http::Location.\n"
			"The name % stands for all headers; Host is always shown for requests.\n"
			"Upper and lower case are the same.\n"
			"Messages are not put together: only what the first segment holds is seen.\n"
			"What follows a question mark in the request target, in Referer and in Location is left out.\n"
			"A line that is not shown whole ends with ... and bytes that are not printable ASCII "
			"are written as \\xHH.\n"
			"With tcp, the default, payload is not looked at.",
	},
	{
		.letter = 'q', .name = "quiet", .kind = OPTION_COUNT, .group = GROUP_OUTPUT, FIELD(rules.quiet),
		.summary = "narrow lines; -qq: say nothing of a connection that replaces an open one either",
		.manual =
			"Print narrow lines, without ids, sizes and TCP options.\n"
			"When a SYN opens a connection where one is still open between the same addresses and ports, "
			"the old one is printed and so is the new one.\n"
			"Given once, this option leaves the new one out, given twice both.",
	},
	{
		.name = "live", .kind = OPTION_FLAG, .group = GROUP_OUTPUT, FIELD(sink.live),
		.summary = "print each segment as it comes instead of sessions when they end; implies --all",
		.manual =
			"Print each segment of every session in one line as it comes, "
			"instead of each session when it ends.\n"
			"Implies --all.\n"
			"The spelling -live is accepted.",
	},
	{
		.letter = 'C', .name = "color", .arg = "0|1", .kind = OPTION_NUMBER, .group = GROUP_OUTPUT,
		FIELD(colour), .max = COLOUR_ON, .initial = COLOUR_AUTOMATIC, .example = "1",
		.summary = "colours 0: off, 1: on (default: on a terminal, unless NO_COLOR is set)",
		.manual =
			"With 1, colour the lines, with 0 do not.\n"
			"Without this option lines are coloured if standard output is a terminal "
			"and NO_COLOR is not set in the environment.",
	},
	{
		.letter = 's', .name = "stat-interval", .alias = "stat", .arg = "SEC", .kind = OPTION_NUMBER,
		.group = GROUP_OUTPUT, FIELD(stat_interval_s), .max = UINT32_MAX, .example = "10",
		.summary = "print statistics every SEC seconds, not only at the end; 0: off",
		.manual =
			"Print the statistics on standard error every so many seconds, not only at the end.\n"
			"0 switches this off.",
	},
	{
		.letter = 'L', .name = "session-limit", .alias = "limit-session", .arg = "N", .kind = OPTION_NUMBER,
		.group = GROUP_LIMITS, FIELD(tracker.session_limit), .max = SESSION_LIMIT_MAX, .initial = 1024,
		.example = "100000",
		.summary = "follow at most N sessions at once; 0: as many as can be",
		.manual =
			"Follow at most this many sessions at once; 0 stands for the highest number.\n"
			"If the statistics show a DropSession other than 0, sessions were missed: raise it.",
	},
	{
		.letter = 'l', .name = "segment-limit", .alias = "limit-segment", .arg = "N", .kind = OPTION_NUMBER,
		.group = GROUP_LIMITS, FIELD(tracker.segment_limit), .max = SEGMENT_LIMIT_MAX, .initial = 65536,
		.example = "1000000",
		.summary = "hold at most N segments at once; 0: as many as can be",
		.manual =
			"Hold at most this many segments in memory at once; 0 stands for the highest number.\n"
			"If the statistics show a DropSegment other than 0, segments were lost: raise it.",
	},
	{
		.letter = 'd', .name = "dump-filter", .kind = OPTION_COUNT, .group = GROUP_OTHER, FIELD(dump_filter),
		.summary = "print the compiled expression as tcpdump -d does, and end; -dd: as eBPF of the kernel programs",
		.manual =
			"Print what the expression is compiled to and end; it helps in reports of errors.\n"
			"Given once it is classic BPF, as tcpdump -d prints it; given twice, the eBPF that it becomes "
			"in the kernel programs, for the hook of --hook.\n"
			"It is compiled for the link type of the file (-f) or of the interface (-i, which takes "
			"the privileges to capture there), the first one if there are several; else for Ethernet.\n"
			"An interface may take VLAN tags out of packets: the code for that is made only with -i.",
	},
	{
		.name = "check", .kind = OPTION_FLAG, .group = GROUP_OTHER, FIELD(check),
		.summary = "print what this host has for live capture and what it has not, and end",
		.manual =
			"Print a table of what live capture needs, whether this host and this user have it, "
			"and what mends it if not, and end.",
	},
	{
		.letter = 'h', .name = "help", .kind = OPTION_HELP, .group = GROUP_OTHER,
		.summary = "print this and end",
		.manual = "Print the options in short on standard output and end.",
	},
	{
		.letter = 'V', .name = "version", .kind = OPTION_VERSION, .group = GROUP_OTHER,
		.summary = "print the versions of miruo and libpcap and end",
		.manual = "Print the versions of miruo and libpcap on standard output and end.",
	},
};

const size_t option_count = sizeof(option_table) / sizeof(option_table[0]);

const struct option_example option_examples[] = {
	{ "miruo -f trace.pcap",
	  "the sessions of a capture that went wrong" },
	{ "sudo miruo -i any",
	  "those of this host, live" },
	{ "sudo miruo -i eth0 --netns=web -t 500 -s 60",
	  "in a network namespace; pauses too, and statistics every minute" },
	{ "miruo -f trace.pcap --server-delay 500 --explain port 3306",
	  "of databases, also those that let a client wait, with the evidence" },
	{ "miruo -f day.pcap.0 -f day.pcap.1 -t 500 -qq",
	  "a rotated capture as one, pauses of more than 500 ms too, narrow lines" },
	{ "miruo -f trace.pcap.gz --all -v 10 -m http:User-Agent:Server port 80",
	  "all HTTP sessions, with more of their data and some headers" },
	{ "tcpdump -i eth0 -s 200 -U -w - tcp | miruo -f - --live",
	  "each segment as it comes" },
};

const size_t option_example_count = sizeof(option_examples) / sizeof(option_examples[0]);
