/* SPDX-License-Identifier: MIT */
/*
 * A program as exec would map it: its PT_LOADs in whole pages, and the addresses that the kernel tells the program or
 * shows in /proc. The same code serves variants (from the manifest), and builds and dynamic loaders (from the file).
 * Sources: gABI, "Program Header"; Linux, fs/binfmt_elf.c.
 */
#ifndef FATELF_PROGRAM_H
#define FATELF_PROGRAM_H

#include "bundle.h"

#include <elf.h>
#include <stdbool.h>

#define FATELF_PAGE UINT64_C(4096)
enum { FATELF_SEGMENTS_MAX = 16 }; /* linkers make four or five */

/* One PT_LOAD. Addresses are as in the file; a relocatable program is moved as a whole. All sizes are in bytes. */
struct fatelf_segment {
    uint64_t address;     /* of its first page */
    uint64_t end;         /* address after its last page */
    uint64_t file_offset; /* of the page that is mapped at `address` */
    uint64_t file_size;   /* of all pages from the file; 0: there are none */
    uint64_t data_end;    /* address after the last byte from the file */
    uint64_t copied_head; /* of the pages at the start that must be copies, because another segment maps them */
    uint64_t copied_tail; /* of such pages at the end of the pages from the file */
    unsigned flags;       /* PF_R, PF_W, PF_X */
    bool clear;           /* the rest of the last page from the file, after data_end, must be zeroed (.bss) */
};

struct fatelf_program {
    struct fatelf_segment segments[FATELF_SEGMENTS_MAX]; /* sorted by address; no page of memory is in two of them */
    unsigned segment_count;
    bool relocatable; /* ET_DYN */
    bool executable_stack;
    uint64_t alignment; /* of the address where a relocatable program may be mapped; at least FATELF_PAGE */
    uint64_t entry;
    uint64_t headers; /* address of the program headers (AT_PHDR) */
    uint64_t header_count;
    uint64_t start_code, end_code, start_data, end_data; /* of proc(5), /proc/pid/stat */
    const char *interpreter;                             /* path of the dynamic loader; NULL: none */
};

/*
 * Fills *program, except its interpreter, from elf.{type, entry, header_offset, header_count} and the program headers
 * (any alignment). Segments must lie within the first `file_size` bytes of the file. Returns 0, or a
 * FATELF_ERROR_PROGRAM_* if the program cannot be mapped in place; only exec may be able to start it, and *program is
 * unchanged.
 */
int fatelf_program_read(const struct fatelf_elf *elf, const void *headers, uint64_t file_size,
                        struct fatelf_program *program);

/*
 * The same for variant `index` of a bundle, with its interpreter, which points into the bundle.
 * FATELF_ERROR_PROGRAM_NONE: the manifest has no struct fatelf_elf for this variant.
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
