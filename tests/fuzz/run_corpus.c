/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs every file of the folders given through a fuzz target; where libFuzzer is not, or to see one input again. */
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#define INPUT_MAX (1 << 20)

static int run_file(const char *path)
{
	static uint8_t input[INPUT_MAX];
	FILE *file = fopen(path, "rb");
	size_t size;
	int broken;

	if (!file) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -1;
	}
	size = fread(input, 1, sizeof(input), file);
	broken = ferror(file) || !feof(file);
	fclose(file);
	if (broken) {
		fprintf(stderr, "%s: cannot be read, or is longer than %d bytes\n", path, INPUT_MAX - 1);
		return -1;
	}
	printf("%s\n", path);
	fflush(stdout);		/* if the target aborts, the last name is the one */
	LLVMFuzzerTestOneInput(input, size);
	return 0;
}

/* Returns the number of files run, -1 if something could not be read. */
static int run_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	int count = 0;

	if (!dir) {
		fprintf(stderr, "%s: %s\n", folder, strerror(errno));
		return -1;
	}
	while (count >= 0 && (entry = readdir(dir))) {
		char path[4096];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		count = run_file(path) ? -1 : count + 1;
	}
	closedir(dir);
	return count;
}

int main(int argc, char **argv)
{
	int i, count;

	if (argc < 2) {
		fprintf(stderr, "usage: %s FOLDER|FILE...\n", argv[0]);
		return 2;
	}
	for (i = 1; i < argc; i++) {
		struct stat st;

		if (!stat(argv[i], &st) && !S_ISDIR(st.st_mode))
			count = run_file(argv[i]) ? -1 : 1;
		else
			count = run_folder(argv[i]);
		if (!count)
			fprintf(stderr, "%s: no file in it\n", argv[i]);
		if (count <= 0)
			return 1;
	}
	return 0;
}
