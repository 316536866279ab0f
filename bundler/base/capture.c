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

/* Starts the program with a pipe in *out for one of its outputs, `wanted`. Returns its id, or -1 with errno set. */
static pid_t start(const char *const *arguments, int wanted, int *out)
{
    posix_spawn_file_actions_t actions;
    size_t count = 2; /* arguments[0] and the NULL at the end */
    int ends[2], error;
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
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], wanted);
    error = posix_spawnp(&pid, arguments[0], &actions, NULL, words, environ);
    if (error)
        pid = -1;
    posix_spawn_file_actions_destroy(&actions);
    free(words);
    close(ends[1]);
    if (pid < 0)
        close(ends[0]);
    *out = ends[0];
    errno = error;
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

/* Whether the process ends with exit status 0. */
static bool succeeds(pid_t pid)
{
    int status = 0;

    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

char *capture(const char *const *arguments)
{
    int out;
    pid_t pid = start(arguments, STDOUT_FILENO, &out);

    if (pid < 0)
        return NULL;
    char *text = read_all(out);
    if (succeeds(pid))
        return text;
    free(text);
    return NULL;
}

char *capture_failure(const char *const *arguments)
{
    int messages;
    char *reason;
    pid_t pid = start(arguments, STDERR_FILENO, &messages);

    if (pid < 0)
        return asprintf(&reason, "cannot be run: %s", strerror(errno)) < 0 ? strdup("") : reason;
    char *text = read_all(messages);
    if (succeeds(pid)) {
        free(text);
        return NULL;
    }
    if (text)
        text[strcspn(text, "\n")] = 0;
    return text ? text : strdup("failed");
}
