/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The classic pcap format, out of bytes in memory: the files that nearly all programs write, and of them only what is beyond
 * doubt. Where anything is odd nothing is told; libpcap then reads on from there, and knows what to make of it.
 */
#ifndef MIRUO_CAPTURE_CLASSIC_H
#define MIRUO_CAPTURE_CLASSIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pcap/pcap.h>

#define CLASSIC_HEADER_LEN 24u
#define CLASSIC_RECORD_HEADER_LEN 16u

struct classic {
	bool swapped;		/* the numbers are not in our byte order */
	bool nanoseconds;	/* not microseconds */
	uint32_t caplen_max;	/* records with more are odd; set by the caller */
};

/* By the header of the file, CLASSIC_HEADER_LEN bytes. False: not this format, or not version 2.4. */
bool classic_recognise(const uint8_t *header, struct classic *c);

/*
 * The record at *pos of the len bytes at buf; then *pos is behind it. header is as libpcap fills it in with
 * PCAP_TSTAMP_PRECISION_NANO, but for garbage in its times, which may be other garbage. Returns the frame, or NULL with *pos as
 * it was: the record is odd, or not whole.
 */
const uint8_t *classic_next(const struct classic *c, const uint8_t *buf, size_t len, size_t *pos, struct pcap_pkthdr *header);

#endif
