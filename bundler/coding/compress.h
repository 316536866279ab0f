/* SPDX-License-Identifier: MIT */
/* Codes a build into a payload, with several threads. */
#ifndef BUNDLER_CODING_COMPRESS_H
#define BUNDLER_CODING_COMPRESS_H

#include <stdint.h>

#include "../../lib/format.h"
#include "encode.h"

/*
 * The frame size is the smallest power of two in this range with which a build has at most COMPRESS_FRAMES_WANTED
 * frames: enough frames to share them out evenly between threads. Measured in docs/performance.md: larger frames save
 * little, and no longer fit into a core's cache together with the pieces of the base that they are made of; smaller
 * ones lose matches.
 */
#define COMPRESS_FRAME_SIZE_MIN (UINT32_C(1) << 18)
#define COMPRESS_FRAME_SIZE_MAX (UINT32_C(1) << 19)
#define COMPRESS_FRAMES_WANTED 32u

struct compress_settings {
    enum fatelf_encoding encoding; /* without a base; with one, the row's `against` is used */
    int level;                     /* of zstd, or ENCODE_LEVEL_DEFAULT; unused for stored payloads */
    unsigned threads;              /* at least 1; the result does not depend on it */
    const char *output;            /* the name of the output, for messages about the spool */
};

/* A coded payload, as the manifest describes it. Sizes are in bytes. */
struct coded {
    enum fatelf_encoding encoding;
    uint32_t frame_size;
    uint32_t frame_count;
    struct fatelf_frame *frames; /* frame_count of them; owned */
    uint64_t payload_size;       /* with the seek table */
    uint64_t size;               /* of the build */
    uint8_t sha256[32];          /* of the build */
};

/*
 * Codes the bytes of `build` and appends the payload to the file `spool`. `base`: what to code against, or NULL. Fills
 * *coded; the caller frees coded->frames. Returns 0, or reports and returns an exit status; then coded->frames is NULL.
 */
int compress_build(const struct build *build, const struct encode_base *base, const struct compress_settings *settings,
                   int spool, struct coded *coded);

#endif
