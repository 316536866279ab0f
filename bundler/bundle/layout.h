/* SPDX-License-Identifier: MIT */
/* The parts of a bundle after the stub, and where they lie. Arithmetic only. */
#ifndef BUNDLER_BUNDLE_LAYOUT_H
#define BUNDLER_BUNDLE_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LAYOUT_PAGE = 4096 };

/* A section that is added to the stub. */
struct layout_part {
    const char *name;
    uint64_t size;
    uint64_t alignment; /* a power of two */
    bool note;          /* covered by the PT_NOTE segment */
    bool code;          /* the section may hold code that is run where it is mapped */

    enum { LAYOUT_MEMORY, LAYOUT_FILE } source;
    const unsigned char *bytes; /* LAYOUT_MEMORY */
    int fd;                     /* LAYOUT_FILE: read from this offset on */
    uint64_t offset;

    uint64_t address; /* set by layout_place() */
};

/*
 * Moves the notes before all other parts, because the PT_NOTE segment covers them without a gap, keeps the order
 * otherwise, and gives all parts their addresses: the first one at the page boundary at or after `stub_end`. Returns the
 * end of the last part.
 */
uint64_t layout_place(uint64_t stub_end, struct layout_part *parts, size_t count);

/* `value` rounded up to a multiple of `alignment`, a power of two. */
uint64_t layout_round_up(uint64_t value, uint64_t alignment);

#endif
