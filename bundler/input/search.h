/* SPDX-License-Identifier: MIT */
/* Searches a part of a file for several strings of bytes at once. */
#ifndef BUNDLER_INPUT_SEARCH_H
#define BUNDLER_INPUT_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A string with a known length, which may contain zeros. */
struct needle {
    const char *bytes;
    size_t size; /* at most NEEDLE_MAX */
    bool found;
};

enum { NEEDLE_MAX = 64 };

/* A needle that is a whole C string: it is preceded and followed by a zero. */
#define NEEDLE_NAME(name) \
    { \
        "\0" name, sizeof name + 1, false \
    }

/*
 * Sets `found` of the needles that are in the `size` bytes at `offset`. Uses the same small amount of memory whatever
 * the size is. What cannot be read has nothing in it: whoever codes the file will report that.
 */
void search_file(int fd, uint64_t offset, uint64_t size, struct needle *needles, size_t count);

#endif
