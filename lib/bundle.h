/* SPDX-License-Identifier: MIT */
/* Finds and checks the manifest and the payloads of a bundle, either in mapped memory or in the bytes of a file. */
#ifndef FATELF_BUNDLE_H
#define FATELF_BUNDLE_H

#include "manifest.h"

#include <elf.h>
#include <stdbool.h>

/* The bytes of a bundle. The caller owns them and keeps them as long as anything that was made from them is in use. */
struct fatelf_image {
    const unsigned char *bytes; /* file: its first byte; mapped: where address 0 of the ELF file was mapped */
    uint64_t size;              /* file: its size in bytes; mapped: unused, since the kernel has mapped the segments */
    bool mapped;
};

struct fatelf_bundle {
    struct fatelf_manifest manifest;
    const unsigned char *bytes; /* the manifest's first byte: *_offset of struct fatelf_variant count from here */
    uint64_t size;              /* readable bytes from there to the end of the segment's file part */
    bool executable;            /* the segment is executable: stored variants can run where they are mapped */
};

/*
 * Fills *bundle from the program headers, which must be aligned and in native byte order. Returns 0 if the manifest is
 * valid and every payload and every copied section lies inside the manifest's segment; otherwise a FATELF_ERROR_*, and
 * *bundle is unchanged. Copies of data at the end of the file are not looked at.
 */
int fatelf_bundle_open(const struct fatelf_image *image, const Elf64_Phdr *headers, size_t count,
                       struct fatelf_bundle *bundle);

#endif
