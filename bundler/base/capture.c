/* SPDX-License-Identifier: MIT */
#include "capture.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Starts the program with its standard output in *out. */
static pid_t start(const char *const *arguments, int *out)
{
    posix_spawn_file_actions_t actions;
    size_t count = 1;
    int ends[2];
    pid_t pid = -1;

    while (arguments[count - 1])
        count++;
    char **words = malloc(count * sizeof *words); /* posix_spawnp() takes no constants */
    if (!words || pipe2(ends, O_CLOEXEC) != 0) {
        free(words);
        return -1;
    }
    memcpy(words, arguments, count * sizeof *words);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    if (posix_spawnp(&pid, arguments[0], &actions, NULL, words, environ) != 0)
        pid = -1;
    posix_spawn_file_actions_destroy(&actions);
    free(words);
    close(ends[1]);
    if (pid < 0)
        close(ends[0]);
    *out = ends[0];
    return pid;
}

/* All that comes from the descriptor, which is closed. The caller frees it. */
static char *read_all(int fd)
{
    char *text = NULL, bytes[4096];
    size_t size;
    FILE *to = open_memstream(&text, &size);
    ssize_t n = 0;

    while (to && ((n = read(fd, bytes, sizeof bytes)) > 0 || (n < 0 && errno == EINTR)))
        if (n > 0)
            fwrite(bytes, 1, (size_t)n, to);
    close(fd);
    if (to && fclose(to) == 0 && n == 0)
        return text;
    free(text);
    return NULL;
}

char *capture(const char *const *arguments)
{
    int out, status = 0;
    pid_t pid = start(arguments, &out);

    if (pid < 0)
        return NULL;
    char *text = read_all(out);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return text;
    free(text);
    return NULL;
}
