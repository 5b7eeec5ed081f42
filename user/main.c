/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Options to source and monitor, the loop between them, and the exit status. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dump.h"
#include "host.h"
#include "monitor.h"
#include "onesided.h"
#include "options.h"

#define NS_PER_S 1000000000ull
#define BUSY_FROM 1000	/* segments that a source delivers at once: there are more already */

enum exit_status {
	EXIT_OK = 0,
	EXIT_RUN_TIME = 1,	/* input that could not be read to its end, output that could not be written */
	EXIT_USAGE = 2,
};

static volatile sig_atomic_t stop;

static void on_stop_signal(int signal_number)
{
	(void)signal_number;
	stop = 1;
}

/* The first INT or TERM ends the run with a report, the second one at once. flags: of sigaction(). */
static void stop_signals_catch(int flags)
{
	struct sigaction end = { .sa_handler = on_stop_signal, .sa_flags = (int)SA_RESETHAND | flags };

	sigaction(SIGINT, &end, NULL);
	sigaction(SIGTERM, &end, NULL);
}

/* A signal interrupts the wait for a named pipe's writer. A reader that goes away shows as EPIPE. */
static void signals_init(void)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	stop_signals_catch(0);
	sigaction(SIGPIPE, &ignore, NULL);
}

/* Once the input is open: a write that waits for a slow reader goes on, else what it had to write would be lost. */
static void signals_spare_writes(void)
{
	if (!stop)
		stop_signals_catch((int)SA_RESTART);
}

struct run {
	const struct source_ops *ops;
	struct source *source;
	struct monitor *monitor;
	struct stream out;
	struct usage usage;
	uint64_t not_printed;	/* records that the user was told of */
	uint64_t told_ns;	/* when, by the source's clock */
	char notice[SOURCE_ERROR_MAX];	/* of the source, to be told; "": none */
	bool live;
	bool lines;		/* a record is a line of --live, not a session */
	bool kernel;		/* by kernel programs */
};

static void hide_progress(void *ctx)
{
	const struct run *r = ctx;

	r->ops->hide_progress(r->source);
}

static void add_interface(void *ctx, const char *name, uint64_t segments, uint64_t bytes)
{
	statistics_add_interface(ctx, name, segments, bytes);
}

static void run_statistics(struct run *r, struct statistics *st)
{
	struct source_stats source;

	monitor_statistics(r->monitor, st);
	r->ops->stats(r->source, &source);
	memcpy(st->decoded, source.decoded, sizeof(st->decoded));
	st->kernel = r->kernel;
	st->seen = source.frames;
	st->filtered = source.filtered;
	st->received = source.received;
	st->dropped = source.dropped;
	st->dropped_plain = source.dropped_plain;
	st->if_dropped = source.if_dropped;
	if (r->ops->each_interface)
		r->ops->each_interface(r->source, add_interface, st);
	st->not_printed = stream_dropped(&r->out);
	statistics_usage(st, &r->usage);
	hide_progress(r);
	statistics_print(stderr, st);
}

static uint64_t packets_lost(void *ctx)
{
	const struct run *r = ctx;
	struct source_stats source;

	r->ops->stats(r->source, &source);
	return source.dropped + source.if_dropped;
}

/* A live capture does not wait for a terminal that is stopped: what there is to say waits. */
static bool stderr_takes_lines(const struct run *r)
{
	struct pollfd fd = { .fd = STDERR_FILENO, .events = POLLOUT };

	return !r->live || poll(&fd, 1, 0) != 0;
}

/* At most once a second. */
static void run_tell_not_printed(struct run *r)
{
	uint64_t dropped = stream_dropped(&r->out), now_ns = r->ops->now(r->source);

	if (dropped == r->not_printed || now_ns < r->told_ns + NS_PER_S || !stderr_takes_lines(r))
		return;
	fprintf(stderr, "miruo: %" PRIu64 " %s not printed: the reader of the output is too slow\n", dropped - r->not_printed,
		r->lines ? "lines" : "sessions");
	r->not_printed = dropped;
	r->told_ns = now_ns;
}

/* What there is to tell is taken from the source first: mostly it is nothing, and the kernel is asked for nothing. */
static void run_notices(struct run *r)
{
	run_tell_not_printed(r);
	while (r->notice[0] || (r->ops->notice && r->ops->notice(r->source, r->notice, sizeof(r->notice)))) {
		if (!stderr_takes_lines(r))
			return;
		fprintf(stderr, "miruo: %s\n", r->notice);
		r->notice[0] = '\0';
	}
}

/* A signal ends a file at once. A live source first delivers what was seen before it, and then ends by itself. */
static bool run_goes_on(const struct run *r)
{
	return (r->live || !stop) && !r->out.error;
}

static enum exit_status run_loop(struct run *r)
{
	enum poll_result result = POLL_MORE;
	struct statistics st;
	uint64_t fed;

	statistics_usage(&st, &r->usage);
	while (result == POLL_MORE && run_goes_on(r)) {
		fed = monitor_fed(r->monitor);
		result = r->ops->poll(r->source, monitor_segments, r->monitor);
		monitor_advance(r->monitor, r->ops->now(r->source));
		stream_push(&r->out, monitor_fed(r->monitor) - fed < BUSY_FROM);
		run_notices(r);
		if (monitor_statistics_due(r->monitor) && stderr_takes_lines(r))
			run_statistics(r, &st);
	}
	monitor_finish(r->monitor);
	hide_progress(r);
	if (!stream_finish(&r->out)) {
		fprintf(stderr, "miruo: cannot write the results: %s\n", strerror(r->out.error));
		return EXIT_RUN_TIME;
	}
	run_statistics(r, &st);
	statistics_warn(stderr, &st);
	if (result != POLL_FAILED)
		return EXIT_OK;
	fprintf(stderr, "miruo: %s\n", r->ops->error(r->source));
	return EXIT_RUN_TIME;
}

/*
 * Opens the source that the configuration asks for, and gives up what is not needed from there on. The expression is looked
 * into before: once the source is open its buffers fill.
 */
static enum exit_status open_source(struct run *r, struct config *cfg)
{
	char text[SOURCE_ERROR_MAX], warning[SOURCE_ERROR_MAX];
	bool usage = false, warn;
	struct text t;

	text_init(&t, warning, sizeof(warning));
	warn = cfg->source.filter && onesided_warn(cfg->source.filter, &t);
	r->live = cfg->source.file_count == 0;
	r->lines = cfg->sink.live;
	r->ops = &source_pcap_file;
	if (r->live)
		r->source = host_open_live(cfg, &r->ops, text, sizeof(text), &usage);
	else
		r->source = r->ops->open(&cfg->source, text, sizeof(text), &usage);
	if (!r->source) {
		fprintf(stderr, "miruo: %s\n", text);
		return usage ? EXIT_USAGE : EXIT_RUN_TIME;
	}
	r->kernel = host_is_kernel(r->ops);
	r->ops->describe(r->source, text, sizeof(text));
	if (r->live && !host_give_up_privileges(r->ops, r->source))
		return EXIT_RUN_TIME;
	fprintf(stderr, "listening on %s\n", text);
	if (warn)
		fprintf(stderr, "miruo: %s\n", warning);
	return EXIT_OK;
}

static enum exit_status run(struct config *cfg)
{
	struct run r = { 0 };
	enum exit_status status;

	cfg->source.progress = isatty(STDERR_FILENO);
	cfg->source.stop = &stop;
	cfg->sink.colour = colour_wanted(cfg->colour, isatty(STDOUT_FILENO), getenv("NO_COLOR"));
	stream_init(&r.out, stdout, cfg->source.file_count == 0);
	status = open_source(&r, cfg);
	if (status != EXIT_OK)
		goto done;
	signals_spare_writes();
	r.monitor = monitor_new(cfg, &r.out);
	if (!r.monitor) {
		fprintf(stderr, "miruo: not enough memory for the limits; lower --session-limit (-L) or --segment-limit (-l)\n");
		status = EXIT_RUN_TIME;
		goto done;
	}
	if (isatty(STDOUT_FILENO))
		monitor_before_record(r.monitor, hide_progress, &r);
	monitor_losses(r.monitor, packets_lost, &r);
	status = run_loop(&r);
done:
	monitor_free(r.monitor);
	r.ops->close(r.source);
	stream_fini(&r.out);
	return status;
}

/* What was printed has arrived. */
static enum exit_status finish_text(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return EXIT_OK;
	fprintf(stderr, "miruo: cannot write to standard output: %s\n", strerror(errno));
	return EXIT_RUN_TIME;
}

static enum exit_status dump(const struct config *cfg)
{
	bool usage = false;

	if (dump_filter(cfg, &usage))
		return finish_text();
	return usage ? EXIT_USAGE : EXIT_RUN_TIME;
}

static enum exit_status dispatch(struct config *cfg)
{
	bool usage = false;

	if (cfg->check)
		return host_check() ? EXIT_OK : EXIT_RUN_TIME;
	if (!host_enter_netns(cfg->netns, &usage))
		return usage ? EXIT_USAGE : EXIT_RUN_TIME;
	if (cfg->dump_filter)
		return dump(cfg);
	if (cfg->list_interfaces)
		return host_list_interfaces() ? EXIT_OK : EXIT_RUN_TIME;
	if (cfg->source.file_count || cfg->source.interface_count)
		return run(cfg);
	fprintf(stderr, "miruo: nothing to watch: give an interface with -i DEV (any: all), or a capture file with -f FILE\n");
	return EXIT_USAGE;
}

int main(int argc, char *argv[])
{
	enum exit_status status = EXIT_USAGE;
	struct config cfg;

	switch (options_parse(argc, argv, &cfg, stdout, stderr)) {
	case OPTIONS_RUN:
		signals_init();
		status = dispatch(&cfg);
		break;
	case OPTIONS_DONE:
		status = finish_text();
		break;
	case OPTIONS_USAGE:
		break;
	case OPTIONS_FAILED:
		status = EXIT_RUN_TIME;
		break;
	}
	config_fini(&cfg);
	return (int)status;
}
