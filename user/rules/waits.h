/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the rules for who was waited for have in common; each names itself by its reason. */
#ifndef MIRUO_RULES_WAITS_H
#define MIRUO_RULES_WAITS_H

#include "rules.h"

/*
 * The segment ends a wait of limit_ms or more, or is the first at which one of that length is known; limit_ms 0: never.
 * Only of segments that bring something: a pause that another one ends may turn out to be somebody else's.
 */
bool wait_on_segment(enum reason reason, uint32_t limit_ms, const struct step *step);

/* There was one in the session, up to its last segment. */
bool wait_on_end(enum reason reason, uint32_t limit_ms, const struct ending *end);

#endif
