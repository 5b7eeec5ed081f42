/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "read_capture.h"

#include <stdio.h>

int read_capture(const char *file, segments_fn *fn, void *ctx)
{
	const struct source_ops *ops = &source_pcap_file;
	struct source_config cfg = { .files = &file, .file_count = 1 };
	enum poll_result result = POLL_MORE;
	char err[SOURCE_ERROR_MAX];
	struct source *source;
	bool usage;

	source = ops->open(&cfg, err, sizeof(err), &usage);
	if (!source) {
		fprintf(stderr, "%s\n", err);
		return 1;
	}
	while (result == POLL_MORE)
		result = ops->poll(source, fn, ctx);
	if (result == POLL_FAILED)
		fprintf(stderr, "%s\n", ops->error(source));
	ops->close(source);
	return result == POLL_FAILED;
}
