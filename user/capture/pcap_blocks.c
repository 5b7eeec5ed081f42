/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pcap_blocks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "classic.h"

#define BLOCK_SIZE (512u << 10)
#define CAPLEN_MAX (BLOCK_SIZE / 2)	/* each read then brings so much at least */

struct pcap_blocks {
	int fd;			/* borrowed from the stream */
	uint64_t offset;	/* of buf[0] in the file */
	size_t len;		/* bytes in buf */
	size_t pos;		/* of the next record in it */
	struct classic format;
	uint8_t buf[BLOCK_SIZE];
};

/* libpcap puts some numbers in frames into our byte order: those of CAN, which cooked captures may have. */
static bool libpcap_changes_frames(pcap_t *p)
{
	return pcap_is_swapped(p) && pcap_datalink(p) == DLT_LINUX_SLL;
}

static bool recognise(struct pcap_blocks *b, pcap_t *p)
{
	uint32_t snaplen = (uint32_t)pcap_snapshot(p);

	if (b->len < CLASSIC_HEADER_LEN || !classic_recognise(b->buf, &b->format) || libpcap_changes_frames(p))
		return false;
	b->format.caplen_max = snaplen < CAPLEN_MAX ? snaplen : CAPLEN_MAX;
	b->pos = CLASSIC_HEADER_LEN;
	return true;
}

struct pcap_blocks *pcap_blocks_open(struct stream *stream, pcap_t *p)
{
	struct pcap_blocks *b;

	if (!stream_is_reopenable(stream) || stream_is_compressed(stream))
		return NULL;
	b = malloc(sizeof(*b));
	if (!b)
		return NULL;
	b->fd = stream_fd(stream);
	b->offset = b->len = b->pos = 0;
	pcap_blocks_read(b);
	if (recognise(b, p))
		return b;
	pcap_blocks_close(b);
	return NULL;
}

void pcap_blocks_close(struct pcap_blocks *b)
{
	free(b);
}

const uint8_t *pcap_blocks_next(struct pcap_blocks *b, struct pcap_pkthdr *header)
{
	return classic_next(&b->format, b->buf, b->len, &b->pos, header);
}

void pcap_blocks_read(struct pcap_blocks *b)
{
	ssize_t n;

	memmove(b->buf, b->buf + b->pos, b->len - b->pos);
	b->offset += b->pos;
	b->len -= b->pos;
	b->pos = 0;
	do {
		n = pread(b->fd, b->buf + b->len, sizeof(b->buf) - b->len, (off_t)(b->offset + b->len));
	} while (n < 0 && errno == EINTR);
	if (n > 0)	/* an error is libpcap's to find */
		b->len += (size_t)n;
}

uint64_t pcap_blocks_offset(const struct pcap_blocks *b)
{
	return b->offset + b->pos;
}
