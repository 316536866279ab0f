/* What goes into the manifest of a build's ELF headers, so that the launcher can map it itself (struct fatelf_elf). */
#ifndef BUNDLER_RECORD_H
#define BUNDLER_RECORD_H

#include "elffile.h"
#include "variant.h"

/*
 * Fills variant->elf, elf_size and the fields that say what of the program a launch method must know; where it can only
 * be started by exec, elf stays NULL and variant->not_in_place says why. Returns 0, or reports and returns an exit
 * status.
 */
int record_make(struct variant *variant, const struct elf_file *elf);

#endif
