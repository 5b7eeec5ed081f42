/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of the translation share; for them alone. */
#ifndef MIRUO_FILTER_TRANSLATOR_H
#define MIRUO_FILTER_TRANSLATOR_H

#include "code.h"
#include "translate.h"

#define X_UNKNOWN     UINT32_MAX
#define VLAN_TAG_LEN  4
#define ADDRESSES_LEN 12 /* before the place of an Ethernet frame where a tag is */
#define ETHERNET_LEN  14
#define TYPE_8021Q    0x8100
#define TYPE_8021AD   0x88a8

/* What is known at an instruction of the classic program, whichever way led there. */
struct point {
	bool reached;
	uint32_t ways;   /* that lead there */
	uint32_t list;   /* comparisons of a list that begins there; 0: none does */
	uint32_t proven; /* bytes of the frame that are there to be read */
	uint32_t x_max;
};

/* A load from the packet into the low half of a register, in host byte order. */
struct access {
	int dst;
	int size;      /* 1, 2, 4 */
	uint32_t off;  /* INT32_MAX at most */
	bool indirect; /* X is added to off */
};

struct translator {
	const struct sock_filter *program;
	size_t count;
	const struct translate_target *target;
	const struct loader *loader;
	struct point *points;
	struct code code;
	uint32_t window; /* what is proven is only remembered for so many bytes */
	bool skewed;     /* load_copied.c: the copy begins two bytes behind a word */
	int slots;       /* offset from the frame pointer below which the slots lie */
	bool uses_len, uses_vlan, uses_packet;
	uint32_t memory; /* one bit for each word of M[] that is read */
};

/* Words of the stack, below t->slots. */
enum slot {
	SLOT_LEN = 4,      /* XDP: length of the frame without the tag */
	SLOT_DELTA = 8,    /* XDP: length of the tag */
	SLOT_PRESENT = 12, /* XDP: 1 if there is a tag */
	SLOT_TCI = 16,     /* XDP: what the tag says */
	SLOT_MEMORY = 20,  /* the first word of M[] */
};

static inline int slot(const struct translator *t, int which)
{
	return t->slots - which;
}

/* A way of reading the packet, and which registers are what in a function that reads so. */
struct loader {
	int ctx, a, x;
	void (*prepare)(struct translator *t); /* chooses window and slots */
	void (*enter)(struct translator *t);
	uint32_t (*proven_at_start)(const struct translator *t);
	/* Whether the load leaves the decision to the other function, always. */
	bool (*leaves)(const struct translator *t, const struct access *access);
	void (*load)(struct translator *t, const struct point *at, const struct access *access);
};

extern const struct loader load_direct, load_copied;

/* What a load from the packet reads beyond: off + size, for all but indirect ones. */
static inline uint32_t access_end(const struct access *access)
{
	return access->off + (uint32_t)access->size;
}

/* Adds a load of size bytes from memory, in network byte order. */
void add_load(struct translator *t, int dst, int base, int off, int size);

/* On XDP: SLOT_LEN is written, the context is in a register that calls leave alone; result in R0 too. */
void add_frame_length(struct translator *t, int ctx);

/* Reads the first packet access of the instruction; false: it is none. */
bool access_read(const struct translator *t, const struct sock_filter *i, struct access *access);

#define ADD(...) code_add(&t->code, insn(__VA_ARGS__))

#define MOV(dst, src)               ADD(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0)
#define MOV_K(dst, k)               ADD(BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, k)
#define ALU64(op, dst, src)         ADD(BPF_ALU64 | (op) | BPF_X, dst, src, 0, 0)
#define ALU64_K(op, dst, k)         ADD(BPF_ALU64 | (op) | BPF_K, dst, 0, 0, k)
#define ALU32(op, dst, src)         ADD(BPF_ALU | (op) | BPF_X, dst, src, 0, 0)
#define ALU32_K(op, dst, k)         ADD(BPF_ALU | (op) | BPF_K, dst, 0, 0, (int32_t)(k))
#define LOAD(size, dst, base, off)  ADD(BPF_LDX | BPF_MEM | (size), dst, base, off, 0)
#define STORE(size, base, off, src) ADD(BPF_STX | BPF_MEM | (size), base, src, off, 0)
#define STORE_K(size, base, off, k) ADD(BPF_ST | BPF_MEM | (size), base, 0, off, k)
#define CALL(helper)                ADD(BPF_JMP | BPF_CALL, 0, 0, 0, helper)
#define IF(op, dst, src, label)     code_if(&t->code, insn(BPF_JMP | (op) | BPF_X, dst, src, 0, 0), label)
#define IF_K(op, dst, k, label)     code_if(&t->code, insn(BPF_JMP | (op) | BPF_K, dst, 0, 0, k), label)
/* A jump over the next n instructions. */
#define SKIP_IF_K(op, dst, k, n) ADD(BPF_JMP | (op) | BPF_K, dst, 0, n, k)
#define SKIP(n)                  ADD(BPF_JMP | BPF_JA, 0, 0, n, 0)

#endif
