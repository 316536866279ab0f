/* SPDX-License-Identifier: MIT */
/* What the manifest records of a build's ELF headers (struct fatelf_elf), so that the launcher can map the variant. */
#ifndef BUNDLER_INPUT_RECORD_H
#define BUNDLER_INPUT_RECORD_H

#include "../../lib/bundle.h"
#include "elf.h"

struct record {
    unsigned char *bytes; /* the struct fatelf_elf and what follows it; owned. NULL: only exec can start the program */
    uint32_t size;        /* of these bytes */
    const char *not_in_place; /* why there are none; static storage */
};

/*
 * Fills *record for the file `fd` of `size` bytes. Returns 0, or reports with `path` and returns an exit status. The
 * caller frees record->bytes.
 */
int record_make(struct record *record, const struct elf_file *elf, int fd, uint64_t size, const char *path);

/*
 * Compares the manifest's record of variant `index` with `size` bytes of the variant, which start at `offset` in it.
 * True: they agree, or the variant has no record.
 */
bool record_matches(const struct fatelf_bundle *bundle, unsigned index, const unsigned char *bytes, size_t size,
                    uint64_t offset);

#endif
