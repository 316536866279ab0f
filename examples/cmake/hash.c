/* SPDX-License-Identifier: MIT */
#include "hash.h"

#if defined __AVX512BW__
const char hash_level[] = "x86-64-v4";
#elif defined __AVX2__
const char hash_level[] = "x86-64-v3";
#elif defined __SSE4_2__
const char hash_level[] = "x86-64-v2";
#elif defined __x86_64__
const char hash_level[] = "x86-64-v1";
#else
const char hash_level[] = "another processor";
#endif

/* Eight sums side by side (FNV-1a), which a compiler can keep in one vector. */
uint32_t hash_bytes(const unsigned char *bytes, size_t size)
{
    enum { LANES = 8 };
    uint32_t sums[LANES], hash = (uint32_t)size;

    for (uint32_t i = 0; i < LANES; i++)
        sums[i] = 2166136261u + i;
    for (size_t at = 0; at + LANES <= size; at += LANES)
        for (int i = 0; i < LANES; i++)
            sums[i] = (sums[i] ^ bytes[at + (size_t)i]) * 16777619u;
    for (size_t at = size - size % LANES; at < size; at++)
        sums[0] = (sums[0] ^ bytes[at]) * 16777619u;
    for (int i = 0; i < LANES; i++)
        hash = hash * 31 + sums[i];
    return hash;
}
