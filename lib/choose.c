/* SPDX-License-Identifier: MIT */
#include "choose.h"

#include "error.h"

int fatelf_choose(const struct fatelf_manifest *manifest, unsigned machine, struct fatelf_override override,
                  unsigned *index)
{
    unsigned highest = machine;

    if (override.level != 0) {
        if (override.level > machine && !override.force)
            return FATELF_ERROR_OVERRIDE;
        highest = override.level;
    }
    /* The variants are sorted by level, lowest first: fatelf_manifest_decode() has checked that. */
    for (unsigned i = manifest->header.variant_count; i-- > 0;) {
        if (manifest->variants[i].level <= highest) {
            *index = i;
            return 0;
        }
    }
    return FATELF_ERROR_NO_VARIANT;
}
