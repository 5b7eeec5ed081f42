/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether a RST fits what its sender's address sent before: firewalls, censors and attackers send RSTs in others' names.
 *
 * A doubt is no proof. Kernels answer for a socket that is gone with an IP id of 0, without timestamps, and with the
 * sequence number that the answered segment acknowledged, be it old by then: that says nothing here. Nor is anything said
 * on less than three earlier segments.
 */
#ifndef MIRUO_TRACK_RST_EVIDENCE_H
#define MIRUO_TRACK_RST_EVIDENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "tracker.h"

/*
 * Fills in rst_doubts and rst_checked of a step that is a RST, neither held nor counted yet; the other side's numbers are
 * those before it. Looks at up to 32 held segments; at 256 if it lies out of the window.
 */
void rst_evidence(const struct history *h, struct step *step);

/* The doubts are enough to say that the RST does not look sent by this peer. */
bool rst_looks_forged(uint32_t doubts);

#endif
