/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "expression.h"

#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 100		/* of parentheses */
#define SHOWN 100		/* bytes of an expression in a line */
#define CHANGES_MAX 10000	/* from "and" to "or" or back: each makes the tree deeper */

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

enum token_kind {
	TOKEN_END,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_AND,
	TOKEN_OR,
	TOKEN_NOT,
	TOKEN_WORD,
	TOKEN_OPERATOR,		/* of arithmetic: "=", "&", ... */
	TOKEN_INDEX,		/* "[...]" */
	TOKEN_BAD,
};

struct token {
	enum token_kind kind;
	struct span text;
};

struct parser {
	struct token token;	/* the next one */
	struct span qualifiers;	/* of the term before, if it has them and a value; len 0: there are none to take over */
	unsigned int weight;	/* that they give */
	unsigned int depth, changes;
};

/* Words */

enum word_kind {
	WORD_VALUE,		/* a number or an address */
	WORD_QUALIFIER,
	WORD_TYPE,		/* a qualifier that a name may follow */
	WORD_ALONE,		/* a term by itself */
	WORD_SIZE,		/* a term with a number behind it */
	WORD_SHIFT,		/* a term with or without a number; what follows is looked for elsewhere in the frame */
	WORD_ARITHMETIC,
	WORD_UNKNOWN,
};

static const struct {
	const char *word;
	enum word_kind kind;
	unsigned int weight;	/* of a term that has it */
} words[] = {
	{ "src", WORD_TYPE, 1 }, { "dst", WORD_TYPE, 1 }, { "host", WORD_TYPE, 1 }, { "net", WORD_TYPE, 1 },
	{ "port", WORD_TYPE, 2 }, { "portrange", WORD_TYPE, 4 }, { "proto", WORD_TYPE, 1 },
	{ "ether", WORD_QUALIFIER, 1 }, { "ip", WORD_QUALIFIER, 1 }, { "ip6", WORD_QUALIFIER, 1 },
	{ "arp", WORD_QUALIFIER, 1 }, { "rarp", WORD_QUALIFIER, 1 }, { "tcp", WORD_QUALIFIER, 1 },
	{ "udp", WORD_QUALIFIER, 1 }, { "sctp", WORD_QUALIFIER, 1 }, { "icmp", WORD_QUALIFIER, 1 },
	{ "icmp6", WORD_QUALIFIER, 1 },
	{ "broadcast", WORD_ALONE, 1 }, { "multicast", WORD_ALONE, 1 }, { "inbound", WORD_ALONE, 1 },
	{ "outbound", WORD_ALONE, 1 },
	{ "less", WORD_SIZE, 1 }, { "greater", WORD_SIZE, 1 },
	{ "vlan", WORD_SHIFT, 1 }, { "mpls", WORD_SHIFT, 1 }, { "pppoes", WORD_SHIFT, 1 },
	{ "len", WORD_ARITHMETIC, 1 }, { "tcp-fin", WORD_ARITHMETIC, 1 }, { "tcp-syn", WORD_ARITHMETIC, 1 },
	{ "tcp-rst", WORD_ARITHMETIC, 1 }, { "tcp-push", WORD_ARITHMETIC, 1 }, { "tcp-ack", WORD_ARITHMETIC, 1 },
	{ "tcp-urg", WORD_ARITHMETIC, 1 }, { "tcp-ece", WORD_ARITHMETIC, 1 }, { "tcp-cwr", WORD_ARITHMETIC, 1 },
};

static bool span_is(struct span s, const char *word)
{
	return strlen(word) == s.len && memcmp(s.at, word, s.len) == 0;
}

static bool is_value(struct span s)
{
	return strchr(DIGITS, s.at[0]) || memchr(s.at, ':', s.len);
}

static enum word_kind word_kind(struct span s, unsigned int *weight)
{
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!span_is(s, words[i].word))
			continue;
		if (*weight < words[i].weight)
			*weight = words[i].weight;
		return words[i].kind;
	}
	return is_value(s) ? WORD_VALUE : WORD_UNKNOWN;
}

/* Tokens */

/* Bytes of "[...]" with its brackets; 0: it does not end. */
static size_t index_length(const char *at)
{
	unsigned int open = 0;
	size_t len;

	for (len = 0; at[len]; len++) {
		open += at[len] == '[';
		open -= at[len] == ']';
		if (!open)
			return len + 1;
	}
	return 0;
}

static enum token_kind word_token(struct span s)
{
	if (span_is(s, "and"))
		return TOKEN_AND;
	if (span_is(s, "or"))
		return TOKEN_OR;
	return span_is(s, "not") ? TOKEN_NOT : TOKEN_WORD;
}

static const struct {
	const char *text;
	enum token_kind kind;
} signs[] = {	/* the longer ones first */
	{ "&&", TOKEN_AND }, { "||", TOKEN_OR }, { "!=", TOKEN_OPERATOR }, { "==", TOKEN_OPERATOR },
	{ "<<", TOKEN_OPERATOR }, { ">>", TOKEN_OPERATOR }, { "<=", TOKEN_OPERATOR }, { ">=", TOKEN_OPERATOR },
	{ "!", TOKEN_NOT }, { "(", TOKEN_OPEN }, { ")", TOKEN_CLOSE }, { "=", TOKEN_OPERATOR }, { "<", TOKEN_OPERATOR },
	{ ">", TOKEN_OPERATOR }, { "&", TOKEN_OPERATOR }, { "|", TOKEN_OPERATOR }, { "^", TOKEN_OPERATOR },
	{ "+", TOKEN_OPERATOR }, { "-", TOKEN_OPERATOR }, { "*", TOKEN_OPERATOR }, { "/", TOKEN_OPERATOR },
	{ "%", TOKEN_OPERATOR },
};

static struct token sign_token(const char *at)
{
	size_t i;

	for (i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (strncmp(at, signs[i].text, strlen(signs[i].text)) == 0)
			return (struct token){ signs[i].kind, { at, strlen(signs[i].text) } };
	return (struct token){ TOKEN_BAD, { at, 0 } };
}

static struct token token_at(const char *at)
{
	struct token t = { TOKEN_END, { at + strspn(at, " \t\r\n"), 0 } };

	at = t.text.at;
	if (!*at)
		return t;
	if (*at == '[') {
		t.text.len = index_length(at);
		t.kind = t.text.len ? TOKEN_INDEX : TOKEN_BAD;
		return t;
	}
	t.text.len = *at == ':' || strchr(LETTERS DIGITS, *at) ? strspn(at, LETTERS DIGITS ".:/_-") : 0;
	if (!t.text.len)
		return sign_token(at);
	t.kind = word_token(t.text);
	return t;
}

static struct token token_after(struct token t)
{
	return token_at(t.text.at + t.text.len);
}

static void advance(struct parser *p)
{
	p->token = token_after(p->token);
}

/* Terms */

static struct expression *expression_new(enum expression_kind kind)
{
	struct expression *e = calloc(1, sizeof(*e));

	if (e)
		e->kind = kind;
	return e;
}

static void span_extend(struct span *s, struct span with)
{
	if (!s->len)
		s->at = with.at;
	s->len = (size_t)(with.at + with.len - s->at);
}

/* "src or dst" and the like are one qualifier. */
static bool is_either_direction(struct span before, struct token t)
{
	struct span after = token_after(t).text;

	if (t.kind != TOKEN_AND && t.kind != TOKEN_OR)
		return false;
	return (span_is(before, "src") && span_is(after, "dst")) || (span_is(before, "dst") && span_is(after, "src"));
}

/* The qualifiers in front. *type: a name may follow them. */
static struct span take_qualifiers(struct parser *p, unsigned int *weight, bool *type)
{
	struct span qualifiers = { p->token.text.at, 0 };
	enum word_kind kind;

	for (*type = false; p->token.kind == TOKEN_WORD; advance(p)) {
		kind = word_kind(p->token.text, weight);
		if (kind != WORD_QUALIFIER && kind != WORD_TYPE)
			break;
		*type = kind == WORD_TYPE;
		span_extend(&qualifiers, p->token.text);
		if (is_either_direction(p->token.text, token_after(p->token)))
			advance(p);
	}
	return qualifiers;
}

static bool at_operator(const struct parser *p)
{
	return p->token.kind == TOKEN_OPERATOR || p->token.kind == TOKEN_INDEX;
}

/* The rest of a comparison: up to the next "and", "or", ")" or the end, but whole parentheses. */
static bool take_arithmetic(struct parser *p, struct expression *e)
{
	unsigned int open = 0, ignored = 0;

	for (;; advance(p)) {
		if (!open && (p->token.kind == TOKEN_AND || p->token.kind == TOKEN_OR || p->token.kind == TOKEN_CLOSE ||
			      p->token.kind == TOKEN_END))
			return true;
		switch (p->token.kind) {
		case TOKEN_OPEN:
			open++;
			break;
		case TOKEN_CLOSE:
			open--;
			break;
		case TOKEN_WORD:
			if (word_kind(p->token.text, &ignored) == WORD_UNKNOWN ||
			    word_kind(p->token.text, &ignored) == WORD_SHIFT)
				return false;
			break;
		case TOKEN_OPERATOR:
		case TOKEN_INDEX:
			break;
		default:
			return false;
		}
		span_extend(&e->term, p->token.text);
	}
}

/* "mask 255.0.0.0", if there */
static bool take_mask(struct parser *p, struct expression *e)
{
	if (p->token.kind != TOKEN_WORD || !span_is(p->token.text, "mask"))
		return true;
	advance(p);
	if (p->token.kind != TOKEN_WORD || !is_value(p->token.text))
		return false;
	span_extend(&e->term, p->token.text);
	advance(p);
	return true;
}

/* The value behind qualifiers, or behind none if the term before lends its own. */
static bool take_value(struct parser *p, struct expression *e, struct span qualifiers, bool name)
{
	if (p->token.kind != TOKEN_WORD)
		return qualifiers.len && !name;	/* "tcp" */
	if (word_kind(p->token.text, &e->weight) != WORD_VALUE && !name)
		return false;
	if (!qualifiers.len) {
		if (!p->qualifiers.len)
			return false;
		e->qualifiers = qualifiers = p->qualifiers;
		e->weight = p->weight;
	}
	span_extend(&e->term, p->token.text);
	advance(p);
	p->qualifiers = qualifiers;
	p->weight = e->weight;
	return take_mask(p, e);
}

/* A term that is a word with or without a number. */
static bool take_single(struct parser *p, struct expression *e, enum word_kind kind)
{
	span_extend(&e->term, p->token.text);
	advance(p);
	e->shifts = kind == WORD_SHIFT;
	if (kind == WORD_ALONE)
		return true;
	if (p->token.kind != TOKEN_WORD || !is_value(p->token.text))
		return kind == WORD_SHIFT;
	span_extend(&e->term, p->token.text);
	advance(p);
	return true;
}

static bool take_term(struct parser *p, struct expression *e)
{
	struct span qualifiers, before = p->qualifiers;
	unsigned int ignored = 0;
	enum word_kind kind;
	bool type;

	e->weight = 1;
	if (p->token.kind != TOKEN_WORD)
		return false;
	p->qualifiers.len = 0;
	qualifiers = take_qualifiers(p, &e->weight, &type);
	e->term = qualifiers;
	if (at_operator(p))
		return take_arithmetic(p, e);
	kind = p->token.kind == TOKEN_WORD ? word_kind(p->token.text, &ignored) : WORD_VALUE;
	if (kind == WORD_ALONE || (!qualifiers.len && (kind == WORD_SIZE || kind == WORD_SHIFT)))
		return take_single(p, e, kind);
	if (kind == WORD_ARITHMETIC || at_operator(&(struct parser){ .token = token_after(p->token) }))
		return take_arithmetic(p, e);
	if (kind != WORD_VALUE && kind != WORD_UNKNOWN)
		return false;
	p->qualifiers = before;
	return take_value(p, e, qualifiers, type);
}

static struct expression *parse_term(struct parser *p)
{
	struct expression *e = expression_new(EXPRESSION_TERM);

	if (e && take_term(p, e))
		return e;
	free(e);
	return NULL;
}

/* Structure */

static void add_child(struct expression *e, struct expression *child)
{
	if (e->last)
		e->last->next = child;
	else
		e->first = child;
	e->last = child;
	e->weight += child->weight;
	e->shifts = e->shifts || child->shifts;
}

static struct expression *parse_list(struct parser *p);

static struct expression *parse_parentheses(struct parser *p)
{
	struct expression *e;

	advance(p);
	p->qualifiers.len = 0;
	e = parse_list(p);
	p->qualifiers.len = 0;
	if (!e || p->token.kind != TOKEN_CLOSE) {
		expression_free(e);
		return NULL;
	}
	advance(p);
	return e;
}

static struct expression *parse_not(struct parser *p);

static struct expression *parse_factor(struct parser *p)
{
	struct expression *e = NULL;

	if (++p->depth > DEPTH_MAX)
		return NULL;
	if (p->token.kind == TOKEN_NOT)
		e = parse_not(p);
	else if (p->token.kind == TOKEN_OPEN)
		e = parse_parentheses(p);
	else
		e = parse_term(p);
	p->depth--;
	return e;
}

static struct expression *parse_not(struct parser *p)
{
	struct expression *child, *e;

	advance(p);
	child = parse_factor(p);
	if (!child)
		return NULL;
	e = expression_new(EXPRESSION_NOT);
	if (!e) {
		expression_free(child);
		return NULL;
	}
	add_child(e, child);
	return e;
}

/* "and" and "or" bind alike, from left to right. Takes over both, or frees them and returns NULL. */
static struct expression *join(struct expression *left, enum expression_kind kind, struct expression *right, bool same)
{
	struct expression *e = left;

	if (!right)
		goto fail;
	if (!same) {
		e = expression_new(kind);
		if (!e)
			goto fail;
		add_child(e, left);
	}
	add_child(e, right);
	return e;
fail:
	expression_free(left);
	expression_free(right);
	return NULL;
}

static struct expression *parse_list(struct parser *p)
{
	struct expression *e = parse_factor(p);
	enum expression_kind kind, before = EXPRESSION_TERM;

	while (e && (p->token.kind == TOKEN_AND || p->token.kind == TOKEN_OR)) {
		kind = p->token.kind == TOKEN_AND ? EXPRESSION_AND : EXPRESSION_OR;
		advance(p);
		p->changes += kind != before;
		e = join(e, kind, p->changes > CHANGES_MAX ? NULL : parse_factor(p), kind == before);
		before = kind;
	}
	return e;
}

struct expression *expression_parse(const char *text)
{
	struct parser p = { .token = token_at(text) };
	struct expression *e = parse_list(&p);

	if (e && p.token.kind == TOKEN_END)
		return e;
	expression_free(e);
	return NULL;
}

void expression_free(struct expression *e)
{
	struct expression *child, *next;

	if (!e)
		return;
	for (child = e->first; child; child = next) {
		next = child->next;
		expression_free(child);
	}
	free(e);
}

/* Text */

static const char *const joints[] = { [EXPRESSION_AND] = " and ", [EXPRESSION_OR] = " or ", [EXPRESSION_NOT] = "" };

#define NOT "not "

size_t expression_size(const struct expression *e)
{
	const struct expression *child;
	size_t size = e->qualifiers.len + 1 + e->term.len + strlen(NOT);

	for (child = e->first; child; child = child->next)
		size += expression_size(child) + strlen("()") + strlen(joints[e->kind]);
	return size;
}

static char *write_span(char *at, struct span s)
{
	if (s.len)
		memcpy(at, s.at, s.len);
	return at + s.len;
}

char *expression_write(const struct expression *e, char *at)
{
	const struct expression *child;

	if (e->kind == EXPRESSION_TERM) {
		at = write_span(at, e->qualifiers);
		*at++ = ' ';
		return write_span(at, e->term);
	}
	if (e->kind == EXPRESSION_NOT)
		at = stpcpy(at, NOT);
	for (child = e->first; child; child = child->next) {
		if (child != e->first)
			at = stpcpy(at, joints[e->kind]);
		*at++ = '(';
		at = expression_write(child, at);
		*at++ = ')';
	}
	return at;
}

static bool is_direction(struct span s)
{
	return span_is(s, "src") || span_is(s, "dst");
}

/* A direction goes, but "src 10.0.0.1" is about a host. */
static const char *undirected(struct token t)
{
	unsigned int ignored = 0;
	struct token next = token_after(t);
	enum word_kind kind;

	if (next.kind != TOKEN_WORD)
		return NULL;
	kind = word_kind(next.text, &ignored);
	return kind == WORD_VALUE || kind == WORD_UNKNOWN ? "host" : "";
}

/* What a token becomes; NULL: the expression is not to be touched. */
static const char *undirected_token(struct token t)
{
	if (t.kind == TOKEN_NOT || t.kind == TOKEN_OPERATOR || t.kind == TOKEN_INDEX || t.kind == TOKEN_BAD)
		return NULL;
	if (t.kind != TOKEN_WORD || !is_direction(t.text))
		return t.text.at;
	return is_either_direction(t.text, token_after(t)) ? NULL : undirected(t);
}

bool expression_undirect(const char *text, char *buf, size_t size)
{
	struct token t, next;
	struct text out;
	const char *word;
	bool found = false, gap;

	text_init(&out, buf, size);
	for (t = token_at(text); t.kind != TOKEN_END; t = next) {
		next = token_after(t);
		word = undirected_token(t);
		if (!word)
			return false;
		gap = *word && next.text.at > t.text.at + t.text.len;
		if (word == t.text.at)
			text_add(&out, "%.*s", (int)t.text.len, word);
		else
			text_add(&out, "%s", word);
		text_add(&out, "%s", gap ? " " : "");
		found = found || word != t.text.at;
	}
	return found && !out.cut;
}

void expression_add_quoted(struct text *t, const char *text)
{
	size_t len = strlen(text);

	text_add(t, "\"");
	text_add_escaped(t, text, len <= SHOWN ? len : SHOWN);
	text_add(t, len <= SHOWN ? "\"" : "...\"");
}
