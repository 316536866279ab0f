/* SPDX-License-Identifier: MIT */
/* A program or a dynamic loader that is mapped into this process, as exec would map it. */
#ifndef STUB_IMAGE_H
#define STUB_IMAGE_H

#include "../lib/program.h"

struct image {
    struct fatelf_program program;
    uint64_t bias; /* to add to the program's addresses; modulo 2^64 */
    bool anywhere; /* the kernel chose where it lies */
};

/*
 * Functions that return int: 0, or -errno with *call set to what was refused. image_release() takes back what
 * was done then, but for image_move().
 */

/* Takes the addresses for it: a relocatable one's from `hint` on, if these are free, or wherever the kernel likes. */
int image_reserve(struct image *image, uint64_t hint, const char **call);
/* Gives them back, with all that is mapped there. */
void image_release(const struct image *image);

/* Maps the pages of the file `fd`. */
int image_map(const struct image *image, int fd, const char **call);
/*
 * Moves the pages of a file that is mapped at `bytes` (readable; `executable`: also that) to their places. *moved is
 * then how many segments have moved, also where it fails; image_move_back() brings these back, to be read. False: it
 * could not.
 */
int image_move(const struct image *image, const unsigned char *bytes, bool executable, unsigned *moved,
               const char **call);
bool image_move_back(const struct image *image, const unsigned char *bytes, unsigned moved);
/* Maps memory that image_put() fills; image_protect() then gives it the segments' protection. */
int image_make(const struct image *image, const char **call);
int image_protect(const struct image *image, const char **call);

/* Where the last of the bytes of the file that are in a segment ends. */
uint64_t image_file_end(const struct image *image);
/* Are bytes [offset, offset + size) of the file in a segment? */
bool image_wants(const struct image *image, uint64_t offset, uint64_t size);
/* Where they all lie, side by side and nowhere else; NULL: there is no such place. */
unsigned char *image_place(const struct image *image, uint64_t offset, uint64_t size);
/* Copies them wherever they belong. */
void image_put(const struct image *image, const unsigned char *bytes, uint64_t offset, uint64_t size);

/* Clears what lies behind the last bytes from the file, to the end of the page. The last step: it cannot be undone. */
void image_clear(const struct image *image);

#endif
