/* SPDX-License-Identifier: MIT */
/* Makes a frame of a zstd-delta payload out of its prefix: what lies in the frame's zstd frame, see format.h. */
#ifndef FATELF_DELTA_H
#define FATELF_DELTA_H

#include <stdbool.h>
#include <stddef.h>

#include "format.h"

/* How far what lies in a region of the base was moved, as the changes so far say. */
struct fatelf_delta_regions {
    uint32_t moved[FATELF_DELTA_REGIONS];
};

/* The region that a field points into which holds `value` and lies at `place` of the prefix. */
static inline uint32_t *fatelf_delta_region(struct fatelf_delta_regions *regions, uint32_t place, uint32_t value)
{
    return &regions->moved[(place + value) / FATELF_DELTA_REGION_SIZE % FATELF_DELTA_REGIONS];
}

/*
 * Fills the `raw_size` bytes at `raw` as the `size` bytes at `delta` say. `regions`: to work with. False: `delta` is not
 * what format.h says; nothing outside of `prefix`, `delta` and `raw` is looked at or written, but `raw` may be.
 */
bool fatelf_delta_decode(const unsigned char *delta, size_t size, const unsigned char *prefix, uint32_t prefix_size,
                         struct fatelf_delta_regions *regions, unsigned char *raw, uint32_t raw_size);

#endif
