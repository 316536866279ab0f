/* SPDX-License-Identifier: MIT */
/* Finds the piece of a base build that a frame of another build resembles, wherever it has moved to. */
#ifndef BUNDLER_CODING_LOCATE_H
#define BUNDLER_CODING_LOCATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A place in the base. */
struct place {
    uint64_t offset;
    uint32_t size;
};

struct locator;

/*
 * Reads the `size` bytes of `fd` and keeps where sampled windows of them lie, in no more than 32 MiB. NULL with errno
 * set (0: the file is shorter). locator_free() takes NULL too. Several threads may ask one locator.
 */
struct locator *locator_make(int fd, uint64_t size);
void locator_free(struct locator *locator);

/*
 * The piece of the base to code `bytes` against: as small as holds most of what is found, no more than
 * FATELF_PREFIX_MAX. `share`: where the middle of `bytes` lies in its own file, from 0 to 1. False: out of memory.
 */
bool locator_find(const struct locator *locator, const unsigned char *bytes, size_t size, double share,
                  struct place *place);

#endif
