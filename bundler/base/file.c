/* SPDX-License-Identifier: MIT */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "say.h"

bool file_read(int fd, void *bytes, size_t size, uint64_t offset)
{
    char *to = bytes;

    while (size > 0) {
        ssize_t n = pread(fd, to, size, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            if (n == 0)
                errno = 0;
            return false;
        }
        to += n;
        size -= (size_t)n;
        offset += (uint64_t)n;
    }
    return true;
}

bool file_write(int fd, const void *bytes, size_t size)
{
    const char *from = bytes;

    while (size > 0) {
        ssize_t n = write(fd, from, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        from += n;
        size -= (size_t)n;
    }
    return true;
}

/* "DIRECTORY/.NAME.XXXXXX" for mkstemp(), in the directory of `path`. The caller frees it. */
static char *temporary_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    char *name = NULL;

    /* a file name has at most 255 bytes, and this one is eight bytes longer than the output's */
    if (asprintf(&name, "%.*s.%.200s.XXXXXX", (int)(base - path), path, base) < 0)
        return NULL;
    return name;
}

static const int fatal_signals[] = {SIGINT,  SIGTERM, SIGHUP,    SIGPIPE, SIGQUIT,
                                    SIGALRM, SIGXCPU, SIGVTALRM, SIGUSR1, SIGUSR2};
static char *volatile unfinished; /* the file that the signal handler removes */

static void remove_unfinished(int number)
{
    if (unfinished)
        unlink(unfinished);
    signal(number, SIG_DFL);
    raise(number);
}

static void set_unfinished(char *path)
{
    struct sigaction action = {.sa_handler = path ? remove_unfinished : SIG_DFL};
    struct sigaction before;

    unfinished = path;
    for (size_t i = 0; i < sizeof fatal_signals / sizeof *fatal_signals; i++) {
        sigaction(fatal_signals[i], NULL, &before);
        if (before.sa_handler != SIG_IGN)
            sigaction(fatal_signals[i], &action, NULL);
    }
}

/* No signal may end the program between the creation of a file and set_unfinished(). */
static sigset_t block_signals(void)
{
    sigset_t all, before;

    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    return before;
}

static void restore_signals(sigset_t before)
{
    sigprocmask(SIG_SETMASK, &before, NULL);
}

int output_open(struct output *output, const char *path, bool force)
{
    struct stat there;

    *output = (struct output){.path = path, .fd = -1};
    if (stat(path, &there) == 0 && !S_ISREG(there.st_mode))
        return fail("%s: not a regular file; name another output", path);
    if (!force && lstat(path, &there) == 0)
        return fail("%s: exists; --force replaces it", path);
    output->temporary = temporary_name(path);
    if (!output->temporary)
        return fail("out of memory");
    sigset_t signals = block_signals();
    output->fd = mkostemp(output->temporary, O_CLOEXEC);
    set_unfinished(output->fd < 0 ? NULL : output->temporary);
    restore_signals(signals);
    /* libbfd opens the file by name, and the umask may deny that even to us */
    if (output->fd < 0 || fchmod(output->fd, S_IRUSR | S_IWUSR) != 0) {
        int status = fail("%s: cannot be created: %s", path, strerror(errno));
        output_abandon(output);
        return status;
    }
    return 0;
}

void output_abandon(struct output *output)
{
    if (!output->temporary)
        return;
    if (output->fd >= 0) {
        unlink(output->temporary);
        close(output->fd);
    }
    set_unfinished(NULL);
    free(output->temporary);
    output->temporary = NULL;
}

/* Makes the new name durable as well. Not every file system can do that, so errors are ignored. */
static void sync_directory(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *directory = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    int fd = directory ? open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(directory);
}

int output_commit(struct output *output, mode_t mode)
{
    if (fchmod(output->fd, mode) != 0 || fsync(output->fd) != 0 || rename(output->temporary, output->path) != 0) {
        int status = fail("%s: cannot be written: %s", output->path, strerror(errno));
        output_abandon(output);
        return status;
    }
    set_unfinished(NULL);
    sync_directory(output->path);
    free(output->temporary);
    output->temporary = NULL;
    close(output->fd);
    return 0;
}

int file_spool(const char *path)
{
    char *name = temporary_name(path);

    if (!name)
        return -1;
    sigset_t signals = block_signals();
    int fd = mkostemp(name, O_CLOEXEC);
    if (fd >= 0)
        unlink(name);
    restore_signals(signals);
    free(name);
    return fd;
}
