/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "onesided.h"

#include <stdlib.h>
#include <string.h>

#include <pcap/pcap.h>

#include "compile.h"
#include "expression.h"
#include "probe.h"
#include "trace.h"

#define SNAPLEN 262144
#define BRANCHES_MAX 16384	/* looked at in one run */
#define WAITING_MAX 4096	/* probes that wait to be tried */
#define TURNS_MAX 256		/* of them from one run, */
#define TURNS_OF_BRANCH 4	/* from one branch */
#define PROBES_MAX 1000		/* tried of one shape */
#define PROBES_MIN 60
#define INSNS_MAX 60000000	/* executed for more than PROBES_MIN of one shape */
#define BESIDE_FRAME 0xfffff000u	/* offsets from here on are names of what Linux knows of a packet */
#define LONG 4096		/* bytes of an expression that libpcap compiles in little time whatever it is */
#define UNDIRECTED_MAX 100	/* bytes of an expression to use instead */

/* Probes that lead the search into all corners of one program. */
struct search {
	const struct bpf_program *program;
	uint8_t (*turned)[2][2];	/* for each instruction, how often: [to jumping][from a probe that passed] */
	struct branch *branches;	/* BRANCHES_MAX */
	struct probe *waiting;		/* WAITING_MAX, the last one is the next */
	unsigned int count;
	enum sides found;
};

static const uint8_t *probe_frame(const struct probe *p, uint8_t frame[static PROBE_MAX])
{
	memcpy(frame, p->head, PROBE_HEAD);
	return frame;
}

/* frame: scratch, 0 behind the head. */
static bool passes(const struct bpf_program *program, const struct probe *p, uint8_t frame[static PROBE_MAX])
{
	struct pcap_pkthdr header = { .caplen = p->len, .len = p->len };

	return pcap_offline_filter(program, &header, probe_frame(p, frame));
}

/* How many kinds of segments pass in this direction of the probe's session, the probe itself among them. */
static unsigned int count_passing(const struct bpf_program *program, const struct probe *p, bool mirrored,
				  uint8_t frame[static PROBE_MAX])
{
	unsigned int kind, passing = 0;
	struct probe other;

	for (kind = 0; kind <= PROBE_KINDS; kind++) {
		other = *p;
		if (kind < PROBE_KINDS)
			probe_kind(&other, kind);
		if (mirrored)
			probe_mirror(&other);
		passing += passes(program, &other, frame);
	}
	return passing;
}

static enum sides session_sides(const struct bpf_program *program, const struct probe *p, uint8_t frame[static PROBE_MAX])
{
	unsigned int there = count_passing(program, p, false, frame), back = count_passing(program, p, true, frame);

	if (there == back && (there == 0 || there == PROBE_KINDS + 1))
		return SIDES_BOTH;
	return there && back ? SIDES_SOME : SIDES_ONE;
}

/*
 * Queues a probe for the other way of a branch. What else is in the probe may hide what that brings to light, so it is done
 * more than once, and from probes that pass as well as from those that do not.
 */
static void turn(struct search *s, const struct probe *p, bool passed, const struct branch *b)
{
	uint8_t *turned = &s->turned[b->at][!b->taken][passed];
	uint32_t field = probe_read(p, b->origin.offset, b->origin.size);
	struct probe other = *p;

	if (*turned == TURNS_OF_BRANCH || !branch_turn(b, field, &field))
		return;
	if (!probe_write(&other, b->origin.offset, b->origin.size, field) || !probe_is_plausible(&other))
		return;
	++*turned;
	s->waiting[s->count++] = other;
}

static void reverse(struct probe *p, unsigned int count)
{
	struct probe *last, between;

	for (last = p + count - 1; count && p < last; p++, last--) {
		between = *p;
		*p = *last;
		*last = between;
	}
}

/* The last comparisons are the nearest to a verdict: they are turned first, and their probes are tried first. */
static void try_probe(struct search *s, const struct probe *p, uint8_t frame[static PROBE_MAX])
{
	unsigned int count = trace_run(s->program, probe_frame(p, frame), p->len, s->branches, BRANCHES_MAX);
	unsigned int waiting = s->count, i;
	bool passed = passes(s->program, p, frame);

	for (i = count; i > 0 && s->count < WAITING_MAX && s->count - waiting < TURNS_MAX; i--)
		turn(s, p, passed, &s->branches[i - 1]);
	reverse(s->waiting + waiting, s->count - waiting);
}

static unsigned int probes_max(const struct bpf_program *program)
{
	unsigned int probes = INSNS_MAX / (2 * (PROBE_KINDS + 1) * program->bf_len);

	if (probes > PROBES_MAX)
		return PROBES_MAX;
	return probes < PROBES_MIN ? PROBES_MIN : probes;
}

/* All that can be found from one shape of segment. */
static void search_from(struct search *s, const struct probe *first)
{
	unsigned int left = probes_max(s->program);
	uint8_t frame[PROBE_MAX] = { 0 };
	struct probe p;
	enum sides sides;

	memset(s->turned, 0, s->program->bf_len * sizeof(*s->turned));
	s->waiting[0] = *first;
	s->count = 1;
	while (s->count && left-- && s->found != SIDES_ONE) {
		p = s->waiting[--s->count];
		sides = session_sides(s->program, &p, frame);
		if (sides != SIDES_BOTH)
			s->found = sides;
		try_probe(s, &p, frame);
	}
}

static const struct shape {
	enum probe_link link;
	unsigned int tags;
	bool ip6;
} shapes[] = {
	{ PROBE_ETHERNET, 0, false }, { PROBE_ETHERNET, 0, true }, { PROBE_ETHERNET, 1, false }, { PROBE_ETHERNET, 1, true },
	{ PROBE_ETHERNET, 2, false }, { PROBE_ETHERNET, 2, true }, { PROBE_SLL, 0, false }, { PROBE_SLL, 0, true },
};

#define SHAPES (sizeof(shapes) / sizeof(shapes[0]))

static enum sides search_all(struct search *s, enum probe_link link)
{
	struct probe p;
	size_t i;

	s->found = SIDES_BOTH;
	for (i = 0; i < SHAPES && s->found != SIDES_ONE; i++) {
		if (shapes[i].link != link)
			continue;
		probe_init(&p, shapes[i].link, shapes[i].tags, shapes[i].ip6);
		search_from(s, &p);
	}
	return s->found;
}

static enum sides program_sides(const struct bpf_program *program, enum probe_link link)
{
	struct search s = { .program = program };
	enum sides sides = SIDES_UNKNOWN;

	s.turned = calloc(program->bf_len, sizeof(*s.turned));
	s.branches = calloc(BRANCHES_MAX, sizeof(*s.branches));
	s.waiting = calloc(WAITING_MAX, sizeof(*s.waiting));
	if (s.turned && s.branches && s.waiting)
		sides = search_all(&s, link);
	free(s.turned);
	free(s.branches);
	free(s.waiting);
	return sides;
}

/*
 * Whether the program asks for more than the bytes of the frame: what the kernel knows beside it, as for "inbound". An SLL
 * header has that in it.
 */
static bool looks_beside_frame(const struct bpf_program *program)
{
	const struct bpf_insn *insn = program->bf_insns, *end = insn + program->bf_len;

	for (; insn < end; insn++)
		if (BPF_CLASS(insn->code) == BPF_LD && BPF_MODE(insn->code) == BPF_ABS && insn->k >= BESIDE_FRAME)
			return true;
	return false;
}

/* A long one that cannot be compiled in parts could take minutes. */
static bool is_quick(const char *text)
{
	struct expression *e;
	bool quick;

	if (strlen(text) <= LONG)
		return true;
	e = expression_parse(text);
	quick = e && !e->shifts;
	expression_free(e);
	return quick;
}

static enum sides check_for(const char *expression, int dlt, enum probe_link link)
{
	enum sides sides = SIDES_UNKNOWN;
	pcap_t *p = pcap_open_dead(dlt, SNAPLEN);
	struct bpf_program program;

	if (!p)
		return SIDES_UNKNOWN;
	if (!compile_expression(p, &program, expression, PCAP_NETMASK_UNKNOWN)) {
		if (!looks_beside_frame(&program))
			sides = program_sides(&program, link);
		pcap_freecode(&program);
	}
	pcap_close(p);
	return sides;
}

enum sides onesided_check(const char *expression)
{
	enum sides sides;

	if (!is_quick(expression))
		return SIDES_UNKNOWN;
	sides = check_for(expression, DLT_EN10MB, PROBE_ETHERNET);
	if (sides == SIDES_UNKNOWN)	/* "inbound" is something that Ethernet does not tell */
		sides = check_for(expression, DLT_LINUX_SLL, PROBE_SLL);
	return sides;
}

bool onesided_warn(const char *expression, struct text *t)
{
	enum sides sides = onesided_check(expression);
	char undirected[UNDIRECTED_MAX + 1];

	if (sides != SIDES_ONE && sides != SIDES_SOME)
		return false;
	text_add(t, "the expression ");
	expression_add_quoted(t, expression);
	if (sides == SIDES_SOME) {
		text_add(t, " hides some segments of its sessions, which then cannot be followed: let all of them through");
		return true;
	}
	text_add(t, " hides one direction of its sessions, which then cannot be followed: ");
	if (expression_undirect(expression, undirected, sizeof(undirected)) && onesided_check(undirected) == SIDES_BOTH) {
		text_add(t, "use ");
		expression_add_quoted(t, undirected);
	} else {
		text_add(t, "let both through");
	}
	return true;
}
