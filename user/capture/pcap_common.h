/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the sources on libpcap share. */
#ifndef MIRUO_CAPTURE_PCAP_COMMON_H
#define MIRUO_CAPTURE_PCAP_COMMON_H

#include <stdbool.h>
#include <stdint.h>

#include <pcap/pcap.h>

#include "miruo/decode.h"
#include "source.h"
#include "text.h"

/*
 * Decodes a frame as libpcap gives it and counts the result in stats->decoded. Returns whether there is a segment: then *seg
 * is complete but for ts_ns and, where link does not tell them, ifindex and egress; its options and payload lie in data.
 */
bool capture_decode(enum link_type link, const struct pcap_pkthdr *header, const uint8_t *data, struct source_stats *stats,
		    struct segment *seg);

/* Adds ", link-type NAME (DESCRIPTION), capture size N bytes". */
void capture_add_description(struct text *t, pcap_t *p);

#endif
