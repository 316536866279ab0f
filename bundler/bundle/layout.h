/* SPDX-License-Identifier: MIT */
/* The parts of a bundle after the stub, and their addresses. Arithmetic only. */
#ifndef BUNDLER_BUNDLE_LAYOUT_H
#define BUNDLER_BUNDLE_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LAYOUT_PAGE = 4096 };

/* A section that is added to the stub. */
struct layout_part {
    const char *name;
    uint64_t size;      /* in bytes */
    uint64_t alignment; /* in bytes, a power of two */
    bool note;          /* covered by the PT_NOTE segment */
    bool code;          /* the section may contain code that is run where it is mapped */

    enum { LAYOUT_MEMORY, LAYOUT_FILE } source;
    const unsigned char *bytes; /* LAYOUT_MEMORY; the caller's */
    int fd;                     /* LAYOUT_FILE; the caller's */
    uint64_t offset;            /* LAYOUT_FILE: of the first byte in that file */

    uint64_t address; /* set by layout_place() */
};

/*
 * Gives all parts their addresses, starting at the page boundary at or after `stub_end`. The notes are moved before all
 * other parts first, because the PT_NOTE segment covers them without a gap; otherwise the order stays the same. Returns
 * the address after the last part.
 */
uint64_t layout_place(uint64_t stub_end, struct layout_part *parts, size_t count);

/* `value` rounded up to a multiple of `alignment`, a power of two. */
uint64_t layout_round_up(uint64_t value, uint64_t alignment);

#endif
