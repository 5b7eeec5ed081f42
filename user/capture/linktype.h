/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which of libpcap's link types the decoder reads. */
#ifndef MIRUO_CAPTURE_LINKTYPE_H
#define MIRUO_CAPTURE_LINKTYPE_H

#include <stdbool.h>

#include "miruo/decode.h"
#include "text.h"

/* Finds the decoder's name for dlt, a DLT_ value of libpcap. Returns false if there is none. */
bool linktype_find(int dlt, enum link_type *link);

/* Adds one line about a dlt that linktype_find() refuses: its name and number, and what is supported. */
void linktype_add_refusal(struct text *t, int dlt);

#endif
