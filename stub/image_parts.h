/* SPDX-License-Identifier: MIT */
/* What image.c and image_move.c share. */
#ifndef STUB_IMAGE_PARTS_H
#define STUB_IMAGE_PARTS_H

#include "image.h"

/* The memory for an address in the program's file. */
unsigned char *image_at(const struct image *image, uint64_t address);

/* The segment's protection, PROT_*. */
int image_protection(const struct fatelf_segment *segment);

/* Maps zeros over `size` bytes of the image. Returns false with errno if the kernel refuses it. */
bool image_map_memory(unsigned char *start, uint64_t size, int access);

/*
 * Maps the pages of segment `index` that have no bytes in the file. They are writable, whatever the segment's flags say
 * (fs/binfmt_elf.c). Unmaps the gap up to the next segment. Returns false with errno if the kernel refuses it.
 */
bool image_map_rest(const struct image *image, unsigned index);

#endif
