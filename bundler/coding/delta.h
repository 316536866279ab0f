/* SPDX-License-Identifier: MIT */
/* Codes frames against a piece of the base: what lib/delta.h decodes. */
#ifndef BUNDLER_CODING_DELTA_H
#define BUNDLER_CODING_DELTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "align.h"

struct ZSTD_CCtx_s; /* <zstd.h> */
struct delta_coder;

/* For one thread and frames of up to `frame_size` bytes. NULL: out of memory. delta_coder_free() takes NULL too. */
struct delta_coder *delta_coder_make(uint32_t frame_size);
void delta_coder_free(struct delta_coder *coder);

/*
 * Codes the `size` bytes at `raw`, with the settings of `context`, against those at `prefix`; both have ALIGN_SLACK
 * bytes behind them. *coded: how many bytes at `to` that took, or 0 where the frame has too little in common with the
 * prefix. False: out of memory.
 */
bool delta_code(struct delta_coder *coder, struct ZSTD_CCtx_s *context, const unsigned char *prefix,
                uint32_t prefix_size, const unsigned char *raw, size_t size, unsigned char *to, size_t room,
                size_t *coded);

#endif
