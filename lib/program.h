/* SPDX-License-Identifier: MIT */
/*
 * A program as exec would map it: its PT_LOADs in whole pages, and what the kernel tells it of itself. Computed in one
 * place for variants (from the manifest, or from the file before it is bundled) and for dynamic loaders (from the file).
 * Sources: gABI, "Program Header"; Linux, fs/binfmt_elf.c.
 */
#ifndef FATELF_PROGRAM_H
#define FATELF_PROGRAM_H

#include "bundle.h"

#include <elf.h>
#include <stdbool.h>

#define FATELF_PAGE UINT64_C(4096)
enum { FATELF_SEGMENTS_MAX = 16 }; /* linkers write four or five */

/* One PT_LOAD. Addresses are those of the file; a relocatable program is moved as a whole. */
struct fatelf_segment {
    uint64_t address;     /* of its first page */
    uint64_t end;         /* behind its last page */
    uint64_t file_offset; /* of the page in the file that lies at `address` */
    uint64_t file_size;   /* of the pages that come from the file; 0: none does */
    uint64_t data_end;    /* address behind the last byte that comes from the file */
    uint64_t copied_head; /* pages at its start that another segment has too, and takes; in bytes */
    uint64_t copied_tail; /* the same at the end of the pages from the file */
    unsigned flags;       /* PF_R, PF_W, PF_X */
    bool clear;           /* the rest of the last page from the file, behind data_end, is zeros */
};

struct fatelf_program {
    struct fatelf_segment segments[FATELF_SEGMENTS_MAX]; /* by address; their pages do not overlap */
    unsigned segment_count;
    bool relocatable; /* ET_DYN */
    bool executable_stack;
    uint64_t alignment; /* of where a relocatable program may lie; at least a page */
    uint64_t entry;
    uint64_t headers; /* address of the program headers (AT_PHDR) */
    uint64_t header_count;
    uint64_t start_code, end_code, start_data, end_data; /* as in proc(5), /proc/pid/stat */
    const char *interpreter;                             /* path of the dynamic loader; NULL: it needs none */
};

/*
 * Fills *program but for its interpreter from what elf.{type, entry, header_offset, header_count} say and the program
 * headers (any alignment). Segments must lie within the first `file_size` bytes of the file. Returns 0 or a
 * FATELF_ERROR_PROGRAM_*, with which the program can be started by exec alone, or not at all.
 */
int fatelf_program_read(const struct fatelf_elf *elf, const void *headers, uint64_t file_size,
                        struct fatelf_program *program);

/*
 * The same for variant `index` of a bundle, with its interpreter, which stays where the bundle is.
 * FATELF_ERROR_PROGRAM_NONE: the bundle says nothing of the variant's segments.
 */
int fatelf_bundle_program(const struct fatelf_bundle *bundle, unsigned index, struct fatelf_program *program);

/* Page arithmetic. */
static inline uint64_t fatelf_page_start(uint64_t value)
{
    return value & ~(FATELF_PAGE - 1);
}

static inline uint64_t fatelf_page_end(uint64_t value)
{
    return fatelf_page_start(value + FATELF_PAGE - 1);
}

#endif
