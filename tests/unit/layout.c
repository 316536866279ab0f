/* SPDX-License-Identifier: MIT */
/* Where the parts of a bundle lie: bundler/bundle/layout.c. */
#include "unit.h"

#include "../../bundler/bundle/layout.h"

enum { STUB_END = 0x2c123 };

static void the_first_part_starts_at_a_page_boundary_after_the_stub(void **state)
{
    struct layout_part parts[] = {{.name = "a", .size = 10, .alignment = 4}};
    (void)state;

    assert_int_equal(layout_place(STUB_END, parts, 1), 0x2d000 + 10);
    assert_int_equal(parts[0].address, 0x2d000);
    assert_int_equal(layout_place(0x2d000, parts, 1), 0x2d000 + 10);
}

static void parts_are_aligned_and_do_not_overlap(void **state)
{
    struct layout_part parts[] = {
        {.name = "a", .size = 10, .alignment = 4},
        {.name = "b", .size = 5000, .alignment = 16},
        {.name = "c", .size = 1, .alignment = 4096},
        {.name = "d", .size = 1, .alignment = UINT64_C(2) << 20},
    };
    (void)state;

    assert_int_equal(layout_place(STUB_END, parts, 4), 0x200001);
    assert_int_equal(parts[1].address, 0x2d010);
    assert_int_equal(parts[2].address, 0x2f000);
    assert_int_equal(parts[3].address, 0x200000);
}

/* The PT_NOTE segment covers the notes without a gap, so a note that is listed last must not be left out. */
static void a_note_that_is_listed_after_other_parts_moves_to_the_other_notes(void **state)
{
    struct layout_part parts[] = {
        {.name = "note 1", .size = 8, .alignment = 4, .note = true},
        {.name = "data 1", .size = 100, .alignment = 16},
        {.name = "data 2", .size = 100, .alignment = 16},
        {.name = "note 2", .size = 12, .alignment = 4, .note = true},
        {.name = "payload", .size = 100, .alignment = 4096},
        {.name = "note 3", .size = 4, .alignment = 4, .note = true},
    };
    static const char *const names[] = {"note 1", "note 2", "note 3", "data 1", "data 2", "payload"};
    (void)state;

    layout_place(STUB_END, parts, 6);
    for (size_t i = 0; i < 6; i++)
        assert_string_equal(parts[i].name, names[i]);
    assert_int_equal(parts[1].address, parts[0].address + 8);
    assert_int_equal(parts[2].address, parts[1].address + 12);
    assert_true(parts[3].address >= parts[2].address + 4);
}

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
        cmocka_unit_test(the_first_part_starts_at_a_page_boundary_after_the_stub),
        cmocka_unit_test(parts_are_aligned_and_do_not_overlap),
        cmocka_unit_test(a_note_that_is_listed_after_other_parts_moves_to_the_other_notes),
    };

    return cmocka_run_group_tests_name("layout", tests, NULL, NULL);
}
