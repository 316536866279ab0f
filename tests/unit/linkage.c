/* SPDX-License-Identifier: MIT */
/* bundler/input/linkage.c and bundler/bundle/linkage_*.c: what is damaged is left out, what is written is read again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../bundler/bundle/linkage_levels.h"
#include "../../bundler/bundle/linkage_parts.h"

/* --- a file with these sections ---------------------------------------------------------------------------------------- */

struct part {
    const char *name;
    const void *bytes;
    size_t size;
};

/* Writes an ELF file with these sections, which libbfd then opens. The caller closes it. */
static bfd *file_with(const struct part *parts, unsigned count)
{
    static char path[] = "linkage.XXXXXX";
    strcpy(path, "linkage.XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    bfd_init();
    bfd *out = bfd_openw(path, "elf64-x86-64");
    assert_non_null(out);
    assert_true(bfd_set_format(out, bfd_object));
    for (unsigned i = 0; i < count; i++) {
        asection *s = bfd_make_section_anyway_with_flags(out, parts[i].name, SEC_ALLOC | SEC_LOAD | SEC_HAS_CONTENTS);
        assert_true(s && bfd_set_section_size(s, parts[i].size));
    }
    unsigned at = 0;
    for (asection *s = out->sections; s; s = s->next, at++)
        assert_true(bfd_set_section_contents(out, s, parts[at].bytes, 0, parts[at].size));
    assert_true(bfd_close(out));
    bfd *in = bfd_openr(path, "elf64-x86-64");
    assert_true(in && bfd_check_format(in, bfd_object));
    unlink(path);
    return in;
}

static const char strings[] = "\0libone.so\0V1\0symbol\0/path";
enum { LIBRARY = 1, VERSION = 11, SYMBOL = 14, PATH = 21 };

static const Elf64_Dyn dynamic[] = {
    {DT_NEEDED, {LIBRARY}},
    {DT_RUNPATH, {PATH}},
    {DT_FLAGS, {DF_BIND_NOW}},
    {DT_NULL, {0}},
};
static const Elf64_Sym symbols[] = {{0}, {.st_name = SYMBOL, .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC)}};

struct needs {
    Elf64_Verneed need;
    Elf64_Vernaux version;
};

static const struct needs needs = {
    {.vn_version = 1, .vn_cnt = 1, .vn_file = LIBRARY, .vn_aux = sizeof(Elf64_Verneed)},
    {.vna_other = 2, .vna_name = VERSION},
};
static const Elf64_Versym indexes[] = {0, 2};

static struct linkage read_with(const void *needs_bytes, size_t needs_size, const Elf64_Sym *its_symbols, size_t size,
                                const Elf64_Dyn *its_dynamic, size_t dynamic_size)
{
    const struct part parts[] = {
        {".dynamic", its_dynamic, dynamic_size},
        {".dynstr", strings, sizeof strings},
        {".dynsym", its_symbols, size},
        {".gnu.version", indexes, sizeof indexes},
        {".gnu.version_r", needs_bytes, needs_size},
    };
    struct linkage linkage = {0};
    bfd *abfd = file_with(parts, sizeof parts / sizeof *parts);

    assert_int_equal(linkage_read(&linkage, abfd, linkage_level(1)), 0);
    linkage_sort(&linkage);
    bfd_close(abfd);
    return linkage;
}

static struct linkage read_good(void)
{
    return read_with(&needs, sizeof needs, symbols, sizeof symbols, dynamic, sizeof dynamic);
}

/* --- the tests --------------------------------------------------------------------------------------------------------- */

static void libraries_versions_symbols_and_paths_are_read(void **state)
{
    (void)state;
    struct linkage linkage = read_good();

    assert_int_equal(linkage.count, 3);
    assert_int_equal(linkage.entries[0].kind, LINKAGE_LIBRARY);
    assert_string_equal(linkage.entries[0].name, "libone.so");
    assert_int_equal(linkage.entries[1].kind, LINKAGE_VERSION);
    assert_string_equal(linkage.entries[1].version, "V1");
    assert_int_equal(linkage.entries[2].kind, LINKAGE_SYMBOL);
    assert_string_equal(linkage.entries[2].name, "symbol");
    assert_string_equal(linkage.entries[2].library, "libone.so");
    assert_int_equal(linkage.path_count, 1);
    assert_int_equal(linkage.binds_now, 1);
    linkage_free(&linkage);
}

static void names_outside_of_their_section_are_left_out(void **state)
{
    (void)state;
    const Elf64_Dyn far[] = {{DT_NEEDED, {sizeof strings}}, {DT_RUNPATH, {UINT64_MAX}}};
    const Elf64_Sym far_symbols[] = {{0}, {.st_name = UINT32_MAX}};
    struct needs far_needs = needs;
    far_needs.version.vna_name = UINT32_MAX;
    struct linkage linkage = read_with(&far_needs, sizeof far_needs, far_symbols, sizeof far_symbols, far, sizeof far);

    assert_int_equal(linkage.count, 0);
    assert_int_equal(linkage.path_count, 0);
    linkage_free(&linkage);
}

static void tables_that_are_cut_or_lead_outside_are_read_as_far_as_they_go(void **state)
{
    (void)state;
    struct needs endless = needs;
    endless.need.vn_cnt = UINT16_MAX;
    endless.need.vn_next = 1;
    endless.version.vna_next = 1;
    for (size_t size = 1; size <= sizeof endless; size++) {
        struct linkage linkage = read_with(&endless, size, symbols, size <= sizeof symbols ? size : sizeof symbols,
                                           dynamic, size <= sizeof dynamic ? size : sizeof dynamic);
        linkage_free(&linkage);
    }
    endless.need.vn_aux = UINT32_MAX;
    endless.need.vn_next = UINT32_MAX;
    struct linkage linkage = read_with(&endless, sizeof endless, symbols, sizeof symbols, dynamic, sizeof dynamic);
    assert_int_equal(linkage.count, 2);
    linkage_free(&linkage);
}

/* Makes the sections, and reads them again as a bundle's. */
static int write_and_read(struct linkage *linkage, struct linkage *again, int change)
{
    struct linkage_parts parts = {.count = 0};
    struct part list[LINKAGE_PARTS_MAX];

    assert_int_equal(linkage_parts_make(&parts, linkage), 0);
    for (unsigned i = 0; i < parts.count; i++) {
        list[i] = (struct part){parts.sections[i].name, parts.sections[i].bytes, parts.sections[i].size};
        if (strcmp(list[i].name, LINKAGE_LEVELS_NAME) == 0 && change)
            list[i].size = (size_t)((int)list[i].size + change);
    }
    bfd *abfd = file_with(list, parts.count);
    int status = linkage_levels_read(again, abfd, "test");
    bfd_close(abfd);
    linkage_parts_free(&parts);
    return status;
}

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    struct linkage linkage = read_good(), again = {0};

    linkage.entries[1].levels = 5;
    assert_int_equal(write_and_read(&linkage, &again, 0), 0);
    assert_int_equal(again.count, linkage.count);
    for (size_t i = 0; i < linkage.count; i++) {
        assert_string_equal(again.entries[i].name, linkage.entries[i].name);
        assert_string_equal(again.entries[i].version, linkage.entries[i].version);
        assert_int_equal(again.entries[i].levels, linkage.entries[i].levels);
        assert_int_equal(again.entries[i].info, linkage.entries[i].info);
    }
    assert_string_equal(again.paths[0].text, "/path");
    assert_int_equal(again.binds_now, 1);
    linkage_remove(&again, linkage_level(1));
    assert_int_equal(again.count, 1);
    assert_int_equal(again.entries[0].levels, 4);
    assert_int_equal(again.path_count, 0);
    linkage_free(&linkage);
    linkage_free(&again);
}

static void levels_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    for (int change = -12; change < 0; change++) {
        struct linkage linkage = read_good(), again = {0};
        assert_int_equal(write_and_read(&linkage, &again, change), 1);
        linkage_free(&linkage);
        linkage_free(&again);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(libraries_versions_symbols_and_paths_are_read),
        cmocka_unit_test(names_outside_of_their_section_are_left_out),
        cmocka_unit_test(tables_that_are_cut_or_lead_outside_are_read_as_far_as_they_go),
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(levels_that_do_not_fit_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
