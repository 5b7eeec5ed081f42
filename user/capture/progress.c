/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "progress.h"

#include <inttypes.h>

#define SECOND_NS 1000000000u
#define INTERVAL_NS (SECOND_NS / 5)

void progress_init(struct progress *p, FILE *out, uint64_t now_ns)
{
	*p = (struct progress){ .out = out, .start_ns = now_ns, .written_ns = now_ns + SECOND_NS - INTERVAL_NS };
}

static void add_time_left(struct text *t, double seconds)
{
	uint64_t s = seconds < 359999 ? (uint64_t)(seconds + 0.5) : 359999;

	if (s >= 3600)
		text_add(t, ", %" PRIu64 ":%02u:%02u left", s / 3600, (unsigned)(s / 60 % 60), (unsigned)(s % 60));
	else
		text_add(t, ", %u:%02u left", (unsigned)(s / 60), (unsigned)(s % 60));
}

void progress_add_text(struct text *t, const struct progress_counts *counts, uint64_t elapsed_ns)
{
	double elapsed = elapsed_ns ? (double)elapsed_ns / SECOND_NS : 1, bytes = (double)counts->bytes;
	bool known = counts->total != 0 && counts->bytes <= counts->total;	/* a file may grow meanwhile */

	text_add(t, "%.1f", bytes / 1e6);
	if (known)
		text_add(t, " of %.1f", (double)counts->total / 1e6);
	text_add(t, " MB");
	if (known)
		text_add(t, ", %u%%", (unsigned)(100 * (bytes / (double)counts->total)));
	text_add(t, ", %.0f packets/s", (double)counts->packets / elapsed);
	if (known && counts->bytes)
		add_time_left(t, elapsed * (double)(counts->total - counts->bytes) / bytes);
}

void progress_update(struct progress *p, const struct progress_counts *counts, uint64_t now_ns)
{
	char line[128];
	struct text t;

	if (!p->out || now_ns < p->written_ns + INTERVAL_NS)
		return;
	text_init(&t, line, sizeof(line));
	progress_add_text(&t, counts, now_ns - p->start_ns);
	fprintf(p->out, "\r%s\033[K", line);
	fflush(p->out);
	p->written_ns = now_ns;
	p->shown = true;
}

void progress_hide(struct progress *p)
{
	if (!p->shown)
		return;
	fputs("\r\033[K", p->out);
	fflush(p->out);
	p->shown = false;
}
