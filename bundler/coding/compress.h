/* SPDX-License-Identifier: MIT */
/* Codes a variant into a payload, on several processors. */
#ifndef BUNDLER_CODING_COMPRESS_H
#define BUNDLER_CODING_COMPRESS_H

#include <stdint.h>

#include "../../lib/format.h"

struct locator;
struct build;

/*
 * Frames are a 32nd of a variant or more: enough to share out between threads evenly. Measured in docs/performance:
 * above 1 MiB they gain little and fall out of a core's cache when they are decoded, below 128 KiB they lose matches.
 */
#define COMPRESS_FRAME_SIZE_MIN (UINT32_C(1) << 17)
#define COMPRESS_FRAME_SIZE_MAX (UINT32_C(1) << 20)
#define COMPRESS_FRAMES_WANTED 32u
/*
 * What "zstd" without a level means: zstd's level 12, but literals are left as they are where there is no base. A few
 * percent larger and a fifth faster to decode. Above 12, zstd needs many times as long for a few percent.
 */
enum { COMPRESS_LEVEL_DEFAULT = 0, COMPRESS_LEVEL_OF_DEFAULT = 12 };
/* Most machines in use have this level and not the next. */
enum { COMPRESS_BASE_DEFAULT = 3 };

struct compress_settings {
    enum fatelf_encoding encoding; /* stored or zstd; with a base, zstd is zstd-delta */
    int level;          /* zstd's, with zstd's own parameters, or COMPRESS_LEVEL_DEFAULT; unused for stored */
    unsigned threads;   /* at least 1; has no influence on the result */
    const char *output; /* whose spool it is, for messages */
};

/* What a variant is coded against. */
struct compress_base {
    const struct build *variant;
    const struct locator *locator; /* of its bytes */
};

/*
 * Codes the bytes of `from` and appends the payload to `spool`. `base`: NULL, or what to code against. Fills in *coded
 * but for payload_offset and frames_offset, and *frames, which the caller frees. Returns 0, or reports with the path of
 * `from`, or with the output's name where the spool cannot be written, and returns an exit status; *frames is then NULL.
 */
int compress_build(const struct build *from, const struct compress_base *base, const struct compress_settings *settings,
                   int spool, struct fatelf_variant *coded, struct fatelf_frame **frames);

#endif
