/* SPDX-License-Identifier: MIT */
/* A manifest to change, for the tests of lib/manifest.c. */
#ifndef TESTS_UNIT_MANIFEST_H
#define TESTS_UNIT_MANIFEST_H

#include "unit.h"

#include <string.h>

#include "../../lib/checksum.h"
#include "../../lib/error.h"
#include "../../lib/manifest.h"
#include "../../lib/program.h"

enum { ROOM = 4096 };

/* The ELF record of v1 and v3; the others have none. */
struct record {
    struct fatelf_elf elf;
    Elf64_Phdr headers[2];
    char interpreter[16]; /* 10 bytes and 6 zeros */
};

static const struct record record = {
    .elf = {.entry = 0x1000, .header_offset = 64, .type = ET_DYN, .header_count = 2, .interpreter_size = 10},
    .headers = {{.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_filesz = 0x2000, .p_memsz = 0x2000},
                {.p_type = PT_GNU_STACK}},
    .interpreter = "/lib/ld.s",
};
static const void *const elves[4] = {&record, NULL, &record, NULL};
enum { RECORD = sizeof record };

/* A section and the data at the end. */
enum { SECTION, END, APPENDED };
static const struct fatelf_appended appended[APPENDED] = {
    [SECTION] = {.offset = 12 << 20, .size = 7, .sha256 = {4, 5}, .name = "pydata"},
    [END] = {.size = 9, .sha256 = {6}},
};

/* A manifest as `create` makes it: v1 stored in two frames, v2 coded against v3, v3 and v4 as zstd. */
enum { V1, V2, V3, V4, COUNT };

struct fixture {
    struct fatelf_manifest manifest;
    struct fatelf_frame frames[COUNT][2];
    unsigned char bytes[ROOM];
    size_t size;
};

static inline struct fatelf_variant variant_of_bytes(const unsigned char *bytes, unsigned index)
{
    struct fatelf_variant variant;

    memcpy(&variant, bytes + sizeof(struct fatelf_header) + index * sizeof variant, sizeof variant);
    return variant;
}

static inline struct fixture make(void)
{
    struct fixture f = {
        .frames = {[V1] = {{.checksum = 11, .size = 1 << 20}, {.checksum = 22, .offset = 1 << 20, .size = 5}},
                   [V2] = {{.checksum = 33, .prefix_offset = 44, .size = 55, .prefix_size = 66}}},
    };
    struct fatelf_frame *frames[COUNT] = {f.frames[V1], f.frames[V2], f.frames[V3], f.frames[V4]};

    f.manifest.header.variant_count = COUNT;
    f.manifest.header.appended_count = APPENDED;
    f.manifest.header.launch = FATELF_LAUNCH_MEMFD;
    f.manifest.variants[V1] = (struct fatelf_variant){
        .level = 1,
        .encoding = FATELF_ENCODING_STORED,
        .frame_size = 1 << 20,
        .frame_count = 2,
        .size = (1 << 20) + 5,
        .payload_size = (1 << 20) + 5,
        .payload_offset = 4096,
        .sha256 = {1, 2, 3},
    };
    for (unsigned i = V2; i < COUNT; i++)
        f.manifest.variants[i] = (struct fatelf_variant){
            .level = (uint8_t)(i + 1),
            .encoding = FATELF_ENCODING_ZSTD,
            .frame_size = 1 << 20,
            .frame_count = 1,
            .size = 1 << 20,
            .payload_size = 1000,
            .payload_offset = (uint64_t)(i + 8) << 20,
        };
    f.manifest.variants[V2].encoding = FATELF_ENCODING_ZSTD_DELTA;
    f.manifest.variants[V2].base = 3;
    f.manifest.variants[V1].elf_size = f.manifest.variants[V3].elf_size = RECORD;
    f.size = fatelf_manifest_size(&f.manifest);
    assert_true(f.size <= ROOM);
    assert_int_equal(fatelf_manifest_encode(&f.manifest, elves, frames, appended, f.bytes), 0);
    f.manifest.variants[V1] = variant_of_bytes(f.bytes, V1);
    return f;
}

/* Makes the checksum right again, so that the check after it is the one that fails. */
static inline void seal(struct fixture *f)
{
    uint64_t sum = fatelf_checksum(f->bytes, f->size - sizeof sum);
    memcpy(f->bytes + f->size - sizeof sum, &sum, sizeof sum);
}

static inline void expect(struct fixture *f, int error)
{
    struct fatelf_manifest out, before;

    memset(&out, 0x5a, sizeof out);
    before = out;
    seal(f);
    assert_int_equal(fatelf_manifest_decode(f->bytes, f->size, &out), error);
    if (error)
        assert_memory_equal(&out, &before, sizeof out); /* left untouched on failure */
}

static inline struct fatelf_header header_of(const struct fixture *f)
{
    struct fatelf_header header;

    memcpy(&header, f->bytes, sizeof header);
    return header;
}

static inline struct fatelf_variant variant_of(const struct fixture *f, unsigned index)
{
    return variant_of_bytes(f->bytes, index);
}

static inline void put_variant(struct fixture *f, unsigned index, const struct fatelf_variant *variant)
{
    memcpy(f->bytes + sizeof(struct fatelf_header) + index * sizeof *variant, variant, sizeof *variant);
}

#define HEADER(field, value, error) \
    do { \
        struct fixture f_ = make(); \
        struct fatelf_header header_ = header_of(&f_); \
        header_.field = (value); \
        memcpy(f_.bytes, &header_, sizeof header_); \
        expect(&f_, error); \
    } while (0)

#define VARIANT(index, field, value, error) \
    do { \
        struct fixture f_ = make(); \
        struct fatelf_variant variant_ = variant_of(&f_, index); \
        variant_.field = (value); \
        put_variant(&f_, index, &variant_); \
        expect(&f_, error); \
    } while (0)

/* Gives a variant another encoding and base, and the header the flags. */
static inline void recode(struct fixture *f, unsigned index, unsigned encoding, unsigned base, uint64_t flags)
{
    struct fatelf_variant variant = variant_of(f, index);
    struct fatelf_header header = header_of(f);

    variant.encoding = (uint8_t)encoding;
    variant.base = (uint8_t)base;
    if (encoding == FATELF_ENCODING_STORED)
        variant.payload_size = variant.size;
    put_variant(f, index, &variant);
    header.incompatible = flags;
    memcpy(f->bytes, &header, sizeof header);
}

#endif
