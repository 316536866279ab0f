/* SPDX-License-Identifier: MIT */
/* Codes frames against a piece of the base. lib/delta.h decodes them; lib/format.h specifies the coding. */
#ifndef BUNDLER_CODING_DELTA_H
#define BUNDLER_CODING_DELTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "align.h"

struct ZSTD_CCtx_s; /* <zstd.h> */
struct delta_coder;

/* A coder is for one thread and frames of up to `frame_size` bytes. NULL: out of memory. */
struct delta_coder *delta_coder_make(uint32_t frame_size);
void delta_coder_free(struct delta_coder *coder); /* NULL is allowed */

/*
 * Codes the `size` bytes at `raw` against the `prefix_size` bytes at `prefix`, and compresses the result with `context`
 * into the `room` bytes at `to`. ALIGN_SLACK bytes after both `raw` and `prefix` must be readable, see align.h. *coded
 * is then the size of the coded frame, or 0 if the streams are too large, because the frame has too little in common
 * with the prefix. False: out of memory.
 */
bool delta_code(struct delta_coder *coder, struct ZSTD_CCtx_s *context, const unsigned char *prefix,
                uint32_t prefix_size, const unsigned char *raw, size_t size, unsigned char *to, size_t room,
                size_t *coded);

#endif
