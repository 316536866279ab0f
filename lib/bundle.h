/* SPDX-License-Identifier: MIT */
/* Finds and checks the manifest of a bundle, and checks where its payloads are. */
#ifndef FATELF_BUNDLE_H
#define FATELF_BUNDLE_H

#include "manifest.h"

#include <elf.h>
#include <stdbool.h>

/* Where the bytes of a bundle come from: its segments in memory, or a file. */
struct fatelf_image {
    /*
     * Returns the p_filesz bytes of a PT_NOTE segment that lies in a PT_LOAD. NULL: they cannot be read. The bytes must
     * stay where they are until the next call, and those with the manifest as long as the bundle is in use.
     */
    const unsigned char *(*notes)(void *owner, const Elf64_Phdr *segment);
    void *owner; /* the first argument of notes() */
    bool mapped; /* all segments are in memory, as their p_vaddr say */
};

struct fatelf_bundle {
    struct fatelf_manifest manifest;
    const unsigned char *bytes; /* the manifest's first byte: *_offset of struct fatelf_variant count from here */
    uint64_t file_offset;       /* of that byte in the bundle's file; *_offset count from here as well */
    uint64_t size;              /* bytes from there to the end of the segment's file part */
    bool mapped;                /* all of them are in memory; otherwise only the manifest is */
    bool executable;            /* the segment is executable: stored variants can run where they are mapped */
};

/*
 * Fills *bundle from the program headers, which must be aligned and in native byte order. Returns 0 if the manifest is
 * valid and every payload lies inside the manifest's segment; otherwise a FATELF_ERROR_*, and *bundle is unchanged.
 */
int fatelf_bundle_open(const struct fatelf_image *image, const Elf64_Phdr *headers, size_t count,
                       struct fatelf_bundle *bundle);

#endif
