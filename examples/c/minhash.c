/* SPDX-License-Identifier: MIT */
/*
 * MinHash: estimates how much two texts have in common from a short signature of each. LANES hash functions are
 * computed for each SHINGLE consecutive bytes of the text; the signature is the smallest value of each function. Only
 * 32-bit integers are used, so the answer is the same at every level. The compiler vectorises the inner loop by itself:
 * v1 has neither the multiplication nor the minimum that the loop needs, v2 has both, v3 has vectors of twice the
 * width, and v4 has vectors of twice that width and rotations.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#if defined __AVX512BW__ && defined __AVX512CD__ && defined __AVX512DQ__ && defined __AVX512VL__
#define LEVEL "x86-64-v4"
#elif defined __AVX2__ && defined __BMI2__ && defined __FMA__
#define LEVEL "x86-64-v3"
#elif defined __SSE4_2__ && defined __POPCNT__
#define LEVEL "x86-64-v2"
#else
#define LEVEL "x86-64-v1"
#endif

enum { LANES = 256, TEXT = 200000, SHINGLE = 8 };

struct signature {
    uint32_t least[LANES];
};

static uint32_t rotate(uint32_t value, int by)
{
    return value << by | value >> (32 - by);
}

static void sign(const unsigned char *text, size_t size, struct signature *signature)
{
    uint32_t least[LANES], seed[LANES];

    for (uint32_t lane = 0; lane < LANES; lane++) {
        least[lane] = UINT32_MAX;
        seed[lane] = (lane + 1) * 0x9e3779b9u;
    }
    for (size_t at = 0; at + SHINGLE <= size; at++) {
        uint32_t low, high;
        memcpy(&low, text + at, sizeof low);
        memcpy(&high, text + at + sizeof low, sizeof high);
        for (int lane = 0; lane < LANES; lane++) {
            uint32_t hash = rotate(low * 0xcc9e2d51u ^ seed[lane], 13) * 5u;
            hash = rotate(hash ^ high * 0x1b873593u, 15) * 0x85ebca6bu;
            hash ^= hash >> 16;
            least[lane] = hash < least[lane] ? hash : least[lane];
        }
    }
    memcpy(signature->least, least, sizeof least);
}

/* Writes the same letters on every machine. If `changed` is set, every 50th one is replaced by a question mark. */
static void write_text(unsigned char *text, int changed)
{
    uint32_t state = 1;

    for (size_t i = 0; i < TEXT; i++) {
        state = state * 1664525u + 1013904223u;
        text[i] = (unsigned char)('a' + (state >> 24) % 26);
        if (changed && i % 50 == 0)
            text[i] = '?';
    }
}

int main(void)
{
    static unsigned char text[2][TEXT];
    struct signature signature[2];
    struct timespec from, to;
    uint32_t checksum = 0;
    int equal = 0;

    write_text(text[0], 0);
    write_text(text[1], 1);
    clock_gettime(CLOCK_MONOTONIC, &from);
    sign(text[0], TEXT, &signature[0]);
    sign(text[1], TEXT, &signature[1]);
    clock_gettime(CLOCK_MONOTONIC, &to);
    for (int lane = 0; lane < LANES; lane++) {
        equal += signature[0].least[lane] == signature[1].least[lane];
        checksum = checksum * 31 + (signature[0].least[lane] ^ signature[1].least[lane] >> 1);
    }
    printf("level     %s\n", LEVEL);
    printf("in common %d of %d\n", equal, LANES);
    printf("checksum  %08x\n", checksum);
    printf("time      %.1f ms\n", (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6);
    return 0;
}
