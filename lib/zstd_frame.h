/* SPDX-License-Identifier: MIT */
/* The decoders of zstd and zstd-delta frames, for the rows in encoding.c. */
#ifndef FATELF_ZSTD_FRAME_H
#define FATELF_ZSTD_FRAME_H

#include "coded_frame.h"

#include <stddef.h>

/* Decodes one zstd frame to frame->raw. Returns 0 or FATELF_ERROR_FRAME. */
int fatelf_zstd_decode(const struct fatelf_coded_frame *frame);

/*
 * Decodes one zstd frame to scratch memory and builds frame->raw from the result and the prefix (struct fatelf_delta).
 * A frame without a prefix is an ordinary zstd frame. Returns 0 or FATELF_ERROR_FRAME.
 */
int fatelf_zstd_delta_decode(const struct fatelf_coded_frame *frame);

/* Bytes of scratch memory that it needs. */
size_t fatelf_zstd_delta_scratch_size(uint32_t frame_size);

#endif
