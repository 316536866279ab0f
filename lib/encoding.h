/* SPDX-License-Identifier: MIT */
/*
 * The encodings of a payload: one table row each. A new encoding is a constant in format.h, a row here with a file that
 * decodes it, and a row in bundler/coding/encode.c with a file that codes it.
 */
#ifndef FATELF_ENCODING_H
#define FATELF_ENCODING_H

#include "coded_frame.h"
#include "format.h"

#include <stdbool.h>
#include <stddef.h>

struct fatelf_encoding_row {
    const char *name; /* in listings */
    enum fatelf_encoding number;
    uint64_t incompatible; /* the FATELF_INCOMPATIBLE_* bits that a bundle with such a variant has */
    bool seek_table;       /* the payload ends with a seek table */
    bool base;             /* the variant names a base, and its frames may have a prefix */
    bool is_base;          /* such a variant can be the base of others */
    /* Returns 0 or FATELF_ERROR_FRAME. NULL: the payload is the variant's bytes. */
    int (*decode)(const struct fatelf_coded_frame *frame);
    /* Bytes of scratch memory that decode() needs. NULL: none. */
    size_t (*scratch_size)(uint32_t frame_size);
};

/* The row of a number. NULL: there is none. */
const struct fatelf_encoding_row *fatelf_encoding_by_number(unsigned number);

#endif
