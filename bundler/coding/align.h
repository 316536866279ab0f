/* SPDX-License-Identifier: MIT */
/* Determines which bytes of a frame are best copied from a piece of the base, and from where. */
#ifndef BUNDLER_CODING_ALIGN_H
#define BUNDLER_CODING_ALIGN_H

#include <stddef.h>
#include <stdint.h>

struct aligner;

/* An aligner is for one thread and frames of up to `size` bytes. NULL: out of memory. */
struct aligner *aligner_make(size_t size);
void aligner_free(struct aligner *aligner); /* NULL is allowed */

/* The shift of a literal: the byte is not copied. */
#define ALIGN_LITERAL INT32_MIN
/* align() may read this many bytes after `piece` and `bytes`. Callers set these, so that the result is reproducible. */
enum { ALIGN_SLACK = 8 };

/*
 * Returns the shift of each of the `size` bytes: bytes[i] is best copied from piece[i + shift], or is a literal if the
 * shift is ALIGN_LITERAL. A copied byte can differ if changing it afterwards is cheaper than writing literals. The
 * result is valid until the next call. NULL: out of memory.
 */
const int32_t *align(struct aligner *aligner, const unsigned char *piece, size_t piece_size, const unsigned char *bytes,
                     size_t size);

#endif
