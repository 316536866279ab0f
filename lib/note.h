/* SPDX-License-Identifier: MIT */
/* Reads ELF notes, one after the other (gABI, "Note Section"). */
#ifndef FATELF_NOTE_H
#define FATELF_NOTE_H

#include <stdbool.h>
#include <stdint.h>

/* One note. It points into the bytes that it was read from. */
struct fatelf_note {
    uint32_t type;
    uint32_t owner_size;        /* of the owner's name, terminating 0 included */
    uint32_t size;              /* of the descriptor */
    const unsigned char *owner; /* the name */
    const unsigned char *bytes; /* the descriptor */
};

/*
 * Reads the note at *notes, of which *size bytes are left, and advances both past it. Owner and descriptor are padded
 * to 4 bytes, as in every PT_NOTE whose p_align is 4. False: no whole note is left.
 */
bool fatelf_note_next(const unsigned char **notes, uint64_t *size, struct fatelf_note *note);

/* Whether this is the owner of the note. `owner` is a string. */
bool fatelf_note_is_by(const struct fatelf_note *note, const char *owner);

#endif
