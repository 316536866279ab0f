/* SPDX-License-Identifier: MIT */
/* lib/manifest.c: what is encoded is decoded again; every field is checked. */
#include "manifest.h"

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
    for (unsigned i = 0; i < APPENDED; i++) {
        struct fatelf_appended entry = fatelf_manifest_appended(&out, f.bytes, i);
        assert_memory_equal(&entry, &appended[i], sizeof entry);
    }
    for (unsigned level = 0; level < 256; level++)
        assert_int_equal(fatelf_manifest_find(&out, level), level >= 1 && level <= COUNT ? (int)level - 1 : -1);
}

static void the_flag_is_set_if_a_variant_is_delta_coded(void **state)
{
    struct fixture f = make();
    struct fatelf_frame *frames[] = {f.frames[V3], f.frames[V4]};
    struct fatelf_manifest out, plain = {.header = f.manifest.header};

    (void)state;
    plain.header.variant_count = 2;
    plain.header.appended_count = 0;
    plain.header.incompatible = UINT64_MAX; /* encode sets it */
    plain.variants[0] = f.manifest.variants[V3];
    plain.variants[1] = f.manifest.variants[V4];
    assert_int_equal(fatelf_manifest_encode(&plain, elves, frames, NULL, f.bytes), 0);
    assert_int_equal(fatelf_manifest_decode(f.bytes, fatelf_manifest_size(&plain), &out), 0);
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

/* Four variants, of 64 GiB each, have at most as many frames of this size as a manifest has room for. */
static void the_largest_manifest_is_accepted_and_no_larger_one(void **state)
{
    struct fatelf_variant large = {
        .encoding = FATELF_ENCODING_ZSTD,
        .frame_size = 1 << 19,
        .frame_count = FATELF_SIZE_MAX >> 19,
        .size = FATELF_SIZE_MAX,
        .payload_size = 1,
    };
    struct fatelf_manifest manifest = {.header = {.variant_count = FATELF_VARIANTS_MAX, .launch = FATELF_LAUNCH_MEMFD}};
    struct fatelf_frame *tables[FATELF_VARIANTS_MAX];
    struct fatelf_frame *frames = calloc(large.frame_count, sizeof *frames);
    unsigned char *bytes = malloc(FATELF_MANIFEST_MAX + 1);

    (void)state;
    for (unsigned i = 0; i < FATELF_VARIANTS_MAX; i++) {
        large.level = (uint8_t)(i + 1);
        manifest.variants[i] = large;
        tables[i] = frames;
    }
    assert_int_equal(fatelf_manifest_encode(&manifest, NULL, tables, NULL, bytes), 0);
    manifest.variants[3].frame_size = FATELF_FRAME_SIZE_MIN; /* eight times as many frames */
    manifest.variants[3].frame_count = FATELF_SIZE_MAX / FATELF_FRAME_SIZE_MIN;
    assert_int_equal(fatelf_manifest_encode(&manifest, NULL, tables, NULL, bytes), FATELF_ERROR_MANIFEST_SIZE);
    free(frames);

    struct fatelf_header header = {.magic = FATELF_MAGIC, .manifest_size = FATELF_MANIFEST_MAX};
    memcpy(bytes, &header, sizeof header);
    assert_int_equal(fatelf_manifest_decode(bytes, FATELF_MANIFEST_MAX, &manifest), FATELF_ERROR_MANIFEST_CHECKSUM);
    header.manifest_size++;
    memcpy(bytes, &header, sizeof header);
    assert_int_equal(fatelf_manifest_decode(bytes, FATELF_MANIFEST_MAX + 1, &manifest), FATELF_ERROR_MANIFEST_SIZE);
    free(bytes);
}

static void header_fields_out_of_range_are_refused(void **state)
{
    (void)state;
    HEADER(magic, 0, FATELF_ERROR_MANIFEST_MAGIC);
    HEADER(version, 0, FATELF_ERROR_MANIFEST_VERSION);
    HEADER(version, 1, FATELF_ERROR_MANIFEST_VERSION);
    HEADER(version, 2, FATELF_ERROR_MANIFEST_VERSION);
    HEADER(version, 3, FATELF_ERROR_MANIFEST_VERSION);
    HEADER(version, 5, FATELF_ERROR_MANIFEST_VERSION);
    HEADER(header_size, 39, FATELF_ERROR_MANIFEST_SIZE);
    HEADER(header_size, 48, FATELF_ERROR_MANIFEST_SIZE);
    HEADER(variant_size, 71, FATELF_ERROR_MANIFEST_SIZE);
    HEADER(variant_count, 0, FATELF_ERROR_MANIFEST_COUNT);
    HEADER(variant_count, 5, FATELF_ERROR_MANIFEST_COUNT);
    HEADER(variant_count, 255, FATELF_ERROR_MANIFEST_COUNT);
    HEADER(variant_count, 3, FATELF_ERROR_VARIANT_ELF); /* the record after the variants would start elsewhere */
    HEADER(launch, 0, FATELF_ERROR_MANIFEST_LAUNCH);
    HEADER(launch, FATELF_LAUNCH_INPLACE, 0);
    HEADER(launch, 3, FATELF_ERROR_MANIFEST_LAUNCH);
    HEADER(manifest_size, 0, FATELF_ERROR_MANIFEST_SIZE);
    HEADER(manifest_size, UINT32_MAX, FATELF_ERROR_MANIFEST_SIZE);
    HEADER(appended_count, APPENDED - 1, FATELF_ERROR_MANIFEST_SIZE);
    HEADER(appended_count, APPENDED + 1, FATELF_ERROR_MANIFEST_SIZE);
    HEADER(appended_count, FATELF_APPENDED_MAX + 1, FATELF_ERROR_APPENDED);
    HEADER(appended_count, UINT32_MAX, FATELF_ERROR_APPENDED);
    HEADER(incompatible, 0, FATELF_ERROR_MANIFEST_FLAGS);
    HEADER(incompatible, 2, FATELF_ERROR_MANIFEST_FEATURE);
    HEADER(incompatible, 3, FATELF_ERROR_MANIFEST_FEATURE);
    HEADER(incompatible, UINT64_C(1) << 63, FATELF_ERROR_MANIFEST_FEATURE);
    HEADER(compatible, UINT64_MAX, 0); /* unknown compatible flags are ignored */
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
    VARIANT(V3, marks, 255, 0); /* unknown marks are ignored */
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
    VARIANT(V3, size, UINT64_MAX, FATELF_ERROR_VARIANT_SIZE); /* rounded up to frames, it would overflow */
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

static void more_frames_than_the_manifest_has_room_for_are_refused(void **state)
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_encoded_is_decoded_again),
        cmocka_unit_test(the_flag_is_set_if_a_variant_is_delta_coded),
        cmocka_unit_test(the_checksum_covers_every_bit),
        cmocka_unit_test(every_wrong_size_is_refused),
        cmocka_unit_test(the_largest_manifest_is_accepted_and_no_larger_one),
        cmocka_unit_test(header_fields_out_of_range_are_refused),
        cmocka_unit_test(variant_fields_out_of_range_are_refused),
        cmocka_unit_test(more_frames_than_the_manifest_has_room_for_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
