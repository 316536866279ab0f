/* Codes a variant into a payload, on several processors. */
#ifndef BUNDLER_COMPRESS_H
#define BUNDLER_COMPRESS_H

#include <stdint.h>

#include "../lib/format.h"

/*
 * Measured in docs/performance: larger frames gain little and fall out of a core's cache when they are decoded, smaller
 * ones lose matches.
 */
#define COMPRESS_FRAME_SIZE (UINT32_C(1) << 20)
/*
 * What "zstd" without a level means: zstd's level 12 but for literals, which are left as they are. A few percent larger
 * and a fifth faster to decode. Above 12, zstd needs many times as long for a few percent.
 */
enum { COMPRESS_LEVEL_DEFAULT = 0, COMPRESS_LEVEL_OF_DEFAULT = 12 };

struct compress_settings {
    enum fatelf_encoding encoding;
    int level;          /* zstd's, with zstd's own parameters, or COMPRESS_LEVEL_DEFAULT; unused for stored */
    unsigned threads;   /* at least 1; has no influence on the result */
    const char *output; /* whose spool it is, for messages */
};

/*
 * Codes the `size` bytes of `from` and appends the payload to `spool`. Fills in *variant but for level, payload_offset
 * and sums_offset. `sums`: for a stored variant, room for one XXH64 a frame. `done`, `written`: bytes read and written
 * so far for the progress line; both are advanced. Returns 0, or reports with `path`, or with the output's name where
 * the spool cannot be written, and returns an exit status.
 */
int compress_variant(int from, const char *path, uint64_t size, unsigned level,
                     const struct compress_settings *settings, int spool, struct fatelf_variant *variant,
                     uint64_t *sums, uint64_t *done, uint64_t *written);

#endif
