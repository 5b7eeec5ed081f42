/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Large arrays: zeroed, aligned to pages, taking memory only where they are touched, in huge pages where the system has them. */
#ifndef MIRUO_BASE_ARRAY_H
#define MIRUO_BASE_ARRAY_H

#include <stddef.h>

/* count elements of size bytes, all zero. NULL: out of memory. */
void *array_alloc(size_t count, size_t size);

/* With the same count and size. NULL is fine. */
void array_free(void *array, size_t count, size_t size);

#endif
