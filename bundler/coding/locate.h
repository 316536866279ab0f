/* SPDX-License-Identifier: MIT */
/* Finds the piece of the base that a frame of another build resembles, even if it has moved. */
#ifndef BUNDLER_CODING_LOCATE_H
#define BUNDLER_CODING_LOCATE_H

#include <stddef.h>
#include <stdint.h>

/* A piece of the base, in bytes. */
struct place {
    uint64_t offset;
    uint32_t size;
};

/*
 * How far the ends of a piece are at most from the frame's own position in the base, in bytes. Because of this limit,
 * the reach of a variant is at most FATELF_REACH_MAX; locate.c explains it, and compress.c checks it.
 */
enum { LOCATE_DISTANCE_MAX = 15 << 20 };

struct locator;

/*
 * Reads the `size` bytes of the base from `fd` and builds an index of a sample of their windows, in at most 32 MiB of
 * memory. NULL: errno says why (0: the file is shorter than `size`). Several threads may search one locator.
 */
struct locator *locator_make(int fd, uint64_t size);
void locator_free(struct locator *locator); /* NULL is allowed */

/*
 * Sets *place to the piece of the base against which `bytes` should be coded: a small piece that contains most of what
 * was found, within LOCATE_DISTANCE_MAX of the frame's own position. `share`: where the middle of `bytes` lies in its
 * own file, from 0 (the start) to 1 (the end).
 */
void locator_find(const struct locator *locator, const unsigned char *bytes, size_t size, double share,
                  struct place *place);

#endif
