/* SPDX-License-Identifier: MIT */
/* Finds out what of a frame is best copied from where in a piece of the base. */
#ifndef BUNDLER_CODING_ALIGN_H
#define BUNDLER_CODING_ALIGN_H

#include <stddef.h>
#include <stdint.h>

struct aligner;

/* A tool for one thread and frames of up to `size` bytes. NULL: out of memory. aligner_free() takes NULL too. */
struct aligner *aligner_make(size_t size);
void aligner_free(struct aligner *aligner);

/* In place of a shift: the byte is copied from nowhere. */
#define ALIGN_LITERAL INT32_MIN
/* So many bytes behind `piece` and `bytes` can be read, and have the same values always. */
enum { ALIGN_SLACK = 8 };

/*
 * For each of the `size` bytes its shift, so that piece[i + shift] is the byte to copy to i, or ALIGN_LITERAL; until the
 * next call. Copies may have wrong bytes in them: those are worth being changed afterwards. NULL: out of memory.
 */
const int32_t *align(struct aligner *aligner, const unsigned char *piece, size_t piece_size, const unsigned char *bytes,
                     size_t size);

#endif
