/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Writes the next packet of bench_flood over the one that it is run with: Ethernet, IPv4, TCP with timestamps. Sessions take
 * turns, and in each of them client and server: handshake, then data from the server, from the client and so on.
 */
#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bench_packets.h"

enum { SYN = 2, PSH = 8, ACK = 16 };

const volatile __u32 session_count = 1; /* of each CPU */
struct bench_packets_cpu cpus[BENCH_PACKETS_CPUS];

/* Sequence numbers that a side (1: the server) used before a turn of the session, which are counted from 0. */
static __u32 used_before(__u32 side, __u32 turn)
{
	if (turn <= side)
		return 0;
	return turn < 3 ? 1 : 1 + BENCH_PACKETS_PAYLOAD * ((turn - 3 + side) / 2);
}

static __u32 initial_sequence(__u32 session, __u32 side)
{
	return (session * 2 + side) * 2654435761u;
}

static __u8 turn_flags(__u32 turn)
{
	if (turn == 0)
		return SYN;
	return turn == 1 ? SYN | ACK : turn == 2 ? ACK : PSH | ACK;
}

SEC("xdp")
int next_packet(struct xdp_md *xdp)
{
	struct bench_packets_frame *f = (void *)(long)xdp->data;
	__u32 cpu = bpf_get_smp_processor_id() % BENCH_PACKETS_CPUS, session, turn, side, len, client,
	      server = bpf_htonl(0x0a000001);
	__u64 n = cpus[cpu].packets++;
	__u16 port;

	if ((void *)(f + 1) > (void *)(long)xdp->data_end)
		return XDP_DROP;
	session = n % session_count + cpu * session_count;
	turn = n / session_count;
	side = turn & 1;
	len = turn < 3 ? 0 : BENCH_PACKETS_PAYLOAD;
	client = bpf_htonl(0x0a010000 + session);
	port = bpf_htons(1024 + session % 60000);
	f->flags = turn_flags(turn);
	f->ip_len = bpf_htons(52 + len);
	f->ip_id = bpf_htons(turn);
	f->source_address = side ? server : client;
	f->dest_address = side ? client : server;
	f->source_port = side ? bpf_htons(80) : port;
	f->dest_port = side ? port : bpf_htons(80);
	f->seq = bpf_htonl(initial_sequence(session, side) + used_before(side, turn));
	f->ack = f->flags & ACK ? bpf_htonl(initial_sequence(session, !side) + used_before(!side, turn)) : 0;
	return XDP_PASS;
}

char programs_license[] SEC("license") = "Dual BSD/GPL";
