/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "compile.h"

#include <stdlib.h>
#include <string.h>

#include "expression.h"

/* Where to go on. Places are numbered before it is known where they are. */
enum { PLACE_ACCEPT, PLACE_REJECT, PLACES_FIXED };

#define IS_RETURN(insn) (BPF_CLASS((insn)->code) == BPF_RET)

struct jump {
	unsigned int at;		/* index of the instruction */
	unsigned int place;
};

/* Grown as needed; count elements are used. */
struct builder {
	pcap_t *p;
	bpf_u_int32 netmask;
	unsigned int weight;		/* of a part, at most */
	const struct expression *prefix; /* what each part behind it must be compiled with; NULL: nothing */
	bpf_u_int32 accepted;		/* what an accepting part returns */

	struct bpf_insn *insns;
	unsigned int insn_count, insn_room;
	struct jump *jumps;
	unsigned int jump_count, jump_room;
	unsigned int *places;		/* instruction of each */
	unsigned int place_count, place_room;
};

/* Room for one more element of an array. */
static void *grow(void *array, size_t size, unsigned int count, unsigned int *room)
{
	unsigned int wanted = *room ? *room * 2 : 256;
	void *grown;

	if (count < *room)
		return array;
	grown = realloc(array, wanted * size);
	if (grown)
		*room = wanted;
	return grown;
}

static bool add_insn(struct builder *b, const struct bpf_insn *insn)
{
	struct bpf_insn *insns = grow(b->insns, sizeof(*insns), b->insn_count, &b->insn_room);

	if (!insns)
		return false;
	b->insns = insns;
	insns[b->insn_count++] = *insn;
	return true;
}

static bool add_jump(struct builder *b, unsigned int place)
{
	struct bpf_insn insn = BPF_STMT(BPF_JMP | BPF_JA, 0);
	struct jump *jumps = grow(b->jumps, sizeof(*jumps), b->jump_count, &b->jump_room);

	if (!jumps)
		return false;
	b->jumps = jumps;
	jumps[b->jump_count++] = (struct jump){ b->insn_count, place };
	return add_insn(b, &insn);
}

static bool add_place(struct builder *b, unsigned int *place)
{
	unsigned int *places = grow(b->places, sizeof(*places), b->place_count, &b->place_room);

	if (!places)
		return false;
	b->places = places;
	*place = b->place_count++;
	places[*place] = 0;
	return true;
}

static void set_place(struct builder *b, unsigned int place)
{
	b->places[place] = b->insn_count;
}

/* Adds a part: its returns become jumps, but the last one if it is for what comes next. */
static bool add_program(struct builder *b, const struct bpf_program *program, unsigned int yes, unsigned int no,
			unsigned int next)
{
	const struct bpf_insn *insn = program->bf_insns, *end = insn + program->bf_len;
	unsigned int place;
	bool good = true;

	for (; insn < end && good; insn++) {
		place = insn->k ? yes : no;
		if (!IS_RETURN(insn))
			good = add_insn(b, insn);
		else if (BPF_RVAL(insn->code) != BPF_K)
			good = false;
		else if (insn + 1 < end || place != next)
			good = add_jump(b, place);
		if (IS_RETURN(insn) && insn->k)
			b->accepted = insn->k;
	}
	return good;
}

/* Compiles a part, behind the prefix if there is one. */
static bool part_compile(struct builder *b, const struct expression *part, struct bpf_program *program)
{
	size_t size = expression_size(part) + (b->prefix ? expression_size(b->prefix) : 0) + sizeof("() and ()");
	char *text = malloc(size), *at = text;
	int status;

	if (!text)
		return false;
	if (b->prefix) {
		*at++ = '(';
		at = expression_write(b->prefix, at);
		at = stpcpy(at, ") and (");
	}
	at = expression_write(part, at);
	strcpy(at, b->prefix ? ")" : "");
	status = pcap_compile(b->p, program, text, 1, b->netmask);
	free(text);
	return status == 0;
}

static bool add_part(struct builder *b, const struct expression *part, unsigned int yes, unsigned int no, unsigned int next)
{
	struct bpf_program program;
	bool good;

	if (!part_compile(b, part, &program))
		return false;
	good = add_program(b, &program, yes, no, next);
	pcap_freecode(&program);
	return good;
}

static bool add_expression(struct builder *b, struct expression *e, unsigned int yes, unsigned int no, unsigned int next);

/* As many children as make one part, or one that is more than that. Returns the last of them. */
static struct expression *group_end(const struct builder *b, struct expression *first)
{
	unsigned int weight = first->weight;
	struct expression *last = first;

	for (; last->next && weight + last->next->weight <= b->weight; last = last->next)
		weight += last->next->weight;
	return last;
}

/* A list in groups. */
static bool add_list(struct builder *b, struct expression *e, unsigned int yes, unsigned int no, unsigned int next)
{
	struct expression *first, *last, *behind;
	struct expression group = { .kind = e->kind };
	unsigned int place;
	bool good = true;

	for (first = e->first; first && good; first = behind) {
		last = group_end(b, first);
		behind = last->next;
		place = next;
		if (behind && !add_place(b, &place))
			return false;
		group.first = first;
		last->next = NULL;
		good = add_expression(b, first == last ? first : &group, behind && e->kind == EXPRESSION_AND ? place : yes,
				      behind && e->kind == EXPRESSION_OR ? place : no, place);
		last->next = behind;
		if (behind)
			set_place(b, place);
	}
	return good;
}

/* next: the place right behind what is added. */
static bool add_expression(struct builder *b, struct expression *e, unsigned int yes, unsigned int no, unsigned int next)
{
	if (e->kind == EXPRESSION_TERM || e->weight <= b->weight)
		return add_part(b, e, yes, no, next);
	if (e->kind == EXPRESSION_NOT)
		return add_expression(b, e->first, no, yes, next);
	return add_list(b, e, yes, no, next);
}

/*
 * What shifts the meaning of later terms ("vlan 10 and ...") can be the beginning of a top-level "and" only: all parts
 * behind it are then compiled with it, and since it was found true before, their verdict is theirs alone. Adds it, and takes
 * it off e.
 */
static bool add_shifts(struct builder *b, struct expression *e, struct expression *prefix)
{
	struct expression *child, *last = e->first;
	unsigned int place;

	if (e->kind != EXPRESSION_AND || !add_place(b, &place))
		return false;
	for (child = e->first; child; child = child->next)
		if (child->shifts)
			last = child;
	if (!last->next)
		return false;
	*prefix = (struct expression){ .kind = EXPRESSION_AND, .first = e->first, .last = last };
	for (child = e->first; child != last->next; child = child->next)
		prefix->weight += child->weight;
	e->first = last->next;
	e->weight -= prefix->weight;
	last->next = NULL;
	if (prefix->weight > b->weight || !add_part(b, prefix, place, PLACE_REJECT, place))
		return false;
	set_place(b, place);
	b->prefix = prefix;
	return true;
}

static bool add_returns(struct builder *b)
{
	struct bpf_insn accept = BPF_STMT(BPF_RET | BPF_K, b->accepted), reject = BPF_STMT(BPF_RET | BPF_K, 0);

	set_place(b, PLACE_ACCEPT);
	if (!add_insn(b, &accept))
		return false;
	set_place(b, PLACE_REJECT);
	return add_insn(b, &reject);
}

static void resolve_jumps(const struct builder *b)
{
	const struct jump *j;

	for (j = b->jumps; j < b->jumps + b->jump_count; j++)
		b->insns[j->at].k = b->places[j->place] - j->at - 1;
}

static bool build(struct builder *b, struct expression *e)
{
	struct expression prefix = { 0 }, *child;
	unsigned int place;
	bool good = true;

	while (b->place_count < PLACES_FIXED)
		if (!add_place(b, &place))
			return false;
	if (e->shifts)
		good = add_shifts(b, e, &prefix);
	good = good && add_expression(b, e, PLACE_ACCEPT, PLACE_REJECT, PLACE_ACCEPT) && add_returns(b);
	if (good)
		resolve_jumps(b);
	while (prefix.first) {
		child = prefix.first;
		prefix.first = child->next;
		child->next = NULL;
		expression_free(child);
	}
	return good;
}

static bool compile_parts(pcap_t *p, struct bpf_program *program, const char *expression, bpf_u_int32 netmask,
			  unsigned int weight)
{
	struct builder b = { .p = p, .netmask = netmask, .weight = weight };
	struct expression *e = expression_parse(expression);
	bool good = e && e->weight > weight && e->kind != EXPRESSION_TERM && build(&b, e);

	expression_free(e);
	free(b.jumps);
	free(b.places);
	if (!good) {
		free(b.insns);
		return false;
	}
	program->bf_insns = b.insns;
	program->bf_len = b.insn_count;
	return true;
}

int compile_in_parts(pcap_t *p, struct bpf_program *program, const char *expression, bpf_u_int32 netmask,
		     unsigned int weight)
{
	if (compile_parts(p, program, expression, netmask, weight))
		return 0;
	return pcap_compile(p, program, expression, 1, netmask);
}

int compile_expression(pcap_t *p, struct bpf_program *program, const char *expression, bpf_u_int32 netmask)
{
	return compile_in_parts(p, program, expression, netmask, COMPILE_WHOLE);
}
