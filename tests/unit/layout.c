/* SPDX-License-Identifier: MIT */
/* bundler/bundle/layout.c: where the sections of a bundle are placed. */
#include "unit.h"

#include "../../bundler/bundle/layout.h"

static void sections_are_placed_in_order_at_their_alignment(void **state)
{
    struct layout_part parts[] = {
        {.name = "note", .size = 100, .alignment = 4}, {.name = "small", .size = 3, .alignment = 4},
        {.name = "info", .size = 33, .alignment = 16}, {.name = "one", .size = 4096, .alignment = 4096},
        {.name = "two", .size = 1, .alignment = 4096},
    };

    (void)state;
    assert_int_equal(layout_place(0x5e001, parts, 5), 0x61001);
    assert_int_equal(parts[0].address, 0x5f000);
    assert_int_equal(parts[1].address, 0x5f064);
    assert_int_equal(parts[2].address, 0x5f070);
    assert_int_equal(parts[3].address, 0x60000);
    assert_int_equal(parts[4].address, 0x61000);
    assert_int_equal(layout_place(0x5f000, parts, 1), 0x5f064);
    assert_int_equal(layout_place(0x5f000, parts, 0), 0x5f000);
    assert_int_equal(layout_round_up(0, 4096), 0);
    assert_int_equal(layout_round_up(1, 1), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_are_placed_in_order_at_their_alignment),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
