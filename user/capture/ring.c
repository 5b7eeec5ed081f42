/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ring.h"

#include <errno.h>
#include <linux/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

int ring_open(struct ring *r, int map_fd, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *p;

	*r = (struct ring){ .size = size, .map_fd = map_fd };
	p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
	if (p == MAP_FAILED)
		return -errno;
	r->consumer = p;
	p = mmap(NULL, page + 2 * size, PROT_READ, MAP_SHARED, map_fd, (off_t)page);
	if (p == MAP_FAILED) {
		int err = -errno;

		ring_close(r);
		return err;
	}
	r->producer = p;
	r->data = (const uint8_t *)p + page;
	r->pos = __atomic_load_n(r->consumer, __ATOMIC_ACQUIRE);
	return 0;
}

void ring_close(struct ring *r)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (r->producer)
		munmap((void *)(uintptr_t)r->producer, page + 2 * r->size);
	if (r->consumer)
		munmap(r->consumer, page);
	if (r->map_fd > 0)
		close(r->map_fd);
	*r = (struct ring){ 0 };
}

const void *ring_peek(struct ring *r, size_t *len)
{
	const uint8_t *record;
	uint32_t head;

	while (r->pos < __atomic_load_n(r->producer, __ATOMIC_ACQUIRE)) {
		record = r->data + (r->pos & (r->size - 1));
		head = __atomic_load_n((const uint32_t *)record, __ATOMIC_ACQUIRE);
		if (head & BPF_RINGBUF_BUSY_BIT)
			return NULL;
		*len = head & ~BPF_RINGBUF_DISCARD_BIT;
		if (!(head & BPF_RINGBUF_DISCARD_BIT))
			return record + BPF_RINGBUF_HDR_SZ;
		ring_skip(r, *len);
	}
	return NULL;
}

uint64_t ring_filled(const struct ring *r)
{
	return __atomic_load_n(r->producer, __ATOMIC_ACQUIRE) - r->pos;
}

void ring_skip(struct ring *r, size_t len)
{
	r->pos += (len + BPF_RINGBUF_HDR_SZ + 7) / 8 * 8;
}

void ring_release(struct ring *r)
{
	__atomic_store_n(r->consumer, r->pos, __ATOMIC_RELEASE);
}
