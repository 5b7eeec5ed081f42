/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The source "pcap-file": capture files, one after the other as one capture, opened and described by libpcap. Most files are
 * then read by pcap_blocks.h until it meets something odd or the end; libpcap reads what is left, and the others.
 *
 * All files are checked when the source is opened, so that what is wrong with the last one is said before the first one is
 * read. Regular files are then closed until it is their turn; pipes, which can be opened only once, stay open. A file that
 * breaks while it is read does not end the capture, since of rotated files often one is cut: the others are read, and the
 * result is still POLL_FAILED in the end.
 */
#include "source.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <pcap/pcap.h>

#include "filter.h"
#include "linktype.h"
#include "pcap_blocks.h"
#include "pcap_common.h"
#include "progress.h"
#include "stream.h"
#include "text.h"

#define FRAMES_PER_POLL 1000
#define NAME_SHOWN 100	/* bytes of a file's name in a line */
#define SECOND_NS 1000000000u

struct input {
	const char *path;	/* borrowed from the configuration */
	struct stream *stream;	/* NULL: not open */
	pcap_t *pcap;		/* NULL: not open */
	struct pcap_blocks *blocks;	/* reads the file for now; NULL: libpcap does */
	enum link_type link;
	uint64_t size;		/* bytes stored; 0: not known, a pipe */
};

struct source {
	struct source_config cfg;
	struct input *inputs;
	size_t current;		/* cfg.file_count: all are done */
	size_t broken;		/* inputs that were */
	struct filter filter;
	struct source_stats stats;
	uint64_t input_frames;	/* of the current one */
	uint64_t done_bytes;	/* of the inputs before the current one */
	uint64_t total_bytes;	/* of all inputs; 0: not known */
	uint64_t time_ns;	/* of the last frame whose time could be true */
	struct progress progress;
	char error[SOURCE_ERROR_MAX];
	char description[SOURCE_ERROR_MAX];

	/* While polling: who gets the segments, and those that wait for more to come. */
	segments_fn *fn;
	void *ctx;
	size_t batched;
	struct segment batch[SOURCE_BATCH];
};

/* What libpcap says (a part of it), what it means, and what can be done. */
static const struct {
	const char *pcap, *meaning;
} reasons[] = {
	{ "truncated", "the file ends inside a packet or block" },
	{ "different from the snapshot length of the first interface",
	  "libpcap does not read pcapng files with several snapshot lengths: convert it with"
	  " `editcap -F pcap -T ether FILE OUT` (-T: its link type)" },
	{ "different from the type of the first interface",
	  "libpcap does not read pcapng files with several link types: take interface 0, 1, ... out of it with"
	  " `tshark -r FILE -Y frame.interface_id==0 -w - | editcap -F pcap -T ether - OUT` (-T: its link type)" },
};

static uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

static void add_name(struct text *t, const char *path)
{
	size_t len = strlen(path);

	if (!strcmp(path, "-")) {
		text_add(t, "standard input");
		return;
	}
	if (len > NAME_SHOWN) {
		text_add(t, "...");
		path += len - NAME_SHOWN;
		len = NAME_SHOWN;
	}
	text_add_escaped(t, path, len);
}

/* Adds libpcap's reason; first in plain words where we have them. */
static void add_reason(struct text *t, const char *pcap_reason)
{
	const char *meaning = NULL;
	size_t i;

	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (strstr(pcap_reason, reasons[i].pcap))
			meaning = reasons[i].meaning;
	if (meaning)
		text_add(t, "%s (", meaning);
	text_add_escaped(t, pcap_reason, strlen(pcap_reason));
	if (meaning)
		text_add(t, ")");
}

static void input_close(struct input *in)
{
	pcap_blocks_close(in->blocks);
	if (in->pcap)
		pcap_close(in->pcap);
	stream_close(in->stream);
	in->blocks = NULL;
	in->pcap = NULL;
	in->stream = NULL;
}

/* libpcap's words for a file that is something else, or cut before its first record. */
static void add_header_reason(struct text *why, const struct stream *stream, const char *pcap_reason)
{
	if (stream_stopped(stream))
		text_add(why, "stopped while waiting for input");
	else if (stream_error(stream))
		text_add(why, "%s", stream_error(stream));
	else if (strstr(pcap_reason, "unknown file format"))
		text_add(why, "not a capture file: pcap and pcapng are read, also compressed with gzip or zstd");
	else if (strstr(pcap_reason, "truncated"))
		text_add(why, "the file ends inside its header (%s)", pcap_reason);
	else
		add_reason(why, pcap_reason);
}

static bool input_open_pcap(struct input *in, struct text *why)
{
	char pcap_reason[PCAP_ERRBUF_SIZE] = "";
	FILE *file = stream_take_file(in->stream);

	if (!file) {
		text_add(why, "%s", strerror(errno));
		return false;
	}
	in->pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, pcap_reason);
	if (!in->pcap) {
		fclose(file);
		add_header_reason(why, in->stream, pcap_reason);
		return false;
	}
	if (!linktype_find(pcap_datalink(in->pcap), &in->link)) {
		linktype_add_refusal(why, pcap_datalink(in->pcap));
		return false;
	}
	return true;
}

/* Opens the input's file and sees that it can be read. Adds a line to err and returns false if not. */
static bool input_open(struct source *s, struct input *in, struct text *err, bool *usage)
{
	size_t before = err->len;

	add_name(err, in->path);
	text_add(err, ": ");
	in->stream = stream_open(in->path, s->cfg.stop, err);
	if (!in->stream || !input_open_pcap(in, err))
		goto fail;
	text_truncate(err, before);
	*usage = !filter_compile(&s->filter, in->pcap, PCAP_NETMASK_UNKNOWN, err);
	if (*usage) {
		text_add(err, " (for link type %s of ", pcap_datalink_val_to_name(pcap_datalink(in->pcap)));
		add_name(err, in->path);
		text_add(err, ")");
		goto fail;
	}
	return true;
fail:
	input_close(in);
	return false;
}

/*
 * libpcap meets a pcapng file's second interface only when it reads the first packet; refusing it must not wait until
 * then. Anything else that breaks there is told when it is read in earnest.
 */
static bool check_interfaces(struct input *in, struct text *err)
{
	struct pcap_pkthdr *header;
	const u_char *data;

	if (pcap_next_ex(in->pcap, &header, &data) != PCAP_ERROR || !strstr(pcap_geterr(in->pcap), "different from the"))
		return true;
	add_name(err, in->path);
	text_add(err, ": ");
	add_reason(err, pcap_geterr(in->pcap));
	return false;
}

static void describe_first(struct source *s)
{
	const struct input *in = &s->inputs[0];
	struct text t;

	text_init(&t, s->description, sizeof(s->description));
	add_name(&t, in->path);
	if (s->cfg.file_count > 1)
		text_add(&t, " and %zu more file%s", s->cfg.file_count - 1, s->cfg.file_count > 2 ? "s" : "");
	capture_add_description(&t, in->pcap);
}

static bool check_input(struct source *s, struct input *in, struct text *err, bool *usage)
{
	bool good = true;

	if (!input_open(s, in, err, usage))
		return false;
	if (in == s->inputs)
		describe_first(s);
	in->size = stream_size(in->stream);
	if (stream_is_reopenable(in->stream)) {
		good = check_interfaces(in, err);
		input_close(in);
	}
	return good;
}

static bool check_inputs(struct source *s, struct text *err, bool *usage)
{
	bool known = true, stdin_used = false;
	size_t i;

	for (i = 0; i < s->cfg.file_count; i++) {
		struct input *in = &s->inputs[i];

		in->path = s->cfg.files[i];
		if (!strcmp(in->path, "-") && stdin_used) {
			text_add(err, "standard input can be read only once: give \"-\" once");
			*usage = true;
			return false;
		}
		stdin_used = stdin_used || !strcmp(in->path, "-");
		if (!check_input(s, in, err, usage))
			return false;
		known = known && in->size;
		s->total_bytes += in->size;
	}
	if (!known)
		s->total_bytes = 0;
	return true;
}

static void file_close(struct source *s)
{
	size_t i;

	if (!s)
		return;
	progress_hide(&s->progress);
	for (i = 0; s->inputs && i < s->cfg.file_count; i++)
		input_close(&s->inputs[i]);
	filter_fini(&s->filter);
	free(s->inputs);
	free(s);
}

static struct source *file_open(const struct source_config *cfg, char *err, size_t err_size, bool *usage)
{
	struct source *s = calloc(1, sizeof(*s));
	struct text text;

	text_init(&text, err, err_size);
	*usage = false;
	if (!s)
		goto no_memory;
	s->cfg = *cfg;
	filter_init(&s->filter, cfg->filter);
	s->inputs = calloc(cfg->file_count ? cfg->file_count : 1, sizeof(*s->inputs));
	if (!s->inputs)
		goto no_memory;
	if (!check_inputs(s, &text, usage))
		goto fail;
	progress_init(&s->progress, cfg->progress ? stderr : NULL, clock_ns());
	return s;
no_memory:
	text_add(&text, "%s", strerror(ENOMEM));
fail:
	file_close(s);
	return NULL;
}

/*
 * Nanoseconds since 1970. The format's seconds are unsigned, but libpcap extends their sign. What lies after 2106 is garbage
 * (pcapng has 64 bits for it) and must not move the clock: such a frame gets the time of the one before.
 */
static uint64_t frame_time(struct source *s, const struct timeval *ts)
{
	int64_t seconds = ts->tv_sec, nanoseconds = ts->tv_usec;

	if (seconds < 0 && seconds >= INT32_MIN)
		seconds += (int64_t)1 << 32;
	if (seconds >= 0 && seconds <= UINT32_MAX && nanoseconds >= 0 && nanoseconds < SECOND_NS)
		s->time_ns = (uint64_t)seconds * SECOND_NS + (uint64_t)nanoseconds;
	return s->time_ns;
}

static void flush(struct source *s)
{
	if (s->batched)
		s->fn(s->ctx, s->batch, s->batched);
	s->batched = 0;
}

static void take_frame(struct source *s, const struct pcap_pkthdr *header, const u_char *data)
{
	struct segment *seg = &s->batch[s->batched];
	uint64_t ts_ns;

	s->stats.frames++;
	s->input_frames++;
	ts_ns = frame_time(s, &header->ts);
	if (!filter_match(&s->filter, header, data)) {
		s->stats.filtered++;
		return;
	}
	if (!capture_decode(s->inputs[s->current].link, header, data, &s->stats, seg))
		return;
	seg->ts_ns = ts_ns;
	if (++s->batched == SOURCE_BATCH)
		flush(s);
}

static void on_frame(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
	struct source *s = (struct source *)(void *)user;

	take_frame(s, header, data);
	flush(s);	/* data is only valid now */
}

/* Only the first broken input is told about: one line is what the interface has. */
static void note_broken(struct source *s, const struct input *in)
{
	FILE *file = pcap_file(in->pcap);
	int64_t at = ftello(file);
	struct text t;

	if (s->broken++)
		return;
	text_init(&t, s->error, sizeof(s->error));
	add_name(&t, in->path);
	text_add(&t, ": broken after packet %" PRIu64, s->input_frames);
	if (at >= 0)
		text_add(&t, ", at byte %" PRId64 "%s", at,
			 stream_is_compressed(in->stream) ? " of the decompressed data" : "");
	text_add(&t, ": ");
	if (stream_error(in->stream))
		text_add(&t, "%s", stream_error(in->stream));
	else
		add_reason(&t, pcap_geterr(in->pcap));
}

static void add_broken_count(struct source *s)
{
	size_t len = strlen(s->error);

	if (s->broken > 1)
		snprintf(s->error + len, sizeof(s->error) - len, "; %zu more file%s broke", s->broken - 1,
			 s->broken > 2 ? "s" : "");
}

static enum poll_result finish(struct source *s)
{
	s->current = s->cfg.file_count;
	progress_hide(&s->progress);
	return s->broken ? POLL_FAILED : POLL_END;
}

static enum poll_result next_input(struct source *s)
{
	struct input *in = &s->inputs[s->current];

	s->done_bytes += in->size;
	input_close(in);
	s->input_frames = 0;
	if (++s->current < s->cfg.file_count)
		return POLL_MORE;
	add_broken_count(s);
	return finish(s);
}

/* A regular file may have gone or changed since it was checked. */
static bool open_current(struct source *s, struct input *in)
{
	char err[SOURCE_ERROR_MAX];
	struct text t;
	bool usage;

	if (in->pcap)
		return true;
	text_init(&t, err, sizeof(err));
	if (input_open(s, in, &t, &usage)) {
		in->blocks = pcap_blocks_open(in->stream, in->pcap);
		return true;
	}
	if (!s->broken++)
		memcpy(s->error, err, sizeof(err));
	return false;
}

static void show_progress(struct source *s, const struct input *in)
{
	struct progress_counts counts = {
		.bytes = s->done_bytes + (in->blocks ? pcap_blocks_offset(in->blocks) : stream_bytes_read(in->stream)),
		.total = s->total_bytes,
		.packets = s->stats.frames,
	};

	if (s->cfg.progress)
		progress_update(&s->progress, &counts, clock_ns());
}

/* Each frame of a pipe may be the last for hours: the caller looks at statistics and at errors of the output in between. */
static int frames_per_poll(const struct input *in)
{
	return in->size ? FRAMES_PER_POLL : 1;
}

/* From here on libpcap reads the file. */
static int hand_over(struct input *in)
{
	int status = fseeko(pcap_file(in->pcap), (off_t)pcap_blocks_offset(in->blocks), SEEK_SET);

	pcap_blocks_close(in->blocks);
	in->blocks = NULL;
	return status;
}

/* Like pcap_dispatch(), but 0 is no end: then libpcap is to go on. */
static int read_blocks(struct source *s, struct pcap_blocks *b)
{
	struct pcap_pkthdr header;
	const uint8_t *data;
	int n;

	for (n = 0; n < FRAMES_PER_POLL; n++) {
		data = pcap_blocks_next(b, &header);
		if (!data) {
			flush(s);
			pcap_blocks_read(b);
			data = pcap_blocks_next(b, &header);
		}
		if (!data)
			break;
		take_frame(s, &header, data);
	}
	flush(s);
	return n;
}

static int read_frames(struct source *s, struct input *in)
{
	int n = in->blocks ? read_blocks(s, in->blocks) : 0;

	if (n > 0)
		return n;
	if (in->blocks && hand_over(in))
		return -1;
	return pcap_dispatch(in->pcap, frames_per_poll(in), on_frame, (u_char *)s);
}

static enum poll_result file_poll(struct source *s, segments_fn *fn, void *ctx)
{
	struct input *in;
	int status;

	if (s->current == s->cfg.file_count)
		return finish(s);
	in = &s->inputs[s->current];
	if (!open_current(s, in))
		return next_input(s);
	s->fn = fn;
	s->ctx = ctx;
	status = read_frames(s, in);
	show_progress(s, in);
	if (stream_stopped(in->stream))
		return finish(s);
	if (status > 0)
		return POLL_MORE;
	if (status < 0)
		note_broken(s, in);
	return next_input(s);
}

static void file_describe(const struct source *s, char *buf, size_t size)
{
	snprintf(buf, size, "%s", s->description);
}

static uint64_t file_now(const struct source *s)
{
	(void)s;
	return 0;
}

static const char *file_error(const struct source *s)
{
	return s->error;
}

static void file_stats(const struct source *s, struct source_stats *out)
{
	*out = s->stats;
}

static void file_hide_progress(struct source *s)
{
	progress_hide(&s->progress);
}

static const struct filter *file_filter(const struct source *s)
{
	return &s->filter;
}

const struct source_ops source_pcap_file = {
	.name = "pcap-file",
	.open = file_open,
	.poll = file_poll,
	.describe = file_describe,
	.now = file_now,
	.error = file_error,
	.stats = file_stats,
	.hide_progress = file_hide_progress,
	.filter = file_filter,
	.close = file_close,
};
