/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * compare_programs CAPTURE...: runs every Ethernet frame of the captures through the TC and XDP programs (BPF_PROG_TEST_RUN) and
 * through the decoder in user space, and compares what comes out. Ends with 77 where kernel programs cannot be loaded.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

/* Classic BPF and eBPF have a struct of this name each. */
#define bpf_insn cbpf_insn
#include <pcap/pcap.h>
#undef bpf_insn

#include "miruo/decode.h"
#include "cpu_queue.h"
#include "stay_on_cpu.h"
#include "wire.h"

#include "miruo.skel.h"

#define SKIPPED 77
#define RING_BYTES (64u << 10)
#define FRAME_MIN 14	/* BPF_PROG_TEST_RUN wants an Ethernet header ... */
#define TC_IP_MIN (14 + 40)	/* for TC it wants a whole IP header too */
#define FRAME_MAX 3000	/* ... and no more than fits a page */
#define DIFFERENCES_MAX 20
#define PAYLOAD_BYTES 64

struct hook {
	const char *name;
	int program;
	bool egress;
};

struct run {
	struct miruo_bpf *skel;
	struct cpu_queue queue;
	struct cpu_state *state;	/* of the first CPU */
	uint32_t payload_bytes;
	uint64_t frames, records, passed_over, differences;
};

static int load(struct run *r, uint32_t payload_bytes)
{
	uint32_t cpu = 0;
	void *state;
	int fd;

	r->skel = miruo_bpf__open();
	if (!r->skel)
		return -errno;
	r->skel->rodata->config.ring_bytes = r->skel->rodata->config.wake_bytes = RING_BYTES;
	r->skel->rodata->config.payload_bytes = payload_bytes;
	if (miruo_bpf__load(r->skel))
		return -errno;
	fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "miruo_ring", 0, 0, RING_BYTES, NULL);
	if (fd < 0)
		return -errno;
	if (bpf_map_update_elem(bpf_map__fd(r->skel->maps.rings), &cpu, &fd, BPF_ANY))
		return -errno;
	state = mmap(NULL, sizeof(struct cpu_state), PROT_READ, MAP_SHARED, bpf_map__fd(r->skel->maps.cpus), 0);
	if (state == MAP_FAILED)
		return -errno;
	r->state = state;
	return cpu_queue_open(&r->queue, fd, RING_BYTES, state);
}

static void unload(struct run *r)
{
	cpu_queue_close(&r->queue);
	if (r->state)
		munmap(r->state, sizeof(struct cpu_state));
	miruo_bpf__destroy(r->skel);
}

static void differ(struct run *r, const char *file, uint64_t frame, const char *hook, const char *what, uint64_t program,
		   uint64_t user)
{
	if (r->differences++ < DIFFERENCES_MAX)
		printf("%s: frame %" PRIu64 ": %s: %s: program %" PRIu64 ", user space %" PRIu64 "\n", file, frame, hook, what,
		       program, user);
}

#define SAME(field)                                                                                                          \
	do {                                                                                                                 \
		if (k.field != u->field)                                                                                     \
			differ(r, file, frame, hook->name, #field, (uint64_t)k.field, (uint64_t)u->field);                   \
	} while (0)

static void compare_segment(struct run *r, const char *file, uint64_t frame, const struct hook *hook, const struct wire_head *record,
			    size_t len, const uint8_t *data, const struct segment *u)
{
	uint8_t options[TCP_OPTIONS_MAX];
	uint32_t payload = u->payload_len < r->payload_bytes ? u->payload_len : r->payload_bytes;
	struct segment k;

	if (is_wire_payload(len)) {
		wire_unpack_payload((const struct wire_payload *)record, &k, options);
	} else if (wire_unpack(record, len, &k, options) * (size_t)WIRE_LINE != len) {
		differ(r, file, frame, hook->name, "record length", len, 0);
		return;
	}
	SAME(vlan);
	SAME(seq);
	SAME(ack);
	SAME(wire_len);
	SAME(payload_len);
	SAME(ip_id);
	SAME(sport);
	SAME(dport);
	SAME(window);
	SAME(frag_off);
	SAME(flags);
	SAME(ttl);
	SAME(ip_version);
	SAME(frag);
	SAME(frag_last);
	SAME(opt_len);
	SAME(opt_cut);
	if (k.egress != hook->egress)
		differ(r, file, frame, hook->name, "egress", k.egress, hook->egress);
	if (memcmp(k.saddr, u->saddr, 16) || memcmp(k.daddr, u->daddr, 16))
		differ(r, file, frame, hook->name, "addresses", 1, 0);
	if (k.opt_len == u->opt_len && k.opt_len && memcmp(k.opt, data + u->opt_off, k.opt_len))
		differ(r, file, frame, hook->name, "options", 1, 0);
	if (u->frag == FRAG_LATER)
		return;
	if (k.payload_cap != payload)
		differ(r, file, frame, hook->name, "payload_cap", k.payload_cap, payload);
	else if (payload && memcmp(k.payload, data + u->payload_off, payload))
		differ(r, file, frame, hook->name, "payload", 1, 0);
}

static void compare_frame(struct run *r, const char *file, uint64_t frame, const struct hook *hook, const uint8_t *data,
			  uint32_t len)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = data, .data_size_in = len, .repeat = 1);
	struct segment u;
	enum decode_result result = decode_frame(LINK_ETHERNET, data, data + len, len, &u);
	bool wanted = result == DECODE_TCP || result == DECODE_FRAGMENT;
	const struct wire_head *record;
	size_t record_len;

	if (bpf_prog_test_run_opts(hook->program, &opts)) {
		if (errno == EINVAL && len < TC_IP_MIN) {
			r->passed_over++;
			return;
		}
		differ(r, file, frame, hook->name, "BPF_PROG_TEST_RUN failed, errno", (uint64_t)errno, 0);
		return;
	}
	if (opts.data_size_out && opts.data_size_out != len)
		differ(r, file, frame, hook->name, "the program changed the packet's length", opts.data_size_out, len);
	record = cpu_queue_peek(&r->queue, &record_len);
	if (!record != !wanted)
		differ(r, file, frame, hook->name, "record", record != NULL, wanted);
	if (!record)
		return;
	r->records++;
	if (wanted)
		compare_segment(r, file, frame, hook, record, record_len, data, &u);
	cpu_queue_skip(&r->queue, record_len);
	cpu_queue_release(&r->queue);
}

static void compare_file(struct run *r, const char *file, const struct hook *hooks)
{
	char err[PCAP_ERRBUF_SIZE];
	pcap_t *p = pcap_open_offline(file, err);
	struct pcap_pkthdr *head;
	const uint8_t *data;
	uint64_t frame = 0;
	int i;

	if (!p || pcap_datalink(p) != DLT_EN10MB) {
		if (p)
			pcap_close(p);
		return;
	}
	while (pcap_next_ex(p, &head, &data) == 1) {
		frame++;
		if (head->caplen < FRAME_MIN || head->caplen > FRAME_MAX) {
			r->passed_over++;
			continue;
		}
		r->frames++;
		for (i = 0; hooks[i].name; i++)
			compare_frame(r, file, frame, &hooks[i], data, head->caplen);
	}
	pcap_close(p);
}

/* Whether the programs agree with user space, all of the captures on all hooks; what they were is printed. */
static int compare(char *const *files, int count, uint32_t payload_bytes)
{
	struct run r = { .payload_bytes = payload_bytes };
	int err = load(&r, payload_bytes), i;

	if (err) {
		printf("skipped: cannot load kernel programs: %s\n", strerror(-err));
		unload(&r);
		return err == -EPERM || err == -EACCES || err == -ENOSYS ? SKIPPED : 1;
	}
	{
		const struct hook hooks[] = {
			{ "tc_in", bpf_program__fd(r.skel->progs.tc_in), false },
			{ "tc_out", bpf_program__fd(r.skel->progs.tc_out), true },
			{ "xdp_in", bpf_program__fd(r.skel->progs.xdp_in), false },
			{ NULL, -1, false },
		};

		for (i = 0; i < count; i++)
			compare_file(&r, files[i], hooks);
	}
	printf("%d captures, %" PRIu32 " bytes of payload, %" PRIu64 " frames on 3 hooks (%" PRIu64
	       " passed over for their length), %" PRIu64 " records, %" PRIu64 " differences\n",
	       count, payload_bytes, r.frames, r.passed_over, r.records, r.differences);
	unload(&r);
	return r.differences != 0 || r.records == 0;
}

/* Without payload, where segments are collected, and with it, where they are sent one by one. */
int main(int argc, char *argv[])
{
	int status;

	libbpf_set_print(NULL);
	if (stay_on_cpu(0))	/* the programs take the ring of the CPU that they run on */
		perror("sched_setaffinity");
	status = compare(argv + 1, argc - 1, 0);
	return status ? status : compare(argv + 1, argc - 1, PAYLOAD_BYTES);
}
