/* SPDX-License-Identifier: MIT */
/* lib/level.c: the level of a processor; lib/choose.c: the variant for it. */
#include "unit.h"

#include <cpuid.h>
#include <string.h>

#include "../../lib/choose.h"
#include "../../lib/error.h"
#include "../../lib/level.h"

enum { XMM = 2, YMM = 4, AVX512_STATE = 0xe0 };

/* A processor that has all features up to a level, and a kernel that saves all registers. */
static struct fatelf_cpu cpu_at(unsigned level)
{
    struct fatelf_cpu cpu = {.xcr0 = 1 | XMM | YMM | AVX512_STATE};

    for (size_t i = 0; i < fatelf_feature_count; i++)
        if (fatelf_features[i].level <= level)
            cpu.leaf[fatelf_features[i].leaf][fatelf_features[i].reg] |= 1u << fatelf_features[i].bit;
    return cpu;
}

static void a_processor_with_all_features_of_a_level_is_at_that_level(void **state)
{
    (void)state;
    for (unsigned level = 0; level <= 4; level++) {
        struct fatelf_cpu cpu = cpu_at(level);
        assert_int_equal(fatelf_level(&cpu), level);
    }
}

static void a_processor_without_one_feature_is_below_that_features_level(void **state)
{
    (void)state;
    for (size_t i = 0; i < fatelf_feature_count; i++) {
        struct fatelf_cpu cpu = cpu_at(4);
        cpu.leaf[fatelf_features[i].leaf][fatelf_features[i].reg] &= ~(1u << fatelf_features[i].bit);
        assert_int_equal(fatelf_level(&cpu), fatelf_features[i].level - 1);
    }
}

static void features_whose_registers_the_kernel_does_not_save_do_not_count(void **state)
{
    static const struct {
        uint64_t xcr0;
        unsigned level;
    } rows[] = {
        {0, 2},
        {1, 2},
        {1 | XMM, 2},
        {1 | YMM, 2},
        {1 | 6, 3},
        {1 | 6 | 0x20, 3},
        {1 | 6 | 0x40, 3},
        {1 | 6 | 0x80, 3},
        {1 | 6 | 0x60, 3},
        {1 | 0xe0, 2},
        {1 | 6 | 0xe0, 4},
        {UINT64_MAX, 4},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fatelf_cpu cpu = cpu_at(4);
        cpu.xcr0 = rows[i].xcr0;
        assert_int_equal(fatelf_level(&cpu), rows[i].level);
    }
}

static void the_table_is_ordered_by_level_and_names_no_bit_twice(void **state)
{
    (void)state;
    for (size_t i = 1; i < fatelf_feature_count; i++)
        assert_true(fatelf_features[i].level >= fatelf_features[i - 1].level);
    for (size_t i = 0; i < fatelf_feature_count; i++)
        for (size_t k = i + 1; k < fatelf_feature_count; k++)
            assert_false(fatelf_features[i].leaf == fatelf_features[k].leaf &&
                         fatelf_features[i].reg == fatelf_features[k].reg &&
                         fatelf_features[i].bit == fatelf_features[k].bit);
}

/* The psABI's lists once more, so that a row that is lost from the table is noticed. */
static void every_level_has_the_features_that_the_psabi_lists(void **state)
{
    static const char *const lists[] = {
        "FPU CX8 CMOV MMX FXSR SSE SSE2 ",
        "CMPXCHG16B LAHF-SAHF POPCNT SSE3 SSSE3 SSE4_1 SSE4_2 ",
        "AVX AVX2 BMI1 BMI2 F16C FMA LZCNT MOVBE OSXSAVE ",
        "AVX512F AVX512BW AVX512CD AVX512DQ AVX512VL ",
    };

    (void)state;
    for (unsigned level = 1; level <= 4; level++) {
        char names[256] = "";
        for (size_t i = 0; i < fatelf_feature_count; i++)
            if (fatelf_features[i].level == level)
                strcat(strcat(names, fatelf_features[i].name), " ");
        assert_string_equal(names, lists[level - 1]);
    }
}

/* The compiler's <cpuid.h> as a second source of the bits. */
static void every_feature_has_the_bit_in_the_compilers_header(void **state)
{
    static const struct {
        const char *name;
        unsigned leaf, reg, mask;
    } rows[] = {
        {"CX8", FATELF_LEAF_1, FATELF_EDX, bit_CMPXCHG8B},
        {"CMOV", FATELF_LEAF_1, FATELF_EDX, bit_CMOV},
        {"MMX", FATELF_LEAF_1, FATELF_EDX, bit_MMX},
        {"FXSR", FATELF_LEAF_1, FATELF_EDX, bit_FXSAVE},
        {"SSE", FATELF_LEAF_1, FATELF_EDX, bit_SSE},
        {"SSE2", FATELF_LEAF_1, FATELF_EDX, bit_SSE2},
        {"CMPXCHG16B", FATELF_LEAF_1, FATELF_ECX, bit_CMPXCHG16B},
        {"LAHF-SAHF", FATELF_LEAF_EXTENDED, FATELF_ECX, bit_LAHF_LM},
        {"POPCNT", FATELF_LEAF_1, FATELF_ECX, bit_POPCNT},
        {"SSE3", FATELF_LEAF_1, FATELF_ECX, bit_SSE3},
        {"SSSE3", FATELF_LEAF_1, FATELF_ECX, bit_SSSE3},
        {"SSE4_1", FATELF_LEAF_1, FATELF_ECX, bit_SSE4_1},
        {"SSE4_2", FATELF_LEAF_1, FATELF_ECX, bit_SSE4_2},
        {"AVX", FATELF_LEAF_1, FATELF_ECX, bit_AVX},
        {"AVX2", FATELF_LEAF_7, FATELF_EBX, bit_AVX2},
        {"BMI1", FATELF_LEAF_7, FATELF_EBX, bit_BMI},
        {"BMI2", FATELF_LEAF_7, FATELF_EBX, bit_BMI2},
        {"F16C", FATELF_LEAF_1, FATELF_ECX, bit_F16C},
        {"FMA", FATELF_LEAF_1, FATELF_ECX, bit_FMA},
        {"LZCNT", FATELF_LEAF_EXTENDED, FATELF_ECX, bit_LZCNT},
        {"MOVBE", FATELF_LEAF_1, FATELF_ECX, bit_MOVBE},
        {"OSXSAVE", FATELF_LEAF_1, FATELF_ECX, bit_OSXSAVE},
        {"AVX512F", FATELF_LEAF_7, FATELF_EBX, bit_AVX512F},
        {"AVX512BW", FATELF_LEAF_7, FATELF_EBX, bit_AVX512BW},
        {"AVX512CD", FATELF_LEAF_7, FATELF_EBX, bit_AVX512CD},
        {"AVX512DQ", FATELF_LEAF_7, FATELF_EBX, bit_AVX512DQ},
        {"AVX512VL", FATELF_LEAF_7, FATELF_EBX, bit_AVX512VL},
    };

    (void)state;
    assert_int_equal(sizeof rows / sizeof *rows, fatelf_feature_count - 1); /* <cpuid.h> has no name for FPU */
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct fatelf_feature *feature = &fatelf_features[i + 1];
        assert_string_equal(feature->name, rows[i].name);
        assert_int_equal(feature->leaf, rows[i].leaf);
        assert_int_equal(feature->reg, rows[i].reg);
        assert_int_equal(1u << feature->bit, (unsigned)rows[i].mask);
    }
}

static void only_v1_to_v4_are_levels(void **state)
{
    static const char *const wrong[] = {"",    "v",   "v0",  "v5",  "v9", "V1", "1",
                                        "v10", "v1 ", " v1", "v1!", "x1", "v/", "v:"};

    (void)state;
    assert_int_equal(fatelf_level_parse("v1", 2), 1);
    assert_int_equal(fatelf_level_parse("v4", 2), 4);
    assert_int_equal(fatelf_level_parse("v3=file", 2), 3);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(fatelf_level_parse(wrong[i], strlen(wrong[i])), 0);
}

/* The bundle's levels as bits 1 to 4, the machine's level, the override, and the result: a level or an error. */
static void the_highest_variant_at_or_below_the_limit_is_chosen(void **state)
{
    static const struct {
        unsigned bundle, machine;
        struct fatelf_override override;
        unsigned level;
        int error;
    } rows[] = {
        {0x1e, 4, {0, false}, 4, 0},
        {0x1e, 3, {0, false}, 3, 0},
        {0x1e, 1, {0, false}, 1, 0},
        {0x1e, 0, {0, false}, 0, FATELF_ERROR_NO_VARIANT},
        {0x0a, 4, {0, false}, 3, 0}, /* v1 and v3 */
        {0x0a, 2, {0, false}, 1, 0},
        {0x10, 3, {0, false}, 0, FATELF_ERROR_NO_VARIANT},
        {0x1e, 4, {2, false}, 2, 0},
        {0x0a, 4, {2, false}, 1, 0},
        {0x1e, 3, {4, false}, 0, FATELF_ERROR_OVERRIDE},
        {0x1e, 3, {4, true}, 4, 0},
        {0x1e, 3, {2, true}, 2, 0},
        {0x18, 4, {2, false}, 0, FATELF_ERROR_NO_VARIANT},
        {0x06, 1, {3, true}, 2, 0},
        {0x02, 0, {1, false}, 0, FATELF_ERROR_OVERRIDE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fatelf_manifest manifest = {0};
        unsigned index = 77;
        for (unsigned level = 1; level <= 4; level++)
            if (rows[i].bundle >> level & 1)
                manifest.variants[manifest.header.variant_count++].level = (uint8_t)level;
        assert_int_equal(fatelf_choose(&manifest, rows[i].machine, rows[i].override, &index), rows[i].error);
        if (rows[i].error)
            assert_int_equal(index, 77);
        else
            assert_int_equal(manifest.variants[index].level, rows[i].level);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_processor_with_all_features_of_a_level_is_at_that_level),
        cmocka_unit_test(a_processor_without_one_feature_is_below_that_features_level),
        cmocka_unit_test(features_whose_registers_the_kernel_does_not_save_do_not_count),
        cmocka_unit_test(the_table_is_ordered_by_level_and_names_no_bit_twice),
        cmocka_unit_test(every_level_has_the_features_that_the_psabi_lists),
        cmocka_unit_test(every_feature_has_the_bit_in_the_compilers_header),
        cmocka_unit_test(only_v1_to_v4_are_levels),
        cmocka_unit_test(the_highest_variant_at_or_below_the_limit_is_chosen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
