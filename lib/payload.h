/* SPDX-License-Identifier: MIT */
/* The one decoder: launcher, extract, verify and list all read payloads through it. */
#ifndef FATELF_PAYLOAD_H
#define FATELF_PAYLOAD_H

#include "bundle.h"

struct ZSTD_DCtx_s; /* <zstd.h> */

/* A payload whose frames lie where they must. */
struct fatelf_payload {
    const struct fatelf_variant *variant;
    const struct fatelf_variant *base; /* zstd-delta: the variant it is coded against; otherwise NULL */
    const unsigned char *bytes;        /* the payload's first byte */
    const unsigned char *frames;       /* struct fatelf_frame[variant->frame_count], unaligned */
};

/*
 * Checks the frames of variant `index`, which stays where `bundle` is. Returns 0, FATELF_ERROR_FRAME_PLACE or
 * FATELF_ERROR_FRAME_PREFIX.
 */
int fatelf_payload_open(const struct fatelf_bundle *bundle, unsigned index, struct fatelf_payload *payload);

/* Of a base: what its delta-coded variants are decoded with. `payload` is one of them, from the same bundle. */
int fatelf_payload_open_base(const struct fatelf_bundle *bundle, const struct fatelf_payload *payload,
                             struct fatelf_payload *base);

/* The seek table, which the decoder does not need, says the same as the frames. Returns 0 or FATELF_ERROR_SEEK_TABLE. */
int fatelf_payload_check_seek_table(const struct fatelf_payload *payload);

struct fatelf_frame fatelf_payload_frame(const struct fatelf_payload *payload, uint32_t frame);

/* Raw bytes of a frame. */
uint32_t fatelf_payload_raw_size(const struct fatelf_payload *payload, uint32_t frame);

/* Bytes that decoding needs to work in, aligned as malloc() does it; 0: none. */
size_t fatelf_payload_scratch_size(const struct fatelf_payload *payload);

/*
 * Checks one frame's checksum and decodes it. `base`: for zstd-delta, the base variant's raw bytes, of which those of
 * the frame's prefix must be there. `scratch`: fatelf_payload_scratch_size() bytes. `buffer` has room for
 * fatelf_payload_raw_size() bytes. *bytes is then the raw frame: in `buffer`, or in the payload itself where it is
 * stored. Returns 0, FATELF_ERROR_FRAME or FATELF_ERROR_FRAME_CHECKSUM.
 */
int fatelf_payload_decode(const struct fatelf_payload *payload, uint32_t frame, struct ZSTD_DCtx_s *context,
                          const unsigned char *base, void *scratch, unsigned char *buffer, const unsigned char **bytes);

#endif
