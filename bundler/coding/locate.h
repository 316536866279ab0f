/* SPDX-License-Identifier: MIT */
/* Finds the piece of the base that a frame of another build resembles, even if it has moved. */
#ifndef BUNDLER_CODING_LOCATE_H
#define BUNDLER_CODING_LOCATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A piece of the base, in bytes. */
struct place {
    uint64_t offset;
    uint32_t size;
};

struct locator;

/*
 * Reads the `size` bytes of the base from `fd` and builds an index of a sample of their windows, in at most 32 MiB of
 * memory. NULL: errno says why (0: the file is shorter than `size`). Several threads may search one locator.
 */
struct locator *locator_make(int fd, uint64_t size);
void locator_free(struct locator *locator); /* NULL is allowed */

/*
 * Sets *place to the piece of the base against which `bytes` should be coded: a small piece that contains most of what
 * was found, at most FATELF_PREFIX_MAX bytes. `share`: where the middle of `bytes` lies in its own file, from 0 (the
 * start) to 1 (the end). False: out of memory.
 */
bool locator_find(const struct locator *locator, const unsigned char *bytes, size_t size, double share,
                  struct place *place);

#endif
