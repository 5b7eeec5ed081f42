/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "classic.h"

#include <string.h>

#define MAGIC_MICROSECONDS 0xa1b2c3d4u
#define MAGIC_NANOSECONDS 0xa1b23c4du

static uint32_t swap32(uint32_t v)
{
	return v >> 24 | (v >> 8 & 0xff00) | (v << 8 & 0xff0000) | v << 24;
}

static uint32_t number(const struct classic *c, const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return c->swapped ? swap32(v) : v;
}

static bool is_magic(uint32_t v)
{
	return v == MAGIC_MICROSECONDS || v == MAGIC_NANOSECONDS;
}

bool classic_recognise(const uint8_t *header, struct classic *c)
{
	uint16_t version[2];

	*c = (struct classic){ 0 };
	c->swapped = !is_magic(number(c, header));
	if (!is_magic(number(c, header)))
		return false;
	c->nanoseconds = number(c, header) == MAGIC_NANOSECONDS;
	memcpy(version, header + 4, sizeof(version));
	if (c->swapped)
		return version[0] == 0x0200 && version[1] == 0x0400;
	return version[0] == 2 && version[1] == 4;
}

const uint8_t *classic_next(const struct classic *c, const uint8_t *buf, size_t len, size_t *pos, struct pcap_pkthdr *header)
{
	const uint8_t *p = buf + *pos;
	size_t left = len - *pos;

	if (left < CLASSIC_RECORD_HEADER_LEN)
		return NULL;
	header->caplen = number(c, p + 8);
	if (header->caplen > c->caplen_max || header->caplen > left - CLASSIC_RECORD_HEADER_LEN)
		return NULL;
	header->ts.tv_sec = number(c, p);
	header->ts.tv_usec = number(c, p + 4);
	if (!c->nanoseconds)
		header->ts.tv_usec *= 1000;
	header->len = number(c, p + 12);
	*pos += CLASSIC_RECORD_HEADER_LEN + header->caplen;
	return p + CLASSIC_RECORD_HEADER_LEN;
}
