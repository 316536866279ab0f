/* SPDX-License-Identifier: MIT */
/* bundler/input/appended.c: what counts as appended data. */
#include "elf_file.h"

static void a_linked_file_has_none(void **state)
{
    struct file f = make();

    (void)state;
    expect_none(&f);
}

static void bytes_behind_everything_are_found_unless_all_are_zero(void **state)
{
    struct file f = make();
    static char zeros[100000]; /* more than are read at once */

    (void)state;
    append(&f, zeros, 1);
    expect_none(&f);
    append(&f, zeros, sizeof zeros);
    expect_none(&f);
    append(&f, "\1", 1);
    expect_one(&f, "", END, sizeof zeros + 2);
    append(&f, zeros, 5);
    expect_one(&f, "", END, sizeof zeros + 7);
    f = make();
    append(&f, "\1", 1);
    expect_one(&f, "", END, 1);
}

static void what_upx_appends_does_not_count(void **state)
{
    struct file f = make();

    (void)state;
    memcpy(f.bytes + CODE, "UPX!", 4);
    append(&f, "compressed", 10);
    expect_none(&f);
    memcpy(f.bytes + CODE, "UPX?UPX", 7);
    expect_one(&f, "", END, 10);
    f.size = 5000;
    memcpy(f.bytes + 4094, "UPX!", 4); /* not at the start */
    expect_one(&f, "", END, 5000 - END);
}

static void sections_of_other_names_are_found(void **state)
{
    static const char *const others[] = {"pydata",    ".rackboot", ".text",   ".comments",  "comment",
                                         ".deb",      ".ctx",      ".data.x", "debug_info", ".rustc2",
                                         ".identity", ".",         ".relx",   ".Dynamic"};
    static const char *const known[] = {".comment",
                                        ".debug_info",
                                        ".debug_gdb_scripts",
                                        ".zdebug_line",
                                        ".gnu_debuglink",
                                        ".gnu.lto_x",
                                        ".note",
                                        ".notes",
                                        ".stab",
                                        ".stabstr",
                                        ".gdb_index",
                                        ".llvm_addrsig",
                                        ".llvmbc",
                                        ".ctf",
                                        ".BTF",
                                        ".BTF.ext",
                                        ".GCC.command.line",
                                        ".annobin.notes",
                                        ".rustc",
                                        ".swift_ast",
                                        ".dep-v0",
                                        ".SUNW_ctf",
                                        ".ident",
                                        ".line",
                                        ".mdebug",
                                        ".go.buildinfo"};

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct file f = make();
        name_extra(&f, others[i]);
        expect_one(&f, others[i], EXTRA, NAMES - EXTRA);
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct file f = make();
        name_extra(&f, known[i]);
        expect_none(&f);
    }
}

static void sections_that_are_mapped_or_without_bytes_do_not_count(void **state)
{
    static const Elf64_Word types[] = {SHT_NULL, SHT_NOBITS, SHT_STRTAB, SHT_SYMTAB, SHT_NOTE, SHT_LOUSER};
    struct file f = make();

    (void)state;
    name_extra(&f, "pydata");
    f.sections[ONE].sh_flags = SHF_ALLOC;
    expect_none(&f);
    f.sections[ONE].sh_flags = SHF_WRITE | SHF_EXECINSTR;
    expect_one(&f, "pydata", EXTRA, NAMES - EXTRA);
    f.sections[ONE].sh_size = 0;
    expect_none(&f);
    f.sections[ONE].sh_size = 1;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        f.sections[ONE].sh_type = types[i];
        expect_none(&f);
    }
}

static void sections_outside_of_the_file_do_not_count(void **state)
{
    static const uint64_t ranges[][2] = {{END, 1},
                                         {END - 1, 2},
                                         {0, END + 1},
                                         {UINT64_MAX, 1},
                                         {1, UINT64_MAX},
                                         {UINT64_MAX - 3, 8},
                                         {EXTRA, UINT64_MAX - EXTRA + 1}};

    (void)state;
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        struct file f = make();
        name_extra(&f, "pydata");
        f.sections[ONE].sh_offset = ranges[i][0];
        f.sections[ONE].sh_size = ranges[i][1];
        expect_none(&f);
    }
    struct file f = make();
    name_extra(&f, "pydata");
    f.sections[ONE].sh_offset = END - 1;
    f.sections[ONE].sh_size = 1;
    expect_one(&f, "pydata", END - 1, 1);
}

static void a_range_that_is_not_in_the_file_hides_nothing(void **state)
{
    struct file f = make();

    (void)state;
    f.sections[ONE].sh_offset = UINT64_MAX - 3;
    f.sections[ONE].sh_size = 8;
    f.segments[1] = (Elf64_Phdr){.p_type = PT_LOAD, .p_offset = UINT64_MAX, .p_filesz = UINT64_MAX};
    expect_end(&f, END);
    f.segments[1] = (Elf64_Phdr){.p_type = PT_NULL, .p_offset = 0, .p_filesz = ROOM};
    expect_one(&f, "", END, 4);
    f.segments[1] = (Elf64_Phdr){.p_type = PT_LOAD, .p_offset = END, .p_filesz = 0};
    expect_one(&f, "", END, 4);
    f.segments[1] = (Elf64_Phdr){.p_type = PT_NOTE, .p_offset = END, .p_filesz = 1};
    expect_one(&f, "", END + 1, 3);
    f.segments[1].p_filesz = UINT64_MAX; /* the file was cut short */
    expect_none(&f);
}

static void a_section_without_a_name_does_not_count(void **state)
{
    struct file f = make();

    (void)state;
    name_extra(&f, "pydata");
    f.sections[ONE].sh_name = 0;
    expect_none(&f);
    f.sections[ONE].sh_name = TABLE - NAMES;
    expect_none(&f);
    f.sections[ONE].sh_name = UINT32_MAX;
    expect_none(&f);
    append(&f, (const char[64]){"pydata"}, 64); /* a name, but not in the section with the names */
    f.segments[1] = (Elf64_Phdr){.p_type = PT_NOTE, .p_offset = END, .p_filesz = 64};
    f.sections[ONE].sh_name = END - NAMES;
    expect_none(&f);
    f.sections[ONE].sh_name = 7;
    f.sections[STRINGS].sh_offset = UINT64_MAX;
    expect_none(&f);
    f.sections[STRINGS].sh_offset = NAMES;
    f.sections[STRINGS].sh_type = SHT_PROGBITS; /* and now it is data itself, but without a name */
    expect_none(&f);
    f.sections[STRINGS].sh_type = SHT_STRTAB;
    f.header.e_shstrndx = COUNT;
    expect_none(&f);
    f.header.e_shstrndx = SHN_XINDEX;
    f.sections[NONE].sh_link = UINT32_MAX;
    expect_none(&f);
}

static void a_name_that_cannot_be_recorded_is_noticed(void **state)
{
    static const char *const names[] = {"py data",
                                        "py\ndata",
                                        "py\xc3\xa9",
                                        "\x7f",
                                        ".dynsym",
                                        ".rela.dyn",
                                        ".rel.x",
                                        ".symtab",
                                        ".strtab",
                                        ".init_array",
                                        ".fatelf.v3",
                                        ".hash",
                                        "a-name-of-forty-eight-bytes-is-one-byte-too-long"};
    struct file f = make();

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        name_extra(&f, names[i]);
        struct appended found = read_file(&f);
        assert_int_equal(found.count, 0);
        assert_true(found.uncopied);
    }
    name_extra(&f, "but-a-name-of-forty-seven-bytes-is-short-enough");
    expect_one(&f, "but-a-name-of-forty-seven-bytes-is-short-enough", EXTRA, NAMES - EXTRA);
    name_extra(&f, ".debug_with_a_long_name_that_only_starts_as_known_ones_do");
    expect_none(&f);
    memset(f.names + 7, 'x', sizeof f.names - 7); /* no zero at its end */
    assert_true(read_file(&f).uncopied);
}

static void any_damage_is_survived(void **state)
{
    struct file f = make();
    struct sections sections;
    struct appended found;

    (void)state;
    name_extra(&f, "pydata");
    append(&f, "data", 4);
    int fd = put(&f);
    for (size_t bit = 0; bit < f.size * 8; bit++) {
        Elf64_Ehdr header;
        f.bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
        assert_int_equal(pwrite(fd, f.bytes, f.size, 0), f.size);
        memcpy(&header, f.bytes, sizeof header);
        assert_int_equal(sections_open(&sections, fd, f.size, &header, "elf"), 0);
        assert_int_equal(appended_read(&found, &sections, &header, (const Elf64_Phdr *)(f.bytes + sizeof header), 2),
                         0);
        assert_true(found.count <= 3);
        for (unsigned i = 0; i < found.count; i++)
            assert_true(found.pieces[i].size > 0 && found.pieces[i].offset + found.pieces[i].size <= f.size);
        f.bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
    for (uint64_t size = sizeof f.header; size < f.size; size++) {
        assert_int_equal(sections_open(&sections, fd, size, &f.header, "elf"), 0);
        assert_int_equal(appended_read(&found, &sections, &f.header, f.segments, 2), 0);
    }
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_linked_file_has_none),
        cmocka_unit_test(bytes_behind_everything_are_found_unless_all_are_zero),
        cmocka_unit_test(what_upx_appends_does_not_count),
        cmocka_unit_test(sections_of_other_names_are_found),
        cmocka_unit_test(sections_that_are_mapped_or_without_bytes_do_not_count),
        cmocka_unit_test(sections_outside_of_the_file_do_not_count),
        cmocka_unit_test(a_range_that_is_not_in_the_file_hides_nothing),
        cmocka_unit_test(a_section_without_a_name_does_not_count),
        cmocka_unit_test(a_name_that_cannot_be_recorded_is_noticed),
        cmocka_unit_test(any_damage_is_survived),
    };

    return cmocka_run_group_tests_name("appended", tests, NULL, NULL);
}
