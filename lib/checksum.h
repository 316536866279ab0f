/* SPDX-License-Identifier: MIT */
/* XXH64 with seed 0: the checksum of the manifest and of frames (xxHash specification, "XXH64"). */
#ifndef FATELF_CHECKSUM_H
#define FATELF_CHECKSUM_H

#ifndef __clang_analyzer__ /* which would report on xxhash.h as if it were ours */
#define XXH_INLINE_ALL
#endif
#include <xxhash.h>

static inline uint64_t fatelf_checksum(const void *bytes, size_t size)
{
    return XXH64(bytes, size, 0);
}

#endif
