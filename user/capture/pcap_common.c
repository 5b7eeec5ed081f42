/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pcap_common.h"

/* Where the payload of a later fragment lies is not known (payload_off is 0): none of it is lent. */
static void borrow_bytes(struct segment *seg, const uint8_t *data, uint32_t caplen)
{
	uint32_t off = seg->payload_off && seg->payload_off < caplen ? seg->payload_off : caplen, left = caplen - off;

	seg->opt = data + seg->opt_off;
	seg->payload = data + off;
	seg->payload_cap = left < seg->payload_len ? left : seg->payload_len;
}

bool capture_decode(enum link_type link, const struct pcap_pkthdr *header, const uint8_t *data, struct source_stats *stats,
		    struct segment *seg)
{
	uint32_t wire_len = header->len > header->caplen ? header->len : header->caplen;
	enum decode_result result = decode_frame(link, data, data + header->caplen, wire_len, seg);

	stats->decoded[result]++;
	if (result != DECODE_TCP && result != DECODE_FRAGMENT)
		return false;
	borrow_bytes(seg, data, header->caplen);
	return true;
}

void capture_add_description(struct text *t, pcap_t *p)
{
	int dlt = pcap_datalink(p);

	text_add(t, ", link-type %s (%s), capture size %d bytes", pcap_datalink_val_to_name(dlt),
		 pcap_datalink_val_to_description(dlt), pcap_snapshot(p));
}

const char *source_pcap_version(void)
{
	return pcap_lib_version();
}
