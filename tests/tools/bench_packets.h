/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What bench_flood and its kernel program share. */
#ifndef MIRUO_TOOLS_BENCH_PACKETS_H
#define MIRUO_TOOLS_BENCH_PACKETS_H

#include <linux/types.h>

#define BENCH_PACKETS_CPUS    2 /* the first ones send */
#define BENCH_PACKETS_PAYLOAD 6

struct bench_packets_cpu {
	__u64 packets;
} __attribute__((aligned(64)));

/* Network byte order. */
struct bench_packets_frame {
	__u8 ethernet[14];
	__u8 version, tos;
	__be16 ip_len, ip_id;
	__u8 fragment[2], ttl, protocol;
	__be16 ip_checksum;
	__be32 source_address, dest_address;
	__be16 source_port, dest_port;
	__be32 seq, ack;
	__u8 data_offset, flags;
	__be16 window, checksum, urgent;
	__u8 options[12];
	__u8 payload[BENCH_PACKETS_PAYLOAD];
} __attribute__((packed));

#endif
