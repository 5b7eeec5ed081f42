/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * compare_filters EXPRESSIONS CAPTURE...: runs each expression of a file, one a line, over packets of the captures:
 * translated and in the kernel (BPF_PROG_TEST_RUN), in each form, and by libpcap on the same bytes. Then the same with
 * random programs. Ends with 77 where kernel programs cannot be loaded.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

/* Classic BPF and eBPF have a struct of this name each, and a few macros. */
#define bpf_insn cbpf_insn
#include <pcap/pcap.h>
#undef bpf_insn
#undef BPF_MOD
#undef BPF_XOR

#include "classic.h"
#include "filter_run.h"
#include "random_program.h"

#define SKIPPED         77
#define FRAMES          1000
#define FRAME_MIN       14 /* what BPF_PROG_TEST_RUN takes */
#define FRAME_MAX       3000
#define LARGE_FRAME     9000 /* XDP takes it in fragments */
#define DIFFERENCES_MAX 20
#define LOOPBACK        1
#define TAG_LEN         4
#define RANDOM_PROGRAMS 300
#define RANDOM_FRAMES   60 /* of all, for each of them */

struct frame {
	uint8_t *data;
	uint32_t len;
};

struct frames {
	struct frame all[FRAMES];
	size_t count;
};

struct compare {
	struct frames ethernet, raw;
	uint64_t expressions, refused, programs, verdicts, accepted, passed_over, differences;
};

static uint64_t random_state = 88172645463325252ull;

uint32_t random_below(uint32_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 32) % n;
}

/* Packets */

static void frames_add(struct frames *f, const uint8_t *data, uint32_t len)
{
	struct frame *to = &f->all[f->count];

	if (f->count == FRAMES || len < FRAME_MIN || len > LARGE_FRAME)
		return;
	to->data = malloc(len);
	if (!to->data)
		exit(1);
	memcpy(to->data, data, len);
	to->len = len;
	f->count++;
}

/* The first packets of each capture, the same number of each. */
static void frames_read(struct compare *c, const char *file, size_t most)
{
	char err[PCAP_ERRBUF_SIZE];
	pcap_t *p = pcap_open_offline(file, err);
	struct pcap_pkthdr *head;
	const uint8_t *data;

	if (!p)
		return;
	while (most-- && pcap_next_ex(p, &head, &data) == 1) {
		if (pcap_datalink(p) != DLT_EN10MB || head->caplen > FRAME_MAX)
			continue;
		frames_add(&c->ethernet, data, head->caplen);
		if (head->caplen > 2 * FRAME_MIN && (data[12] << 8 | data[13]) != 0x8100)
			frames_add(&c->raw, data + FRAME_MIN, head->caplen - FRAME_MIN);
	}
	pcap_close(p);
}

/* Variants of what is there: cut short, with other bytes, with a tag, and too long for one page. */
static void frames_vary(struct frames *f)
{
	size_t originals = f->count;
	uint8_t buf[LARGE_FRAME];
	struct frame *from;
	uint32_t len, i;

	while (originals && f->count < FRAMES) {
		from = &f->all[random_below((uint32_t)originals)];
		memset(buf, 0, sizeof(buf));
		memcpy(buf, from->data, from->len);
		len = from->len;
		switch (random_below(4)) {
		case 0:
			len = FRAME_MIN + random_below(len - FRAME_MIN + 1);
			break;
		case 1:
			for (i = 1 + random_below(4); i > 0; i--)
				buf[random_below(len < 80 ? len : 80)] = (uint8_t)random_below(256);
			break;
		case 2:
			memmove(buf + 12 + TAG_LEN, buf + 12, len - 12);
			memcpy(buf + 12, random_below(3) ? "\x81\0\0\x0a" : "\x88\xa8\x20\x64", TAG_LEN);
			len += TAG_LEN;
			break;
		default:
			len = 1 + random_below(LARGE_FRAME - 1);
			for (i = from->len; i < len; i++)
				buf[i] = (uint8_t)random_below(256);
		}
		frames_add(f, buf, len);
	}
}

static void frames_free(struct frames *f)
{
	while (f->count)
		free(f->all[--f->count].data);
}

/* Comparing */

/* The frame as a socket filter sees it: the tag is beside it. */
static void untag(const struct frame *from, struct classic_packet *p, uint8_t *buf)
{
	uint32_t type = from->data[12] << 8 | from->data[13];

	*p = (struct classic_packet) { .data = from->data, .len = from->len, .ifindex = LOOPBACK };
	if ((type != 0x8100 && type != 0x88a8) || from->len < FRAME_MIN + TAG_LEN)
		return;
	memcpy(buf, from->data, 12);
	memcpy(buf + 12, from->data + 12 + TAG_LEN, from->len - 12 - TAG_LEN);
	p->data = buf;
	p->len -= TAG_LEN;
	p->vlan_present = 1;
	p->vlan_tci = from->data[14] << 8 | from->data[15];
}

static bool reference(const struct bpf_program *b, const struct classic_packet *p)
{
	const struct sock_filter *program = (const struct sock_filter *)b->bf_insns;
	struct pcap_pkthdr head = { .len = p->len, .caplen = p->len };
	bool wanted = classic_run(program, p);

	if (!classic_has_metadata(program, b->bf_len) && wanted != !!pcap_offline_filter(b, &head, p->data)) {
		printf("the test's own interpreter differs from libpcap's\n");
		exit(1);
	}
	return wanted;
}

static void compare_frame(struct compare *c, const char *what, const struct bpf_program *b, const struct filter_run *run,
			  const struct frame *f, enum filter_program program, enum translate_form form)
{
	uint8_t buf[LARGE_FRAME];
	struct classic_packet p = { .data = f->data, .len = f->len, .ifindex = LOOPBACK };
	int verdict = filter_run(run, program, f->data, f->len);

	if (program != ON_TC)
		untag(f, &p, buf);
	if (verdict < 0 && (verdict == -EINVAL || verdict == -ENOMEM) && (f->len < 54 || f->len > FRAME_MAX)) {
		c->passed_over++;
		return;
	}
	c->verdicts++;
	c->accepted += verdict == 1;
	if (verdict != (int)reference(b, &p) && c->differences++ < DIFFERENCES_MAX)
		printf("%s: %s, form %d, %u bytes, frame %ld: the kernel says %d, libpcap %d\n", what,
		       filter_program_names[program], form, f->len, (long)(f - c->ethernet.all), verdict,
		       (int)reference(b, &p));
}

static void compare_program(struct compare *c, const char *what, const struct bpf_program *b, const struct frames *frames,
			    bool raw, size_t step)
{
	const struct sock_filter *program = (const struct sock_filter *)b->bf_insns;
	int form, hook;
	size_t i;

	for (form = 0; form < TRANSLATE_FORMS; form++) {
		struct filter_run run;
		char buf[200];
		struct text why;

		text_init(&why, buf, sizeof(buf));
		if (filter_run_open(&run, program, b->bf_len, (enum translate_form)form, &why)) {
			if (c->differences++ < DIFFERENCES_MAX)
				printf("%s, form %d: %s\n", what, form, buf);
			continue;
		}
		c->programs++;
		for (hook = ON_TC; hook <= (raw ? ON_TC : ON_XDP); hook++)
			for (i = 0; i < frames->count; i += step)
				compare_frame(c, what, b, &run, &frames->all[i], (enum filter_program)hook,
					      (enum translate_form)form);
		filter_run_close(&run);
	}
}

/* False: libpcap has no program for it on this kind of device. */
static bool compare_expression(struct compare *c, pcap_t *p, const char *expression, const struct frames *frames)
{
	struct bpf_program b;
	char what[200];

	if (pcap_compile(p, &b, expression, 1, 0x00ffffff))
		return false;
	snprintf(what, sizeof(what), "%s (%s)", expression, pcap_datalink_val_to_name(pcap_datalink(p)));
	compare_program(c, what, &b, frames, pcap_datalink(p) == DLT_RAW, 1);
	pcap_freecode(&b);
	return true;
}

/* A live handle, for which libpcap asks the kernel for the tag. */
static pcap_t *open_live(void)
{
	char err[PCAP_ERRBUF_SIZE];
	pcap_t *p = pcap_create("lo", err);

	if (p && !pcap_activate(p))
		return p;
	printf("no live handle: expressions for tags beside the packet are left out\n");
	if (p)
		pcap_close(p);
	return NULL;
}

static void compare_expressions(struct compare *c, const char *file)
{
	pcap_t *ethernet = pcap_open_dead(DLT_EN10MB, LARGE_FRAME), *raw = pcap_open_dead(DLT_RAW, LARGE_FRAME),
	       *live = open_live();
	FILE *f = fopen(file, "r");
	char line[200];

	if (!f) {
		perror(file);
		exit(1);
	}
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		c->expressions++;
		c->refused += !compare_expression(c, ethernet, line, &c->ethernet);
		compare_expression(c, raw, line, &c->raw);
		if (live && strstr(line, "vlan"))
			compare_expression(c, live, line, &c->ethernet);
	}
	fclose(f);
	pcap_close(ethernet);
	pcap_close(raw);
	if (live)
		pcap_close(live);
}

static void compare_random(struct compare *c)
{
	struct sock_filter program[RANDOM_PROGRAM_MAX];
	struct bpf_program b = { .bf_insns = (struct cbpf_insn *)program };
	char what[40];
	int i;

	for (i = 0; i < RANDOM_PROGRAMS; i++) {
		b.bf_len = (u_int)random_program(program);
		if (!bpf_validate(b.bf_insns, (int)b.bf_len)) {
			printf("random program %d is not valid\n", i);
			exit(1);
		}
		snprintf(what, sizeof(what), "random program %d", i);
		compare_program(c, what, &b, &c->ethernet, false, FRAMES / RANDOM_FRAMES);
	}
}

static int can_load(void)
{
	struct filter_run run;
	char buf[200];
	struct text why;
	int status;

	text_init(&why, buf, sizeof(buf));
	status = filter_run_open(&run, NULL, 0, TRANSLATE_SHORT, &why);
	if (status)
		printf("%s: %s\n", status == -EPERM ? "skipped" : "failed", buf);
	else
		filter_run_close(&run);
	return status;
}

int main(int argc, char *argv[])
{
	struct compare *c = calloc(1, sizeof(*c));
	int i, status;

	libbpf_set_print(NULL);
	status = can_load();
	if (!c || argc < 3 || status)
		return status == -EPERM ? SKIPPED : 1;
	for (i = 2; i < argc; i++)
		frames_read(c, argv[i], 3 * FRAMES / 4 / (argc - 2) + 1);
	frames_vary(&c->ethernet);
	frames_vary(&c->raw);
	compare_expressions(c, argv[1]);
	compare_random(c);
	printf("%" PRIu64 " expressions (%" PRIu64 " have no program for Ethernet), %" PRIu64 " loads, %zu frames, %" PRIu64
	       " verdicts (%" PRIu64 " accept), %" PRIu64 " passed over, %" PRIu64 " differences\n",
	       c->expressions, c->refused, c->programs, c->ethernet.count, c->verdicts, c->accepted, c->passed_over,
	       c->differences);
	status = c->differences || c->expressions - c->refused < 80 || c->ethernet.count < FRAMES || !c->accepted;
	frames_free(&c->ethernet);
	frames_free(&c->raw);
	free(c);
	return status;
}
