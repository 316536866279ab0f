/* SPDX-License-Identifier: MIT */
/*
 * used FILE COMMAND..: runs the command and writes its exit status (or minus the number of a signal), the nanoseconds
 * that it took, and the KiB of its memory at most to FILE. A process that is larger than the command cannot measure
 * that: the kernel counts the memory that a process had before exec.
 */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(int argc, char **argv)
{
    struct rusage usage;
    int status;
    long long start = now();
    pid_t pid = argc > 2 ? vfork() : -1;

    if (pid == 0) {
        execv(argv[2], argv + 2);
        _exit(127);
    }
    if (pid < 0 || wait4(pid, &status, 0, &usage) != pid)
        return 1;
    long long took = now() - start;
    FILE *file = fopen(argv[1], "w");
    if (!file)
        return 1;
    fprintf(file, "%d %lld %ld\n", WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), took, usage.ru_maxrss);
    return fclose(file) != 0;
}
