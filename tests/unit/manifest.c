/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <string.h>

#include "../../lib/checksum.h"
#include "../../lib/error.h"
#include "../../lib/manifest.h"
#include "../../lib/program.h"

enum { ROOM = 4096 };

/* What is said of v1's and v3's ELF headers: nothing of the others. */
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

/* A manifest as `create` makes it: v1 stored in two frames, v2 coded against v3, v3 and v4 as zstd. */
enum { V1, V2, V3, V4, COUNT };

struct fixture {
    struct fatelf_manifest manifest;
    struct fatelf_frame frames[COUNT][2];
    unsigned char bytes[ROOM];
    size_t size;
};

static struct fatelf_variant variant_of_bytes(const unsigned char *bytes, unsigned index)
{
    struct fatelf_variant variant;

    memcpy(&variant, bytes + sizeof(struct fatelf_header) + index * sizeof variant, sizeof variant);
    return variant;
}

static struct fixture make(void)
{
    struct fixture f = {
        .frames = {[V1] = {{.checksum = 11, .size = 1 << 20}, {.checksum = 22, .offset = 1 << 20, .size = 5}},
                   [V2] = {{.checksum = 33, .prefix_offset = 44, .size = 55, .prefix_size = 66}}},
    };
    struct fatelf_frame *frames[COUNT] = {f.frames[V1], f.frames[V2], f.frames[V3], f.frames[V4]};

    f.manifest.header.variant_count = COUNT;
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
    f.size = fatelf_manifest_size(f.manifest.variants, COUNT);
    assert_true(f.size <= ROOM);
    assert_int_equal(fatelf_manifest_encode(&f.manifest, elves, frames, f.bytes), 0);
    f.manifest.variants[V1] = variant_of_bytes(f.bytes, V1);
    return f;
}

/* Gives the bytes a right checksum again, so that the check behind it is the one that speaks. */
static void seal(struct fixture *f)
{
    uint64_t sum = fatelf_checksum(f->bytes, f->size - sizeof sum);
    memcpy(f->bytes + f->size - sizeof sum, &sum, sizeof sum);
}

static void expect(struct fixture *f, int error)
{
    struct fatelf_manifest out, before;

    memset(&out, 0x5a, sizeof out);
    before = out;
    seal(f);
    assert_int_equal(fatelf_manifest_decode(f->bytes, f->size, &out), error);
    if (error)
        assert_memory_equal(&out, &before, sizeof out); /* left untouched on failure */
}

static struct fatelf_header header_of(const struct fixture *f)
{
    struct fatelf_header header;

    memcpy(&header, f->bytes, sizeof header);
    return header;
}

static struct fatelf_variant variant_of(const struct fixture *f, unsigned index)
{
    return variant_of_bytes(f->bytes, index);
}

static void put_variant(struct fixture *f, unsigned index, const struct fatelf_variant *variant)
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
static void recode(struct fixture *f, unsigned index, unsigned encoding, unsigned base, uint64_t flags)
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

static void what_is_encoded_is_decoded_again(void **state)
{
    struct fixture f = make();
    struct fatelf_manifest out;

    (void)state;
    assert_int_equal(fatelf_manifest_decode(f.bytes, f.size, &out), 0);
    assert_int_equal(out.header.version, FATELF_VERSION);
    assert_int_equal(out.header.variant_count, COUNT);
    assert_int_equal(out.header.manifest_size, f.size);
    assert_int_equal(out.header.incompatible, FATELF_INCOMPATIBLE_DELTA);
    assert_int_equal(out.variants[V1].level, 1);
    assert_memory_equal(out.variants[V1].sha256, f.manifest.variants[V1].sha256, 32);
    assert_int_equal(out.variants[V2].base, 3);
    assert_int_equal(out.variants[V3].payload_offset, (uint64_t)(V3 + 8) << 20);
    assert_int_equal(out.variants[V1].frames_offset, sizeof out.header + COUNT * sizeof *out.variants + 2 * RECORD);
    for (unsigned i = 0; i < COUNT; i++)
        assert_memory_equal(f.bytes + out.variants[i].frames_offset, f.frames[i],
                            out.variants[i].frame_count * sizeof **f.frames);
    for (unsigned level = 0; level < 256; level++)
        assert_int_equal(fatelf_manifest_find(&out, level), level >= 1 && level <= COUNT ? (int)level - 1 : -1);
}

static void the_flag_is_set_where_a_variant_is_delta_coded(void **state)
{
    struct fixture f = make();
    struct fatelf_frame *frames[] = {f.frames[V3], f.frames[V4]};
    struct fatelf_manifest out, plain = {.header = f.manifest.header};

    (void)state;
    plain.header.variant_count = 2;
    plain.header.incompatible = UINT64_MAX; /* encode fills it in */
    plain.variants[0] = f.manifest.variants[V3];
    plain.variants[1] = f.manifest.variants[V4];
    assert_int_equal(fatelf_manifest_encode(&plain, elves, frames, f.bytes), 0);
    assert_int_equal(fatelf_manifest_decode(f.bytes, fatelf_manifest_size(plain.variants, 2), &out), 0);
    assert_int_equal(out.header.incompatible, 0);
}

static void the_checksum_covers_every_bit(void **state)
{
    struct fixture f = make();
    struct fatelf_manifest out;

    (void)state;
    for (size_t bit = 0; bit < f.size * 8; bit++) {
        f.bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
        assert_int_not_equal(fatelf_manifest_decode(f.bytes, f.size, &out), 0);
        f.bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
    assert_int_equal(fatelf_manifest_decode(f.bytes, f.size, &out), 0);
}

static void every_wrong_size_is_refused(void **state)
{
    struct fixture f = make();
    struct fatelf_manifest out;

    (void)state;
    for (size_t size = 0; size < f.size; size++)
        assert_int_equal(fatelf_manifest_decode(f.bytes, size, &out), FATELF_ERROR_MANIFEST_SIZE);
    assert_int_equal(fatelf_manifest_decode(f.bytes, f.size + 1, &out), FATELF_ERROR_MANIFEST_SIZE);
}

static void header_fields_out_of_range_are_refused(void **state)
{
    (void)state;
    HEADER(magic, 0, FATELF_ERROR_MANIFEST_MAGIC);
    HEADER(version, 0, FATELF_ERROR_MANIFEST_VERSION);
    HEADER(version, 1, FATELF_ERROR_MANIFEST_VERSION);
    HEADER(version, 2, FATELF_ERROR_MANIFEST_VERSION);
    HEADER(version, 4, FATELF_ERROR_MANIFEST_VERSION);
    HEADER(header_size, 39, FATELF_ERROR_MANIFEST_SIZE);
    HEADER(header_size, 48, FATELF_ERROR_MANIFEST_SIZE);
    HEADER(variant_size, 71, FATELF_ERROR_MANIFEST_SIZE);
    HEADER(variant_count, 0, FATELF_ERROR_MANIFEST_COUNT);
    HEADER(variant_count, 5, FATELF_ERROR_MANIFEST_COUNT);
    HEADER(variant_count, 255, FATELF_ERROR_MANIFEST_COUNT);
    HEADER(variant_count, 3, FATELF_ERROR_VARIANT_ELF); /* what follows would start elsewhere */
    HEADER(launch, 0, FATELF_ERROR_MANIFEST_LAUNCH);
    HEADER(launch, FATELF_LAUNCH_INPLACE, 0);
    HEADER(launch, 3, FATELF_ERROR_MANIFEST_LAUNCH);
    HEADER(manifest_size, 0, FATELF_ERROR_MANIFEST_SIZE);
    HEADER(manifest_size, UINT32_MAX, FATELF_ERROR_MANIFEST_SIZE);
    HEADER(reserved, 1, FATELF_ERROR_MANIFEST_RESERVED);
    HEADER(incompatible, 0, FATELF_ERROR_MANIFEST_FLAGS);
    HEADER(incompatible, 2, FATELF_ERROR_MANIFEST_FEATURE);
    HEADER(incompatible, 3, FATELF_ERROR_MANIFEST_FEATURE);
    HEADER(incompatible, UINT64_C(1) << 63, FATELF_ERROR_MANIFEST_FEATURE);
    HEADER(compatible, UINT64_MAX, 0); /* that is what compatible means */
}

static void variant_fields_out_of_range_are_refused(void **state)
{
    (void)state;
    VARIANT(V1, level, 0, FATELF_ERROR_VARIANT_LEVEL);
    VARIANT(V1, level, 2, FATELF_ERROR_VARIANT_LEVEL); /* twice */
    VARIANT(V1, level, 4, FATELF_ERROR_VARIANT_LEVEL); /* out of order */
    VARIANT(V4, level, 5, FATELF_ERROR_VARIANT_LEVEL);
    VARIANT(V1, encoding, 0, FATELF_ERROR_VARIANT_ENCODING);
    VARIANT(V1, encoding, 4, FATELF_ERROR_VARIANT_ENCODING);
    VARIANT(V1, encoding, 255, FATELF_ERROR_VARIANT_ENCODING);
    VARIANT(V3, reserved, 1, FATELF_ERROR_MANIFEST_RESERVED);
    VARIANT(V3, frame_size, 0, FATELF_ERROR_VARIANT_FRAMES);
    VARIANT(V3, frame_size, 3 << 19, FATELF_ERROR_VARIANT_FRAMES);
    VARIANT(V3, frame_size, FATELF_FRAME_SIZE_MIN / 2, FATELF_ERROR_VARIANT_FRAMES);
    VARIANT(V3, frame_size, FATELF_FRAME_SIZE_MAX * 2, FATELF_ERROR_VARIANT_FRAMES);
    VARIANT(V3, frame_count, 0, FATELF_ERROR_VARIANT_FRAMES);
    VARIANT(V3, frame_count, 2, FATELF_ERROR_VARIANT_FRAMES);
    VARIANT(V3, frame_count, UINT32_MAX, FATELF_ERROR_VARIANT_FRAMES);
    VARIANT(V3, size, 0, FATELF_ERROR_VARIANT_SIZE);
    VARIANT(V3, size, (1 << 20) + 1, FATELF_ERROR_VARIANT_FRAMES);
    VARIANT(V3, size, FATELF_SIZE_MAX, FATELF_ERROR_VARIANT_FRAMES);
    VARIANT(V3, size, FATELF_SIZE_MAX + 1, FATELF_ERROR_VARIANT_SIZE);
    VARIANT(V3, size, UINT64_MAX, FATELF_ERROR_VARIANT_SIZE); /* rounding it up to frames would overflow */
    VARIANT(V3, payload_size, 0, FATELF_ERROR_VARIANT_SIZE);
    VARIANT(V3, payload_size, FATELF_SIZE_MAX, 0);
    VARIANT(V3, payload_size, FATELF_SIZE_MAX + 1, FATELF_ERROR_VARIANT_SIZE);
    VARIANT(V3, payload_size, UINT64_MAX, FATELF_ERROR_VARIANT_SIZE);
    VARIANT(V1, payload_size, (1 << 20) + 4, FATELF_ERROR_VARIANT_SIZE); /* stored: not its size */
    VARIANT(V3, payload_offset, FATELF_SIZE_MAX + 1, FATELF_ERROR_VARIANT_SIZE);
    VARIANT(V3, payload_offset, UINT64_MAX, FATELF_ERROR_VARIANT_SIZE);
    VARIANT(V1, frames_offset, 0, FATELF_ERROR_VARIANT_TABLE);
    VARIANT(V1, frames_offset, UINT32_MAX, FATELF_ERROR_VARIANT_TABLE);
    VARIANT(V4, frames_offset, 8, FATELF_ERROR_VARIANT_TABLE);
}

static void frames_that_the_manifest_has_no_room_for_are_refused(void **state)
{
    struct fixture f = make();
    struct fatelf_variant last = variant_of(&f, V4);

    (void)state;
    last.size = FATELF_SIZE_MAX;
    last.frame_size = FATELF_FRAME_SIZE_MIN;
    last.frame_count = (uint32_t)(FATELF_SIZE_MAX / FATELF_FRAME_SIZE_MIN);
    put_variant(&f, V4, &last);
    expect(&f, FATELF_ERROR_MANIFEST_SIZE);
    last.size = 2;
    last.frame_count = 1;
    put_variant(&f, V4, &last);
    expect(&f, 0);
}

static void a_base_is_another_variant_that_is_zstd(void **state)
{
    (void)state;
    VARIANT(V2, base, 0, FATELF_ERROR_VARIANT_BASE);
    VARIANT(V2, base, 1, FATELF_ERROR_VARIANT_BASE); /* stored */
    VARIANT(V2, base, 2, FATELF_ERROR_VARIANT_BASE); /* itself */
    VARIANT(V2, base, 3, 0);
    VARIANT(V2, base, 4, 0);
    VARIANT(V2, base, 5, FATELF_ERROR_VARIANT_BASE);
    VARIANT(V2, base, 255, FATELF_ERROR_VARIANT_BASE);
    for (unsigned base = 1; base <= COUNT + 1; base++) { /* these need none */
        VARIANT(V1, base, (uint8_t)base, FATELF_ERROR_VARIANT_BASE);
        VARIANT(V3, base, (uint8_t)base, FATELF_ERROR_VARIANT_BASE);
    }
}

static void a_base_that_is_delta_coded_is_refused(void **state)
{
    static const uint8_t chain[][2] = {{V3, 4}, {V3, 2}, {V3, 3}}; /* v2 against v3 is there already */

    (void)state;
    for (size_t i = 0; i < sizeof chain / sizeof *chain; i++) {
        struct fixture f = make();
        recode(&f, chain[i][0], FATELF_ENCODING_ZSTD_DELTA, chain[i][1], FATELF_INCOMPATIBLE_DELTA);
        expect(&f, FATELF_ERROR_VARIANT_BASE);
    }
    struct fixture f = make();
    recode(&f, V1, FATELF_ENCODING_ZSTD_DELTA, 3, FATELF_INCOMPATIBLE_DELTA); /* two of one base are good */
    expect(&f, 0);
    recode(&f, V4, FATELF_ENCODING_ZSTD_DELTA, 1, FATELF_INCOMPATIBLE_DELTA);
    expect(&f, FATELF_ERROR_VARIANT_BASE);
}

static void flags_without_a_delta_coded_variant_are_refused(void **state)
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
    assert_int_equal(fatelf_manifest_encode(&f.manifest, elves, frames, f.bytes), FATELF_ERROR_VARIANT_BASE);
    f.manifest.variants[V3].level = 1;
    assert_int_equal(fatelf_manifest_encode(&f.manifest, elves, frames, f.bytes), FATELF_ERROR_VARIANT_LEVEL);
    f.manifest.header.variant_count = 0;
    assert_int_equal(fatelf_manifest_encode(&f.manifest, elves, frames, f.bytes), FATELF_ERROR_MANIFEST_COUNT);
    f.manifest.header.variant_count = FATELF_VARIANTS_MAX + 1;
    assert_int_equal(fatelf_manifest_encode(&f.manifest, elves, frames, f.bytes), FATELF_ERROR_MANIFEST_COUNT);
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

static void what_is_said_of_elf_headers_is_where_and_what_it_must_be(void **state)
{
    struct fixture f = make();

    (void)state;
    assert_int_equal(variant_of(&f, V1).elf_offset,
                     sizeof(struct fatelf_header) + COUNT * sizeof(struct fatelf_variant));
    assert_int_equal(variant_of(&f, V3).elf_offset, variant_of(&f, V1).elf_offset + RECORD);
    assert_int_equal(variant_of(&f, V2).elf_offset, 0);
    VARIANT(V1, elf_offset, 0, FATELF_ERROR_VARIANT_ELF);
    VARIANT(V1, elf_offset, UINT32_MAX, FATELF_ERROR_VARIANT_ELF);
    VARIANT(V2, elf_offset, 8, FATELF_ERROR_VARIANT_ELF); /* it has no size */
    VARIANT(V1, elf_size, 0, FATELF_ERROR_VARIANT_ELF);
    VARIANT(V1, elf_size, 8, FATELF_ERROR_VARIANT_ELF);
    VARIANT(V1, elf_size, RECORD - 8, FATELF_ERROR_VARIANT_ELF);
    VARIANT(V1, elf_size, RECORD + 8, FATELF_ERROR_VARIANT_ELF);
    VARIANT(V3, elf_size, UINT32_MAX, FATELF_ERROR_VARIANT_ELF);
    RECORDED(elf.type, ET_CORE, 0); /* fatelf_program_read looks at that */
    RECORDED(elf.header_count, 0, FATELF_ERROR_VARIANT_ELF);
    RECORDED(elf.header_count, 1, FATELF_ERROR_VARIANT_ELF);
    RECORDED(elf.header_count, 3, FATELF_ERROR_VARIANT_ELF);
    RECORDED(elf.header_count, FATELF_HEADERS_MAX + 1, FATELF_ERROR_VARIANT_ELF);
    RECORDED(elf.header_count, UINT16_MAX, FATELF_ERROR_VARIANT_ELF);
    RECORDED(elf.interpreter_size, 1, FATELF_ERROR_VARIANT_ELF);
    RECORDED(elf.interpreter_size, 9, FATELF_ERROR_VARIANT_ELF);  /* does not end in 0 */
    RECORDED(elf.interpreter_size, 11, FATELF_ERROR_VARIANT_ELF); /* has another 0 */
    RECORDED(elf.interpreter_size, 17, FATELF_ERROR_VARIANT_ELF);
    RECORDED(elf.interpreter_size, UINT32_MAX, FATELF_ERROR_VARIANT_ELF);
    RECORDED(interpreter[9], 'x', FATELF_ERROR_VARIANT_ELF);
    RECORDED(interpreter[10], 1, FATELF_ERROR_MANIFEST_RESERVED);
    RECORDED(interpreter[15], 1, FATELF_ERROR_MANIFEST_RESERVED);
}

static void every_error_has_a_text_of_its_own(void **state)
{
    (void)state;
    for (int a = 0; a < FATELF_ERROR_COUNT; a++)
        for (int b = a + 1; b < FATELF_ERROR_COUNT; b++)
            assert_string_not_equal(fatelf_error_text(a), fatelf_error_text(b));
    assert_string_equal(fatelf_error_text(-1), "unknown error");
    assert_string_equal(fatelf_error_text(FATELF_ERROR_COUNT), "unknown error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_encoded_is_decoded_again),
        cmocka_unit_test(the_flag_is_set_where_a_variant_is_delta_coded),
        cmocka_unit_test(the_checksum_covers_every_bit),
        cmocka_unit_test(every_wrong_size_is_refused),
        cmocka_unit_test(header_fields_out_of_range_are_refused),
        cmocka_unit_test(variant_fields_out_of_range_are_refused),
        cmocka_unit_test(frames_that_the_manifest_has_no_room_for_are_refused),
        cmocka_unit_test(a_base_is_another_variant_that_is_zstd),
        cmocka_unit_test(a_base_that_is_delta_coded_is_refused),
        cmocka_unit_test(flags_without_a_delta_coded_variant_are_refused),
        cmocka_unit_test(encode_refuses_what_decode_would_refuse),
        cmocka_unit_test(what_is_said_of_elf_headers_is_where_and_what_it_must_be),
        cmocka_unit_test(every_error_has_a_text_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
