#include "unit.h"

#include <string.h>

#include "../../lib/checksum.h"
#include "../../lib/error.h"
#include "../../lib/manifest.h"

enum { ROOM = 4096 };

/* A manifest as `create` makes it: v1 stored in two frames, v3 as zstd. */
struct fixture {
    struct fatelf_manifest manifest;
    uint64_t sums[2];
    unsigned char bytes[ROOM];
    size_t size;
};

static struct fixture make(void)
{
    struct fixture f = {.sums = {11, 22}};

    f.manifest.header.variant_count = 2;
    f.manifest.header.launch = FATELF_LAUNCH_MEMFD;
    f.manifest.variants[0] = (struct fatelf_variant){
        .level = 1, .encoding = FATELF_ENCODING_STORED, .frame_size = 1 << 20, .frame_count = 2,
        .size = (1 << 20) + 5, .payload_size = (1 << 20) + 5, .payload_offset = 4096, .sha256 = {1, 2, 3},
    };
    f.manifest.variants[1] = (struct fatelf_variant){
        .level = 3, .encoding = FATELF_ENCODING_ZSTD, .frame_size = 1 << 20, .frame_count = 1,
        .size = 1 << 20, .payload_size = 1000, .payload_offset = 8 << 20,
    };
    f.size = fatelf_manifest_size(f.manifest.variants, 2);
    assert_int_equal(fatelf_manifest_encode(&f.manifest, f.sums, f.bytes), 0);
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

#define HEADER(field, value, error) \
    do { \
        struct fixture f_ = make(); \
        struct fatelf_header header_; \
        memcpy(&header_, f_.bytes, sizeof header_); \
        header_.field = (value); \
        memcpy(f_.bytes, &header_, sizeof header_); \
        expect(&f_, error); \
    } while (0)

#define VARIANT(index, field, value, error) \
    do { \
        struct fixture f_ = make(); \
        struct fatelf_variant variant_; \
        unsigned char *at_ = f_.bytes + sizeof(struct fatelf_header) + (index) * sizeof variant_; \
        memcpy(&variant_, at_, sizeof variant_); \
        variant_.field = (value); \
        memcpy(at_, &variant_, sizeof variant_); \
        expect(&f_, error); \
    } while (0)

static void what_is_encoded_is_decoded_again(void **state)
{
    struct fixture f = make();
    struct fatelf_manifest out;

    (void)state;
    assert_int_equal(fatelf_manifest_decode(f.bytes, f.size, &out), 0);
    assert_int_equal(out.header.variant_count, 2);
    assert_int_equal(out.header.manifest_size, f.size);
    assert_int_equal(out.variants[0].level, 1);
    assert_memory_equal(out.variants[0].sha256, f.manifest.variants[0].sha256, 32);
    assert_int_equal(out.variants[1].payload_offset, 8 << 20);
    assert_int_equal(out.variants[1].sums_offset, 0);
    assert_memory_equal(f.bytes + out.variants[0].sums_offset, f.sums, sizeof f.sums);
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
    HEADER(version, 2, FATELF_ERROR_MANIFEST_VERSION);
    HEADER(header_size, 39, FATELF_ERROR_MANIFEST_SIZE);
    HEADER(header_size, 48, FATELF_ERROR_MANIFEST_SIZE);
    HEADER(variant_size, 71, FATELF_ERROR_MANIFEST_SIZE);
    HEADER(variant_count, 0, FATELF_ERROR_MANIFEST_COUNT);
    HEADER(variant_count, 5, FATELF_ERROR_MANIFEST_COUNT);
    HEADER(variant_count, 255, FATELF_ERROR_MANIFEST_COUNT);
    HEADER(variant_count, 1, FATELF_ERROR_VARIANT_SUMS); /* they would start elsewhere */
    HEADER(launch, 0, FATELF_ERROR_MANIFEST_LAUNCH);
    HEADER(launch, 2, FATELF_ERROR_MANIFEST_LAUNCH);
    HEADER(manifest_size, 0, FATELF_ERROR_MANIFEST_SIZE);
    HEADER(manifest_size, UINT32_MAX, FATELF_ERROR_MANIFEST_SIZE);
    HEADER(reserved, 1, FATELF_ERROR_MANIFEST_RESERVED);
    HEADER(incompatible, 1, FATELF_ERROR_MANIFEST_FEATURE);
    HEADER(incompatible, UINT64_C(1) << 63, FATELF_ERROR_MANIFEST_FEATURE);
    HEADER(compatible, UINT64_MAX, 0); /* that is what compatible means */
}

static void variant_fields_out_of_range_are_refused(void **state)
{
    (void)state;
    VARIANT(0, level, 0, FATELF_ERROR_VARIANT_LEVEL);
    VARIANT(0, level, 3, FATELF_ERROR_VARIANT_LEVEL); /* twice */
    VARIANT(0, level, 4, FATELF_ERROR_VARIANT_LEVEL); /* out of order */
    VARIANT(1, level, 5, FATELF_ERROR_VARIANT_LEVEL);
    VARIANT(0, encoding, 0, FATELF_ERROR_VARIANT_ENCODING);
    VARIANT(0, encoding, 3, FATELF_ERROR_VARIANT_ENCODING);
    VARIANT(1, base, 1, FATELF_ERROR_VARIANT_BASE);
    VARIANT(1, reserved, 1, FATELF_ERROR_MANIFEST_RESERVED);
    VARIANT(1, frame_size, 0, FATELF_ERROR_VARIANT_FRAMES);
    VARIANT(1, frame_size, 3 << 19, FATELF_ERROR_VARIANT_FRAMES);
    VARIANT(1, frame_size, FATELF_FRAME_SIZE_MIN / 2, FATELF_ERROR_VARIANT_FRAMES);
    VARIANT(1, frame_size, FATELF_FRAME_SIZE_MAX * 2, FATELF_ERROR_VARIANT_FRAMES);
    VARIANT(1, frame_count, 0, FATELF_ERROR_VARIANT_FRAMES);
    VARIANT(1, frame_count, 2, FATELF_ERROR_VARIANT_FRAMES);
    VARIANT(1, frame_count, UINT32_MAX, FATELF_ERROR_VARIANT_FRAMES);
    VARIANT(1, size, 0, FATELF_ERROR_VARIANT_SIZE);
    VARIANT(1, size, (1 << 20) + 1, FATELF_ERROR_VARIANT_FRAMES);
    VARIANT(1, size, FATELF_SIZE_MAX + 1, FATELF_ERROR_VARIANT_SIZE);
    VARIANT(1, size, UINT64_MAX, FATELF_ERROR_VARIANT_SIZE);
    VARIANT(1, payload_size, 0, FATELF_ERROR_VARIANT_SIZE);
    VARIANT(1, payload_size, UINT64_MAX, FATELF_ERROR_VARIANT_SIZE);
    VARIANT(0, payload_size, (1 << 20) + 4, FATELF_ERROR_VARIANT_SIZE); /* stored: not its size */
    VARIANT(1, payload_offset, UINT64_MAX, FATELF_ERROR_VARIANT_SIZE);
    VARIANT(0, sums_offset, 0, FATELF_ERROR_VARIANT_SUMS);
    VARIANT(0, sums_offset, UINT32_MAX, FATELF_ERROR_VARIANT_SUMS);
    VARIANT(1, sums_offset, 8, FATELF_ERROR_VARIANT_SUMS);
}

static void encode_refuses_what_decode_would_refuse(void **state)
{
    struct fixture f = make();

    (void)state;
    f.manifest.variants[1].level = 1;
    assert_int_equal(fatelf_manifest_encode(&f.manifest, f.sums, f.bytes), FATELF_ERROR_VARIANT_LEVEL);
    f.manifest.header.variant_count = 0;
    assert_int_equal(fatelf_manifest_encode(&f.manifest, f.sums, f.bytes), FATELF_ERROR_MANIFEST_COUNT);
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
        cmocka_unit_test(the_checksum_covers_every_bit),
        cmocka_unit_test(every_wrong_size_is_refused),
        cmocka_unit_test(header_fields_out_of_range_are_refused),
        cmocka_unit_test(variant_fields_out_of_range_are_refused),
        cmocka_unit_test(encode_refuses_what_decode_would_refuse),
        cmocka_unit_test(every_error_has_a_text_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
