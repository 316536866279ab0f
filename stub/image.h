/* SPDX-License-Identifier: MIT */
/*
 * A program or a dynamic loader that is mapped into this process, as exec would map it. image_reserve() comes first;
 * then one of three ways to fill the segments: image_map(), image_move(), or image_make(), image_put() and
 * image_protect(); image_clear() comes last. If one of them fails, image_release() undoes all of them, but after
 * image_move() the caller calls image_move_back() first. Failures are OUTCOME_REFUSED.
 */
#ifndef STUB_IMAGE_H
#define STUB_IMAGE_H

#include "../lib/program.h"
#include "outcome.h"

struct image {
    struct fatelf_program program;
    uint64_t bias; /* added to the addresses in the program's file, modulo 2^64 */
    bool anywhere; /* mmap() chose where the program lies */
};

/*
 * Reserves the address space from the first to the last segment: for a relocatable program at `hint` if that is not 0
 * and free, or else wherever mmap() puts it. Sets bias and anywhere.
 */
struct outcome image_reserve(struct image *image, uint64_t hint);
/* Unmaps this address space and everything in it. */
void image_release(const struct image *image);

/* Maps the segments from the file `fd`. */
struct outcome image_map(const struct image *image, int fd);

/*
 * Moves the pages of a file that is mapped at `bytes` (readable; with `executable` also executable) to their segments.
 * `protection_keys`: the processor has them, and the kernel uses them. *moved is the number of segments that have
 * moved, also on failure. image_move_back() moves that many back, so that the pages can be read at `bytes` again; it
 * returns false if it cannot.
 */
struct outcome image_move(const struct image *image, const unsigned char *bytes, bool executable, bool protection_keys,
                          unsigned *moved);
bool image_move_back(const struct image *image, const unsigned char *bytes, unsigned moved);

/* Maps writable memory for the segments, which image_put() fills. */
struct outcome image_make(const struct image *image);
/* Gives this memory the segments' protection. */
struct outcome image_protect(const struct image *image);

/* Offsets and sizes below are in bytes of the program's file. */

/* The offset after the last byte that belongs to a segment. */
uint64_t image_file_end(const struct image *image);
/* Whether any of these bytes belong to a segment. */
bool image_wants(const struct image *image, uint64_t offset, uint64_t size);
/* The address of these bytes, if they all belong to one segment and none of them to another; otherwise NULL. */
unsigned char *image_place(const struct image *image, uint64_t offset, uint64_t size);
/* Copies these bytes to every segment that they belong to. */
void image_put(const struct image *image, const unsigned char *bytes, uint64_t offset, uint64_t size);

/* Clears the rest of each segment's last page from the file, where .bss starts. This cannot be undone. */
void image_clear(const struct image *image);

/* The rest is for image_move.c, which moves the pages of stored variants. */

/* The memory for an address in the program's file. */
unsigned char *image_at(const struct image *image, uint64_t address);
/* The segment's protection, PROT_*. */
int image_protection(const struct fatelf_segment *segment);
/* Maps `size` bytes of zeros at `start` with protection `access`. Returns false with errno if the kernel refuses it. */
bool image_map_memory(unsigned char *start, uint64_t size, int access);
/*
 * Maps the pages of segment `index` that have no bytes in the file. They are writable, whatever the segment's flags say
 * (fs/binfmt_elf.c). Unmaps the gap up to the next segment. Returns false with errno if the kernel refuses it.
 */
bool image_map_rest(const struct image *image, unsigned index);

#endif
