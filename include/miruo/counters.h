/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What became of each frame: the decoder's verdicts, used as indices of the counters that every source keeps.
 * The kernel programs and the readers count with the same names, so the statistics mean the same for both.
 */
#ifndef MIRUO_COUNTERS_H
#define MIRUO_COUNTERS_H

enum decode_result {
	DECODE_TCP,		/* a TCP header: the segment is filled in */
	DECODE_FRAGMENT,	/* a later IP fragment of TCP: FRAG_LATER */
	DECODE_NOT_TCP,		/* another protocol: ARP, UDP, ICMP, ... */
	DECODE_UNSUPPORTED,	/* may hold TCP inside, but is not unpacked: MPLS, PPPoE, a fifth VLAN tag, ... */
	DECODE_BAD_LINK,	/* link header shorter than it must be */
	DECODE_BAD_IP,		/* impossible IP header */
	DECODE_BAD_TCP,		/* impossible TCP header, or a first fragment that does not hold its first 20 bytes */
	DECODE_TRUNCATED,	/* the capture's snap length cut a header that was whole on the wire */
	DECODE_RESULTS
};

#endif
