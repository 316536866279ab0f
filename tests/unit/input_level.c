/* SPDX-License-Identifier: MIT */
/* bundler/input/level.c: which level a build is for, by what its file and its name say. */
#include "unit.h"

#include <elf.h>
#include <string.h>

#include "../../bundler/input/level.h"

/* .go.buildinfo with a version and a module string, as Go's linker writes it. */
static uint64_t go_section(unsigned char *to, const char *modules)
{
    static const char version[] = "go1.22.1";
    size_t length = strlen(modules), at = 32;

    memset(to, 0, 32);
    memcpy(to, "\xff Go buildinf:\x08\x02", 16);
    to[at++] = sizeof version - 1;
    memcpy(to + at, version, sizeof version - 1);
    at += sizeof version - 1;
    to[at++] = (unsigned char)(length & 0x7f) | 0x80;
    to[at++] = (unsigned char)(length >> 7);
    memcpy(to + at, modules, length);
    return at + length;
}

static void go_build_information_gives_the_level(void **state)
{
    unsigned char section[512];
    uint64_t size = go_section(section, "path\tx\nbuild\tGOOS=linux\nbuild\tGOAMD64=v3\nbuild\tX=y\n");

    (void)state;
    assert_int_equal(level_from_go(section, size), 3);
    for (uint64_t cut = 0; cut < size; cut++)
        assert_int_equal(level_from_go(section, cut), 0); /* nothing is read after the end */
    section[15] = 0;                                      /* Go before 1.18 has pointers here */
    assert_int_equal(level_from_go(section, size), 0);
    size = go_section(section, "path\tx\nbuild\tGOOS=linux\n");
    assert_int_equal(level_from_go(section, size), 0);
    size = go_section(section, "path\tx\nbuild\tGOAMD64=v7\n");
    assert_int_equal(level_from_go(section, size), 0);
    size = go_section(section, "path\tbuild\tGOAMD64=v2x\n");
    assert_int_equal(level_from_go(section, size), 0);
}

static void go_strings_with_overflowing_lengths_give_no_level(void **state)
{
    unsigned char section[64];

    (void)state;
    go_section(section, "");
    memset(section + 32, 0xff, 12);
    assert_int_equal(level_from_go(section, sizeof section), 0);
    memset(section + 32, 0xff, 32);
    assert_int_equal(level_from_go(section, sizeof section), 0);
}

/* .note.gnu.property with one property. */
static uint64_t property_section(unsigned char *to, uint32_t type, uint32_t bits)
{
    Elf64_Nhdr note = {.n_namesz = 4, .n_descsz = 16, .n_type = NT_GNU_PROPERTY_TYPE_0};
    const uint32_t words[4] = {type, 4, bits, 0};

    memcpy(to, &note, sizeof note);
    memcpy(to + sizeof note, "GNU", 4);
    memcpy(to + sizeof note + 4, words, sizeof words);
    return sizeof note + 4 + sizeof words;
}

static void gnu_properties_give_levels_above_the_baseline(void **state)
{
    unsigned char section[64];
    uint64_t size = property_section(section, 0xc0008002, 0);

    (void)state;
    assert_int_equal(level_from_property(section, size), 0);
    property_section(section, 0xc0008002, 1); /* every C library's start files have this bit */
    assert_int_equal(level_from_property(section, size), 0);
    property_section(section, 0xc0008002, 2);
    assert_int_equal(level_from_property(section, size), 2);
    property_section(section, 0xc0008002, 4);
    assert_int_equal(level_from_property(section, size), 3);
    property_section(section, 0xc0008002, 0xf);
    assert_int_equal(level_from_property(section, size), 4);
    for (uint64_t cut = 0; cut < size; cut++)
        assert_int_equal(level_from_property(section, cut), 0);
    property_section(section, 0xc0010002, 8); /* ISA_1_USED gives no level */
    assert_int_equal(level_from_property(section, size), 0);
}

static void names_that_end_in_a_level_give_it(void **state)
{
    static const struct {
        const char *name;
        unsigned level;
    } rows[] = {
        {"prog.v3", 3},     {"prog-v1", 1},
        {"prog_v4", 4},     {"prog-x86-64-v2", 2},
        {"dir.v1/prog", 0}, {"dir/prog.v2", 2},
        {"prog.v5", 0},     {"progv3", 0},
        {"v3", 0},          {".v3", 0},
        {"dir/.v3", 0},     {"prog.v3.gz", 0},
        {"prog.v", 0},      {"", 0},
        {"p_v3", 3},        {"prog-v33", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(level_from_name(rows[i].name), rows[i].level);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(go_build_information_gives_the_level),
        cmocka_unit_test(go_strings_with_overflowing_lengths_give_no_level),
        cmocka_unit_test(gnu_properties_give_levels_above_the_baseline),
        cmocka_unit_test(names_that_end_in_a_level_give_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
