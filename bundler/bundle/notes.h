/* SPDX-License-Identifier: MIT */
/* Makes ELF notes. */
#ifndef BUNDLER_BUNDLE_NOTES_H
#define BUNDLER_BUNDLE_NOTES_H

#include <stddef.h>
#include <stdint.h>

struct made_note {
    unsigned char *bytes;      /* header, owner, descriptor, zeros up to a multiple of 4 bytes; the caller frees them */
    unsigned char *descriptor; /* in `bytes`; all zeros at first */
    size_t size;               /* of `bytes` */
};

/* Makes a note with room for `size` bytes. `bytes` is NULL if there is no memory. */
struct made_note note_make(const char *owner, uint32_t type, size_t size);

/* Makes the note that names this version of the tool. `bytes` is NULL if there is no memory. */
struct made_note note_make_creator(void);

#endif
