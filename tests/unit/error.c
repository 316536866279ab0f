/* SPDX-License-Identifier: MIT */
/* lib/error.c */
#include "unit.h"

#include "../../lib/error.h"

static void every_error_has_a_text_of_its_own(void **state)
{
    (void)state;
    for (int a = 0; a < FATELF_ERROR_COUNT; a++)
        for (int b = a + 1; b < FATELF_ERROR_COUNT; b++)
            assert_string_not_equal(fatelf_error_text(a), fatelf_error_text(b));
    assert_string_equal(fatelf_error_text(-1), "unknown error");
    assert_string_equal(fatelf_error_text(FATELF_ERROR_COUNT), "unknown error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_has_a_text_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
