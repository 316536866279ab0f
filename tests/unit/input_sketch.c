/* SPDX-License-Identifier: MIT */
/* bundler/input/sketch.c: the share of texts that two programs have in common. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../bundler/input/sketch.h"

/* Makes the sketch of a file with these bytes, of which `segments` cover all, `segment_size` bytes each. */
static struct sketch sketch_of(const char *bytes, size_t size, size_t segment_size)
{
    FILE *file = tmpfile();
    Elf64_Phdr headers[64] = {{0}};
    struct elf_file elf = {.program_headers = headers};
    struct sketch sketch = {.count = SIZE_MAX};

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fflush(file), 0);
    for (size_t at = 0; at < size; at += segment_size) {
        assert_true(elf.count < 64);
        headers[elf.count++] = (Elf64_Phdr){
            .p_type = PT_LOAD,
            .p_offset = at,
            .p_filesz = size - at < segment_size ? size - at : segment_size,
        };
    }
    assert_int_equal(sketch_make(&sketch, &elf, fileno(file), size, "file"), 0);
    fclose(file);
    return sketch;
}

enum { TEXT = 24 }; /* bytes of each text; the zero at its end included */

/* The texts with the numbers from `from` to `to`. */
static char *texts(unsigned from, unsigned to)
{
    char *bytes = calloc(to - from + 1, TEXT);

    assert_non_null(bytes);
    for (unsigned i = from; i < to; i++) {
        /* every window of 16 characters contains the number or a part that depends on it */
        snprintf(bytes + (size_t)(i - from) * TEXT, TEXT, "%08x:%08x:%05u", i * 2654435761U, i * 40503U, i);
    }
    return bytes;
}

static int share(unsigned from, unsigned to, unsigned other_from, unsigned other_to)
{
    char *first = texts(from, to), *second = texts(other_from, other_to);
    struct sketch a = sketch_of(first, (size_t)(to - from) * TEXT, SIZE_MAX / 2);
    struct sketch b = sketch_of(second, (size_t)(other_to - other_from) * TEXT, SIZE_MAX / 2);
    int result = sketch_compare(&a, &b);

    assert_int_equal(result, sketch_compare(&b, &a));
    assert_int_equal(sketch_compare(&a, &a), 100);
    free(first);
    free(second);
    return result;
}

static void the_share_is_that_of_all_texts(void **state)
{
    (void)state;
    assert_int_equal(share(0, 50000, 50000, 100000 - 1), 0);
    assert_in_range(share(0, 50000, 25000, 75000), 28, 38); /* a third */
    assert_in_range(share(0, 50000, 5000, 55000), 77, 87);  /* 45000 of 55000 */
    assert_in_range(share(0, 50000, 0, 5000), 7, 13);       /* a tenth */
    /* so few that both samples are complete: exactly */
    assert_int_equal(share(0, 60, 30, 90), 33);
    assert_int_equal(share(0, 60, 0, 90), 66);
    assert_int_equal(share(0, 60, 60, 120), 0);
    /* one sample is complete, the other one is not */
    assert_in_range(share(0, 60, 0, 600), 7, 13);
}

static void a_text_that_occurs_often_counts_once(void **state)
{
    char *once = texts(0, 200), *often = calloc(200, TEXT * 40);

    (void)state;
    for (unsigned i = 0; i < 40; i++)
        memcpy(often + (size_t)i * 200 * TEXT, once, 200 * TEXT);
    struct sketch a = sketch_of(once, 200 * TEXT, SIZE_MAX / 2);
    struct sketch b = sketch_of(often, 40 * 200 * TEXT, SIZE_MAX / 2);
    assert_int_equal(a.count, b.count);
    assert_int_equal(sketch_compare(&a, &b), 100);
    free(once);
    free(often);
}

static void programs_with_little_text_are_not_compared(void **state)
{
    (void)state;
    assert_int_equal(share(0, 20, 0, 20), 100);
    char *few = texts(0, 15), *many = texts(0, 100);
    struct sketch a = sketch_of(few, 15 * TEXT, SIZE_MAX / 2), b = sketch_of(many, 100 * TEXT, SIZE_MAX / 2);
    assert_true(a.count < SKETCH_MIN);
    assert_int_equal(sketch_compare(&a, &b), -1);
    assert_int_equal(sketch_compare(&b, &a), -1);
    free(few);
    free(many);
}

/* However the hashes of the windows lie. */
static void what_only_one_program_has_counts(void **state)
{
    struct sketch a = {.count = 200}, b = {.count = 400};

    (void)state;
    for (size_t i = 0; i < 400; i++)
        b.hashes[i] = i;
    memcpy(a.hashes, b.hashes, sizeof a.hashes);
    assert_int_equal(sketch_compare(&a, &b), 50);
    for (size_t i = 0; i < 200; i++)
        a.hashes[i] = 200 + i;
    assert_int_equal(sketch_compare(&a, &b), 50);
}

static void only_printable_characters_are_text(void **state)
{
    char bytes[4096];

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 7 % 256);
    assert_int_equal(sketch_of(bytes, sizeof bytes, SIZE_MAX / 2).count, 0);
    memset(bytes, 0, sizeof bytes);
    memcpy(bytes + 100, "fifteen letters", 15);
    assert_int_equal(sketch_of(bytes, sizeof bytes, SIZE_MAX / 2).count, 0);
    memcpy(bytes + 100, "sixteen letters!", 16);
    assert_int_equal(sketch_of(bytes, sizeof bytes, SIZE_MAX / 2).count, 1);
    bytes[108] = '\t';
    assert_int_equal(sketch_of(bytes, sizeof bytes, SIZE_MAX / 2).count, 0);
}

/* The file is read in pieces of 1 MiB; a text that is in two of them must not be lost. */
static void texts_at_the_edges_of_what_is_read_count(void **state)
{
    enum { SIZE = 3 << 20 };
    char *bytes = calloc(1, SIZE);

    (void)state;
    assert_non_null(bytes);
    for (size_t at = (1 << 20) - 40; at < (1 << 20) + 20; at++) {
        memset(bytes, 0, SIZE);
        memcpy(bytes + at, "sixteen letters!", 16);
        assert_int_equal(sketch_of(bytes, SIZE, SIZE_MAX / 2).count, 1);
    }
    memset(bytes, 0, SIZE);
    memcpy(bytes + SIZE - 16, "sixteen letters!", 16);
    assert_int_equal(sketch_of(bytes, SIZE, SIZE_MAX / 2).count, 1);
    free(bytes);
}

static void texts_are_found_in_every_loaded_segment_and_nowhere_else(void **state)
{
    char *bytes = texts(0, 600);
    Elf64_Phdr headers[2] = {
        {.p_type = PT_LOAD, .p_offset = 0, .p_filesz = 300 * TEXT},
        {.p_type = PT_NOTE, .p_offset = 300 * TEXT, .p_filesz = 300 * TEXT},
    };
    struct elf_file elf = {.program_headers = headers, .count = 2};
    struct sketch half = sketch_of(bytes, 300 * TEXT, SIZE_MAX / 2), sketch = {.count = SIZE_MAX};
    FILE *file = tmpfile();

    (void)state;
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, TEXT, 600, file), 600);
    assert_int_equal(fflush(file), 0);
    assert_int_equal(sketch_make(&sketch, &elf, fileno(file), 600 * TEXT, "file"), 0);
    assert_int_equal(sketch_compare(&half, &sketch), 100);
    struct sketch whole = sketch_of(bytes, 600 * TEXT, 20 * TEXT);
    assert_in_range(sketch_compare(&half, &whole), 45, 55);
    /* a segment that covers more than the file is not read; the caller has refused such a file */
    headers[1] = (Elf64_Phdr){.p_type = PT_LOAD, .p_offset = 0, .p_filesz = 600 * TEXT};
    assert_int_equal(sketch_make(&sketch, &elf, fileno(file), 600 * TEXT, "file"), 0);
    assert_int_equal(sketch_compare(&half, &sketch), 100);
    fclose(file);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_share_is_that_of_all_texts),
        cmocka_unit_test(a_text_that_occurs_often_counts_once),
        cmocka_unit_test(programs_with_little_text_are_not_compared),
        cmocka_unit_test(what_only_one_program_has_counts),
        cmocka_unit_test(only_printable_characters_are_text),
        cmocka_unit_test(texts_at_the_edges_of_what_is_read_count),
        cmocka_unit_test(texts_are_found_in_every_loaded_segment_and_nowhere_else),
    };

    return cmocka_run_group_tests_name("input_sketch", tests, NULL, NULL);
}
