/* SPDX-License-Identifier: MIT */
/* bundler/bundle/open.c: what a file may claim. The files are sparse and have no manifest. */
#include "unit.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../bundler/bundle/open.h"
#include "../../lib/error.h"
#include "../../lib/note.h"

enum { SEGMENTS_MAX = 16 };

/* Writes an ELF file with one PT_LOAD of `size` bytes and these PT_NOTE. Returns its path. */
static const char *write_elf(const Elf64_Phdr *notes, uint16_t count, uint64_t size)
{
    static char path[300];
    const char *parent = getenv("TMPDIR");
    Elf64_Ehdr header = {
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_DYN,
        .e_machine = EM_X86_64,
        .e_phoff = sizeof header,
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = (uint16_t)(count + 1),
    };
    Elf64_Phdr load = {.p_type = PT_LOAD, .p_filesz = size, .p_memsz = size};

    snprintf(path, sizeof path, "%s/bundle.XXXXXX", parent ? parent : "/tmp");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)size), 0);
    assert_int_equal(write(fd, &header, sizeof header), sizeof header);
    assert_int_equal(write(fd, &load, sizeof load), sizeof load);
    assert_int_equal(write(fd, notes, count * sizeof *notes), count * sizeof *notes);
    close(fd);
    return path;
}

/* How much of the notes bundle_file_open() reads before it gives up. */
static uint64_t read_of(const Elf64_Phdr *notes, uint16_t count, uint64_t size)
{
    const char *path = write_elf(notes, count, size);
    struct bundle_file file;

    assert_int_equal(bundle_file_open(&file, path, "file"), 1);
    uint64_t read = file.notes_size;
    bundle_file_close(&file);
    assert_int_equal(unlink(path), 0);
    return read;
}

static Elf64_Phdr note(uint64_t offset, uint64_t size)
{
    return (Elf64_Phdr){.p_type = PT_NOTE, .p_offset = offset, .p_vaddr = offset, .p_filesz = size, .p_memsz = size};
}

static void notes_are_read_up_to_a_limit(void **state)
{
    const uint64_t most = FATELF_MANIFEST_MAX + (UINT64_C(1) << 20);
    Elf64_Phdr notes[SEGMENTS_MAX];

    (void)state;
    notes[0] = note(4096, most);
    assert_int_equal(read_of(notes, 1, 64 << 20), most);
    notes[0] = note(4096, most + 1);
    assert_int_equal(read_of(notes, 1, 64 << 20), 0);
    notes[0] = note(4096, UINT64_C(60) << 30);
    assert_int_equal(read_of(notes, 1, UINT64_C(61) << 30), 0);
    notes[0] = note(4096, most - 100);
    notes[1] = note(4096, 100);
    notes[2] = note(4096, 1);
    assert_int_equal(read_of(notes, 3, 64 << 20), most);
    for (int i = 0; i < SEGMENTS_MAX; i++)
        notes[i] = note(4096, 10);
    assert_int_equal(read_of(notes, SEGMENTS_MAX, 64 << 20), 10 * BUNDLE_NOTES_MAX);
}

static void notes_outside_of_every_load_are_not_read(void **state)
{
    Elf64_Phdr outside = note(1 << 20, 100);

    (void)state;
    assert_int_equal(read_of(&outside, 1, 1 << 20), 0);
    outside = note(4096, UINT64_MAX - 4000);
    assert_int_equal(read_of(&outside, 1, 1 << 20), 0);
}

static const unsigned char two_notes[] = "\4\0\0\0\2\0\0\0\3\0\0\0GNU\0ab\0\0"
                                         "\2\0\0\0\0\0\0\0\1\0\0\0x\0\0";

static void notes_are_read_one_after_the_other(void **state)
{
    const unsigned char *at = two_notes;
    uint64_t size = sizeof two_notes;
    struct fatelf_note found;

    (void)state;
    assert_true(fatelf_note_next(&at, &size, &found));
    assert_int_equal(found.type, 3);
    assert_true(fatelf_note_is_by(&found, "GNU"));
    assert_false(fatelf_note_is_by(&found, "GN"));
    assert_false(fatelf_note_is_by(&found, "GNUX"));
    assert_int_equal(found.size, 2);
    assert_memory_equal(found.bytes, "ab", 2);
    assert_true(fatelf_note_next(&at, &size, &found));
    assert_true(fatelf_note_is_by(&found, "x"));
    assert_int_equal(found.size, 0);
    assert_int_equal(size, 0);
    assert_false(fatelf_note_next(&at, &size, &found));
}

static void an_owner_is_compared_with_its_end(void **state)
{
    const unsigned char bytes[] = "\6\0\0\0\0\0\0\0\3\0\0\0GNU\0x\0\0";
    const unsigned char *at = bytes;
    uint64_t size = sizeof bytes;
    struct fatelf_note found;

    (void)state;
    assert_true(fatelf_note_next(&at, &size, &found));
    assert_false(fatelf_note_is_by(&found, "GNU"));
}

/* Puts two build-ids into a file. Returns the one that bundle_file_open() has found. */
static const char *build_id_of(uint32_t first_size, uint32_t second_size)
{
    static char build_id[sizeof((struct bundle_file *)NULL)->build_id];
    unsigned char bytes[512] = {0};
    const uint32_t sizes[] = {first_size, second_size};
    uint32_t end = 0;
    struct bundle_file file;

    for (uint32_t i = 0; i < 2; i++) {
        const Elf64_Nhdr header = {4, sizes[i], NT_GNU_BUILD_ID};
        memcpy(bytes + end, &header, sizeof header);
        memcpy(bytes + end + sizeof header, ELF_NOTE_GNU, 4);
        memset(bytes + end + sizeof header + 4, 0x10 + (int)i, sizes[i]);
        end += (uint32_t)sizeof header + 4 + sizes[i];
    }
    Elf64_Phdr segment = note(4096, end);
    const char *path = write_elf(&segment, 1, 1 << 20);
    FILE *out = fopen(path, "r+");
    assert_non_null(out);
    assert_int_equal(fseek(out, 4096, SEEK_SET), 0);
    assert_int_equal(fwrite(bytes, end, 1, out), 1);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(bundle_file_open(&file, path, "file"), 1); /* it has no manifest */
    assert_int_equal(file.note_count, 1);
    memcpy(build_id, file.build_id, sizeof build_id);
    bundle_file_close(&file);
    assert_int_equal(unlink(path), 0);
    return build_id;
}

static void the_first_build_id_counts_and_a_long_one_is_cut(void **state)
{
    (void)state;
    assert_string_equal(build_id_of(4, 8), "10101010");
    assert_string_equal(build_id_of(0, 4), "11111111");
    assert_string_equal(build_id_of(20, 4), "1010101010101010101010101010101010101010");
    assert_string_equal(build_id_of(24, 4), "1010101010101010101010101010101010101010");
    assert_string_equal(build_id_of(200, 4), "1010101010101010101010101010101010101010");
}

static void a_note_that_is_cut_is_not_read(void **state)
{
    struct fatelf_note found;

    (void)state;
    for (uint64_t cut = 0; cut < 20; cut++) {
        const unsigned char *at = two_notes;
        uint64_t size = cut;
        assert_false(fatelf_note_next(&at, &size, &found));
        assert_int_equal(size, cut);
        assert_ptr_equal(at, two_notes);
    }
    unsigned char huge[32];
    memset(huge, 0xff, sizeof huge); /* sizes whose sum does not fit into 32 bits */
    const unsigned char *at = huge;
    uint64_t size = sizeof huge;
    assert_false(fatelf_note_next(&at, &size, &found));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notes_are_read_up_to_a_limit),
        cmocka_unit_test(notes_outside_of_every_load_are_not_read),
        cmocka_unit_test(notes_are_read_one_after_the_other),
        cmocka_unit_test(an_owner_is_compared_with_its_end),
        cmocka_unit_test(the_first_build_id_counts_and_a_long_one_is_cut),
        cmocka_unit_test(a_note_that_is_cut_is_not_read),
    };

    return cmocka_run_group_tests_name("bundle_file", tests, NULL, NULL);
}
