/* SPDX-License-Identifier: MIT */
/* Decodes a delta-coded frame from its prefix and the content of its zstd frame (struct fatelf_delta in format.h). */
#ifndef FATELF_DELTA_H
#define FATELF_DELTA_H

#include <stdbool.h>
#include <stddef.h>

#include "format.h"
#include "window.h"

/* moved[] of format.h: by how many bytes the content of each region has moved, according to the changes so far. */
struct fatelf_delta_regions {
    uint32_t moved[FATELF_DELTA_REGIONS];
};

/* The entry of the region that a field points into. The field is at prefix[place] and has this `value` there. */
static inline uint32_t *fatelf_delta_region(struct fatelf_delta_regions *regions, uint32_t place, uint32_t value)
{
    return &regions->moved[(place + value) / FATELF_DELTA_REGION_SIZE % FATELF_DELTA_REGIONS];
}

/* Where a frame's prefix is: the `size` bytes of the base from `offset` on. They are all in the window. */
struct fatelf_prefix {
    const struct fatelf_window *base;
    uint64_t offset;
    uint32_t size;
};

/*
 * Decodes the `size` bytes at `delta` and fills the `raw_size` bytes at `raw`. `regions` is scratch memory, which the
 * function initialises. Returns false if `delta` does not follow format.h; `raw` may be partly written then. Whatever
 * `delta` contains, only `delta`, `raw` and the prefix are read, and only `raw` and `regions` are written.
 */
bool fatelf_delta_decode(const unsigned char *delta, size_t size, const struct fatelf_prefix *prefix,
                         struct fatelf_delta_regions *regions, unsigned char *raw, uint32_t raw_size);

#endif
