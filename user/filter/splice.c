/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "splice.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

/* Tables of a program with their positions moved. */
struct splice_tables {
	struct splice_tables *next;
	struct bpf_func_info *functions;
	struct bpf_line_info *lines;
};

/* A function of the program: the old one, and what comes in its place. */
struct body {
	size_t start, count;
	size_t new_start;
	const struct splice *splice; /* NULL: it stays as it is */
};

struct program {
	const struct splices *splices;
	const struct bpf_insn *insns;
	struct body *bodies;
	const char **names; /* of the functions, as bodies */
	size_t body_count;
	struct bpf_insn *new_insns;
	size_t new_count;
};

static const struct {
	const char *section;
	enum bpf_prog_type type;
	enum bpf_attach_type attach;
	uint32_t flags;
} sections[] = {
	{ "tc", BPF_PROG_TYPE_SCHED_CLS, 0, 0 },
	{ "xdp", BPF_PROG_TYPE_XDP, BPF_XDP, 0 },
	{ "xdp.frags", BPF_PROG_TYPE_XDP, BPF_XDP, BPF_F_XDP_HAS_FRAGS },
};

enum { SPLICE_PROGRAMS = sizeof(sections) / sizeof(sections[0]) };

static struct splices *current; /* libbpf has its handlers for the whole process */

static const struct splice *splice_of(const struct splices *s, const char *program, const char *function)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		if (!strcmp(s->all[i].program, program) && !strcmp(s->all[i].function, function))
			return &s->all[i];
	return NULL;
}

/* The function that holds the instruction: the bodies are in the order of their positions. */
static const struct body *body_at(const struct program *p, size_t at)
{
	size_t i = p->body_count;

	while (i > 0 && p->bodies[i - 1].start > at)
		i--;
	return i ? &p->bodies[i - 1] : NULL;
}

static const struct body *body_named(const struct program *p, const char *name)
{
	size_t i;

	for (i = 0; i < p->body_count; i++)
		if (!strcmp(p->names[i], name))
			return &p->bodies[i];
	return NULL;
}

static int bodies_read(struct program *p, const char *name, const struct bpf_prog_load_opts *opts, size_t count)
{
	const struct bpf_func_info *info = opts->func_info;
	const struct btf *btf = bpf_object__btf(p->splices->object);
	size_t i, at = 0;

	for (i = 0; i < p->body_count; i++) {
		const struct btf_type *function = btf__type_by_id(btf, info[i].type_id);
		struct body *b = &p->bodies[i];

		p->names[i] = function ? btf__name_by_offset(btf, function->name_off) : NULL;
		if (!p->names[i])
			return -EINVAL;
		b->start = info[i].insn_off;
		b->count = (i + 1 < p->body_count ? info[i + 1].insn_off : count) - b->start;
		b->splice = splice_of(p->splices, name, p->names[i]);
		b->new_start = at;
		at += b->splice ? b->splice->count : b->count;
	}
	p->new_count = at;
	return 0;
}

/* Instructions that name another function by its distance. */
static bool names_function(const struct bpf_insn *i)
{
	return (i->code == (BPF_JMP | BPF_CALL) && i->src_reg == BPF_PSEUDO_CALL) ||
	       (i->code == (BPF_LD | BPF_IMM | BPF_DW) && i->src_reg == BPF_PSEUDO_FUNC);
}

static int copy_old(struct program *p, const struct body *b)
{
	struct bpf_insn *to = p->new_insns + b->new_start;
	const struct body *target;
	size_t i;

	memcpy(to, p->insns + b->start, b->count * sizeof(*to));
	for (i = 0; i < b->count; i++) {
		if (names_function(&to[i])) {
			target = body_at(p, (size_t)((int64_t)(b->start + i) + to[i].imm + 1));
			if (!target)
				return -EINVAL;
			to[i].imm = (int32_t)((int64_t)target->new_start - (int64_t)(b->new_start + i) - 1);
		}
		if (to[i].code == (BPF_LD | BPF_IMM | BPF_DW))
			i++; /* its second half is no instruction */
	}
	return 0;
}

static int copy_new(struct program *p, const struct body *b)
{
	struct bpf_insn *to = p->new_insns + b->new_start;
	const struct body *callee = b->splice->callee ? body_named(p, b->splice->callee) : NULL;
	size_t i;

	if (b->splice->count)
		memcpy(to, b->splice->insns, b->splice->count * sizeof(*to));
	for (i = 0; i < b->splice->count; i++) {
		if (to[i].code != (BPF_JMP | BPF_CALL) || to[i].src_reg != BPF_PSEUDO_CALL)
			continue;
		if (!callee)
			return -ENOENT;
		to[i].imm = (int32_t)((int64_t)callee->new_start - (int64_t)(b->new_start + i) - 1);
	}
	return 0;
}

static int insns_make(struct program *p)
{
	int status = 0;
	size_t i;

	for (i = 0; i < p->body_count && !status; i++)
		status = p->bodies[i].splice ? copy_new(p, &p->bodies[i]) : copy_old(p, &p->bodies[i]);
	return status;
}

/* Lines of a body that is gone are dropped but for its first: each function must begin with a line. */
static uint32_t lines_make(const struct program *p, const struct bpf_prog_load_opts *opts, struct bpf_line_info *lines)
{
	const struct bpf_line_info *old = opts->line_info;
	uint32_t i, n = 0;

	for (i = 0; i < opts->line_info_cnt; i++) {
		const struct body *b = body_at(p, old[i].insn_off);

		if (!b || (b->splice && (!b->splice->count || old[i].insn_off != b->start)))
			continue;
		lines[n] = old[i];
		lines[n++].insn_off = (uint32_t)(b->new_start + (old[i].insn_off - b->start));
	}
	return n;
}

static uint32_t functions_make(const struct program *p, const struct bpf_func_info *old, struct bpf_func_info *functions)
{
	uint32_t n = 0;
	size_t i;

	for (i = 0; i < p->body_count; i++) {
		const struct body *b = &p->bodies[i];

		if (b->splice && !b->splice->count)
			continue;
		functions[n] = old[i];
		functions[n++].insn_off = (uint32_t)b->new_start;
	}
	return n;
}

static int tables_make(struct splices *s, const struct program *p, struct bpf_prog_load_opts *opts)
{
	struct splice_tables *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	t->next = s->tables;
	s->tables = t;
	t->functions = malloc(p->body_count * sizeof(*t->functions));
	t->lines = malloc((opts->line_info_cnt + 1) * sizeof(*t->lines));
	if (!t->functions || !t->lines)
		return -ENOMEM;
	opts->func_info_cnt = functions_make(p, opts->func_info, t->functions);
	opts->func_info = t->functions;
	if (opts->line_info_cnt)
		opts->line_info_cnt = lines_make(p, opts, t->lines);
	opts->line_info = t->lines;
	return 0;
}

static int program_change(struct splices *s, struct bpf_program *prog, struct bpf_prog_load_opts *opts)
{
	struct program p = { .splices = s, .insns = bpf_program__insns(prog), .body_count = opts->func_info_cnt };
	int status = -ENOMEM;

	if (opts->func_info_rec_size != sizeof(struct bpf_func_info) ||
	    (opts->line_info_cnt && opts->line_info_rec_size != sizeof(struct bpf_line_info)))
		return -EINVAL;
	p.bodies = calloc(p.body_count + 1, sizeof(*p.bodies));
	p.names = calloc(p.body_count + 1, sizeof(*p.names));
	if (p.bodies && p.names)
		status = bodies_read(&p, bpf_program__name(prog), opts, bpf_program__insn_cnt(prog));
	if (!status)
		p.new_insns = malloc((p.new_count + 1) * sizeof(*p.new_insns));
	if (!status)
		status = p.new_insns ? insns_make(&p) : -ENOMEM;
	if (!status)
		status = tables_make(s, &p, opts);
	if (!status)
		status = bpf_program__set_insns(prog, p.new_insns, p.new_count);
	free(p.new_insns);
	free(p.bodies);
	free(p.names);
	return status;
}

static bool has_splice(const struct splices *s, const char *program)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		if (!strcmp(s->all[i].program, program))
			return true;
	return false;
}

static int on_load(struct bpf_program *prog, struct bpf_prog_load_opts *opts, long cookie)
{
	const char *section = bpf_program__section_name(prog);
	int i;

	(void)cookie;
	for (i = 0; i < SPLICE_PROGRAMS; i++) /* libbpf's own handler would have done this */
		if (!strcmp(section, sections[i].section))
			opts->prog_flags |= sections[i].flags;
	return current && has_splice(current, bpf_program__name(prog)) ? program_change(current, prog, opts) : 0;
}

/* Once for all: libbpf 1.1 frees its table of handlers but goes on using it when the last one is taken out. */
static int handlers_register(void)
{
	LIBBPF_OPTS(libbpf_prog_handler_opts, opts, .prog_prepare_load_fn = on_load);
	static int registered;
	int status;

	for (; registered < SPLICE_PROGRAMS; registered++) {
		status = libbpf_register_prog_handler(sections[registered].section, sections[registered].type,
						      sections[registered].attach, &opts);
		if (status < 0)
			return status;
	}
	return 0;
}

int splices_begin(struct splices *s)
{
	int status = handlers_register();

	memset(s, 0, sizeof(*s));
	if (!status)
		current = s;
	return status;
}

void splices_object(struct splices *s, const struct bpf_object *object)
{
	s->object = object;
}

int splices_add(struct splices *s, const struct splice *splice)
{
	if (s->count == SPLICES_MAX)
		return -ENOSPC;
	s->all[s->count++] = *splice;
	return 0;
}

void splices_end(struct splices *s)
{
	struct splice_tables *t;

	current = NULL;
	while ((t = s->tables)) {
		s->tables = t->next;
		free(t->functions);
		free(t->lines);
		free(t);
	}
}
