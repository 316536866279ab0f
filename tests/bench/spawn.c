/* SPDX-License-Identifier: MIT */
/*
 * spawn ROUNDS [NAME=VALUE]... [+N] [@FILE] COMMAND [ARGUMENT]... [-- ...]...
 *
 * Starts the commands in turn (A B C A B C ...), ROUNDS times, and prints a line for each: the least and the median
 * time from start to end in microseconds, the median as a ratio to the first command's, and the largest resident size
 * in KiB. No shell and no large parent: neither the time nor the size is theirs. Standard output goes to /dev/null.
 * NAME=VALUE is for the one command's environment; with +N it gets the first N of the processors only. @FILE is thrown
 * out of the page cache before each start.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { COMMANDS_MAX = 16 };

struct command {
    char **argv;
    char **envp;
    cpu_set_t processors;
    const char *uncached; /* a file, or NULL */
    double *times;        /* of each round, microseconds */
    long resident;        /* KiB, the largest of all rounds */
};

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static int ascending(const void *a, const void *b)
{
    const double *left = a, *right = b;

    return (*left > *right) - (*left < *right);
}

static void forget(const char *path)
{
    int fd = open(path, O_RDONLY);

    if (fd < 0 || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) != 0) {
        fprintf(stderr, "spawn: %s cannot be thrown out of the page cache\n", path);
        exit(1);
    }
    close(fd);
}

static void run(struct command *command, int round, const posix_spawn_file_actions_t *actions)
{
    struct rusage usage;
    int status;
    pid_t child;

    if (command->uncached)
        forget(command->uncached);
    sched_setaffinity(0, sizeof command->processors, &command->processors); /* the child inherits it */
    double start = now();

    /* musl and glibc share the memory until the exec, so a large parent would not cost more either */
    if (posix_spawnp(&child, command->argv[0], actions, NULL, command->argv, command->envp) != 0) {
        fprintf(stderr, "spawn: %s cannot be started\n", command->argv[0]);
        exit(1);
    }
    wait4(child, &status, 0, &usage);
    command->times[round] = now() - start;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "spawn: %s failed: wait status %#x\n", command->argv[0], (unsigned)status);
        exit(1);
    }
    if (usage.ru_maxrss > command->resident)
        command->resident = usage.ru_maxrss;
}

/* The environment with NAME=VALUE in front: getenv() finds the first one. */
static char **with(char *variable, char **envp)
{
    size_t count = 0;

    while (envp[count])
        count++;
    char **more = calloc(count + 2, sizeof *more);
    more[0] = variable;
    memcpy(more + 1, envp, (count + 1) * sizeof *more);
    return more;
}

static cpu_set_t first(int count, cpu_set_t processors)
{
    for (int i = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET(i, &processors) && count-- <= 0)
            CPU_CLR(i, &processors);
    return processors;
}

/* Reads a command and returns where the next one begins. */
static char **parse(struct command *command, int rounds, char **at, char **envp)
{
    *command = (struct command){.envp = envp, .times = calloc((size_t)rounds, sizeof(double))};
    sched_getaffinity(0, sizeof command->processors, &command->processors);
    for (; *at && (**at == '+' || **at == '@' || (*at)[strcspn(*at, "=/")] == '='); at++) {
        if (**at == '+')
            command->processors = first(atoi(*at + 1), command->processors);
        else if (**at == '@')
            command->uncached = *at + 1;
        else
            command->envp = with(*at, command->envp);
    }
    command->argv = at;
    while (*at && strcmp(*at, "--") != 0)
        at++;
    if (*at)
        *at++ = NULL;
    return at;
}

int main(int argc, char **argv, char **envp)
{
    struct command commands[COMMANDS_MAX];
    posix_spawn_file_actions_t actions;
    int rounds = argc > 2 ? atoi(argv[1]) : 0;
    int count = 0;

    if (rounds < 1) {
        fputs("usage: spawn ROUNDS [NAME=VALUE]... [+N] [@FILE] COMMAND [ARGUMENT]... [-- ...]...\n", stderr);
        return 2;
    }
    for (char **at = argv + 2; *at && count < COMMANDS_MAX; count++)
        at = parse(&commands[count], rounds, at, envp);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    for (int i = 0; i < count; i++)
        run(&commands[i], 0, &actions); /* not counted as a time: files come into the page cache */
    for (int round = 0; round < rounds; round++)
        for (int i = 0; i < count; i++)
            run(&commands[i], round, &actions);
    for (int i = 0; i < count; i++) {
        qsort(commands[i].times, (size_t)rounds, sizeof(double), ascending);
        printf("%.1f %.1f %.3f %ld\n", commands[i].times[0], commands[i].times[rounds / 2],
               commands[i].times[rounds / 2] / commands[0].times[rounds / 2], commands[i].resident);
    }
    return 0;
}
