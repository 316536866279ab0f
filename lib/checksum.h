/* SPDX-License-Identifier: MIT */
/* The checksum of the manifest and of each frame: XXH64 with seed 0 (xxHash specification, "XXH64"). */
#ifndef FATELF_CHECKSUM_H
#define FATELF_CHECKSUM_H

#ifndef __clang_analyzer__ /* it would report findings in xxhash.h as if that were our code */
#define XXH_INLINE_ALL
#endif
#include <xxhash.h>

static inline uint64_t fatelf_checksum(const void *bytes, size_t size)
{
    return XXH64(bytes, size, 0);
}

#endif
