/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Input: an expression. What was understood of it and is written again is understood the same way. */
#include "fuzz.h"

#include "expression.h"

#define DEPTH_UNDERSTOOD 100	/* what is written has parentheses wherever the tree has a level */

static void check_same(const struct expression *a, const struct expression *b)
{
	MUST(a->kind == b->kind && a->weight == b->weight && a->shifts == b->shifts);
	for (a = a->first, b = b->first; a && b; a = a->next, b = b->next)
		check_same(a, b);
	MUST(!a && !b);
}

static unsigned int depth(const struct expression *e)
{
	unsigned int deepest = 0, d;

	for (e = e->first; e; e = e->next) {
		d = 1 + depth(e);
		deepest = d > deepest ? d : deepest;
	}
	return deepest;
}

static void check_written(const struct expression *e)
{
	size_t size = expression_size(e);
	char *text = malloc(size + 1), *end;
	struct expression *again;

	MUST(text);
	end = expression_write(e, text);
	MUST(end <= text + size);
	*end = '\0';
	again = expression_parse(text);
	if (again)
		check_same(e, again);
	else
		MUST(2 * depth(e) >= DEPTH_UNDERSTOOD);	/* "not" counts too */
	expression_free(again);
	free(text);
}

static void check_undirected(const char *text, size_t len)
{
	char *buf = malloc(len + 1);
	struct expression *e;

	MUST(buf);
	if (expression_undirect(text, buf, len + 1)) {
		MUST(strlen(buf) <= len);
		e = expression_parse(buf);
		expression_free(e);
	}
	free(buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct expression *e;

	MUST(text);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	e = expression_parse(text);
	if (e)
		check_written(e);
	expression_free(e);
	check_undirected(text, size);
	free(text);
	return 0;
}
