/* SPDX-License-Identifier: MIT */
/* What a decoder gets: see the table in encoding.h. */
#ifndef FATELF_CODED_FRAME_H
#define FATELF_CODED_FRAME_H

#include <stdint.h>

struct ZSTD_DCtx_s; /* <zstd.h> */

/* One frame whose checksum is right, and where to decode it to. */
struct fatelf_coded_frame {
    const unsigned char *bytes; /* as they are in the payload */
    uint32_t size;
    const unsigned char *prefix; /* the piece of the base that the frame is coded against */
    uint32_t prefix_size;        /* 0: the frame has no prefix */
    uint32_t frame_size;         /* of the variant: no decoded stream is larger */
    struct ZSTD_DCtx_s *context;
    void *scratch; /* as many bytes as the row's scratch_size() says, aligned as malloc() does it */
    unsigned char *raw;
    uint32_t raw_size; /* exactly so many bytes are decoded */
};

#endif
