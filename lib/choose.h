/* SPDX-License-Identifier: MIT */
/* Chooses the variant to run. */
#ifndef FATELF_CHOOSE_H
#define FATELF_CHOOSE_H

#include "manifest.h"

#include <stdbool.h>

/* What the user asked for in the environment. All zero: nothing. */
struct fatelf_override {
    uint8_t level; /* use this level at most; 0: no limit was asked for */
    bool force;    /* allow `level` to be above the machine's */
};

/*
 * Sets *index to the variant with the highest level that is not above the limit: override.level, or else the level of
 * the machine, `machine` (0..4). Returns 0, FATELF_ERROR_OVERRIDE (override.level is above `machine`, without force) or
 * FATELF_ERROR_NO_VARIANT (all variants are above the limit); on an error, *index is unchanged.
 */
int fatelf_choose(const struct fatelf_manifest *manifest, unsigned machine, struct fatelf_override override,
                  unsigned *index);

#endif
