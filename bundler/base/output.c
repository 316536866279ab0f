/* SPDX-License-Identifier: MIT */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "say.h"
#include "temporary.h"

/* The length of the directory at the start of a path, with its '/'; 0: there is none. */
static int directory_length(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? (int)(slash - path) + 1 : 0;
}

/* The directory of a path, which the caller frees. NULL: out of memory. */
static char *directory_of(const char *path)
{
    int length = directory_length(path);

    return length > 0 ? strndup(path, (size_t)length) : strdup(".");
}

/* Whether the path is in /proc, where a symbolic link leads to an open file rather than to a name. */
static bool is_in_proc(const char *path)
{
    char *directory = directory_of(path);
    struct statfs system;
    bool found = directory && statfs(directory, &system) == 0 && system.f_type == PROC_SUPER_MAGIC;

    free(directory);
    return found;
}

/* Replaces *path by where this symbolic link points. Returns 0 or an error number. */
static int follow(char **path)
{
    char link[4096], *next;
    ssize_t length = readlink(*path, link, sizeof link - 1);

    if (length < 0)
        return errno;
    link[length] = 0;
    if (asprintf(&next, "%.*s%s", link[0] == '/' ? 0 : directory_length(*path), *path, link) < 0)
        return ENOMEM;
    free(*path);
    *path = next;
    return 0;
}

/* Sets output->target. Returns 0, or reports and returns an exit status. */
static int find_target(struct output *output)
{
    enum { LINKS_MAX = 40 }; /* as in the kernel (MAXSYMLINKS) */
    struct stat there;
    int error = 0;

    output->target = strdup(output->path);
    for (int links = 0; output->target && lstat(output->target, &there) == 0 && S_ISLNK(there.st_mode); links++) {
        if (is_in_proc(output->target))
            return fail("%s: leads to an open file of a process, not to a name; give the name of a file", output->path);
        error = links == LINKS_MAX ? ELOOP : follow(&output->target);
        if (error)
            return fail("%s: cannot be created: %s", output->path, strerror(error));
    }
    return output->target ? 0 : fail("out of memory");
}

/* "DIRECTORY/.NAME.XXXXXX" for mkstemp(), in the directory of `path`. The caller frees it. */
static char *temporary_name(const char *path)
{
    int directory = directory_length(path);
    char *name = NULL;

    /* a file name has at most 255 bytes, and this one is eight bytes longer than the output's */
    if (asprintf(&name, "%.*s.%.200s.XXXXXX", directory, path, path + directory) < 0)
        return NULL;
    return name;
}

/* Frees everything but the temporary file itself. */
static void close_output(struct output *output)
{
    if (output->fd >= 0) {
        temporary_file_ends(output->temporary);
        close(output->fd);
    }
    free(output->temporary);
    free(output->target);
    output->temporary = output->target = NULL;
    output->fd = -1;
}

/* --- the life of an output -------------------------------------------------------------------------------------------- */

static int refuse_existing(const struct output *output)
{
    return fail("%s: exists; --force replaces it", output->path);
}

static int create_temporary(struct output *output)
{
    output->temporary = temporary_name(output->target);
    if (!output->temporary)
        return fail("out of memory");
    output->fd = temporary_file(output->temporary);
    if (output->fd < 0)
        return fail("%s: cannot be created: %s", output->path, strerror(errno));
    /* libbfd opens the file by name, and the umask may deny that even to us */
    if (fchmod(output->fd, S_IRUSR | S_IWUSR) != 0)
        return fail("%s: cannot be created: %s", output->path, strerror(errno));
    return 0;
}

int output_open(struct output *output, const char *path, bool force)
{
    struct stat there;
    int status = 0;

    *output = (struct output){.path = path, .fd = -1, .force = force};
    if (stat(path, &there) == 0 && !S_ISREG(there.st_mode))
        return fail("%s: not a regular file; name another output", path);
    status = find_target(output);
    bool exists = lstat(path, &there) == 0;
    if (!status && !exists && errno == ENAMETOOLONG) /* the temporary file's name is shorter */
        status = fail("%s: cannot be created: %s", path, strerror(errno));
    if (!status && !force && exists)
        status = refuse_existing(output);
    if (!status)
        status = create_temporary(output);
    if (status)
        output_abandon(output);
    return status;
}

void output_abandon(struct output *output)
{
    if (output->fd >= 0)
        unlink(output->temporary);
    close_output(output);
}

int output_check(const char *path, bool force)
{
    struct output output;
    int status = output_open(&output, path, force);

    if (!status)
        output_abandon(&output);
    return status;
}

int output_reopen(struct output *output)
{
    int fd = open(output->temporary, O_RDWR | O_CLOEXEC);

    if (fd < 0)
        return fail("%s: cannot be written: %s", output->path, strerror(errno));
    close(output->fd);
    output->fd = fd;
    return 0;
}

int output_reserve(const struct output *output, uint64_t size)
{
    if (fallocate(output->fd, 0, 0, (off_t)size) == 0 || errno == EOPNOTSUPP || errno == ENOSYS || errno == EINTR)
        return 0; /* a file system that cannot tell says it when the file is written */
    return fail("%s: cannot get %llu bytes of room on the disk: %s", output->path, (unsigned long long)size,
                strerror(errno));
}

/* Makes the new name durable as well. Not every file system can do that, so errors are ignored. */
static void sync_directory(const char *path)
{
    char *directory = directory_of(path);
    int fd = directory ? open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(directory);
}

/*
 * Gives the temporary file its name unless there is a file of that name. Some file systems cannot do that in one step.
 * On those, a second name does it; where a file has only one name (FAT), an empty file takes the name first.
 */
static int rename_to_new(const char *from, const char *to)
{
    if (syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP && errno != EPERM)
        return -1;
    if (link(from, to) == 0)
        return unlink(from);
    if (errno == EEXIST)
        return -1;
    int fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0)
        return -1;
    close(fd);
    if (rename(from, to) == 0)
        return 0;
    int error = errno;
    unlink(to);
    errno = error;
    return -1;
}

int output_commit(struct output *output, mode_t mode)
{
    int (*const give_name)(const char *from, const char *to) = output->force ? rename : rename_to_new;

    if (fchmod(output->fd, mode) != 0 || fsync(output->fd) != 0 || give_name(output->temporary, output->target) != 0) {
        int status = errno == EEXIST ? refuse_existing(output)
                                     : fail("%s: cannot be written: %s", output->path, strerror(errno));
        output_abandon(output);
        return status;
    }
    sync_directory(output->target);
    close_output(output);
    return 0;
}

int output_spool(const char *path)
{
    char *name = temporary_name(path);

    if (!name)
        return -1;
    int fd = temporary_file(name);
    if (fd >= 0) {
        unlink(name);
        temporary_file_ends(name);
    }
    free(name);
    return fd;
}
