/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The source "pcap-live": live capture by libpcap, for hosts without BPF and for systems other than Linux.
 *
 * Each interface has its own handle, in non-blocking mode. Reading goes in sweeps: one frame of each handle is looked at in
 * advance, the oldest goes first, and what was stamped after the sweep began waits for the next one. So the frames of all
 * interfaces come in the order of their time stamps, as far as the kernel has them ready when their time has come; it stamps
 * a frame some microseconds before that.
 *
 * While there is traffic the reader sleeps between sweeps instead of waiting for a frame: that would make the kernel wake it
 * for each one, at the cost of the traffic that it watches.
 *
 * An interface that goes down stays watched: it may come up again. One that is removed is lost: error() names it at once,
 * the others go on, and with the last one the input breaks.
 */
#include "source.h"

#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <pcap/pcap.h>

#include "filter.h"
#include "linktype.h"
#include "pcap_common.h"
#include "text.h"

#define FRAMES_PER_POLL 1000
#define IDLE_WAIT_MS 100
#define BUSY_WAIT_MS 10
#define HEADERS_MAX 256u		/* link header, VLAN tags, IPv6 with extension headers, TCP with options */
#define SNAPLEN_MAX 262144u
#define RING_KB_DEFAULT 8192u
#define RING_KB_MAX (2u * 1024 * 1024 - 1)	/* libpcap takes bytes as an int */
#define NAME_SHOWN 100			/* bytes of an interface's name in a line */
#define NAMES_SHOWN 10			/* interfaces in a line */
#define SECOND_NS 1000000000u
#define AHEAD_MAX_NS (SECOND_NS / 10)	/* a frame from further ahead of the clock: the clock was set back */
#define BUFFERED_NS (SECOND_NS / 10)	/* after this time a frame has passed all buffers but the ring */
#define STATS_INTERVAL_NS (10ull * SECOND_NS)	/* libpcap's counters of 32 bits cannot wrap twice in it */

struct input {
	const char *name;		/* borrowed from the configuration */
	pcap_t *pcap;			/* NULL: lost, or a name that was given before */
	enum link_type link;
	uint32_t ifindex;		/* 0: none, or the frames tell */
	uint32_t tick_ns;		/* unit of libpcap's fractions of a second */

	struct pcap_pkthdr *head;	/* the frame that was looked at in advance; NULL: none */
	const u_char *data;
	uint64_t head_ns;

	struct pcap_stat counted;	/* libpcap's counters when they were last added to: */
	uint64_t received, dropped, if_dropped;
};

struct source {
	struct source_config cfg;
	struct input *inputs;		/* cfg.interface_count, as fds */
	struct pollfd *fds;
	size_t open_count;
	int idle_wait_ms;
	bool behind;			/* the last sweep left frames that were due */
	bool busy;			/* the last sweep found frames */
	uint64_t last_ns;		/* of the last frame read */
	uint64_t now_ns;
	uint64_t counted_ns;		/* when the counters were last added up */
	struct filter filter;
	struct source_stats stats;
	struct text lost;		/* in error */
	char error[SOURCE_ERROR_MAX];
	char description[SOURCE_ERROR_MAX];
};

static uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

static void add_name(struct text *t, const char *name)
{
	size_t len = strlen(name);

	text_add_escaped(t, name, len < NAME_SHOWN ? len : NAME_SHOWN);
	if (len > NAME_SHOWN)
		text_add(t, "...");
}

/* What can be wrong with an interface */

static bool is_interface(const pcap_if_t *device)
{
	return if_nametoindex(device->name) || !strcmp(device->name, "any");
}

/* libpcap also offers USB buses, firewall logs and the like, which have no TCP. */
static void add_interfaces(struct text *t)
{
	char reason[PCAP_ERRBUF_SIZE];
	const pcap_if_t *d;
	pcap_if_t *all;
	size_t n = 0;

	if (pcap_findalldevs(&all, reason))
		return;
	for (d = all; d; d = d->next) {
		if (!is_interface(d) || n++ >= NAMES_SHOWN)
			continue;
		text_add(t, n == 1 ? "; there are: " : ", ");
		add_name(t, d->name);
	}
	if (n > NAMES_SHOWN)
		text_add(t, " and %zu more", n - NAMES_SHOWN);
	pcap_freealldevs(all);
}

/* The capability is Linux's, and so is the way to our own path. */
static void add_permission_advice(struct text *t)
{
	char path[512];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path));

	text_add(t, "no permission to capture: run as root");
	if (len <= 0)
		return;
	text_add(t, ", or once `setcap cap_net_raw=ep ");
	text_add_escaped(t, path, (size_t)len);
	text_add(t, "`");
}

static void add_status(struct text *t, pcap_t *p, int status)
{
	const char *reason = pcap_geterr(p);

	switch (status) {
	case PCAP_ERROR_NO_SUCH_DEVICE:
		text_add(t, "there is no such interface");
		add_interfaces(t);
		break;
	case PCAP_ERROR_PERM_DENIED:
	case PCAP_ERROR_PROMISC_PERM_DENIED:
		add_permission_advice(t);
		break;
	case PCAP_ERROR_IFACE_NOT_UP:
		text_add(t, "the interface is down: bring it up first");
		break;
	default:
		text_add(t, "%s", pcap_statustostr(status));
		if (reason[0]) {
			text_add(t, " (");
			text_add_escaped(t, reason, strlen(reason));
			text_add(t, ")");
		}
	}
}

/* Opening */

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static int activate(pcap_t *p, const struct source_config *cfg)
{
	uint32_t payload = smaller(cfg->payload_bytes, SNAPLEN_MAX - HEADERS_MAX);
	uint32_t ring_kb = smaller(cfg->ring_kb ? cfg->ring_kb : RING_KB_DEFAULT, RING_KB_MAX);

	pcap_set_snaplen(p, (int)(HEADERS_MAX + payload));
	pcap_set_promisc(p, 0);
	pcap_set_immediate_mode(p, 1);
	pcap_set_buffer_size(p, (int)(ring_kb * 1024));
	pcap_set_tstamp_precision(p, PCAP_TSTAMP_PRECISION_NANO);	/* refused: they stay microseconds */
	return pcap_activate(p);
}

static bool choose_link_type(struct input *in, struct text *why)
{
	if (pcap_datalink(in->pcap) == DLT_LINUX_SLL)
		pcap_set_datalink(in->pcap, DLT_LINUX_SLL2);	/* refused: the interface stays unknown */
	if (linktype_find(pcap_datalink(in->pcap), &in->link))
		return true;
	linktype_add_refusal(why, pcap_datalink(in->pcap));
	return false;
}

static bool start_capture(struct input *in, const struct source_config *cfg, struct text *why)
{
	char reason[PCAP_ERRBUF_SIZE] = "";
	int status;

	in->pcap = pcap_create(in->name, reason);
	if (!in->pcap) {
		text_add_escaped(why, reason, strlen(reason));
		return false;
	}
	status = activate(in->pcap, cfg);
	if (status < 0) {
		add_status(why, in->pcap, status);
		return false;
	}
	if (pcap_setnonblock(in->pcap, 1, reason) < 0) {
		text_add_escaped(why, reason, strlen(reason));
		return false;
	}
	in->tick_ns = pcap_get_tstamp_precision(in->pcap) == PCAP_TSTAMP_PRECISION_NANO ? 1 : 1000;
	in->ifindex = if_nametoindex(in->name);
	return choose_link_type(in, why);
}

static bool set_filter(struct source *s, struct input *in, struct text *err, bool *usage)
{
	char reason[PCAP_ERRBUF_SIZE];
	bpf_u_int32 net, netmask;

	if (!s->cfg.filter)
		return true;
	if (pcap_lookupnet(in->name, &net, &netmask, reason))
		netmask = PCAP_NETMASK_UNKNOWN;
	*usage = !filter_compile(&s->filter, in->pcap, netmask, err);
	if (*usage) {
		text_add(err, " (for link type %s of ", pcap_datalink_val_to_name(pcap_datalink(in->pcap)));
		add_name(err, in->name);
		text_add(err, ")");
		return false;
	}
	*usage = filter_is_too_long(&s->filter, (uint32_t)pcap_snapshot(in->pcap), err);
	if (*usage)
		return false;
	if (!pcap_setfilter(in->pcap, &s->filter.program))
		return true;
	add_name(err, in->name);
	text_add(err, ": the expression cannot be set: ");
	text_add_escaped(err, pcap_geterr(in->pcap), strlen(pcap_geterr(in->pcap)));
	return false;
}

/* Captured twice, each segment would look sent twice; "any" has all of them. */
static bool is_covered(const struct source_config *cfg, size_t i)
{
	bool is_any = !strcmp(cfg->interfaces[i], "any");
	size_t j;

	for (j = 0; j < cfg->interface_count; j++) {
		if (j < i && !strcmp(cfg->interfaces[j], cfg->interfaces[i]))
			return true;
		if (!is_any && !strcmp(cfg->interfaces[j], "any"))
			return true;
	}
	return false;
}

static bool input_open(struct source *s, size_t i, struct text *err, bool *usage)
{
	struct input *in = &s->inputs[i];
	size_t before = err->len;

	add_name(err, in->name);
	text_add(err, ": ");
	if (!start_capture(in, &s->cfg, err)) {
		*usage = strcmp(in->name, "any") != 0 && !if_nametoindex(in->name);
		return false;
	}
	text_truncate(err, before);
	if (!set_filter(s, in, err, usage))
		return false;
	s->fds[i].fd = pcap_get_selectable_fd(in->pcap);
	if (s->fds[i].fd < 0)
		s->idle_wait_ms = BUSY_WAIT_MS;
	s->open_count++;
	return true;
}

static void describe_inputs(struct source *s)
{
	const struct input *in = s->inputs;
	struct text t;

	while (!in->pcap)
		in++;
	text_init(&t, s->description, sizeof(s->description));
	add_name(&t, in->name);
	if (s->open_count > 1)
		text_add(&t, " and %zu more interface%s", s->open_count - 1, s->open_count > 2 ? "s" : "");
	capture_add_description(&t, in->pcap);
}

static bool open_inputs(struct source *s, struct text *err, bool *usage)
{
	size_t i;

	for (i = 0; i < s->cfg.interface_count; i++) {
		s->inputs[i].name = s->cfg.interfaces[i];
		s->fds[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
		if (!is_covered(&s->cfg, i) && !input_open(s, i, err, usage))
			return false;
	}
	return true;
}

/* Adds a line to err and returns false for what this source cannot do. */
static bool check_config(const struct source_config *cfg, struct text *err)
{
	if (cfg->netns) {
		text_add(err, "libpcap watches only the network namespace that miruo runs in: start it there with"
			      " `ip netns exec NAME` or `nsenter --net=PATH`");
		return false;
	}
	if (cfg->interface_count == 0) {
		text_add(err, "no interface to capture from: name one with -i, or `-i any`");
		return false;
	}
	return true;
}

static void live_close(struct source *s)
{
	size_t i;

	if (!s)
		return;
	for (i = 0; s->inputs && i < s->cfg.interface_count; i++)
		if (s->inputs[i].pcap)
			pcap_close(s->inputs[i].pcap);
	filter_fini(&s->filter);
	free(s->inputs);
	free(s->fds);
	free(s);
}

static struct source *live_open(const struct source_config *cfg, char *err, size_t err_size, bool *usage)
{
	struct source *s = NULL;
	struct text text;

	text_init(&text, err, err_size);
	*usage = !check_config(cfg, &text);
	if (*usage)
		return NULL;
	s = calloc(1, sizeof(*s));
	if (!s)
		goto no_memory;
	s->cfg = *cfg;
	s->idle_wait_ms = IDLE_WAIT_MS;
	text_init(&s->lost, s->error, sizeof(s->error));
	filter_init(&s->filter, cfg->filter);
	s->inputs = calloc(cfg->interface_count, sizeof(*s->inputs));
	s->fds = calloc(cfg->interface_count, sizeof(*s->fds));
	if (!s->inputs || !s->fds)
		goto no_memory;
	if (!open_inputs(s, &text, usage))
		goto fail;
	describe_inputs(s);
	return s;
no_memory:
	text_add(&text, "%s", strerror(ENOMEM));
fail:
	live_close(s);
	return NULL;
}

/* Counters */

/* A counter that went back was lost with its interface. */
static uint32_t growth(uint32_t now, uint32_t before)
{
	uint32_t grown = now - before;

	return grown <= INT32_MAX ? grown : 0;
}

static void input_count(struct input *in)
{
	struct pcap_stat now;

	if (!in->pcap || pcap_stats(in->pcap, &now))
		return;
	in->received += growth(now.ps_recv, in->counted.ps_recv);
	in->dropped += growth(now.ps_drop, in->counted.ps_drop);
	in->if_dropped += growth(now.ps_ifdrop, in->counted.ps_ifdrop);
	in->counted = now;
}

static void count_inputs(const struct source *s)
{
	size_t i;

	for (i = 0; i < s->cfg.interface_count; i++)
		input_count(&s->inputs[i]);
}

/* Reading */

static void input_lose(struct source *s, struct input *in)
{
	const char *reason = pcap_geterr(in->pcap);

	text_add(&s->lost, "%s", s->lost.len ? "; " : "");
	add_name(&s->lost, in->name);
	if (in->ifindex && !if_nametoindex(in->name)) {
		text_add(&s->lost, ": the interface was removed");
	} else {
		text_add(&s->lost, ": capture broke: ");
		text_add_escaped(&s->lost, reason, strlen(reason));
	}
	input_count(in);
	pcap_close(in->pcap);
	in->pcap = NULL;
	s->fds[in - s->inputs].fd = -1;
	s->open_count--;
}

static uint64_t frame_time(const struct input *in, const struct timeval *ts)
{
	return (uint64_t)ts->tv_sec * SECOND_NS + (uint64_t)ts->tv_usec * in->tick_ns;
}

/* Looks at the next frame, once the one before is done with. */
static void input_advance(struct source *s, struct input *in)
{
	int status = pcap_next_ex(in->pcap, &in->head, &in->data);

	if (status == 1) {
		in->head_ns = frame_time(in, &in->head->ts);
		s->busy = true;
		return;
	}
	in->head = NULL;
	if (status < 0)
		input_lose(s, in);
}

static bool is_due(const struct input *in, uint64_t sweep_ns)
{
	return in->head_ns <= sweep_ns || in->head_ns - sweep_ns > AHEAD_MAX_NS;
}

/* Returns NULL if no frame is due. */
static struct input *oldest(const struct source *s, uint64_t sweep_ns)
{
	struct input *found = NULL;
	size_t i;

	for (i = 0; i < s->cfg.interface_count; i++) {
		struct input *in = &s->inputs[i];

		if (in->head && is_due(in, sweep_ns) && (!found || in->head_ns < found->head_ns))
			found = in;
	}
	return found;
}

static void deliver(struct source *s, const struct input *in, segments_fn *fn, void *ctx)
{
	struct segment seg;

	s->stats.frames++;
	s->last_ns = in->head_ns;
	if (!capture_decode(in->link, in->head, in->data, &s->stats, &seg))
		return;
	seg.ts_ns = in->head_ns;
	if (in->ifindex)
		seg.ifindex = in->ifindex;
	fn(ctx, &seg, 1);
}

static void sweep(struct source *s, uint64_t sweep_ns, segments_fn *fn, void *ctx)
{
	size_t i, n;

	s->busy = false;
	for (i = 0; i < s->cfg.interface_count; i++)
		if (s->inputs[i].pcap && !s->inputs[i].head)
			input_advance(s, &s->inputs[i]);
	for (n = 0; n < FRAMES_PER_POLL; n++) {
		struct input *in = oldest(s, sweep_ns);

		if (!in)
			break;
		deliver(s, in, fn, ctx);
		input_advance(s, in);
	}
	s->behind = n == FRAMES_PER_POLL;
}

static bool stop_wanted(const struct source *s)
{
	return s->cfg.stop && *s->cfg.stop;
}

/* Ends early for a signal. */
static void wait_for_frames(struct source *s)
{
	if (s->behind || stop_wanted(s))
		return;
	if (s->busy)
		poll(NULL, 0, BUSY_WAIT_MS);
	else
		poll(s->fds, (nfds_t)s->cfg.interface_count, s->idle_wait_ms);
}

/* All before the sweep was delivered unless the sweep is behind, but for what has not reached the ring. */
static void set_time(struct source *s, uint64_t sweep_ns)
{
	s->now_ns = sweep_ns - BUFFERED_NS;
	if (s->behind || s->now_ns < s->last_ns)
		s->now_ns = s->last_ns;
}

static enum poll_result live_poll(struct source *s, segments_fn *fn, void *ctx)
{
	uint64_t sweep_ns;

	wait_for_frames(s);
	sweep_ns = clock_ns();
	sweep(s, sweep_ns, fn, ctx);
	set_time(s, sweep_ns);
	if (sweep_ns - s->counted_ns > STATS_INTERVAL_NS) {
		count_inputs(s);
		s->counted_ns = sweep_ns;
	}
	if (s->open_count && !stop_wanted(s))
		return POLL_MORE;
	return s->lost.len ? POLL_FAILED : POLL_END;
}

static void live_describe(const struct source *s, char *buf, size_t size)
{
	snprintf(buf, size, "%s", s->description);
}

static uint64_t live_now(const struct source *s)
{
	return s->now_ns;
}

static const char *live_error(const struct source *s)
{
	return s->error;
}

static void live_stats(const struct source *s, struct source_stats *out)
{
	size_t i;

	*out = s->stats;
	count_inputs(s);
	for (i = 0; i < s->cfg.interface_count; i++) {
		out->received += s->inputs[i].received;
		out->dropped += s->inputs[i].dropped;
		out->if_dropped += s->inputs[i].if_dropped;
	}
}

static void live_hide_progress(struct source *s)
{
	(void)s;
}

static const struct filter *live_filter(const struct source *s)
{
	return &s->filter;
}

const struct source_ops source_pcap_live = {
	.name = "pcap-live",
	.open = live_open,
	.poll = live_poll,
	.describe = live_describe,
	.now = live_now,
	.error = live_error,
	.stats = live_stats,
	.hide_progress = live_hide_progress,
	.filter = live_filter,
	.close = live_close,
};
