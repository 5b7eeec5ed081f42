/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Input: a capture file. What our reader gives of it is what libpcap gives, as far as it goes. */
#include "fuzz.h"

#include "classic.h"

#define SECOND_NS 1000000000

static void check_record(pcap_t *p, const struct pcap_pkthdr *header, const uint8_t *frame)
{
	struct pcap_pkthdr *expected;
	const uint8_t *bytes;

	MUST(pcap_next_ex(p, &expected, &bytes) == 1);
	MUST(header->caplen == expected->caplen && header->len == expected->len);
	MUST(memcmp(frame, bytes, header->caplen) == 0);
	MUST((uint32_t)header->ts.tv_sec == (uint32_t)expected->ts.tv_sec);
	if (header->ts.tv_usec < SECOND_NS)
		MUST(header->ts.tv_usec == expected->ts.tv_usec);
	else
		MUST(expected->ts.tv_usec < 0 || expected->ts.tv_usec >= SECOND_NS);
}

static void check_records(pcap_t *p, const uint8_t *file, size_t size)
{
	size_t pos = CLASSIC_HEADER_LEN, before = pos;
	struct pcap_pkthdr header;
	const uint8_t *frame;
	struct classic c;

	if (size < CLASSIC_HEADER_LEN || !classic_recognise(file, &c) ||
	    (c.swapped && pcap_datalink(p) != DLT_EN10MB))	/* of others libpcap changes frames */
		return;
	c.caplen_max = (uint32_t)pcap_snapshot(p);
	while ((frame = classic_next(&c, file, size, &pos, &header))) {
		MUST(frame == file + before + CLASSIC_RECORD_HEADER_LEN);
		MUST(pos == before + CLASSIC_RECORD_HEADER_LEN + header.caplen);
		check_record(p, &header, frame);
		before = pos;
	}
	MUST(pos == before && pos <= size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *file = exact_copy(data, size);
	char reason[PCAP_ERRBUF_SIZE];
	FILE *f = size ? fmemopen(file, size, "r") : NULL;
	pcap_t *p = f ? pcap_fopen_offline_with_tstamp_precision(f, PCAP_TSTAMP_PRECISION_NANO, reason) : NULL;

	if (p) {
		check_records(p, file, size);
		pcap_close(p);
	} else if (f) {
		fclose(f);
	}
	free(file);
	return 0;
}
