/* SPDX-License-Identifier: MIT */
/*
 * The x86-64 micro-architecture levels and the processor features that define them.
 * Sources: x86-64 psABI, section "Micro-Architecture Levels"; for the bits, Intel SDM volume 2, CPUID, and AMD64 manual
 * volume 3, appendix E (leaf 0x80000001).
 */
#ifndef FATELF_LEVEL_H
#define FATELF_LEVEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The CPUID leaves with the features of the levels. */
enum fatelf_leaf {
    FATELF_LEAF_1,        /* EAX=1 */
    FATELF_LEAF_7,        /* EAX=7, ECX=0 */
    FATELF_LEAF_EXTENDED, /* EAX=0x80000001 */
    FATELF_LEAF_COUNT
};

enum fatelf_register { FATELF_EAX, FATELF_EBX, FATELF_ECX, FATELF_EDX, FATELF_REGISTER_COUNT };

/* What the processor and the kernel report. All zero: no feature at all. */
struct fatelf_cpu {
    uint32_t leaf[FATELF_LEAF_COUNT][FATELF_REGISTER_COUNT];
    uint64_t xcr0; /* register state that the kernel saves: XGETBV(0), or 0 if there is no XGETBV */
};

struct fatelf_feature {
    const char *name; /* as the psABI spells it */
    uint8_t level;    /* the lowest level that needs it */
    uint8_t leaf;     /* enum fatelf_leaf */
    uint8_t reg;      /* enum fatelf_register */
    uint8_t bit;      /* of the register, 0 to 31 */
    uint8_t xcr0;     /* bits of XCR0 that must all be set for the feature to be usable */
};

/* All features, sorted by level: fatelf_feature_count entries in static storage. */
extern const struct fatelf_feature fatelf_features[];
extern const size_t fatelf_feature_count;

/* True if both the processor and the kernel support the feature. */
bool fatelf_feature_present(const struct fatelf_feature *feature, const struct fatelf_cpu *cpu);

/* The highest level whose features are all present, with those of all lower levels. 0: not even v1. */
unsigned fatelf_level(const struct fatelf_cpu *cpu);

/* 1..4 if the `length` bytes at `name` are "v1".."v4", otherwise 0. `name` need not end with a 0 byte. */
unsigned fatelf_level_parse(const char *name, size_t length);

#endif
