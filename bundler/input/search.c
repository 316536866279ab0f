/* SPDX-License-Identifier: MIT */
#include "search.h"

#include <stdlib.h>
#include <string.h>

#include "../base/file.h"

void search_file(int fd, uint64_t offset, uint64_t size, struct needle *needles, size_t count)
{
    enum { CHUNK = 1 << 20 };
    unsigned char *chunk = malloc(CHUNK + NEEDLE_MAX);
    bool readable = chunk != NULL;

    for (uint64_t at = 0; readable && at < size; at += CHUNK) {
        /* the next needle may begin in this chunk and end in the next one */
        size_t length = size - at < CHUNK + NEEDLE_MAX ? (size_t)(size - at) : CHUNK + NEEDLE_MAX;
        readable = file_read(fd, chunk, length, offset + at);
        for (size_t i = 0; readable && i < count; i++)
            if (!needles[i].found)
                needles[i].found = memmem(chunk, length, needles[i].bytes, needles[i].size) != NULL;
    }
    free(chunk);
}
