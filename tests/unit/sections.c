/* SPDX-License-Identifier: MIT */
/* bundler/input/sections.c: section headers that are missing, elsewhere, cut, too many or in a hole. */
#include "elf_file.h"

static void the_section_headers_may_be_missing(void **state)
{
    struct file f = make();

    (void)state;
    f.header.e_shoff = 0;
    f.header.e_shnum = f.header.e_shstrndx = 0;
    f.size = EXTRA;
    expect_end(&f, EXTRA);
    f = make();
    f.header.e_shoff = 0; /* but e_shnum is not 0 */
    f.size = EXTRA;
    expect_end(&f, EXTRA);
    f = make();
    f.header.e_shnum = 0; /* and sh_size of section 0 is 0 */
    f.size = EXTRA;
    f.header.e_shoff = EXTRA - sizeof *f.sections;
    expect_end(&f, EXTRA);
}

static void numbers_may_be_in_section_0(void **state)
{
    struct file f = make();

    (void)state;
    name_extra(&f, "pydata");
    f.header.e_shnum = 0;
    f.sections[NONE].sh_size = COUNT;
    expect_one(&f, "pydata", EXTRA, NAMES - EXTRA);
    f.header.e_shstrndx = SHN_XINDEX;
    f.sections[NONE].sh_link = STRINGS;
    expect_one(&f, "pydata", EXTRA, NAMES - EXTRA);
    f = make();
    f.header.e_phnum = PN_XNUM;
    f.sections[NONE].sh_info = (END + 56 - sizeof f.header) /
                               56; /* the program headers end after the section headers */
    append(&f, "datadatadatadatadatadatadatadatadatadatadatadatadatadatadatadata", 64);
    uint64_t end = sizeof f.header + f.sections[NONE].sh_info * 56;
    expect_one(&f, "", end, f.size - end);
    f.sections[NONE].sh_info = UINT32_MAX;
    expect_none(&f);
}

static void a_table_outside_of_the_file_or_with_other_entries_is_not_read(void **state)
{
    static const uint64_t offsets[] = {END, END + 1, UINT64_MAX, UINT64_MAX - 63, (uint64_t)INT64_MAX};
    static const uint16_t sizes[] = {0, 1, 40, 63, 65};
    struct file f = make();

    (void)state;
    name_extra(&f, "pydata");
    f.size = TABLE;
    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
        f.header.e_shoff = offsets[i];
        expect_one(&f, "", EXTRA, TABLE - EXTRA);
    }
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        f = make();
        name_extra(&f, "pydata");
        f.header.e_shentsize = sizes[i];
        uint64_t end = sizes[i] > 0 ? TABLE + COUNT * (uint64_t)sizes[i] : EXTRA;
        struct appended found = read_file(&f);
        assert_int_equal(found.count, end < END - 8); /* the last field is zero */
        assert_true(found.count == 0 || found.pieces[0].offset == end);
    }
}

static void of_a_cut_table_only_whole_entries_are_read(void **state)
{
    struct file f = make();

    (void)state;
    name_extra(&f, "pydata");
    f.header.e_shstrndx = TEXT; /* in the part that is there */
    f.sections[TEXT] = f.sections[STRINGS];
    f.size = TABLE + STRINGS * sizeof *f.sections;
    expect_one(&f, "pydata", EXTRA, NAMES - EXTRA);
    f.size--;
    expect_none(&f);
    f.size = TABLE + 1;
    expect_none(&f);
    f.header.e_shnum = UINT16_MAX;
    f.size = END;
    expect_one(&f, "pydata", EXTRA, NAMES - EXTRA);
    f.header.e_shnum = 0;
    f.sections[NONE].sh_size = UINT64_MAX;
    expect_one(&f, "pydata", EXTRA, NAMES - EXTRA);
    f.sections[NONE].sh_size = UINT64_MAX / sizeof *f.sections + 2; /* the product overflows */
    expect_one(&f, "pydata", EXTRA, NAMES - EXTRA);
}

/* Puts MANY section headers behind everything else; `found` of them, from index `first`, are data. */
static struct file make_many(unsigned first, unsigned found)
{
    struct file f = make();

    name_extra(&f, "pydata");
    f.header.e_shoff = END;
    f.header.e_shnum = MANY;
    f.sections[ONE].sh_type = SHT_NULL;
    for (unsigned i = 0; i < found; i++)
        f.sections[first + i] = (Elf64_Shdr){
            .sh_name = 7, .sh_type = SHT_PROGBITS, .sh_offset = EXTRA + i, .sh_size = 1 + i};
    f.size = END + sizeof f.sections;
    memcpy(f.bytes + END, f.sections, sizeof f.sections);
    return f;
}

static void a_table_of_any_length_is_read_and_what_is_too_much_is_noticed(void **state)
{
    (void)state;
    for (unsigned first = COUNT; first < MANY; first++) {
        struct file f = make_many(first, 1);
        expect_one(&f, "pydata", EXTRA, 1);
    }
    struct file f = make_many(60, FATELF_APPENDED_MAX);
    struct appended found = read_file(&f);
    assert_int_equal(found.count, FATELF_APPENDED_MAX);
    assert_false(found.uncopied);
    assert_int_equal(found.pieces[7].size, 8);
    append(&f, "data", 4);
    found = read_file(&f);
    assert_int_equal(found.count, FATELF_APPENDED_MAX);
    assert_true(found.uncopied);
    f = make_many(60, FATELF_APPENDED_MAX + 1);
    assert_true(read_file(&f).uncopied);
}

static void tables_that_are_larger_than_the_file_on_the_disk_are_refused(void **state)
{
    static const uint64_t large = (UINT64_C(4) << 20) + 512 + 1; /* one byte more than what is allowed for one block */
    const struct stat one_block = {.st_blocks = 1};
    struct file f = make();
    struct sections sections;
    int fd = put(&f);

    (void)state;
    assert_int_equal(sections_limit(&one_block), large - 1);
    assert_int_equal(sections_open(&sections, fd, f.size, &f.header, "elf"), 0);
    assert_int_equal(sections_check_holes(&sections, &one_block, f.segments, 2), 0);
    for (int i = 0; i < 4; i++) {
        struct sections changed = sections;
        Elf64_Phdr segments[2] = {f.segments[0], {.p_type = PT_NOTE}};
        uint64_t *const sizes[] = {&changed.table_size, &changed.names.sh_size, &segments[1].p_filesz,
                                   &changed.piece[ONE].sh_size};
        changed.piece[ONE].sh_type = SHT_NOTE;
        *sizes[i] = large - 1;
        assert_int_equal(sections_check_holes(&changed, &one_block, segments, 2), 0);
        *sizes[i] = large;
        assert_int_equal(sections_check_holes(&changed, &one_block, segments, 2), 1);
    }
    close(fd);
}

static void a_file_that_becomes_shorter_is_an_error(void **state)
{
    struct file f = make();
    struct sections sections;
    struct appended found;
    int fd = put(&f);

    (void)state;
    assert_int_equal(ftruncate(fd, TABLE + 10), 0);
    assert_int_equal(sections_open(&sections, fd, f.size, &f.header, "elf"), 1);
    assert_int_equal(pwrite(fd, f.bytes, f.size, 0), f.size);
    assert_int_equal(sections_open(&sections, fd, f.size, &f.header, "elf"), 0);
    sections.size++;
    assert_int_equal(appended_read(&found, &sections, &f.header, f.segments, 2), 1);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_section_headers_may_be_missing),
        cmocka_unit_test(numbers_may_be_in_section_0),
        cmocka_unit_test(a_table_outside_of_the_file_or_with_other_entries_is_not_read),
        cmocka_unit_test(of_a_cut_table_only_whole_entries_are_read),
        cmocka_unit_test(a_table_of_any_length_is_read_and_what_is_too_much_is_noticed),
        cmocka_unit_test(tables_that_are_larger_than_the_file_on_the_disk_are_refused),
        cmocka_unit_test(a_file_that_becomes_shorter_is_an_error),
    };

    return cmocka_run_group_tests_name("sections", tests, NULL, NULL);
}
