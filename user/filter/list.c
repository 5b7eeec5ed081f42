/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "list.h"

#include <stdbool.h>
#include <stdlib.h>

#define LEAF_MAX 3
#define NO_LABEL SIZE_MAX

/* Values that follow each other, as the addresses of neighbours do. */
struct range {
	uint32_t first, last;
};

struct tree {
	struct code *code;
	int a;
	const struct range *ranges; /* rising, with a gap between any two */
	size_t then, otherwise;
};

static int compare(const void *one, const void *other)
{
	uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;

	return a < b ? -1 : a > b;
}

static size_t ranges_make(const uint32_t *values, size_t count, struct range *ranges)
{
	size_t i, n = 0;

	for (i = 0; i < count; i++) {
		if (n && values[i] <= (uint64_t)ranges[n - 1].last + 1)
			ranges[n - 1].last = values[i];
		else
			ranges[n++] = (struct range) { values[i], values[i] };
	}
	return n;
}

static struct bpf_insn condition(const struct tree *t, int op, uint32_t k)
{
	return insn(BPF_JMP32 | op | BPF_K, t->a, 0, 0, (int32_t)k);
}

/*
 * A comparison whose outcome is known is left out. (The verifier would find that out too, but from then on it follows the
 * value of A everywhere, which takes it minutes for some thousand hosts.) min: A is known not to be below. True: this is the
 * end.
 */
static bool add_range(const struct tree *t, const struct range *r, uint32_t min, size_t next)
{
	if (r->first > min && r->first != r->last)
		code_if(t->code, condition(t, BPF_JLT, r->first), t->otherwise);
	if (r->last == UINT32_MAX && (r->first <= min || r->first != r->last)) {
		code_goto(t->code, t->then, next);
		return true;
	}
	if (r->first == r->last)
		code_if(t->code, condition(t, BPF_JEQ, r->first), t->then);
	else
		code_if(t->code, condition(t, BPF_JLE, r->last), t->then);
	return false;
}

static void add_leaf(const struct tree *t, size_t first, size_t count, uint32_t min, size_t next)
{
	size_t i;

	for (i = first; i < first + count; i++) {
		if (add_range(t, &t->ranges[i], min, next))
			return;
		min = t->ranges[i].first == t->ranges[i].last ? min : t->ranges[i].last + 1;
	}
	code_goto(t->code, t->otherwise, next);
}

/* The lower half stands first. As deep as the logarithm of count. */
static void add_tree(const struct tree *t, size_t first, size_t count, uint32_t min, size_t next)
{
	size_t half = count / 2, at;

	if (count <= LEAF_MAX) {
		add_leaf(t, first, count, min, next);
		return;
	}
	at = t->code->count;
	code_add(t->code, condition(t, BPF_JGE, t->ranges[first + half].first));
	add_tree(t, first, half, min, NO_LABEL);
	code_land(t->code, at);
	add_tree(t, first + half, count - half, t->ranges[first + half].first, next);
}

void list_add(struct code *c, int a, uint32_t *values, size_t count, size_t then, size_t otherwise, size_t next)
{
	struct range *ranges = malloc(count * sizeof(*ranges));
	const struct tree t = { .code = c, .a = a, .ranges = ranges, .then = then, .otherwise = otherwise };

	if (!ranges) {
		c->no_memory = true;
		return;
	}
	qsort(values, count, sizeof(*values), compare);
	add_tree(&t, 0, ranges_make(values, count, ranges), 0, next);
	free(ranges);
}
