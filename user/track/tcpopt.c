/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tcpopt.h"

int tcpopt_next(const uint8_t *bytes, uint32_t len, uint32_t *pos, struct tcpopt *opt)
{
	while (*pos < len && bytes[*pos] == TCPOPT_NOP)
		++*pos;
	if (*pos >= len || bytes[*pos] == TCPOPT_END)
		return 0;
	if (len - *pos < 2 || bytes[*pos + 1] < 2 || bytes[*pos + 1] > len - *pos)
		return -1;
	opt->kind = bytes[*pos];
	opt->len = bytes[*pos + 1];
	opt->value = bytes + *pos + 2;
	*pos += opt->len;
	return 1;
}
