/* SPDX-License-Identifier: MIT */
/* A hash of 16 bytes, by which samples of the contents of files are chosen and compared. */
#ifndef BUNDLER_BASE_WINDOW_HASH_H
#define BUNDLER_BASE_WINDOW_HASH_H

#include <stdint.h>
#include <string.h>

enum { WINDOW_HASH_SIZE = 16 };

static inline uint64_t window_hash(const unsigned char *bytes)
{
    uint64_t a, b;

    memcpy(&a, bytes, sizeof a);
    memcpy(&b, bytes + sizeof a, sizeof b);
    /* The odd constants are from the golden ratio and the square root of 3. A multiplication carries only upwards; the
     * shifts bring the high bits down. */
    a = a * UINT64_C(0x9e3779b97f4a7c15) ^ b * UINT64_C(0xbb67ae8584caa73b);
    a = (a ^ a >> 32) * UINT64_C(0x9e3779b97f4a7c15);
    return a ^ a >> 29;
}

#endif
