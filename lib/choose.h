/* SPDX-License-Identifier: MIT */
/* Which variant to run. */
#ifndef FATELF_CHOOSE_H
#define FATELF_CHOOSE_H

#include "manifest.h"

#include <stdbool.h>

/* What somebody asked for, by environment or command line. All zero: nothing. */
struct fatelf_override {
    uint8_t level; /* use at most this level; 0: no wish */
    bool force;    /* even above the machine's level */
};

/*
 * Sets *index to the variant with the highest level that is at or below `machine` (0..4), or below the override's.
 * Returns 0, FATELF_ERROR_OVERRIDE or FATELF_ERROR_NO_VARIANT; on error *index stays as it was.
 */
int fatelf_choose(const struct fatelf_manifest *manifest, unsigned machine, struct fatelf_override override,
                  unsigned *index);

#endif
