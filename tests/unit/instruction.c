/* SPDX-License-Identifier: MIT */
/* bundler/input/instruction.c: how long an instruction is, and which level it needs. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "../../bundler/input/instruction.h"

/* Without a decoder there is nothing to test. */
static struct decoder *need_decoder(void)
{
    if (!decoder_exists())
        skip();
    struct decoder *decoder = decoder_new();
    assert_non_null(decoder);
    return decoder;
}

static const struct {
    const char *bytes;
    unsigned length, level;
    const char *name;
} known[] = {
    {"\x90", 1, 1, "NOP"},
    {"\xf3\x90", 2, 1, "PAUSE"},
    {"\x66\x0f\x1f\x44\x00\x00", 6, 1, "NOP"},
    {"\xf3\x0f\x1e\xfa", 4, 1, "ENDBR64"},
    {"\x0f\x05", 2, 1, "SYSCALL"},
    {"\x0f\xa2", 2, 1, "CPUID"},
    {"\x0f\x44\xc1", 3, 1, "CMOVZ"},
    {"\xd9\xc0", 2, 1, "FLD"},
    {"\x0f\x6f\xc1", 3, 1, "MOVQ"},
    {"\x0f\xae\x00", 3, 1, "FXSAVE"},
    {"\x0f\x58\xc1", 3, 1, "ADDPS"},
    {"\x66\x0f\x58\xc1", 4, 1, "ADDPD"},
    {"\x0f\x0d\x08", 3, 1, "PREFETCHW"},
    {"\xf3\x0f\xbc\xc1", 4, 1, "TZCNT"},
    {"\x48\x0f\xc7\x0f", 4, 2, "CMPXCHG16B"},
    {"\x9f", 1, 2, "LAHF"},
    {"\x9e", 1, 2, "SAHF"},
    {"\xf3\x0f\xb8\xc1", 4, 2, "POPCNT"},
    {"\xf2\x0f\xd0\xc1", 4, 2, "ADDSUBPS"},    /* SSE3 */
    {"\xdb\x08", 2, 2, "FISTTP"},              /* SSE3 for x87 */
    {"\x66\x0f\x38\x00\xc1", 5, 2, "PSHUFB"},  /* SSSE3 */
    {"\x0f\x38\x00\xc1", 4, 2, "PSHUFB"},      /* SSSE3 for MMX */
    {"\x66\x0f\x38\x40\xc1", 5, 2, "PMULLD"},  /* SSE4.1 */
    {"\x66\x0f\x38\x37\xc1", 5, 2, "PCMPGTQ"}, /* SSE4.2 */
    {"\xf2\x0f\x38\xf1\xc1", 5, 2, "CRC32"},   /* SSE4.2 */
    {"\xf3\x0f\xbd\xc1", 4, 3, "LZCNT"},
    {"\x0f\x38\xf0\x07", 4, 3, "MOVBE"},
    {"\xc4\xe2\x78\xf2\xc1", 5, 3, "ANDN"}, /* BMI1 */
    {"\xc4\xe2\x79\xf7\xc1", 5, 3, "SHLX"}, /* BMI2 */
    {"\xc5\xf8\x58\xc1", 4, 3, "VADDPS"},   /* AVX */
    {"\xc5\xf8\x77", 3, 3, "VZEROUPPER"},
    {"\xc5\xfd\xfe\xc1", 4, 3, "VPADDD"}, /* AVX2 */
    {"\xc4\xe2\x6d\x90\x04\x08", 6, 3, "VPGATHERDD"},
    {"\xc4\xe2\x79\x13\xc1", 5, 3, "VCVTPH2PS"},    /* F16C */
    {"\xc4\xe2\xf1\xb8\xc2", 5, 3, "VFMADD231PD"},  /* FMA */
    {"\x62\xf1\x7c\x48\x58\xc1", 6, 4, "VADDPS"},   /* AVX512F */
    {"\x62\xf1\x7c\x28\x58\xc1", 6, 4, "VADDPS"},   /* AVX512F and VL */
    {"\xc5\xf8\x92\xc8", 4, 4, "KMOVW"},            /* AVX512F, in the encoding of AVX */
    {"\x62\xf1\x75\x48\xfc\xc1", 6, 4, "VPADDB"},   /* AVX512BW */
    {"\x62\xf2\x7d\x48\x44\xc1", 6, 4, "VPLZCNTD"}, /* AVX512CD */
    {"\x62\xf2\xf5\x48\x40\xc1", 6, 4, "VPMULLQ"},  /* AVX512DQ */
    {"\x62\xf2\x75\x48\x50\xc1", 6, 0, "VPDPBUSD"}, /* AVX512VNNI */
    {"\x66\x0f\x38\xdc\xc1", 5, 0, "AESENC"},
    {"\x66\x0f\x3a\x44\xc1\x00", 6, 0, "PCLMULQDQ"},
    {"\x66\x0f\x38\xcf\xc1", 5, 0, "GF2P8MULB"},
    {"\x0f\x38\xc8\xc1", 4, 0, "SHA1NEXTE"},
    {"\x0f\xc7\xf0", 3, 0, "RDRAND"},
    {"\x66\x0f\x38\xf6\xc1", 5, 0, "ADCX"},
    {"\x0f\x01\xd0", 3, 0, "XGETBV"},
    {"\xc4\xe2\x7b\x49\xc0", 5, 0, "TILEZERO"}, /* AMX */
};

static void an_instruction_has_the_level_of_its_feature(void **state)
{
    struct decoder *decoder = need_decoder();

    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const unsigned char *bytes = (const unsigned char *)known[i].bytes;
        struct instruction found;
        char name[32];
        assert_true(instruction_decode(decoder, bytes, known[i].length, &found));
        instruction_name(found.mnemonic, name);
        assert_string_equal(name, known[i].name);
        if (found.length != known[i].length || found.level != known[i].level)
            fail_msg("%s: %u bytes, v%u", name, found.length, found.level);
        assert_int_equal(found.is_cpuid, strcmp(name, "CPUID") == 0);
        bool is_vex = found.level >= 3 && strcmp(name, "LZCNT") != 0 && strcmp(name, "MOVBE") != 0;
        if (found.is_vex != is_vex)
            fail_msg("%s: %d", name, found.is_vex);
        bool is_sse = strcmp(name, "ADDPS") == 0 || strcmp(name, "ADDPD") == 0 || strcmp(name, "ADDSUBPS") == 0 ||
                      strcmp(name, "PMULLD") == 0 || strcmp(name, "PCMPGTQ") == 0 ||
                      (strcmp(name, "PSHUFB") == 0 && found.length == 5);
        if (found.is_sse != is_sse)
            fail_msg("%s: SSE %d", name, found.is_sse);
    }
    free(decoder);
}

static void an_instruction_that_is_cut_short_or_unknown_is_none(void **state)
{
    struct decoder *decoder = need_decoder();
    struct instruction found;

    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        for (unsigned size = 0; size < known[i].length; size++) {
            unsigned char *exact = malloc(size + 1); /* a read behind it would be found by AddressSanitizer */
            memcpy(exact, known[i].bytes, size);
            exact = realloc(exact, size ? size : 1);
            if (instruction_decode(decoder, exact, size, &found))
                assert_true(found.length <= size); /* F3 90 without its end is no PAUSE, 66 0F .. may begin another */
            free(exact);
        }
    }
    assert_false(instruction_decode(decoder, (const unsigned char *)"\x06", 1, &found)); /* PUSH ES */
    assert_false(instruction_decode(decoder, (const unsigned char *)"\x0f\xff", 2, &found) && found.length == 0);
    free(decoder);
}

/* The decoder remembers instructions by their first bytes. */
static void an_instruction_that_was_decoded_before_is_the_same_again(void **state)
{
    static const unsigned char call[] = {0xe8, 1, 2, 3, 4}, other[] = {0xe8, 1, 2, 3, 99};
    static const unsigned char registers[] = {0x66, 0x0f, 0x38, 0x40, 0xc1}; /* PMULLD */
    static const unsigned char memory[] = {0x66, 0x0f, 0x38, 0x40, 0x05, 1, 2, 3, 4};
    struct decoder *decoder = need_decoder();
    struct instruction first, second;

    (void)state;
    for (unsigned round = 0; round < 3; round++) {
        for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
            assert_true(instruction_decode(decoder, (const unsigned char *)known[i].bytes, known[i].length, &first));
            assert_int_equal(first.length, known[i].length);
            assert_int_equal(first.level, known[i].level);
        }
    }
    assert_true(instruction_decode(decoder, call, sizeof call, &first));
    assert_true(instruction_decode(decoder, other, sizeof other, &second));
    assert_int_equal(first.mnemonic, second.mnemonic);
    assert_int_equal(second.length, sizeof other);
    assert_false(instruction_decode(decoder, call, sizeof call - 1, &first));
    assert_true(instruction_decode(decoder, registers, sizeof registers, &first));
    assert_true(instruction_decode(decoder, memory, sizeof memory, &second));
    assert_int_equal(second.length, sizeof memory);
    free(decoder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_instruction_has_the_level_of_its_feature),
        cmocka_unit_test(an_instruction_that_is_cut_short_or_unknown_is_none),
        cmocka_unit_test(an_instruction_that_was_decoded_before_is_the_same_again),
    };

    return cmocka_run_group_tests_name("instruction", tests, NULL, NULL);
}
