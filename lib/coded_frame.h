/* SPDX-License-Identifier: MIT */
/* What a decoder gets: see the table in encoding.h. */
#ifndef FATELF_CODED_FRAME_H
#define FATELF_CODED_FRAME_H

#include "delta.h"

struct ZSTD_DCtx_s; /* <zstd.h> */

/* One frame, whose checksum has been compared, and where to decode it to. The caller owns all memory. */
struct fatelf_coded_frame {
    const unsigned char *bytes; /* as they are in the payload */
    uint32_t size;
    struct fatelf_prefix prefix; /* the piece of the base that the frame is coded against; size 0: none */
    uint32_t frame_size;         /* of the variant; the content of a zstd frame is never larger */
    struct ZSTD_DCtx_s *context;
    void *scratch;      /* the bytes that the row's scratch_size() returns, aligned like memory from malloc() */
    unsigned char *raw; /* the decoded frame is written here */
    uint32_t raw_size;  /* the exact size of the decoded frame */
};

#endif
