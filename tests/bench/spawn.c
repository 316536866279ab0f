/* SPDX-License-Identifier: MIT */
/*
 * usage: spawn ROUNDS [NAME=VALUE]... [+N] [@FILE] COMMAND [ARGUMENT]... [-- ...]...
 *
 * Starts the commands in turn (A B C A B C ...), ROUNDS times, and prints a line for each: the minimum and the median
 * of the time from start to end in microseconds, the ratio of the median to that of the first command, and the largest
 * resident size in KiB. The commands are started directly by this small program, so that time and size are not those of
 * a shell or a large parent. Their standard output goes to /dev/null.
 *
 * NAME=VALUE is added to the environment of this command only. +N: the command may use only the first N processors.
 * @FILE: FILE is removed from the page cache before each start.
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
    const char *uncached; /* file to remove from the page cache, or NULL */
    double *times;        /* of each round, in microseconds */
    long resident;        /* the largest of all rounds, in KiB */
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

static void drop_from_cache(const char *path)
{
    int fd = open(path, O_RDONLY);

    if (fd < 0 || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) != 0) {
        fprintf(stderr, "spawn: %s cannot be removed from the page cache\n", path);
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
        drop_from_cache(command->uncached);
    sched_setaffinity(0, sizeof command->processors, &command->processors); /* the child inherits it */
    double start = now();

    /* posix_spawn() of musl and glibc shares the memory until the exec, so the size of this process does not matter */
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

/* The environment with NAME=VALUE before all others: getenv() returns the first one. */
static char **add_variable(char *variable, char **envp)
{
    size_t count = 0;

    while (envp[count])
        count++;
    char **more = calloc(count + 2, sizeof *more);
    more[0] = variable;
    memcpy(more + 1, envp, (count + 1) * sizeof *more);
    return more;
}

/* The first `count` of the processors. */
static cpu_set_t first_processors(int count, cpu_set_t processors)
{
    for (int i = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET(i, &processors) && count-- <= 0)
            CPU_CLR(i, &processors);
    return processors;
}

/* Parses one command and returns where the next one starts. */
static char **parse(struct command *command, int rounds, char **at, char **envp)
{
    *command = (struct command){.envp = envp, .times = calloc((size_t)rounds, sizeof(double))};
    sched_getaffinity(0, sizeof command->processors, &command->processors);
    for (; *at && (**at == '+' || **at == '@' || (*at)[strcspn(*at, "=/")] == '='); at++) {
        if (**at == '+')
            command->processors = first_processors(atoi(*at + 1), command->processors);
        else if (**at == '@')
            command->uncached = *at + 1;
        else
            command->envp = add_variable(*at, command->envp);
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
        run(&commands[i], 0, &actions); /* not measured: reads the files into the page cache */
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
