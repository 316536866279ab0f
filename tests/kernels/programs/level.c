/* SPDX-License-Identifier: MIT */
/* Prints the level that it was built for (-DLEVEL=) and its arguments. It uses instructions of this level, so that it
 * is killed on a processor that lacks them, and where the kernel does not save their registers. */
#include <immintrin.h>
#include <stdio.h>

static int use_level(int value)
{
#if LEVEL == 2
    return (int)_mm_crc32_u32((unsigned)value, 1) != 0 && _mm_popcnt_u32((unsigned)value) > 0;
#elif LEVEL == 3
    __m256i all = _mm256_add_epi32(_mm256_set1_epi32(value), _mm256_set1_epi32(1));
    return _mm256_extract_epi32(all, 7) == value + 1 && _pext_u32((unsigned)value, ~0U) == (unsigned)value;
#elif LEVEL == 4
    __m512i all = _mm512_add_epi32(_mm512_set1_epi32(value), _mm512_set1_epi32(1));
    return _mm512_reduce_add_epi32(all) == 16 * (value + 1);
#else
    return value > 0;
#endif
}

int main(int argc, char **argv)
{
    volatile int value = 41;

    printf("v%d %s", LEVEL, use_level(value) ? "right" : "wrong");
    for (int i = 1; i < argc; i++)
        printf(" %s", argv[i]);
    putchar('\n');
    return 2;
}
