/* SPDX-License-Identifier: MIT */
/* lib/manifest.c: how variants refer to each other and to their ELF records. */
#include "manifest.h"

#include "../../lib/appended.h"

static void a_base_must_be_another_variant_with_encoding_zstd(void **state)
{
    (void)state;
    VARIANT(V2, base, 0, FATELF_ERROR_VARIANT_BASE);
    VARIANT(V2, base, 1, FATELF_ERROR_VARIANT_BASE); /* stored */
    VARIANT(V2, base, 2, FATELF_ERROR_VARIANT_BASE); /* itself */
    VARIANT(V2, base, 3, 0);
    VARIANT(V2, base, 4, 0);
    VARIANT(V2, base, 5, FATELF_ERROR_VARIANT_BASE);
    VARIANT(V2, base, 255, FATELF_ERROR_VARIANT_BASE);
    for (unsigned base = 1; base <= COUNT + 1; base++) { /* these must not have one */
        VARIANT(V1, base, (uint8_t)base, FATELF_ERROR_VARIANT_BASE);
        VARIANT(V3, base, (uint8_t)base, FATELF_ERROR_VARIANT_BASE);
    }
}

static void a_base_that_is_delta_coded_is_refused(void **state)
{
    static const uint8_t chain[][2] = {{V3, 4}, {V3, 2}, {V3, 3}}; /* v2 is already coded against v3 */

    (void)state;
    for (size_t i = 0; i < sizeof chain / sizeof *chain; i++) {
        struct fixture f = make();
        recode(&f, chain[i][0], FATELF_ENCODING_ZSTD_DELTA, chain[i][1], FATELF_INCOMPATIBLE_DELTA);
        expect(&f, FATELF_ERROR_VARIANT_BASE);
    }
    struct fixture f = make();
    recode(&f, V1, FATELF_ENCODING_ZSTD_DELTA, 3, FATELF_INCOMPATIBLE_DELTA); /* two variants may have the same base */
    expect(&f, 0);
    recode(&f, V4, FATELF_ENCODING_ZSTD_DELTA, 1, FATELF_INCOMPATIBLE_DELTA);
    expect(&f, FATELF_ERROR_VARIANT_BASE);
}

static void the_flag_without_a_delta_coded_variant_is_refused(void **state)
{
    struct fixture f = make();

    (void)state;
    recode(&f, V2, FATELF_ENCODING_ZSTD, 0, FATELF_INCOMPATIBLE_DELTA);
    expect(&f, FATELF_ERROR_MANIFEST_FLAGS);
    recode(&f, V2, FATELF_ENCODING_ZSTD, 0, 0);
    expect(&f, 0);
}

static void encode_refuses_what_decode_would_refuse(void **state)
{
    struct fixture f = make();
    struct fatelf_frame *frames[COUNT] = {f.frames[V1], f.frames[V2], f.frames[V3], f.frames[V4]};

    (void)state;
    f.manifest.variants[V2].base = 2;
    assert_int_equal(fatelf_manifest_encode(&f.manifest, elves, frames, appended, f.bytes), FATELF_ERROR_VARIANT_BASE);
    f.manifest.variants[V3].level = 1;
    assert_int_equal(fatelf_manifest_encode(&f.manifest, elves, frames, appended, f.bytes), FATELF_ERROR_VARIANT_LEVEL);
    f.manifest.header.appended_count = FATELF_APPENDED_MAX + 1;
    assert_int_equal(fatelf_manifest_encode(&f.manifest, elves, frames, appended, f.bytes), FATELF_ERROR_APPENDED);
    f.manifest.header.variant_count = 0;
    assert_int_equal(fatelf_manifest_encode(&f.manifest, elves, frames, appended, f.bytes),
                     FATELF_ERROR_MANIFEST_COUNT);
    f.manifest.header.variant_count = FATELF_VARIANTS_MAX + 1;
    assert_int_equal(fatelf_manifest_encode(&f.manifest, elves, frames, appended, f.bytes),
                     FATELF_ERROR_MANIFEST_COUNT);
}

/* The record of v1, with one field changed. */
#define RECORDED(field, value, error) \
    do { \
        struct fixture f_ = make(); \
        struct record record_ = record; \
        record_.field = (value); \
        memcpy(f_.bytes + f_.manifest.variants[V1].elf_offset, &record_, sizeof record_); \
        expect(&f_, error); \
    } while (0)

static void elf_records_are_checked(void **state)
{
    struct fixture f = make();

    (void)state;
    assert_int_equal(variant_of(&f, V1).elf_offset,
                     sizeof(struct fatelf_header) + COUNT * sizeof(struct fatelf_variant));
    assert_int_equal(variant_of(&f, V3).elf_offset, variant_of(&f, V1).elf_offset + RECORD);
    assert_int_equal(variant_of(&f, V2).elf_offset, 0);
    VARIANT(V1, elf_offset, 0, FATELF_ERROR_VARIANT_ELF);
    VARIANT(V1, elf_offset, UINT32_MAX, FATELF_ERROR_VARIANT_ELF);
    VARIANT(V2, elf_offset, 8, FATELF_ERROR_VARIANT_ELF); /* but no size */
    VARIANT(V1, elf_size, 0, FATELF_ERROR_VARIANT_ELF);
    VARIANT(V1, elf_size, 8, FATELF_ERROR_VARIANT_ELF);
    VARIANT(V1, elf_size, RECORD - 8, FATELF_ERROR_VARIANT_ELF);
    VARIANT(V1, elf_size, RECORD + 8, FATELF_ERROR_VARIANT_ELF);
    VARIANT(V3, elf_size, UINT32_MAX, FATELF_ERROR_VARIANT_ELF);
    RECORDED(elf.type, ET_CORE, 0); /* fatelf_program_read checks that */
    RECORDED(elf.header_count, 0, FATELF_ERROR_VARIANT_ELF);
    RECORDED(elf.header_count, 1, FATELF_ERROR_VARIANT_ELF);
    RECORDED(elf.header_count, 3, FATELF_ERROR_VARIANT_ELF);
    RECORDED(elf.header_count, FATELF_HEADERS_MAX + 1, FATELF_ERROR_VARIANT_ELF);
    RECORDED(elf.header_count, UINT16_MAX, FATELF_ERROR_VARIANT_ELF);
    RECORDED(elf.interpreter_size, 1, FATELF_ERROR_VARIANT_ELF);
    RECORDED(elf.interpreter_size, 9, FATELF_ERROR_VARIANT_ELF);  /* does not end in 0 */
    RECORDED(elf.interpreter_size, 11, FATELF_ERROR_VARIANT_ELF); /* contains another 0 */
    RECORDED(elf.interpreter_size, 17, FATELF_ERROR_VARIANT_ELF);
    RECORDED(elf.interpreter_size, UINT32_MAX, FATELF_ERROR_VARIANT_ELF);
    RECORDED(interpreter[9], 'x', FATELF_ERROR_VARIANT_ELF);
    RECORDED(interpreter[10], 1, FATELF_ERROR_MANIFEST_RESERVED);
    RECORDED(interpreter[15], 1, FATELF_ERROR_MANIFEST_RESERVED);
}

/* The manifest is good, but the check of the table of appended data gives this result. */
static void expect_of_appended(struct fixture *f, int error)
{
    struct fatelf_bundle bundle = {.bytes = f->bytes, .size = UINT64_MAX / 2};

    seal(f);
    assert_int_equal(fatelf_manifest_decode(f->bytes, f->size, &bundle.manifest), 0);
    assert_int_equal(fatelf_appended_check(&bundle), error);
}

/* The manifest with one field of an entry of the table of appended data changed. */
#define ENTRY(index, field, value, error) \
    do { \
        struct fixture f_ = make(); \
        struct fatelf_appended entry_ = appended[index]; \
        entry_.field = (value); \
        memcpy(f_.bytes + f_.size - sizeof(uint64_t) - (APPENDED - (index)) * sizeof entry_, &entry_, sizeof entry_); \
        expect_of_appended(&f_, error); \
    } while (0)

static void appended_data_is_checked(void **state)
{
    (void)state;
    ENTRY(SECTION, offset, 1, FATELF_ERROR_APPENDED_PLACE); /* in the manifest */
    ENTRY(SECTION, offset, FATELF_SIZE_MAX, 0);
    ENTRY(SECTION, offset, FATELF_SIZE_MAX + 1, FATELF_ERROR_APPENDED);
    ENTRY(SECTION, offset, UINT64_MAX, FATELF_ERROR_APPENDED);
    ENTRY(SECTION, offset, 0, FATELF_ERROR_APPENDED); /* the data at the end has no name */
    ENTRY(SECTION, name[0], 0, FATELF_ERROR_APPENDED);
    ENTRY(SECTION, name[1], ' ', FATELF_ERROR_APPENDED);
    ENTRY(SECTION, name[5], '\n', FATELF_ERROR_APPENDED);
    ENTRY(SECTION, name[5], 0x7f, FATELF_ERROR_APPENDED);
    ENTRY(SECTION, name[5], (char)0xe9, FATELF_ERROR_APPENDED);
    ENTRY(SECTION, name[6], 'x', 0);
    ENTRY(SECTION, name[7], 'x', FATELF_ERROR_APPENDED); /* after the name's end */
    ENTRY(SECTION, name[47], 'x', FATELF_ERROR_APPENDED);
    ENTRY(END, offset, 4096, FATELF_ERROR_APPENDED); /* a section without a name */
    ENTRY(END, name[0], 'x', FATELF_ERROR_APPENDED);
    for (unsigned i = 0; i < APPENDED; i++) {
        ENTRY(i, size, 0, FATELF_ERROR_APPENDED);
        ENTRY(i, size, FATELF_SIZE_MAX, 0);
        ENTRY(i, size, FATELF_SIZE_MAX + 1, FATELF_ERROR_APPENDED);
        ENTRY(i, size, UINT64_MAX, FATELF_ERROR_APPENDED);
    }
}

static void a_name_has_an_end_and_only_the_last_data_is_at_the_end(void **state)
{
    struct fixture f = make();
    struct fatelf_appended entry = appended[SECTION], *first = (struct fatelf_appended *)(f.bytes + f.size - 8) - 2;

    (void)state;
    memset(entry.name, 'x', sizeof entry.name);
    memcpy(first, &entry, sizeof entry);
    expect_of_appended(&f, FATELF_ERROR_APPENDED);
    entry.name[sizeof entry.name - 1] = 0;
    memcpy(first, &entry, sizeof entry);
    expect_of_appended(&f, 0);
    memcpy(first, &appended[END], sizeof entry);
    expect_of_appended(&f, FATELF_ERROR_APPENDED);
    memcpy(first, appended, sizeof appended);
    memcpy(first + 1, appended, sizeof entry); /* no data at the end */
    expect_of_appended(&f, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_base_must_be_another_variant_with_encoding_zstd),
        cmocka_unit_test(a_base_that_is_delta_coded_is_refused),
        cmocka_unit_test(the_flag_without_a_delta_coded_variant_is_refused),
        cmocka_unit_test(encode_refuses_what_decode_would_refuse),
        cmocka_unit_test(elf_records_are_checked),
        cmocka_unit_test(appended_data_is_checked),
        cmocka_unit_test(a_name_has_an_end_and_only_the_last_data_is_at_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
