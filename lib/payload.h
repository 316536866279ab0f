/* SPDX-License-Identifier: MIT */
/* The only reader of payloads: the launcher, extract, verify and list all use it. */
#ifndef FATELF_PAYLOAD_H
#define FATELF_PAYLOAD_H

#include "bundle.h"
#include "encoding.h"

/* A payload whose table of frames has been checked. It points into the bundle, which must outlive it. */
struct fatelf_payload {
    const struct fatelf_variant *variant;
    const struct fatelf_encoding_row *encoding; /* of the variant */
    const struct fatelf_variant *base;          /* the variant's base. NULL: it has none */
    uint32_t reach;              /* frames of the base that must be in memory at once; 0 without a base */
    const unsigned char *bytes;  /* the payload's first byte. NULL: only the manifest is in memory */
    const unsigned char *frames; /* struct fatelf_frame[variant->frame_count], unaligned */
};

/*
 * Checks the table of frames of variant `index` and fills *payload. Returns 0, FATELF_ERROR_FRAME_PLACE or
 * FATELF_ERROR_FRAME_PREFIX.
 */
int fatelf_payload_open(const struct fatelf_bundle *bundle, unsigned index, struct fatelf_payload *payload);

/* The same for the base of `payload`, which has one and is a payload of this bundle. */
int fatelf_payload_open_base(const struct fatelf_bundle *bundle, const struct fatelf_payload *payload,
                             struct fatelf_payload *base);

/* The size of the seek table, in bytes: the last bytes of the payload. 0: there is none. */
uint64_t fatelf_payload_seek_table_size(const struct fatelf_payload *payload);

/*
 * Compares these bytes, the payload's seek table, with the table of frames. Only zstd's own tools use the seek table.
 * Returns 0 or FATELF_ERROR_SEEK_TABLE.
 */
int fatelf_payload_check_seek_table(const struct fatelf_payload *payload, const unsigned char *table);

/* The entry of frame number `frame` in the table of frames. */
struct fatelf_frame fatelf_payload_frame(const struct fatelf_payload *payload, uint32_t frame);

/*
 * The frames of the base that contain a frame's prefix: from `first` to the one before `end`. Both are 0 if the frame
 * has no prefix.
 */
struct fatelf_base_frames {
    uint32_t first;
    uint32_t end;
};
struct fatelf_base_frames fatelf_payload_base_frames(const struct fatelf_payload *payload, uint32_t frame);

/* Where the bytes of a frame are, if the whole bundle is in memory. */
const unsigned char *fatelf_payload_coded(const struct fatelf_payload *payload, uint32_t frame);

/* The decoded size of a frame in bytes. */
uint32_t fatelf_payload_raw_size(const struct fatelf_payload *payload, uint32_t frame);

/* Bytes of scratch memory that fatelf_payload_decode() needs, aligned like memory from malloc(). 0: none. */
size_t fatelf_payload_scratch_size(const struct fatelf_payload *payload);

/*
 * Compares a frame's checksum and decodes the frame. `coded`: the frame's bytes in the payload, as many as its entry in
 * the table of frames says. `base`: a window of the base, with all bytes of the frame's prefix; unused, and may be NULL,
 * if the frame has none. `scratch`: fatelf_payload_scratch_size() bytes. `buffer`: room for fatelf_payload_raw_size()
 * bytes. Sets *bytes to the decoded frame: `buffer`, or, if the payload is stored, `coded`. Returns 0,
 * FATELF_ERROR_FRAME or FATELF_ERROR_FRAME_CHECKSUM.
 */
int fatelf_payload_decode(const struct fatelf_payload *payload, uint32_t frame, const unsigned char *coded,
                          struct ZSTD_DCtx_s *context, const struct fatelf_window *base, void *scratch,
                          unsigned char *buffer, const unsigned char **bytes);

#endif
