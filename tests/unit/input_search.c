/* SPDX-License-Identifier: MIT */
/* bundler/input/search.c: strings of bytes in a part of a file. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../bundler/input/search.h"

enum { SIZE = (3 << 20) + 7 };

/* Whether "\0name\0" is found in `size` bytes at `offset` of a file of zeros with `name` at `at`. */
static bool finds(size_t at, size_t offset, size_t size)
{
    static FILE *file;
    static char *bytes;
    struct needle needles[] = {NEEDLE_NAME("other"), NEEDLE_NAME("name"), {"me", 2, false}};

    if (!file) {
        file = tmpfile();
        bytes = calloc(1, SIZE);
        assert_non_null(file);
        assert_non_null(bytes);
    }
    memcpy(bytes + at, "name", 4);
    rewind(file);
    assert_int_equal(fwrite(bytes, 1, SIZE, file), SIZE);
    assert_int_equal(fflush(file), 0);
    memset(bytes + at, 0, 4);
    search_file(fileno(file), offset, size, needles, sizeof needles / sizeof *needles);
    assert_false(needles[0].found);
    if (needles[1].found)
        assert_true(needles[2].found);
    return needles[1].found;
}

static void a_name_is_found_wherever_it_is(void **state)
{
    (void)state;
    for (size_t at = (1 << 20) - 10; at < (1 << 20) + 10; at++)
        assert_true(finds(at, 0, SIZE));
    for (size_t at = 1; at < 4; at++)
        assert_true(finds(at, 0, SIZE));
    assert_true(finds(SIZE - 5, 0, SIZE));
}

static void only_the_part_is_searched(void **state)
{
    (void)state;
    assert_true(finds(100, 99, 6));
    assert_false(finds(100, 99, 5));
    assert_false(finds(100, 100, 6));
    assert_false(finds(100, 0, 0));
    assert_false(finds(100, SIZE, 10)); /* not in the file */
    assert_false(finds(100, UINT64_MAX - 5, 10));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_found_wherever_it_is),
        cmocka_unit_test(only_the_part_is_searched),
    };

    return cmocka_run_group_tests_name("input_search", tests, NULL, NULL);
}
