/* SPDX-License-Identifier: MIT */
#include "file.h"

#include <errno.h>
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
