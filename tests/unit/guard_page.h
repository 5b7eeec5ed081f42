/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Input that ends where an unreadable page begins: one byte read too many ends the test, with or without sanitizers. */
#ifndef MIRUO_TESTS_GUARD_PAGE_H
#define MIRUO_TESTS_GUARD_PAGE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct guard_page {
	uint8_t *map;
	size_t room;	/* readable bytes, then the page that is not */
	size_t page;
};

static inline int guard_page_init(struct guard_page *g, size_t room)
{
	g->page = (size_t)sysconf(_SC_PAGESIZE);
	g->room = (room + g->page - 1) / g->page * g->page;
	g->map = mmap(NULL, g->room + g->page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (g->map == MAP_FAILED)
		return -1;
	return mprotect(g->map + g->room, g->page, PROT_NONE);
}

/* A copy of the len (<= room) bytes, valid until the next call. */
static inline const uint8_t *guard_page_copy(struct guard_page *g, const void *bytes, size_t len)
{
	return memcpy(g->map + g->room - len, bytes, len);
}

static inline void guard_page_fini(struct guard_page *g)
{
	munmap(g->map, g->room + g->page);
}

#endif
