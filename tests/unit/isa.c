/* SPDX-License-Identifier: MIT */
/* bundler/input/: the level of an instruction, the counts of a program, and which level it looks made for. */
#include "unit.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../bundler/input/isa.h"

enum { CODE_AT = 0x1000, ADDRESS = 0x401000 };

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

/* An ELF file without section headers, with `size` bytes of code. */
static int program(struct elf_file *elf, const unsigned char *code, size_t size)
{
    int fd = memfd_create("program", MFD_CLOEXEC);

    *elf = (struct elf_file){.header.e_entry = ADDRESS, .count = 1};
    elf->program_headers = calloc(1, sizeof *elf->program_headers);
    *elf->program_headers = (Elf64_Phdr){
        .p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_offset = CODE_AT, .p_vaddr = ADDRESS, .p_filesz = size};
    assert_int_equal(pwrite(fd, code, size, CODE_AT), size);
    return fd;
}

static void count(struct isa *isa, const unsigned char *code, size_t size, unsigned threads)
{
    struct elf_file elf;
    int fd = program(&elf, code, size);

    assert_int_equal(isa_read(isa, &elf, fd, CODE_AT + size, threads, "program"), 0);
    elf_file_close(&elf);
    close(fd);
}

static void instructions_and_pages_are_counted_by_level(void **state)
{
    unsigned char code[3 * 4096];
    struct isa isa;

    (void)state;
    free(need_decoder());
    memset(code, 0x90, sizeof code);
    memcpy(code + 10, "\xf3\x0f\xb8\xc1", 4);                    /* POPCNT */
    memcpy(code + 4096 + 10, "\xf3\x0f\xb8\xc1", 4);             /* POPCNT */
    memcpy(code + 4096 + 20, "\xc5\xfd\xfe\xc1", 4);             /* VPADDD */
    memcpy(code + 2 * 4096, "\x06\x06", 2);                      /* nothing */
    memcpy(code + 2 * 4096 + 20, "\x62\xf1\x7c\x48\x58\xc1", 6); /* VADDPS */
    count(&isa, code, sizeof code, 1);
    assert_int_equal(isa.counts.instructions[1], sizeof code - 2 * 4 - 4 - 2 - 6);
    assert_int_equal(isa.counts.instructions[2], 2);
    assert_int_equal(isa.counts.instructions[3], 1);
    assert_int_equal(isa.counts.instructions[4], 1);
    assert_int_equal(isa.counts.pages[1], 0);
    assert_int_equal(isa.counts.pages[2], 1);
    assert_int_equal(isa.counts.pages[3], 1);
    assert_int_equal(isa.counts.pages[4], 1);
    assert_int_equal(isa_pages(&isa), 3);
    assert_int_equal(isa.counts.undecodable, 2);
    assert_int_equal(isa.counts.mixed_pages, 1);
    assert_int_equal(isa.counts.certain[3], 1);
    assert_int_equal(isa.counts.certain[4], 0); /* its page is mixed */
    assert_int_equal(isa.counts.runs[1], 1);
    assert_int_equal(isa.counts.runs[2], 1);
    assert_int_equal(isa.samples[3].address, ADDRESS + 4096 + 20);
    assert_int_equal(isa.samples[4].address, 0);
    isa_free(&isa);
}

/* The last byte of one chunk and the first ones of the next may be one instruction, so the chunks are no boundaries. */
static void neither_threads_nor_chunks_change_the_counts(void **state)
{
    enum { SIZE = 5 * (1 << 20) + 123 };
    static const char ten[] = "\x48\xb8\xc5\xfd\xfe\xc1\x90\x90\x90\x90"; /* MOV, with others inside its constant */
    unsigned char *code = malloc(SIZE);
    struct isa one, many;

    (void)state;
    free(need_decoder());
    for (unsigned shift = 0; shift < 10; shift++) {
        size_t whole = (SIZE - shift) / 10;
        memset(code, 0x90, SIZE);
        for (size_t i = 0; i < 10 * whole; i++)
            code[shift + i] = (unsigned char)ten[i % 10];
        count(&one, code, SIZE, 1);
        count(&many, code, SIZE, 7);
        assert_memory_equal(&one.counts, &many.counts, sizeof one.counts);
        assert_int_equal(one.counts.instructions[1], SIZE - 9 * whole);
        assert_int_equal(isa_above(one.counts.instructions, 1), 0);
        isa_free(&one);
        isa_free(&many);
    }
    free(code);
}

static void code_that_two_segments_contain_is_counted_once(void **state)
{
    unsigned char code[8192];
    struct elf_file elf;
    struct isa isa;

    (void)state;
    free(need_decoder());
    memset(code, 0x90, sizeof code);
    int fd = program(&elf, code, sizeof code);
    elf.program_headers = reallocarray(elf.program_headers, 3, sizeof *elf.program_headers);
    elf.program_headers[1] = elf.program_headers[0];
    elf.program_headers[2] = elf.program_headers[0];
    elf.program_headers[2].p_offset += 100;
    elf.program_headers[2].p_filesz -= 100;
    elf.count = 3;
    assert_int_equal(isa_read(&isa, &elf, fd, CODE_AT + sizeof code, 1, "program"), 0);
    assert_int_equal(isa.counts.instructions[1], sizeof code);
    isa_free(&isa);
    elf_file_close(&elf);
    close(fd);
}

/* A start code like glibc's, whose first call gets the address of main() in rdi. */
static void main_is_found_through_the_start_code(void **state)
{
    static const unsigned char code[] = {
        0x31, 0xed,                               /* xor ebp, ebp */
        0x48, 0x8d, 0x3d, 0x06, 0x00, 0x00, 0x00, /* lea rdi, [rip + 6]: main */
        0xe8, 0x00, 0x00, 0x00, 0x00,             /* call */
        0xf4,                                     /* hlt */
        0xf3, 0x0f, 0xb8, 0xc1,                   /* main: popcnt */
        0xc5, 0xfd, 0xfe, 0xc1,                   /* vpaddd */
        0xc3,                                     /* ret */
        0xc5, 0xfd, 0xfe, 0xc1,                   /* another function: vpaddd */
    };
    struct isa isa;

    (void)state;
    free(need_decoder());
    count(&isa, code, sizeof code, 1);
    assert_int_equal(isa.in_main[1], 0);
    assert_int_equal(isa.in_main[2], 1);
    assert_int_equal(isa.in_main[3], 1);
    assert_int_equal(isa.main_samples[3].address, ADDRESS + 19);
    isa_free(&isa);
}

/* A program for v1 of 1000 pages, half of which have SSE instructions, that can ask the processor. */
static struct isa ordinary(void)
{
    return (struct isa){.can_ask = true, .counts = {.pages = {0, 1000}, .sse_pages = 500}};
}

static void functions_for_higher_levels_do_not_make_a_program_one_for_these(void **state)
{
    struct isa isa = ordinary();

    (void)state;
    assert_int_equal(isa_lowest_level(&isa), 1);
    /* as much as in static programs with glibc */
    isa.counts.pages[1] = 750;
    isa.counts.pages[3] = isa.counts.pages[4] = 125;
    isa.counts.runs[1] = isa.counts.runs[2] = 40;
    isa.counts.vex_pages = 50;
    isa.counts.certain[3] = isa.counts.certain[4] = isa.counts.certain[2] = 10000;
    assert_int_equal(isa_lowest_level(&isa), 1);
}

static void a_program_that_cannot_ask_is_made_for_what_it_contains(void **state)
{
    struct isa isa = ordinary();

    (void)state;
    isa.can_ask = false;
    isa.counts.certain[3] = 3;
    assert_int_equal(isa_lowest_level(&isa), 1);
    isa.counts.certain[2] = 1;
    assert_int_equal(isa_lowest_level(&isa), 2);
    isa.counts.certain[3] = 4;
    assert_int_equal(isa_lowest_level(&isa), 3);
    isa.counts.certain[4] = 4;
    assert_int_equal(isa_lowest_level(&isa), 4);
    isa.counts.mixed_pages = 10; /* so much data may look like code elsewhere, too */
    assert_int_equal(isa_lowest_level(&isa), 1);
    isa.counts.mixed_pages = 0;
    isa.can_ask = true;
    assert_int_equal(isa_lowest_level(&isa), 1);
}

static void a_program_whose_main_needs_a_level_is_made_for_it(void **state)
{
    struct isa isa = ordinary();

    (void)state;
    isa.in_main[3] = 1;
    assert_int_equal(isa_lowest_level(&isa), 1);
    isa.in_main[3] = 2;
    assert_int_equal(isa_lowest_level(&isa), 3);
    isa.in_main[INSTRUCTION_OTHER] = 100;
    assert_int_equal(isa_lowest_level(&isa), 3);
}

static void a_program_whose_pages_need_a_level_is_made_for_it(void **state)
{
    struct isa isa = ordinary();

    (void)state;
    isa.counts.pages[1] = 300;
    isa.counts.pages[3] = 700;
    isa.counts.vex_pages = 600;
    isa.counts.sse_pages = 100;
    assert_int_equal(isa_lowest_level(&isa), 3);
    isa.counts.sse_pages = 601; /* functions for AVX besides those for SSE */
    assert_int_equal(isa_lowest_level(&isa), 1);
    isa.counts.runs[1] = isa.counts.runs[2] = 300; /* Go */
    assert_int_equal(isa_lowest_level(&isa), 3);
    isa = ordinary();
    isa.counts.pages[2] = 400;
    isa.counts.pages[1] = 600;
    assert_int_equal(isa_lowest_level(&isa), 2);
    isa.counts.pages[1] = 900;
    assert_int_equal(isa_lowest_level(&isa), 1);
    isa.counts = (struct isa_counts){.pages = {0, 0, 0, 3}, .vex_pages = 3}; /* too small to say */
    assert_int_equal(isa_lowest_level(&isa), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_instruction_has_the_level_of_its_feature),
        cmocka_unit_test(an_instruction_that_is_cut_short_or_unknown_is_none),
        cmocka_unit_test(an_instruction_that_was_decoded_before_is_the_same_again),
        cmocka_unit_test(instructions_and_pages_are_counted_by_level),
        cmocka_unit_test(neither_threads_nor_chunks_change_the_counts),
        cmocka_unit_test(code_that_two_segments_contain_is_counted_once),
        cmocka_unit_test(main_is_found_through_the_start_code),
        cmocka_unit_test(functions_for_higher_levels_do_not_make_a_program_one_for_these),
        cmocka_unit_test(a_program_that_cannot_ask_is_made_for_what_it_contains),
        cmocka_unit_test(a_program_whose_main_needs_a_level_is_made_for_it),
        cmocka_unit_test(a_program_whose_pages_need_a_level_is_made_for_it),
    };

    return cmocka_run_group_tests_name("isa", tests, NULL, NULL);
}
