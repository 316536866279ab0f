/* SPDX-License-Identifier: MIT */
/* An ELF file made by hand, for the tests of bundler/input/sections.c and appended.c. */
#ifndef TESTS_UNIT_ELF_FILE_H
#define TESTS_UNIT_ELF_FILE_H

#include "unit.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../bundler/input/appended.h"

/*
 * A file as linkers write it: headers, code, a section `extra` that tests change, the names, the section headers, and
 * then what is appended.
 */
enum { CODE = 0x100, EXTRA = 0x200, NAMES = 0x280, TABLE = 0x300, ROOM = 1 << 18, MANY = 200 };
enum { NONE, TEXT, BSS, ONE, STRINGS, COUNT };
enum { END = TABLE + COUNT * sizeof(Elf64_Shdr) };

struct file {
    Elf64_Ehdr header;
    Elf64_Phdr segments[2];
    Elf64_Shdr sections[MANY];
    char names[TABLE - NAMES];
    unsigned char bytes[ROOM];
    uint64_t size;
};

static inline struct file make(void)
{
    struct file f = {
        .header = {.e_ident = ELFMAG,
                   .e_type = ET_EXEC,
                   .e_machine = EM_X86_64,
                   .e_phoff = sizeof f.header,
                   .e_shoff = TABLE,
                   .e_phentsize = sizeof *f.segments,
                   .e_phnum = 2,
                   .e_shentsize = sizeof *f.sections,
                   .e_shnum = COUNT,
                   .e_shstrndx = STRINGS},
        .segments = {{.p_type = PT_LOAD, .p_filesz = EXTRA, .p_memsz = EXTRA}, {.p_type = PT_GNU_STACK}},
        .sections = {[TEXT] = {.sh_name = 1,
                               .sh_type = SHT_PROGBITS,
                               .sh_flags = SHF_ALLOC,
                               .sh_offset = CODE,
                               .sh_size = EXTRA - CODE},
                     [BSS] = {.sh_name = 1, .sh_type = SHT_NOBITS, .sh_offset = EXTRA, .sh_size = ROOM},
                     [ONE] = {.sh_name = 7, .sh_type = SHT_PROGBITS, .sh_offset = EXTRA, .sh_size = NAMES - EXTRA},
                     [STRINGS] = {.sh_type = SHT_STRTAB, .sh_offset = NAMES, .sh_size = TABLE - NAMES}},
        .names = "\0.text\0.comment",
        .size = END,
    };

    return f;
}

static inline void name_extra(struct file *f, const char *name)
{
    snprintf(f->names + 7, sizeof f->names - 7, "%s", name);
}

static inline void append(struct file *f, const char *bytes, size_t size)
{
    memcpy(f->bytes + f->size, bytes, size);
    f->size += size;
}

/* Writes the parts to their places, and the file to a descriptor. */
static inline int put(struct file *f)
{
    int fd = memfd_create("elf", 0);

    memcpy(f->bytes, &f->header, sizeof f->header);
    memcpy(f->bytes + sizeof f->header, f->segments, sizeof f->segments);
    memcpy(f->bytes + NAMES, f->names, sizeof f->names);
    if (f->header.e_shoff == TABLE)
        memcpy(f->bytes + TABLE, f->sections, COUNT * sizeof *f->sections);
    assert_int_equal(pwrite(fd, f->bytes, f->size, 0), f->size);
    return fd;
}

static inline struct appended read_file(struct file *f)
{
    struct sections sections;
    struct appended found;
    int fd = put(f);

    assert_int_equal(sections_open(&sections, fd, f->size, &f->header, "elf"), 0);
    assert_int_equal(appended_read(&found, &sections, &f->header, f->segments, 2), 0);
    close(fd);
    return found;
}

static inline void expect_none(struct file *f)
{
    struct appended found = read_file(f);

    assert_int_equal(found.count, 0);
    assert_false(found.uncopied);
}

/* One piece: a section, or with the empty name the data at the end. */
static inline void expect_one(struct file *f, const char *name, uint64_t offset, uint64_t size)
{
    struct appended found = read_file(f);

    assert_int_equal(found.count, 1);
    assert_false(found.uncopied);
    assert_string_equal(found.pieces[0].name, name);
    assert_int_equal(found.pieces[0].offset, offset);
    assert_int_equal(found.pieces[0].size, size);
}

/* Appends data and expects that all from `offset` on is found. */
static inline void expect_end(struct file *f, uint64_t offset)
{
    append(f, "data", 4);
    expect_one(f, "", offset, f->size - offset);
}

#endif
