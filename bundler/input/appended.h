/* SPDX-License-Identifier: MIT */
/*
 * Appended data: bytes of a build that no loader maps and that only a reader of the file itself finds. They follow
 * everything that the ELF headers describe, or are in a section without SHF_ALLOC that is not for debuggers or linkers.
 */
#ifndef BUNDLER_INPUT_APPENDED_H
#define BUNDLER_INPUT_APPENDED_H

#include <elf.h>
#include <stdbool.h>
#include <stdint.h>

#include "../../lib/format.h"
#include "sections.h"

struct appended_piece {
    char name[FATELF_APPENDED_NAME_SIZE]; /* of the section. Empty: the data at the end of the file */
    uint64_t offset, size;                /* in the file; size is not 0 */
};

struct appended {
    struct appended_piece pieces[FATELF_APPENDED_MAX]; /* the sections in the file's order, then the data at the end */
    unsigned count;
    bool uncopied; /* there is more than that, or a section with a name that the format cannot record */
};

/*
 * Finds the appended data of a file. The segments are the caller's, `segment_count` of them. Returns 0, or reports and
 * returns an exit status.
 */
int appended_read(struct appended *appended, struct sections *sections, const Elf64_Ehdr *header,
                  const Elf64_Phdr *segments, uint64_t segment_count);

#endif
