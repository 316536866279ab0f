/* SPDX-License-Identifier: MIT */
/* Shared by the tests of delta decoding, lib/delta.c, and of delta coding, bundler/coding/delta.c. */
#ifndef TESTS_UNIT_DELTA_H
#define TESTS_UNIT_DELTA_H

#include "unit.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/delta.h"

/* Decodes from and to memory of exactly these sizes, so that AddressSanitizer finds every access outside. */
static inline bool decode(const void *delta, size_t size, const unsigned char *prefix, uint32_t prefix_size,
                          unsigned char *raw, uint32_t raw_size)
{
    struct fatelf_delta_regions *regions = malloc(sizeof *regions);
    unsigned char *from = malloc(size ? size : 1), *to = malloc(raw_size);

    memcpy(from, delta, size);
    memset(to, 0x5a, raw_size);
    bool result = fatelf_delta_decode(from, size, prefix, prefix_size, regions, to, raw_size);
    memcpy(raw, to, raw_size);
    free(from);
    free(to);
    free(regions);
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
