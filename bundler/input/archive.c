/* SPDX-License-Identifier: MIT */
#include "archive.h"

#include <stdlib.h>
#include <string.h>

#include "../base/file.h"

enum { RECORD = 22, DIRECTORY_SIZE = 12, DIRECTORY_OFFSET = 16 };

bool archive_keeps_offset(int fd, uint64_t offset, uint64_t size)
{
    size_t length = size < ARCHIVE_SEARCH ? (size_t)size : ARCHIVE_SEARCH;
    uint64_t start = offset + size - length;
    uint32_t directory_size, directory_offset;
    unsigned char *tail = length < RECORD ? NULL : malloc(length);
    bool keeps = false;

    if (tail && file_read(fd, tail, length, start)) {
        size_t at = length - RECORD;
        while (at > 0 && memcmp(tail + at, "PK\5\6", 4) != 0)
            at--;
        memcpy(&directory_size, tail + at + DIRECTORY_SIZE, sizeof directory_size);
        memcpy(&directory_offset, tail + at + DIRECTORY_OFFSET, sizeof directory_offset);
        keeps = memcmp(tail + at, "PK\5\6", 4) == 0 && start + at == (uint64_t)directory_offset + directory_size;
    }
    free(tail);
    return keeps;
}
