/* SPDX-License-Identifier: MIT */
/* Shared by the tests of delta decoding, lib/delta.c, and of delta coding, bundler/coding/delta.c. */
#ifndef TESTS_UNIT_DELTA_H
#define TESTS_UNIT_DELTA_H

#include "unit.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/delta.h"

/* Decodes with a window of exactly this size, in which the prefix starts at `start`. */
static inline bool decode_from(const struct fatelf_window *window, uint64_t start, const void *delta, size_t size,
                               uint32_t prefix_size, unsigned char *raw, uint32_t raw_size)
{
    struct fatelf_delta_regions *regions = malloc(sizeof *regions);
    struct fatelf_prefix prefix = {window, start, prefix_size};

    memset(raw, 0x5a, raw_size);
    bool result = fatelf_delta_decode(delta, size, &prefix, regions, raw, raw_size);
    free(regions);
    return result;
}

/*
 * Decodes from and to memory of exactly these sizes, so that AddressSanitizer finds every access outside. The result
 * must be the same wherever the prefix crosses the end of the window.
 */
static inline bool decode(const void *delta, size_t size, const unsigned char *prefix, uint32_t prefix_size,
                          unsigned char *raw, uint32_t raw_size)
{
    unsigned char *from = malloc(size ? size : 1), *first = malloc(raw_size), *to = malloc(raw_size);
    unsigned char *ring = malloc(prefix_size);
    struct fatelf_window window = {ring, prefix_size};
    bool result = false;

    memcpy(from, delta, size);
    for (uint32_t start = 0; start < prefix_size; start += prefix_size < 100 ? 1 : prefix_size / 3) {
        memcpy(ring + start, prefix, prefix_size - start);
        memcpy(ring, prefix + (prefix_size - start), start);
        if (start == 0) {
            result = decode_from(&window, start, from, size, prefix_size, first, raw_size);
        } else {
            assert_int_equal(decode_from(&window, start + prefix_size, from, size, prefix_size, to, raw_size), result);
            if (result)
                assert_memory_equal(to, first, raw_size);
        }
    }
    memcpy(raw, first, raw_size);
    free(from);
    free(first);
    free(to);
    free(ring);
    return result;
}

static inline void add(unsigned char *field, uint32_t difference)
{
    uint32_t value;

    memcpy(&value, field, sizeof value);
    value += difference;
    memcpy(field, &value, sizeof value);
}

#endif
