/* SPDX-License-Identifier: MIT */
/* lib/program.c: what it reads of ELF headers, and which ones it refuses. */
#include "unit.h"

#include <string.h>

#include "../../lib/error.h"
#include "../../lib/program.h"

/* As GNU ld links: headers and tables, code, constants, data that starts in the constants' last page, and .bss. */
enum { HEADERS, CODE, CONSTANTS, DATA, STACK, COUNT };
#define ADDRESSES (UINT64_C(1) << 47) /* of an x86-64 process */

struct fixture {
    struct fatelf_elf elf;
    Elf64_Phdr headers[COUNT];
    uint64_t size;
};

static struct fixture make(void)
{
    return (struct fixture){
        .elf = {.entry = 0x1100, .header_offset = 64, .type = ET_DYN, .header_count = COUNT},
        .headers =
            {
                [HEADERS] =
                    {.p_type = PT_LOAD, .p_flags = PF_R, .p_filesz = 0x600, .p_memsz = 0x600, .p_align = 0x1000},
                [CODE] = {.p_type = PT_LOAD,
                          .p_flags = PF_R | PF_X,
                          .p_offset = 0x1000,
                          .p_vaddr = 0x1000,
                          .p_filesz = 0x234,
                          .p_memsz = 0x234,
                          .p_align = 0x1000},
                [CONSTANTS] = {.p_type = PT_LOAD,
                               .p_flags = PF_R,
                               .p_offset = 0x2000,
                               .p_vaddr = 0x2000,
                               .p_filesz = 0x1150,
                               .p_memsz = 0x1150,
                               .p_align = 0x1000},
                [DATA] = {.p_type = PT_LOAD,
                          .p_flags = PF_R | PF_W,
                          .p_offset = 0x3dd0,
                          .p_vaddr = 0x5dd0,
                          .p_filesz = 0x248,
                          .p_memsz = 0x2000,
                          .p_align = 0x1000},
                [STACK] = {.p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W},
            },
        .size = 0x5000,
    };
}

static int read_program(const struct fixture *f, struct fatelf_program *program)
{
    return fatelf_program_read(&f->elf, f->headers, f->size, program);
}

static void a_usual_program_is_read(void **state)
{
    struct fixture f = make();
    struct fatelf_program p;

    (void)state;
    assert_int_equal(read_program(&f, &p), 0);
    assert_int_equal(p.segment_count, 4);
    assert_true(p.relocatable && !p.executable_stack);
    assert_int_equal(p.entry, 0x1100);
    assert_int_equal(p.headers, 64);
    assert_int_equal(p.header_count, COUNT);
    assert_int_equal(p.alignment, 0x1000);
    assert_int_equal(p.start_code, 0x1000); /* /proc/PID/stat, as fs/binfmt_elf.c counts */
    assert_int_equal(p.end_code, 0x1234);
    assert_int_equal(p.start_data, 0x5dd0);
    assert_int_equal(p.end_data, 0x6018);
    assert_null(p.interpreter);

    const struct fatelf_segment *data = &p.segments[DATA];
    assert_int_equal(data->address, 0x5000);
    assert_int_equal(data->end, 0x8000);
    assert_int_equal(data->file_offset, 0x3000);
    assert_int_equal(data->file_size, 0x2000);
    assert_int_equal(data->data_end, 0x6018);
    assert_true(data->clear);
    assert_int_equal(data->copied_head, 0x1000); /* the constants, which come first, have that page too */
    assert_int_equal(data->copied_tail, 0);
    assert_int_equal(p.segments[CONSTANTS].copied_tail, 0);
    assert_false(p.segments[CODE].clear);
}

static void an_executable_segment_keeps_the_page_that_it_shares(void **state)
{
    struct fixture f = make();
    struct fatelf_program p;

    (void)state;
    f.headers[CODE].p_offset = f.headers[CODE].p_vaddr = 0x1500; /* from the headers' last page .. */
    f.headers[CODE].p_filesz = f.headers[CODE].p_memsz = 0x1000; /* .. to the constants' first one */
    f.headers[CONSTANTS].p_offset = 0x2500;
    f.headers[CONSTANTS].p_vaddr = 0x3500;
    f.headers[CONSTANTS].p_filesz = f.headers[CONSTANTS].p_memsz = 0x1000;
    f.headers[HEADERS].p_filesz = f.headers[HEADERS].p_memsz = 0x1500;
    f.headers[CODE].p_vaddr = 0x2500;
    f.headers[CONSTANTS].p_vaddr = 0x4500;
    f.headers[DATA].p_vaddr = 0x7dd0;
    f.elf.entry = 0x2600;
    assert_int_equal(read_program(&f, &p), 0);
    assert_int_equal(p.segments[HEADERS].copied_head, 0);
    assert_int_equal(p.segments[HEADERS].copied_tail, 0x1000);
    assert_int_equal(p.segments[CODE].copied_head, 0);
    assert_int_equal(p.segments[CODE].copied_tail, 0);
    assert_int_equal(p.segments[CONSTANTS].copied_head, 0x1000);
    assert_int_equal(p.segments[DATA].copied_head, 0x1000);
}

static void two_executable_segments_do_not_share_a_page(void **state)
{
    struct fixture f = make();
    struct fatelf_program p;

    (void)state;
    f.headers[CONSTANTS].p_flags |= PF_X;
    f.headers[CONSTANTS].p_offset = 0x1800;
    f.headers[CONSTANTS].p_vaddr = 0x2800;
    assert_int_equal(read_program(&f, &p), FATELF_ERROR_PROGRAM_SHARED);
}

static void a_segment_that_encloses_another_in_the_file_is_refused(void **state)
{
    struct fixture f = make();
    struct fatelf_program p;

    (void)state;
    f.size = 0x6000;
    f.headers[CONSTANTS].p_offset = 0x4000;
    f.headers[DATA].p_offset = 0x1dd0; /* code is in its middle */
    f.headers[DATA].p_filesz = f.headers[DATA].p_memsz = 0x2000;
    f.headers[CODE].p_offset = f.headers[CODE].p_vaddr = f.elf.entry = 0x2000;
    f.headers[CONSTANTS].p_vaddr = 0x3000;
    assert_int_equal(read_program(&f, &p), FATELF_ERROR_PROGRAM_SHARED);
}

static void a_segment_without_bytes_in_the_file_shares_no_page(void **state)
{
    struct fixture f = make();
    struct fatelf_program p;

    (void)state;
    f.headers[DATA].p_filesz = 0;
    f.headers[DATA].p_offset = 0x1001; /* has no meaning */
    assert_int_equal(read_program(&f, &p), 0);
    assert_int_equal(p.segments[DATA].file_size, 0);
    assert_int_equal(p.segments[DATA].copied_head, 0);
    assert_int_equal(p.segments[DATA].end, 0x8000);
}

#define CHANGED(field, value, error) \
    do { \
        struct fixture f_ = make(); \
        struct fatelf_program p_, before_; \
        memset(&p_, 0x5a, sizeof p_); \
        before_ = p_; \
        f_.field = (value); \
        assert_int_equal(read_program(&f_, &p_), error); \
        if (error) \
            assert_memory_equal(&p_, &before_, sizeof p_); \
    } while (0)

static void a_program_that_cannot_be_started_in_place_is_refused(void **state)
{
    (void)state;
    CHANGED(elf.type, ET_EXEC, 0);
    CHANGED(elf.type, ET_REL, FATELF_ERROR_PROGRAM_KIND);
    CHANGED(elf.type, ET_CORE, FATELF_ERROR_PROGRAM_KIND);
    CHANGED(elf.header_count, 0, FATELF_ERROR_PROGRAM_KIND);
    CHANGED(elf.header_count, 1, FATELF_ERROR_PROGRAM_KIND); /* no executable segment */
    CHANGED(elf.header_count, FATELF_HEADERS_MAX + 1, FATELF_ERROR_PROGRAM_KIND);
    CHANGED(elf.entry, 0x8000, FATELF_ERROR_PROGRAM_KIND);
    CHANGED(elf.entry, UINT64_MAX, FATELF_ERROR_PROGRAM_KIND);
    CHANGED(headers[CODE].p_vaddr, 0x1001, FATELF_ERROR_PROGRAM_SEGMENT);
    CHANGED(headers[CODE].p_vaddr, UINT64_C(1) << 47, FATELF_ERROR_PROGRAM_SEGMENT);
    CHANGED(headers[CODE].p_vaddr, UINT64_MAX - 0xfff, FATELF_ERROR_PROGRAM_SEGMENT);
    CHANGED(headers[CODE].p_memsz, UINT64_MAX, FATELF_ERROR_PROGRAM_SEGMENT);
    CHANGED(headers[CODE].p_memsz, 0x233, FATELF_ERROR_PROGRAM_SEGMENT); /* smaller than in the file */
    CHANGED(headers[CODE].p_offset, 0x5000, FATELF_ERROR_PROGRAM_SEGMENT);
    CHANGED(headers[CODE].p_offset, UINT64_MAX - 0xfff, FATELF_ERROR_PROGRAM_SEGMENT);
    CHANGED(size, 0x4017, FATELF_ERROR_PROGRAM_SEGMENT);
    CHANGED(size, 0x4018, 0);
    CHANGED(headers[CONSTANTS].p_vaddr, 0x1000, FATELF_ERROR_PROGRAM_ORDER);
    CHANGED(headers[DATA].p_vaddr, 0x3dd0, FATELF_ERROR_PROGRAM_ORDER); /* on the constants' last page */
    CHANGED(headers[HEADERS].p_memsz, 0x1001, FATELF_ERROR_PROGRAM_ORDER);
    CHANGED(headers[HEADERS].p_memsz, 0x1000, 0);
    CHANGED(headers[CODE].p_offset, 0x4000, 0);
    CHANGED(headers[DATA].p_filesz, UINT64_MAX, FATELF_ERROR_PROGRAM_SEGMENT);
    CHANGED(headers[DATA].p_memsz, ADDRESSES - 0x5dd0, 0); /* to the end of the address space */
    CHANGED(headers[DATA].p_memsz, ADDRESSES - 0x5dd0 + 1, FATELF_ERROR_PROGRAM_SEGMENT);
    CHANGED(headers[DATA].p_memsz, -UINT64_C(0x5dd0), FATELF_ERROR_PROGRAM_SEGMENT);
    CHANGED(headers[DATA].p_align, UINT64_C(1) << 63, 0);
}

static void more_segments_than_the_limit_are_refused(void **state)
{
    Elf64_Phdr headers[FATELF_SEGMENTS_MAX + 1];
    struct fatelf_elf elf = {.entry = 0x1000, .type = ET_EXEC, .header_count = FATELF_SEGMENTS_MAX};
    struct fatelf_program p;

    (void)state;
    for (unsigned i = 0; i <= FATELF_SEGMENTS_MAX; i++)
        headers[i] = (Elf64_Phdr){.p_type = PT_LOAD, .p_flags = PF_X, .p_vaddr = 0x1000 * (i + 1), .p_memsz = 1};
    assert_int_equal(fatelf_program_read(&elf, headers, 0, &p), 0);
    elf.header_count++;
    assert_int_equal(fatelf_program_read(&elf, headers, 0, &p), FATELF_ERROR_PROGRAM_SEGMENTS);
}

static void stack_alignment_and_headers_are_found(void **state)
{
    struct fixture f = make();
    struct fatelf_program p;

    (void)state;
    f.headers[STACK].p_flags |= PF_X;
    f.headers[DATA].p_align = 0x200000;
    f.headers[CODE].p_align = 0x300000; /* not a power of two: ignored */
    f.elf.header_offset = 0x3e00;       /* a tool moved them into the data */
    assert_int_equal(read_program(&f, &p), 0);
    assert_true(p.executable_stack);
    assert_int_equal(p.alignment, 0x200000);
    assert_int_equal(p.headers, 0x5e00);
    f.elf.header_offset = 0x4900; /* in no segment */
    assert_int_equal(read_program(&f, &p), 0);
    assert_int_equal(p.headers, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_usual_program_is_read),
        cmocka_unit_test(an_executable_segment_keeps_the_page_that_it_shares),
        cmocka_unit_test(two_executable_segments_do_not_share_a_page),
        cmocka_unit_test(a_segment_that_encloses_another_in_the_file_is_refused),
        cmocka_unit_test(a_segment_without_bytes_in_the_file_shares_no_page),
        cmocka_unit_test(a_program_that_cannot_be_started_in_place_is_refused),
        cmocka_unit_test(more_segments_than_the_limit_are_refused),
        cmocka_unit_test(stack_alignment_and_headers_are_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
