/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "explain.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "finding.h"
#include "summary.h"

#define BUCKETS 65536u		/* session ids count up, so they fill them evenly */
#define FINDINGS_FIRST 4u

/* What is known of one session. */
struct notebook {
	struct notebook *next;		/* in its bucket */
	uint64_t session;		/* id */
	struct finding *finding;
	uint32_t used, room;
	struct summary summary;
};

struct explain {
	const struct rules_config *cfg;
	bool keep;
	struct notebook *bucket[BUCKETS];
	size_t bytes;
	uint64_t missing;
};

struct explain *explain_new(const struct rules_config *cfg, bool keep)
{
	struct explain *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->cfg = cfg;
	e->keep = keep;
	return e;
}

static void notebook_free(struct explain *e, struct notebook *n)
{
	e->bytes -= sizeof(*n) + n->room * sizeof(n->finding[0]);
	free(n->finding);
	free(n);
}

void explain_free(struct explain *e)
{
	struct notebook *n, *next;
	uint32_t i;

	if (!e)
		return;
	for (i = 0; i < BUCKETS; i++)
		for (n = e->bucket[i]; n; n = next) {
			next = n->next;
			notebook_free(e, n);
		}
	free(e);
}

/* Where the notebook of a session is, or would be. */
static struct notebook **notebook_place(struct explain *e, const struct session *s)
{
	struct notebook **at = &e->bucket[s->id % BUCKETS];

	while (*at && (*at)->session != s->id)
		at = &(*at)->next;
	return at;
}

static bool fits(const struct explain *e, size_t bytes)
{
	return e->bytes + bytes <= EXPLAIN_BYTES_MAX;
}

static struct notebook *notebook_for(struct explain *e, const struct session *s)
{
	struct notebook **at = notebook_place(e, s), *n = *at;

	if (n)
		return n;
	n = fits(e, sizeof(*n)) ? calloc(1, sizeof(*n)) : NULL;
	if (!n)
		return NULL;
	e->bytes += sizeof(*n);
	n->session = s->id;
	*at = n;
	return n;
}

static bool notebook_has_room(struct explain *e, struct notebook *n)
{
	uint32_t room = n->room ? 2 * n->room : FINDINGS_FIRST;
	size_t more = (room - n->room) * sizeof(n->finding[0]);
	struct finding *grown;

	if (n->used < n->room)
		return true;
	if (room > EXPLAIN_FINDINGS_MAX || !fits(e, more))
		return false;
	grown = realloc(n->finding, room * sizeof(n->finding[0]));
	if (!grown)
		return false;
	n->finding = grown;
	n->room = room;
	e->bytes += more;
	return true;
}

static bool is_worth_a_note(const struct step *step, uint32_t reasons)
{
	return step->verdict != VERDICT_NEW || step->resent || step->remarks || step->rst || reasons;
}

void explain_step(struct explain *e, const struct step *step, uint32_t reasons)
{
	struct finding found[FINDING_KINDS];
	struct notebook *n;
	uint32_t count, i;

	if (!is_worth_a_note(step, reasons))
		return;
	n = notebook_for(e, step->session);
	if (!n) {
		e->missing++;
		return;
	}
	summary_count(&n->summary, step);
	if (!e->keep)
		return;
	count = findings_of(step, reasons, found);
	for (i = 0; i < count; i++) {
		if (notebook_has_room(e, n))
			n->finding[n->used++] = found[i];
		else
			n->summary.missing++;
	}
}

static void print_finding(const struct explain *e, FILE *f, const struct session *s, const struct finding *found)
{
	char text[FINDING_TEXT_MAX];

	finding_text(found, e->cfg, s->client, text, sizeof(text));
	fprintf(f, "%04" PRIu64 ":%04" PRIu64 " %s\n", session_id(s), found->id, text);
}

void explain_print_step(const struct explain *e, FILE *f, const struct step *step, uint32_t reasons)
{
	struct finding found[FINDING_KINDS];
	uint32_t count = findings_of(step, reasons, found), i;

	for (i = 0; i < count; i++)
		print_finding(e, f, step->session, &found[i]);
}

/* Begins a line that is about the whole session. */
static void session_line(FILE *f, const struct session *s, const char *text)
{
	fprintf(f, "%04" PRIu64 ":     %s\n", session_id(s), text);
}

void explain_print_session(struct explain *e, FILE *f, const struct ending *end, uint64_t lost)
{
	static const struct notebook none;
	const struct notebook *n = *notebook_place(e, end->session);
	char text[SUMMARY_TEXT_MAX];
	uint32_t i;

	n = n ? n : &none;
	for (i = 0; i < n->used; i++)
		print_finding(e, f, end->session, &n->finding[i]);
	e->missing += n->summary.missing;
	for (i = 0; i < SUMMARY_LINES; i++)
		if (summary_text(&n->summary, e->cfg, end, lost, i, text, sizeof(text)))
			session_line(f, end->session, text);
}

void explain_forget(struct explain *e, const struct session *s)
{
	struct notebook **at = notebook_place(e, s), *n = *at;

	if (!n)
		return;
	*at = n->next;
	notebook_free(e, n);
}

uint64_t explain_missing(const struct explain *e)
{
	return e->missing;
}
