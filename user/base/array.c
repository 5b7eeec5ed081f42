/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "array.h"

#include <sys/mman.h>

#ifndef MAP_NORESERVE	/* Linux: what is never touched does not count as promised */
#define MAP_NORESERVE 0
#endif

#define HUGE_FROM (8u << 20)	/* bytes; below it the few misses saved are not worth the memory */

void *array_alloc(size_t count, size_t size)
{
	void *p;

	if (size && count > (size_t)-1 / size)
		return NULL;
	p = mmap(NULL, count * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
#ifdef MADV_HUGEPAGE
	if (count * size >= HUGE_FROM)
		madvise(p, count * size, MADV_HUGEPAGE);
#endif
	return p;
}

void array_free(void *array, size_t count, size_t size)
{
	if (array)
		munmap(array, count * size);
}
