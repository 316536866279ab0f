/* SPDX-License-Identifier: MIT */
/*
 * A bundle in memory: bundler/bundle/assemble.c and code.c. The builds are the level fixtures and copies of the test
 * program itself; the stub is the one that make has built. BUILD names the directory of both.
 */
#include "unit.h"

#include <bfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../bundler/bundle/assemble.h"
#include "../../bundler/bundle/code.h"
#include "../../bundler/bundle/decode.h"

enum { BUILDS_MAX = 4 };

struct fixture {
    char directory[256];
    struct build builds[BUILDS_MAX];
    unsigned count;
    struct stub_file stub;
};

static const char *build_directory(void)
{
    return getenv("BUILD") ? getenv("BUILD") : "build";
}

static void open_build(struct fixture *f, unsigned level, const char *path)
{
    char *operand;

    assert_true(asprintf(&operand, "v%u=%s", level, path) > 0);
    assert_int_equal(build_open(&f->builds[f->count++], operand), 0);
    free(operand);
}

static void open_level_fixture(struct fixture *f, unsigned level, unsigned which)
{
    char *path;

    assert_true(asprintf(&path, "%s/fixtures/level.v%u", build_directory(), which) > 0);
    open_build(f, level, path);
    free(path);
}

static int set_up(void **state)
{
    static struct fixture f;
    const char *parent = getenv("TMPDIR");
    char *path;

    f = (struct fixture){.stub = {.fd = -1}};
    snprintf(f.directory, sizeof f.directory, "%s/assemble.XXXXXX", parent ? parent : "/tmp");
    assert_non_null(mkdtemp(f.directory));
    assert_true(asprintf(&path, "%s/fatelf-amd64-stub", build_directory()) > 0);
    assert_int_equal(stub_open(&f.stub, path), 0);
    free(path);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char path[512];

    for (unsigned i = 0; i < f->count; i++)
        build_close(&f->builds[i]);
    stub_close(&f->stub);
    for (unsigned i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%u", f->directory, i);
        unlink(path);
    }
    return rmdir(f->directory);
}

/* Writes the assembly to file `index` of the directory. */
static void write_to(const struct fixture *f, const struct assembly *assembly, unsigned index, char *path, size_t size)
{
    snprintf(path, size, "%s/%u", f->directory, index);
    assert_int_equal(assembly_write(assembly, &f->stub, path), 0);
}

static void assert_same_files(const char *a, const char *b)
{
    FILE *first = fopen(a, "r"), *second = fopen(b, "r");
    int byte;

    assert_non_null(first);
    assert_non_null(second);
    do {
        byte = getc(first);
        assert_int_equal(byte, getc(second));
    } while (byte != EOF);
    fclose(first);
    fclose(second);
}

static struct code_options options(void)
{
    return (struct code_options){
        .compress = {.encoding = FATELF_ENCODING_ZSTD, .threads = 1, .output = "output"},
        .delta = true,
        .quiet = true,
    };
}

static void identical_builds_share_a_payload_before_anything_is_coded(void **state)
{
    struct fixture *f = *state;
    struct assembly assembly = assembly_make("output");

    open_level_fixture(f, 1, 1);
    open_level_fixture(f, 2, 2);
    open_level_fixture(f, 3, 1);
    for (unsigned i = 0; i < f->count; i++)
        assert_int_equal(assembly_add_build(&assembly, &f->builds[i]), 0);
    assert_int_equal(assembly.variant_count, 3);
    assert_int_equal(assembly.payload_count, 2);
    assert_int_equal(assembly.variants[0].payload, assembly.variants[2].payload);
    assert_int_not_equal(assembly.variants[0].payload, assembly.variants[1].payload);
    assert_false(assembly_is_shared(&assembly, 0));
    assert_false(assembly_is_shared(&assembly, 1));
    assert_true(assembly_is_shared(&assembly, 2));
    assembly_free(&assembly);
}

static void variants_are_sorted_and_no_level_is_taken_twice(void **state)
{
    struct fixture *f = *state;
    struct assembly assembly = assembly_make("output");

    open_level_fixture(f, 4, 4);
    open_level_fixture(f, 1, 1);
    open_level_fixture(f, 3, 3);
    open_level_fixture(f, 3, 2);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(assembly_add_build(&assembly, &f->builds[i]), 0);
    assert_int_equal(assembly_add_build(&assembly, &f->builds[3]), 1);
    assert_int_equal(assembly.variant_count, 3);
    assert_int_equal(assembly.variants[0].level, 1);
    assert_int_equal(assembly.variants[1].level, 3);
    assert_int_equal(assembly.variants[2].level, 4);
    assert_ptr_equal(assembly_find(&assembly, 3), &assembly.variants[1]);
    assert_null(assembly_find(&assembly, 2));
    assembly_free(&assembly);
}

/* What is carried over from a bundle makes the same bundle again, byte for byte: shared, delta-coded and all. */
static void carried_over_payloads_make_the_same_bundle(void **state)
{
    struct fixture *f = *state;
    struct assembly made = assembly_make("output"), carried = assembly_make("output");
    struct code_options how = options();
    const struct decode_sink nowhere = {.put = NULL};
    struct bundle_file file;
    char first[512], second[512];

    open_level_fixture(f, 1, 1);
    open_build(f, 2, "/proc/self/exe");
    open_level_fixture(f, 3, 3);
    open_level_fixture(f, 4, 1);
    how.base = 2; /* so that v1, v3 and v4 are delta-coded */
    for (unsigned i = 0; i < f->count; i++)
        assert_int_equal(assembly_add_build(&made, &f->builds[i]), 0);
    made.go_env = true;
    assert_int_equal(metadata_read(&made.metadata, f->builds[0].bfd, "build"), 0);
    assert_int_equal(code_payloads(&made, &how), 0);
    write_to(f, &made, 0, first, sizeof first);

    assert_int_equal(bundle_file_open(&file, first, first), 0);
    for (unsigned i = 4; i-- > 0;)
        assert_int_equal(assembly_add_carried(&carried, &file, i), 0);
    assert_int_equal(carried.payload_count, 3);
    carried.go_env = true;
    assert_int_equal(metadata_read(&carried.metadata, f->builds[0].bfd, "build"), 0);
    write_to(f, &carried, 1, second, sizeof second);
    assert_same_files(first, second);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(decode_variant(&file, i, 2, &nowhere), 0);
    bundle_file_close(&file);
    assembly_free(&made);
    assembly_free(&carried);
}

/* Opens a copy of the fixture level.v1, file 2 of the directory, with data behind it. */
static void open_build_with_data(struct fixture *f, const char *data)
{
    char *from, to[512];
    int byte;

    assert_true(asprintf(&from, "%s/fixtures/level.v1", build_directory()) > 0);
    snprintf(to, sizeof to, "%s/2", f->directory);
    FILE *in = fopen(from, "r"), *out = fopen(to, "w");
    assert_non_null(in);
    assert_non_null(out);
    while ((byte = getc(in)) != EOF)
        putc(byte, out);
    fputs(data, out);
    fclose(in);
    fclose(out);
    open_build(f, 1, to);
    free(from);
}

static void a_copy_of_appended_data_is_carried_over(void **state)
{
    struct fixture *f = *state;
    struct assembly made = assembly_make("output"), carried = assembly_make("output");
    struct code_options how = options();
    struct bundle_file file;
    char first[512], second[512];

    open_build_with_data(f, "data");
    assert_int_equal(assembly_add_build(&made, f->builds), 0);
    assert_int_equal(appended_collect(&made.appended, f->builds, 1, false, false), 0);
    assert_int_equal(made.appended.count, 1);
    assert_int_equal(code_payloads(&made, &how), 0);
    write_to(f, &made, 0, first, sizeof first);

    assert_int_equal(bundle_file_open(&file, first, first), 0);
    assert_int_equal(appended_verify(&file), 0);
    assert_int_equal(assembly_add_carried(&carried, &file, 0), 0);
    assert_int_equal(appended_carry(&carried.appended, &file), 0);
    write_to(f, &carried, 1, second, sizeof second);
    assert_same_files(first, second);
    /* without the last byte, the copy starts one byte earlier; without more than it has, it would be in the segment */
    file.size--;
    assert_int_equal(appended_verify(&file), 1);
    file.size = file.bundle.file_offset + file.bundle.size + 4;
    assert_int_equal(appended_carry(&carried.appended, &file), 0);
    file.size--;
    assert_int_equal(appended_carry(&carried.appended, &file), 1);
    assert_int_equal(appended_verify(&file), 1);
    file.size -= 4;
    assert_int_equal(appended_verify(&file), 1);
    bundle_file_close(&file);
    assembly_free(&made);
    assembly_free(&carried);
}

static void a_delta_coded_variant_without_its_base_is_refused(void **state)
{
    struct fixture *f = *state;
    struct assembly made = assembly_make("output"), carried = assembly_make("output");
    struct code_options how = options();
    struct bundle_file file;
    char path[512];

    open_build(f, 1, "/proc/self/exe");
    open_level_fixture(f, 2, 2);
    how.base = 1;
    for (unsigned i = 0; i < f->count; i++)
        assert_int_equal(assembly_add_build(&made, &f->builds[i]), 0);
    assert_int_equal(code_payloads(&made, &how), 0);
    write_to(f, &made, 0, path, sizeof path);
    assert_int_equal(bundle_file_open(&file, path, path), 0);
    assert_int_equal(file.payloads[1].variant->base, 1);
    assert_int_equal(assembly_add_carried(&carried, &file, 1), 0);
    snprintf(path, sizeof path, "%s/1", f->directory);
    assert_int_equal(assembly_write(&carried, &f->stub, path), 1);
    bundle_file_close(&file);
    assembly_free(&made);
    assembly_free(&carried);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(identical_builds_share_a_payload_before_anything_is_coded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(variants_are_sorted_and_no_level_is_taken_twice, set_up, tear_down),
        cmocka_unit_test_setup_teardown(carried_over_payloads_make_the_same_bundle, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_copy_of_appended_data_is_carried_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_delta_coded_variant_without_its_base_is_refused, set_up, tear_down),
    };

    bfd_init();
    return cmocka_run_group_tests_name("assemble", tests, NULL, NULL);
}
