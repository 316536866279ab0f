/* SPDX-License-Identifier: MIT */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
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

int file_fail_read(const char *path)
{
    return fail("%s: cannot be read: %s", path, errno ? strerror(errno) : "it became shorter");
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

/* Copies the contents of a file into a new one. */
static bool copy(const char *from, const char *to)
{
    char bytes[1 << 16];
    int source = open(from, O_RDONLY | O_CLOEXEC);
    int copy = source >= 0 ? open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRWXU) : -1;
    ssize_t n = -1;

    while (copy >= 0 && (n = read(source, bytes, sizeof bytes)) > 0 && file_write(copy, bytes, (size_t)n))
        ;
    int error = errno;
    if (copy >= 0)
        close(copy);
    if (source >= 0)
        close(source);
    errno = error;
    return n == 0;
}

bool file_move(const char *from, const char *to)
{
    return rename(from, to) == 0 || (errno == EXDEV && copy(from, to) && unlink(from) == 0);
}
