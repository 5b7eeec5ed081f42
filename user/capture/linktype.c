/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "linktype.h"

#include <pcap/pcap.h>

static const struct {
	int dlt;
	enum link_type link;
} supported[] = {
	{ DLT_EN10MB, LINK_ETHERNET },
	{ DLT_LINUX_SLL, LINK_SLL },
	{ DLT_LINUX_SLL2, LINK_SLL2 },
	{ DLT_RAW, LINK_RAW },
	{ DLT_IPV4, LINK_RAW },
	{ DLT_IPV6, LINK_RAW },
	{ DLT_NULL, LINK_NULL },
	{ DLT_LOOP, LINK_NULL },
};

enum { SUPPORTED_COUNT = sizeof(supported) / sizeof(supported[0]) };

bool linktype_find(int dlt, enum link_type *link)
{
	int i;

	for (i = 0; i < SUPPORTED_COUNT; i++) {
		if (supported[i].dlt == dlt) {
			*link = supported[i].link;
			return true;
		}
	}
	return false;
}

void linktype_add_refusal(struct text *t, int dlt)
{
	const char *name = pcap_datalink_val_to_name(dlt);
	const char *description = pcap_datalink_val_to_description(dlt);
	int i;

	text_add(t, "link type %d", dlt);
	if (name)
		text_add(t, " %s (%s)", name, description ? description : name);
	text_add(t, " is not supported, only");
	for (i = 0; i < SUPPORTED_COUNT; i++)
		text_add(t, "%s %s", i ? "," : "", pcap_datalink_val_to_name(supported[i].dlt));
}
