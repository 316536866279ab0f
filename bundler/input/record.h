/* SPDX-License-Identifier: MIT */
/* What the manifest says of a build's ELF headers, so that the launcher can map it itself (struct fatelf_elf). */
#ifndef BUNDLER_INPUT_RECORD_H
#define BUNDLER_INPUT_RECORD_H

#include "../../lib/bundle.h"
#include "elf.h"
#include "build.h"

/*
 * Fills variant->elf, elf_size and the fields that say what of the program a launch method must know; where it can only
 * be started by exec, elf stays NULL and variant->not_in_place says why. Returns 0, or reports and returns an exit
 * status.
 */
int record_make(struct build *variant, const struct elf_file *elf);

/*
 * Is what the manifest says of variant `index` true of these bytes, which stand at `offset` in the variant? Right for a
 * variant that the manifest says nothing of.
 */
bool record_matches(const struct fatelf_bundle *bundle, unsigned index, const unsigned char *bytes, size_t size,
                    uint64_t offset);

#endif
