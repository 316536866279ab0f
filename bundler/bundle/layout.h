/* SPDX-License-Identifier: MIT */
/* Where the parts of a bundle lie behind the stub. Arithmetic only. */
#ifndef BUNDLER_BUNDLE_LAYOUT_H
#define BUNDLER_BUNDLE_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

#include "../../lib/format.h"

enum { LAYOUT_PARTS_MAX = FATELF_VARIANTS_MAX + 8, LAYOUT_PAGE = 4096 };

/* A section that `create` adds. */
struct layout_part {
    const char *name;
    uint64_t size;
    uint64_t alignment; /* a power of two */
    uint64_t address;   /* set by layout_place */
};

/*
 * Gives the parts their addresses, in order, the first at the page boundary at or behind `stub_end`. Returns the end of
 * the last part.
 */
uint64_t layout_place(uint64_t stub_end, struct layout_part *parts, size_t count);

/* `value` rounded up to a multiple of `alignment`, a power of two. */
uint64_t layout_round_up(uint64_t value, uint64_t alignment);

#endif
