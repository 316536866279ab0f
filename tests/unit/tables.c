/* SPDX-License-Identifier: MIT */
/* The tables of launch methods and encodings agree with format.h, with each other and with the encoders. */
#include "unit.h"

#include <string.h>

#include "../../bundler/coding/encode.h"
#include "../../lib/encoding.h"
#include "../../lib/launch.h"

static void every_launch_method_is_found_by_number_and_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < FATELF_LAUNCH_ROWS; i++) {
        const struct fatelf_launch_row *row = &fatelf_launch_rows[i];
        assert_ptr_equal(fatelf_launch_by_number(row->number), row);
        assert_ptr_equal(fatelf_launch_by_name(row->name), row);
        assert_true(i == 0 || row->number > fatelf_launch_rows[i - 1].number);
    }
    assert_null(fatelf_launch_by_number(0));
    assert_null(fatelf_launch_by_number(FATELF_LAUNCH_ROWS + 1));
    assert_null(fatelf_launch_by_name(""));
    assert_null(fatelf_launch_by_name("memfd "));
}

static void what_a_launch_method_maps_executable_is_not_compressed_by_default(void **state)
{
    (void)state;
    for (size_t i = 0; i < FATELF_LAUNCH_ROWS; i++) {
        const struct fatelf_encoding_row *encoding = fatelf_encoding_by_number(fatelf_launch_rows[i].default_encoding);
        assert_non_null(encoding);
        assert_int_equal(fatelf_launch_rows[i].executable, encoding->decode == NULL);
    }
}

static void encodings_have_the_numbers_of_the_format(void **state)
{
    (void)state;
    assert_string_equal(fatelf_encoding_by_number(1)->name, "stored");
    assert_string_equal(fatelf_encoding_by_number(2)->name, "zstd");
    assert_string_equal(fatelf_encoding_by_number(3)->name, "zstd-delta");
    assert_null(fatelf_encoding_by_number(0));
    assert_null(fatelf_encoding_by_number(4));
}

static void known_features_are_those_of_the_encodings(void **state)
{
    uint64_t bits = 0;
    (void)state;

    for (unsigned i = 1; fatelf_encoding_by_number(i); i++)
        bits |= fatelf_encoding_by_number(i)->incompatible;
    assert_int_equal(bits, FATELF_INCOMPATIBLE_KNOWN);
}

static void every_encoder_has_a_decoder(void **state)
{
    (void)state;
    for (size_t i = 0; i < ENCODE_ROWS; i++) {
        const struct encode_row *row = &encode_rows[i];
        const struct fatelf_encoding_row *encoding = fatelf_encoding_by_number(row->encoding);
        assert_non_null(encoding);
        assert_ptr_equal(encode_by_encoding(row->encoding), row);
        assert_int_equal(row->code == NULL, encoding->decode == NULL);
        if (row->against) {
            assert_true(encoding->is_base);
            assert_true(fatelf_encoding_by_number(row->against)->base);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_launch_method_is_found_by_number_and_by_name),
        cmocka_unit_test(what_a_launch_method_maps_executable_is_not_compressed_by_default),
        cmocka_unit_test(encodings_have_the_numbers_of_the_format),
        cmocka_unit_test(known_features_are_those_of_the_encodings),
        cmocka_unit_test(every_encoder_has_a_decoder),
    };

    return cmocka_run_group_tests_name("tables", tests, NULL, NULL);
}
