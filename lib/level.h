/* SPDX-License-Identifier: MIT */
/*
 * The x86-64 micro-architecture levels and what tells them apart.
 * Source: x86-64 psABI, section "Micro-Architecture Levels"; bit positions: Intel SDM volume 2, CPUID;
 * AMD64 manual volume 3, appendix E (leaf 0x80000001).
 */
#ifndef FATELF_LEVEL_H
#define FATELF_LEVEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The CPUID leaves that the levels are defined by. */
enum fatelf_leaf {
    FATELF_LEAF_1,        /* EAX=1 */
    FATELF_LEAF_7,        /* EAX=7, ECX=0 */
    FATELF_LEAF_EXTENDED, /* EAX=0x80000001 */
    FATELF_LEAF_COUNT
};

enum fatelf_register { FATELF_EAX, FATELF_EBX, FATELF_ECX, FATELF_EDX, FATELF_REGISTER_COUNT };

/* What a processor and its kernel say. All zero: nothing. */
struct fatelf_cpu {
    uint32_t leaf[FATELF_LEAF_COUNT][FATELF_REGISTER_COUNT];
    uint64_t xcr0; /* register state that the kernel saves: XGETBV(0), or 0 where there is no XGETBV */
};

struct fatelf_feature {
    const char *name; /* as the psABI spells it */
    uint8_t level;    /* the first level that needs it */
    uint8_t leaf;     /* enum fatelf_leaf */
    uint8_t reg;      /* enum fatelf_register */
    uint8_t bit;
    uint8_t xcr0; /* bits that must all be set in XCR0 for the feature to count */
};

/* The one table, by level; fatelf_feature_count entries. Static storage. */
extern const struct fatelf_feature fatelf_features[];
extern const size_t fatelf_feature_count;

/* True when processor and kernel support the feature. */
bool fatelf_feature_present(const struct fatelf_feature *feature, const struct fatelf_cpu *cpu);

/* The highest level all of whose features, and those of the levels below, are present; 0: not even v1. */
unsigned fatelf_level(const struct fatelf_cpu *cpu);

/* 1..4 for a name "v1".."v4" of exactly `length` bytes; 0 for anything else. */
unsigned fatelf_level_parse(const char *name, size_t length);

#endif
