/* SPDX-License-Identifier: MIT */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
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

enum { CHUNK = 1 << 16 };

static size_t chunk_at(uint64_t at, uint64_t size)
{
    return size - at < CHUNK ? (size_t)(size - at) : CHUNK;
}

enum file_failure file_compare(int first, int second, uint64_t size, bool *same)
{
    unsigned char chunks[2][CHUNK];

    *same = true;
    for (uint64_t at = 0; *same && at < size; at += CHUNK) {
        size_t length = chunk_at(at, size);
        if (!file_read(first, chunks[0], length, at))
            return FILE_FIRST;
        if (!file_read(second, chunks[1], length, at))
            return FILE_SECOND;
        *same = memcmp(chunks[0], chunks[1], length) == 0;
    }
    return FILE_GOOD;
}

enum file_failure file_copy(int first, uint64_t offset, uint64_t size, int second)
{
    unsigned char chunk[CHUNK];

    for (uint64_t at = 0; at < size; at += CHUNK) {
        size_t length = chunk_at(at, size);
        if (!file_read(first, chunk, length, offset + at))
            return FILE_FIRST;
        if (!file_write(second, chunk, length))
            return FILE_SECOND;
    }
    return FILE_GOOD;
}

/* Makes a new file with the contents of another one. */
static bool copy(const char *from, const char *to)
{
    int source = open(from, O_RDONLY | O_CLOEXEC), copied = -1;
    struct stat stat;
    bool good = source >= 0 && fstat(source, &stat) == 0;

    if (good)
        copied = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRWXU);
    good = copied >= 0 && file_copy(source, 0, (uint64_t)stat.st_size, copied) == FILE_GOOD;
    int error = errno;
    if (copied >= 0)
        close(copied);
    if (source >= 0)
        close(source);
    errno = error;
    return good;
}

bool file_move(const char *from, const char *to)
{
    return rename(from, to) == 0 || (errno == EXDEV && copy(from, to) && unlink(from) == 0);
}

const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

char *file_in_path(const char *name, bool (*skip)(const char *path))
{
    const char *path = getenv("PATH");
    char *file;

    if (strchr(name, '/'))
        return strdup(name);
    for (const char *end; path; path = *end ? end + 1 : NULL) {
        end = strchrnul(path, ':');
        if (asprintf(&file, "%.*s%s%s", (int)(end - path), path, end > path ? "/" : "", name) < 0)
            return NULL;
        if (access(file, X_OK) == 0 && !(skip && skip(file)))
            return file;
        free(file);
    }
    return NULL;
}
