/* SPDX-License-Identifier: MIT */
#include "level.h"

#include "format.h"

/* Components of XCR0: register state that the kernel saves (Intel SDM volume 1, "Enabling the XSAVE feature set"). */
enum {
    XCR0_NONE = 0,
    XCR0_AVX = 1 << 1 | 1 << 2,                        /* XMM, YMM */
    XCR0_AVX512 = XCR0_AVX | 1 << 5 | 1 << 6 | 1 << 7, /* opmask, ZMM_Hi256, Hi16_ZMM */
};

#define F(level, name, leaf, reg, bit, state) \
    { \
        name, level, FATELF_LEAF_##leaf, FATELF_##reg, bit, XCR0_##state \
    }

/* The psABI also lists OSFXSR and SCE for v1: control bits that every x86-64 Linux sets and CPUID does not report. */
const struct fatelf_feature fatelf_features[] = {
    F(1, "FPU", 1, EDX, 0, NONE),
    F(1, "CX8", 1, EDX, 8, NONE),
    F(1, "CMOV", 1, EDX, 15, NONE),
    F(1, "MMX", 1, EDX, 23, NONE),
    F(1, "FXSR", 1, EDX, 24, NONE),
    F(1, "SSE", 1, EDX, 25, NONE),
    F(1, "SSE2", 1, EDX, 26, NONE),
    F(2, "CMPXCHG16B", 1, ECX, 13, NONE),
    F(2, "LAHF-SAHF", EXTENDED, ECX, 0, NONE),
    F(2, "POPCNT", 1, ECX, 23, NONE),
    F(2, "SSE3", 1, ECX, 0, NONE),
    F(2, "SSSE3", 1, ECX, 9, NONE),
    F(2, "SSE4_1", 1, ECX, 19, NONE),
    F(2, "SSE4_2", 1, ECX, 20, NONE),
    F(3, "AVX", 1, ECX, 28, AVX),
    F(3, "AVX2", 7, EBX, 5, AVX),
    F(3, "BMI1", 7, EBX, 3, NONE),
    F(3, "BMI2", 7, EBX, 8, NONE),
    F(3, "F16C", 1, ECX, 29, AVX),
    F(3, "FMA", 1, ECX, 12, AVX),
    F(3, "LZCNT", EXTENDED, ECX, 5, NONE),
    F(3, "MOVBE", 1, ECX, 22, NONE),
    F(3, "OSXSAVE", 1, ECX, 27, NONE),
    F(4, "AVX512F", 7, EBX, 16, AVX512),
    F(4, "AVX512BW", 7, EBX, 30, AVX512),
    F(4, "AVX512CD", 7, EBX, 28, AVX512),
    F(4, "AVX512DQ", 7, EBX, 17, AVX512),
    F(4, "AVX512VL", 7, EBX, 31, AVX512),
};

const size_t fatelf_feature_count = sizeof fatelf_features / sizeof *fatelf_features;

bool fatelf_feature_present(const struct fatelf_feature *feature, const struct fatelf_cpu *cpu)
{
    return (cpu->leaf[feature->leaf][feature->reg] >> feature->bit & 1) != 0 &&
           (cpu->xcr0 & feature->xcr0) == feature->xcr0;
}

unsigned fatelf_level(const struct fatelf_cpu *cpu)
{
    for (size_t i = 0; i < fatelf_feature_count; i++)
        if (!fatelf_feature_present(&fatelf_features[i], cpu))
            return fatelf_features[i].level - 1u;
    return FATELF_LEVEL_MAX;
}

unsigned fatelf_level_parse(const char *name, size_t length)
{
    if (length != 2 || name[0] != 'v')
        return 0;
    unsigned level = (unsigned)(unsigned char)name[1] - '0';
    return level >= FATELF_LEVEL_MIN && level <= FATELF_LEVEL_MAX ? level : 0;
}
