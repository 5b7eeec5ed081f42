/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench_cost SECONDS MB COMMAND [ARGUMENT...]: runs a command for at most so long and with at most three quarters of the
 * machine's memory, its standard error thrown away. Then prints one line on standard error: microseconds of CPU time in user
 * and kernel, peak memory in KiB, exit status. The status is 124 if time was up, 128 and the signal if one ended it.
 *
 * So much memory is used and given back before: the host of a virtual machine may have taken back what was free for a second,
 * and the first to use it again pays ten times what the kernel takes for clearing it.
 *
 * The kernel counts the memory of a process from before it became the command. A small parent keeps that part small.
 */
#define _GNU_SOURCE /* wait4 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIME_IS_UP 124
#define NOT_RUN    127

static volatile sig_atomic_t time_is_up;
static pid_t command;

static void end_command(int number)
{
	(void)number;
	time_is_up = 1;
	kill(command, SIGKILL);
}

/* In a process of its own, which is gone afterwards. */
static void use_memory(size_t bytes)
{
	pid_t child = fork();
	void *p;

	if (child > 0)
		waitpid(child, NULL, 0);
	if (child)
		return;
	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p != MAP_FAILED) {
		madvise(p, bytes, MADV_HUGEPAGE);
		memset(p, 1, bytes);
	}
	_exit(0);
}

static _Noreturn void become(char **argv)
{
	rlim_t bytes = (rlim_t)sysconf(_SC_PHYS_PAGES) * (rlim_t)sysconf(_SC_PAGESIZE) / 4 * 3;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	dup2(null, STDIN_FILENO);
	dup2(null, STDERR_FILENO);
	setrlimit(RLIMIT_DATA, &(struct rlimit){ bytes, bytes });
	execvp(argv[0], argv);
	_exit(NOT_RUN);
}

static long long microseconds(struct timeval t)
{
	return t.tv_sec * 1000000LL + t.tv_usec;
}

int main(int argc, char **argv)
{
	unsigned seconds = argc > 3 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
	struct rusage usage;
	int status;

	if (!seconds) {
		fputs("usage: bench_cost SECONDS MB COMMAND [ARGUMENT...]\n", stderr);
		return 2;
	}
	use_memory((size_t)strtoul(argv[2], NULL, 10) << 20);
	command = fork();
	if (!command)
		become(argv + 3);
	if (command < 0) {
		fprintf(stderr, "bench_cost: fork: %s\n", strerror(errno));
		return 1;
	}
	signal(SIGALRM, end_command);
	alarm(seconds);
	while (wait4(command, &status, 0, &usage) < 0) {
		if (errno != EINTR)
			return 1;
	}
	if (time_is_up)
		status = TIME_IS_UP;
	else
		status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	fprintf(stderr, "%lld %lld %ld %d\n", microseconds(usage.ru_utime), microseconds(usage.ru_stime), usage.ru_maxrss,
		status);
	return 0;
}
