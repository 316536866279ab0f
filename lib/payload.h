/* The one decoder: launcher, extract, verify and list all read payloads through it. */
#ifndef FATELF_PAYLOAD_H
#define FATELF_PAYLOAD_H

#include "bundle.h"

struct ZSTD_DCtx_s; /* <zstd.h> */

/* A payload whose table of frames has been checked. */
struct fatelf_payload {
    const struct fatelf_variant *variant;
    const unsigned char *bytes; /* the payload's first byte */
    const unsigned char *table; /* zstd: fatelf_seek_entry[], stored: uint64_t sums[]; frame_count of them, unaligned */
};

/* A frame, and where it lies. Start with all zero and go forward. One for each thread. */
struct fatelf_cursor {
    uint32_t frame;
    uint64_t offset; /* of that frame in the payload */
};

/* Checks the table of frames of variant `index`. Returns 0 or FATELF_ERROR_SEEK_TABLE. */
int fatelf_payload_open(const struct fatelf_bundle *bundle, unsigned index, struct fatelf_payload *payload);

/* Raw bytes of a frame. */
uint32_t fatelf_payload_frame_size(const struct fatelf_payload *payload, uint32_t frame);

/*
 * Decodes one frame and checks its checksum. `frame` is at or behind the one the cursor had last. `buffer` has room for
 * fatelf_payload_frame_size() bytes. *bytes is then the raw frame: in `buffer`, or in the payload itself where it is
 * stored. Returns 0, FATELF_ERROR_FRAME or FATELF_ERROR_FRAME_CHECKSUM.
 */
int fatelf_payload_decode(const struct fatelf_payload *payload, struct fatelf_cursor *cursor, uint32_t frame,
                          struct ZSTD_DCtx_s *context, unsigned char *buffer, const unsigned char **bytes);

#endif
