/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The and/or/not structure of a pcap expression, as far as it can be told without libpcap's grammar: enough to take a long
 * list of terms apart, so that each part can be compiled alone. What lies between "and", "or", "not" and parentheses is a
 * term and is not looked into further than to be sure that it means the same wherever it stands. Expressions that are not
 * understood are refused, right or wrong: libpcap then gets them whole.
 */
#ifndef MIRUO_FILTER_EXPRESSION_H
#define MIRUO_FILTER_EXPRESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "text.h"

enum expression_kind {
	EXPRESSION_TERM,
	EXPRESSION_NOT,		/* one child */
	EXPRESSION_AND,		/* two children or more, evaluated in order */
	EXPRESSION_OR,
};

/* A part of the expression's text. */
struct span {
	const char *at;
	size_t len;
};

struct expression {
	enum expression_kind kind;
	struct span qualifiers;	/* of a term: those it takes over from the term before it, as in "port 80 or 443" */
	struct span term;
	bool shifts;		/* has a term that changes the meaning of all terms behind it, as "vlan" does */
	unsigned int weight;	/* about how much work it is for libpcap's optimiser; 1 for "host" */
	struct expression *first, *last;	/* children */
	struct expression *next;	/* sibling */
};

/* NULL: not understood, or out of memory. text must outlive the result. */
struct expression *expression_parse(const char *text);

void expression_free(struct expression *e);	/* NULL is fine */

/* Bytes that expression_write() may take, without a 0 at the end. */
size_t expression_size(const struct expression *e);

/* Writes an expression of the same meaning to at, qualifiers written out. Returns where it ends; adds no 0. */
char *expression_write(const struct expression *e, char *at);

/*
 * Writes text without "src" and "dst" to buf, so that each term means either direction. Returns false if there are none, if
 * that could make it mean less in some case ("not", comparisons), or if it does not fit.
 */
bool expression_undirect(const char *text, char *buf, size_t size);

/* Adds the expression in quotes for a line to the user: escaped, and cut if it is long. */
void expression_add_quoted(struct text *t, const char *text);

#endif
