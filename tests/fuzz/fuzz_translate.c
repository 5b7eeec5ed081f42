/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Input: how (1 byte), length of the packet (1), the classic BPF program (8 bytes each, any), the packet (the rest). What is
 * translated must decide as the classic program does, and read only what it may.
 */
#include "fuzz.h"

#include "classic.h"
#include "machine.h"
#include "translate.h"

#define PREFIX 2
#define PROGRAM_MAX 200

/* What the interpreter for classic programs leaves to its caller: memory is only read after it was written. */
static void memory_write_first(struct sock_filter *program)
{
	uint32_t i;

	for (i = 0; i < BPF_MEMWORDS; i++)
		program[i] = (struct sock_filter)BPF_STMT(BPF_ST, i);
}

static void untag(struct classic_packet *c, struct machine_packet *p, uint8_t *view)
{
	uint32_t type = c->len >= 18 ? (uint32_t)(c->data[12] << 8 | c->data[13]) : 0;

	if (type != 0x8100 && type != 0x88a8)
		return;
	c->vlan_present = 1;
	c->vlan_tci = (uint32_t)(p->data[14] << 8 | p->data[15]);
	memcpy(view, p->data, 12);
	memcpy(view + 12, p->data + 16, p->len - 16);
	c->data = view;
	c->len -= 4;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sock_filter program[BPF_MEMWORDS + PROGRAM_MAX];
	struct translate_target target;
	struct machine_packet p;
	struct classic_packet c;
	struct translation t;
	uint8_t view[256], *packet;
	char buf[200];
	struct text why;
	size_t count;

	if (size < PREFIX || size - PREFIX < data[1] || data[1] < 14)
		return 0;
	count = (size - PREFIX - data[1]) / sizeof(program[0]);
	if (!count || count > PROGRAM_MAX)
		return 0;
	memory_write_first(program);
	memcpy(program + BPF_MEMWORDS, data + PREFIX, count * sizeof(program[0]));
	packet = exact_copy(data + size - data[1], data[1]);
	target.hook = data[0] & 1 ? TRANSLATE_XDP : TRANSLATE_TC;
	target.form = (enum translate_form)((data[0] >> 1) % TRANSLATE_FORMS);
	target.egress = data[0] & 8;
	p = (struct machine_packet) { .data = packet, .len = data[1], .linear = data[1], .ifindex = 3 };
	if (data[0] & 16)
		p.linear = 14 + (uint32_t)(data[0] >> 5) * 4;
	if (p.linear > p.len)
		p.linear = p.len;
	c = (struct classic_packet) { .data = packet, .len = p.len, .pkttype = target.egress ? 4 : 0, .ifindex = 3 };
	if (target.hook == TRANSLATE_XDP)
		untag(&c, &p, view);
	text_init(&why, buf, sizeof(buf));
	if (translate(program, BPF_MEMWORDS + count, &target, &t, &why)) {
		MUST(buf[0]);
	} else {
		MUST(machine_run(&t, target.hook, &p) == classic_run(program, &c));
		translation_free(&t);
	}
	free(packet);
	return 0;
}
