/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The records of a regular, uncompressed, classic pcap file out of large blocks of it, for a fraction of what libpcap's two
 * reads by stdio for each record cost. Read, not mapped: as fast from 256 KiB on, and a file that is cut while it is read
 * is only shorter, not a SIGBUS.
 *
 * Whatever is not as usual, the end of the file too, is left to libpcap: it goes on where this ends.
 */
#ifndef MIRUO_CAPTURE_PCAP_BLOCKS_H
#define MIRUO_CAPTURE_PCAP_BLOCKS_H

#include <stdbool.h>
#include <stdint.h>

#include <pcap/pcap.h>

#include "stream.h"

struct pcap_blocks;

/* For a file of which libpcap has read no record yet. NULL: it is not one for this, or there is no memory. */
struct pcap_blocks *pcap_blocks_open(struct stream *stream, pcap_t *p);
void pcap_blocks_close(struct pcap_blocks *b);	/* NULL is fine */

/* The next record, valid until pcap_blocks_read(). NULL: read more, and if it is NULL then too, this is the end. */
const uint8_t *pcap_blocks_next(struct pcap_blocks *b, struct pcap_pkthdr *header);
void pcap_blocks_read(struct pcap_blocks *b);

/* Where the next record begins, bytes from the start of the file. */
uint64_t pcap_blocks_offset(const struct pcap_blocks *b);

#endif
