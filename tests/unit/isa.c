/* SPDX-License-Identifier: MIT */
/* bundler/input/: the counts of a program, and which level it looks made for. */
#include "unit.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../bundler/input/isa.h"

enum { CODE_AT = 0x1000, ADDRESS = 0x401000 };

/* Without a decoder there is nothing to test. */
static void need_decoder(void)
{
    if (!decoder_exists())
        skip();
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
    need_decoder();
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
    need_decoder();
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
    need_decoder();
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
    need_decoder();
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
