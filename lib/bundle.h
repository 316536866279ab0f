/* SPDX-License-Identifier: MIT */
/* Finds and checks what a bundle holds, in memory as the kernel mapped it or in the bytes of a file. */
#ifndef FATELF_BUNDLE_H
#define FATELF_BUNDLE_H

#include "manifest.h"

#include <elf.h>
#include <stdbool.h>

/* Where a bundle's bytes are. The caller owns them; they outlive whatever is made from them. */
struct fatelf_image {
    const unsigned char *bytes; /* file: its first byte; mapped: where address 0 of the ELF file lies */
    uint64_t size;              /* file: its size; mapped: unused, the kernel has mapped the segments */
    bool mapped;
};

struct fatelf_bundle {
    struct fatelf_manifest manifest;
    const unsigned char *bytes; /* the manifest's first byte: payload_offset and frames_offset count from here */
    uint64_t size;              /* readable bytes from there to the end of the segment */
    bool executable;            /* the segment's bytes may be run where they are mapped */
};

/*
 * Fills *bundle from the program headers (aligned, in native byte order). Every payload is inside the segment when it
 * returns 0; otherwise a FATELF_ERROR_* and *bundle is as it was.
 */
int fatelf_bundle_open(const struct fatelf_image *image, const Elf64_Phdr *headers, size_t count,
                       struct fatelf_bundle *bundle);

#endif
