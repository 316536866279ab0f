/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "../../lib/checksum.h"
#include "../../lib/error.h"
#include "../../lib/payload.h"

enum {
    FRAME_SIZE = FATELF_FRAME_SIZE_MIN,
    FRAMES = 3,
    SIZE = 2 * FRAME_SIZE + 1000, /* of every variant */
    ROOM = 8 * SIZE,
    TABLE = 8 + 8 * FRAMES + 9, /* a seek table */
};

enum { DELTA, STORED, BASE, COUNT }; /* v1 against v3, v2, v3 */

/* A bundle as `create` makes it, in memory. */
struct fixture {
    struct fatelf_bundle bundle;
    struct fatelf_frame frames[COUNT][FRAMES];
    unsigned char raw[COUNT][SIZE];
    unsigned char bytes[ROOM];
    ZSTD_DCtx *context;
};

static uint64_t frame_raw_size(unsigned frame)
{
    return frame + 1 < FRAMES ? FRAME_SIZE : SIZE - (FRAMES - 1) * FRAME_SIZE;
}

/* Bytes that only a base can make smaller. */
static void fill_noise(unsigned char *bytes, size_t size, uint64_t state)
{
    for (size_t i = 0; i < size; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        bytes[i] = (unsigned char)(state >> 56);
    }
}

static size_t code(void *to, size_t room, const void *from, size_t size)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();

    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    size_t coded = ZSTD_compress2(context, to, room, from, size);
    ZSTD_freeCCtx(context);
    assert_false(ZSTD_isError(coded));
    return coded;
}

static size_t put_number(unsigned char *to, uint32_t value)
{
    size_t size = 0;

    for (; value >= 0x80; value >>= 7)
        to[size++] = (unsigned char)(value | 0x80);
    to[size++] = (unsigned char)value;
    return size;
}

/* Codes a frame that is so many bytes of its prefix from `place` on. */
static size_t code_copy(void *to, size_t room, uint32_t place, uint32_t size)
{
    unsigned char delta[64];
    struct fatelf_delta header = {.sizes[FATELF_DELTA_LITERAL_SIZES] = 1};
    size_t total = sizeof header;

    delta[total++] = 0;
    header.sizes[FATELF_DELTA_COPY_SIZES] = (uint32_t)put_number(delta + total, size);
    total += header.sizes[FATELF_DELTA_COPY_SIZES];
    header.sizes[FATELF_DELTA_MOVES] = (uint32_t)put_number(delta + total, 2 * place);
    total += header.sizes[FATELF_DELTA_MOVES];
    memcpy(delta, &header, sizeof header);
    return code(to, room, delta, total);
}

/* The whole base for the first frame, a piece for the second, none for the last. */
static void set_prefixes(struct fatelf_frame *frames)
{
    frames[0].prefix_size = SIZE;
    frames[1].prefix_offset = FRAME_SIZE - 500;
    frames[1].prefix_size = FRAME_SIZE + 1000;
}

static void put_seek_table(unsigned char *to, const struct fatelf_frame *frames)
{
    uint32_t table[2 + 2 * FRAMES + 1] = {0x184D2A5E, TABLE - 8};

    for (unsigned i = 0; i < FRAMES; i++) {
        table[2 + 2 * i] = frames[i].size;
        table[3 + 2 * i] = (uint32_t)frame_raw_size(i);
    }
    table[2 + 2 * FRAMES] = FRAMES;
    memcpy(to, table, sizeof table);
    memcpy(to + sizeof table, "\0\xb1\xea\x92\x8f", 5);
}

static int make(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct fatelf_manifest manifest = {.header = {.variant_count = COUNT, .launch = FATELF_LAUNCH_MEMFD}};
    struct fatelf_frame *frames[COUNT];
    uint64_t at = 4096;

    fill_noise(f->raw[BASE], SIZE, 1);
    fill_noise(f->raw[STORED], SIZE, 2);
    memcpy(f->raw[DELTA], f->raw[BASE] + 100, SIZE - 100); /* the base's bytes, shifted */
    for (unsigned v = 0; v < COUNT; v++) {
        frames[v] = f->frames[v];
        struct fatelf_variant *variant = &manifest.variants[v];
        *variant = (struct fatelf_variant){
            .level = (uint8_t)(v + 1),
            .frame_size = FRAME_SIZE,
            .frame_count = FRAMES,
            .size = SIZE,
            .payload_offset = at,
            .encoding = v == DELTA    ? FATELF_ENCODING_ZSTD_DELTA
                        : v == STORED ? FATELF_ENCODING_STORED
                                      : FATELF_ENCODING_ZSTD,
            .base = v == DELTA ? BASE + 1 : 0,
        };
        if (v == DELTA)
            set_prefixes(f->frames[v]);
        for (unsigned i = 0; i < FRAMES; i++) {
            struct fatelf_frame *frame = &f->frames[v][i];
            const unsigned char *from = f->raw[v] + i * FRAME_SIZE;
            unsigned char *to = f->bytes + at + variant->payload_size;
            size_t size = frame_raw_size(i);
            size_t room = (size_t)(f->bytes + ROOM - to);
            if (v == STORED)
                memcpy(to, from, size);
            else if (frame->prefix_size)
                size = code_copy(to, room, (uint32_t)(i * FRAME_SIZE + 100 - frame->prefix_offset), (uint32_t)size);
            else
                size = code(to, room, from, size);
            frame->size = (uint32_t)size;
            frame->offset = variant->payload_size;
            frame->checksum = fatelf_checksum(to, size);
            variant->payload_size += size;
        }
        if (v != STORED) {
            put_seek_table(f->bytes + at + variant->payload_size, f->frames[v]);
            variant->payload_size += TABLE;
        }
        at += variant->payload_size + 64;
    }
    assert_int_equal(fatelf_manifest_encode(&manifest, NULL, frames, f->bytes), 0);
    size_t size = fatelf_manifest_size(manifest.variants, COUNT);
    assert_int_equal(fatelf_manifest_decode(f->bytes, size, &f->bundle.manifest), 0);
    f->bundle.bytes = f->bytes;
    f->bundle.size = at;
    f->context = ZSTD_createDCtx();
    *state = f;
    return 0;
}

static int drop(void **state)
{
    struct fixture *f = *state;

    ZSTD_freeDCtx(f->context);
    free(f);
    return 0;
}

/* What fatelf_payload_open says with this entry in place of a frame's; the right one is put back. */
static int open_with(struct fixture *f, unsigned variant, unsigned frame, struct fatelf_frame entry)
{
    unsigned char *at = f->bytes + f->bundle.manifest.variants[variant].frames_offset + frame * sizeof entry;
    struct fatelf_payload payload;

    memcpy(at, &entry, sizeof entry);
    int error = fatelf_payload_open(&f->bundle, variant, &payload);
    memcpy(at, &f->frames[variant][frame], sizeof entry);
    return error;
}

#define FRAME(variant, frame, field, value, error) \
    do { \
        struct fatelf_frame entry_ = f->frames[variant][frame]; \
        entry_.field = (value); \
        assert_int_equal(open_with(f, variant, frame, entry_), error); \
    } while (0)

#define PREFIX(variant, frame, offset, size, error) \
    do { \
        struct fatelf_frame entry_ = f->frames[variant][frame]; \
        entry_.prefix_offset = (offset); \
        entry_.prefix_size = (size); \
        assert_int_equal(open_with(f, variant, frame, entry_), error); \
    } while (0)

static int decode(struct fixture *f, unsigned variant, unsigned frame, const unsigned char *base, unsigned char *buffer,
                  const unsigned char **bytes)
{
    struct fatelf_payload payload;

    assert_int_equal(fatelf_payload_open(&f->bundle, variant, &payload), 0);
    size_t size = fatelf_payload_scratch_size(&payload);
    assert_int_equal(size != 0, variant == DELTA);
    void *scratch = size ? malloc(size) : NULL;
    int error = fatelf_payload_decode(&payload, frame, f->context, base, scratch, buffer, bytes);
    free(scratch);
    return error;
}

static void what_was_coded_is_decoded_again(void **state)
{
    struct fixture *f = *state;
    unsigned char buffer[FRAME_SIZE];
    const unsigned char *bytes;

    for (unsigned v = 0; v < COUNT; v++) {
        for (unsigned i = 0; i < FRAMES; i++) {
            assert_int_equal(decode(f, v, i, f->raw[BASE], buffer, &bytes), 0);
            assert_memory_equal(bytes, f->raw[v] + i * FRAME_SIZE, frame_raw_size(i));
            assert_int_equal(bytes == buffer, v != STORED); /* a stored frame is not copied */
        }
    }
    assert_in_range(f->frames[DELTA][0].size, 1, FRAME_SIZE / 100);
}

static void a_payload_knows_its_base_and_its_frames(void **state)
{
    struct fixture *f = *state;
    struct fatelf_payload payload, base;

    for (unsigned v = 0; v < COUNT; v++) {
        assert_int_equal(fatelf_payload_open(&f->bundle, v, &payload), 0);
        assert_ptr_equal(payload.variant, &f->bundle.manifest.variants[v]);
        assert_ptr_equal(payload.base, v == DELTA ? &f->bundle.manifest.variants[BASE] : NULL);
        for (unsigned i = 0; i < FRAMES; i++) {
            struct fatelf_frame frame = fatelf_payload_frame(&payload, i);
            assert_memory_equal(&frame, &f->frames[v][i], sizeof frame);
            assert_int_equal(fatelf_payload_raw_size(&payload, i), frame_raw_size(i));
        }
    }
    assert_int_equal(fatelf_payload_open(&f->bundle, DELTA, &payload), 0);
    assert_int_equal(fatelf_payload_open_base(&f->bundle, &payload, &base), 0);
    assert_ptr_equal(base.variant, &f->bundle.manifest.variants[BASE]);
    assert_null(base.base);
}

static void a_frame_that_is_not_where_the_one_before_ends_is_refused(void **state)
{
    struct fixture *f = *state;

    for (unsigned v = 0; v < COUNT; v++) {
        for (unsigned i = 0; i < FRAMES; i++) {
            const struct fatelf_frame *frame = &f->frames[v][i];
            FRAME(v, i, offset, frame->offset + 1, FATELF_ERROR_FRAME_PLACE);
            FRAME(v, i, offset, frame->offset - 1, FATELF_ERROR_FRAME_PLACE);
            FRAME(v, i, offset, UINT64_MAX, FATELF_ERROR_FRAME_PLACE);
            FRAME(v, i, offset, frame->offset + (UINT64_C(1) << 32), FATELF_ERROR_FRAME_PLACE);
            FRAME(v, i, size, 0, FATELF_ERROR_FRAME_PLACE);
            FRAME(v, i, size, frame->size - 1, FATELF_ERROR_FRAME_PLACE);
            FRAME(v, i, size, frame->size + 1, FATELF_ERROR_FRAME_PLACE);
            FRAME(v, i, size, UINT32_MAX, FATELF_ERROR_FRAME_PLACE);
        }
        FRAME(v, 0, offset, 0, 0);
        uint64_t *size = &f->bundle.manifest.variants[v].payload_size;
        for (int more = -1; more <= 1; more++) {
            *size += (uint64_t)more;
            FRAME(v, 0, offset, 0, more ? FATELF_ERROR_FRAME_PLACE : 0);
            *size -= (uint64_t)more;
        }
    }
    /* a frame of nothing, and another that has its bytes */
    unsigned char *second = f->bytes + f->bundle.manifest.variants[BASE].frames_offset + sizeof(struct fatelf_frame);
    f->frames[BASE][1].size += f->frames[BASE][0].size;
    f->frames[BASE][1].offset = 0;
    memcpy(second, &f->frames[BASE][1], sizeof(struct fatelf_frame));
    FRAME(BASE, 0, size, 0, FATELF_ERROR_FRAME_PLACE);
    /* the sum is right, the border is not: a stored frame has the size that the variant's frames have */
    unsigned char *table = f->bytes + f->bundle.manifest.variants[STORED].frames_offset;
    f->frames[STORED][1].offset--;
    f->frames[STORED][1].size++;
    memcpy(table, f->frames[STORED], sizeof f->frames[STORED]);
    FRAME(STORED, 0, size, FRAME_SIZE - 1, FATELF_ERROR_FRAME_PLACE);
}

static void a_prefix_outside_of_the_base_is_refused(void **state)
{
    struct fixture *f = *state;

    for (unsigned i = 0; i < FRAMES; i++) {
        PREFIX(DELTA, i, 0, SIZE, 0);
        PREFIX(DELTA, i, SIZE - 1, 1, 0);
        PREFIX(DELTA, i, 0, SIZE + 1, FATELF_ERROR_FRAME_PREFIX);
        PREFIX(DELTA, i, 1, SIZE, FATELF_ERROR_FRAME_PREFIX);
        PREFIX(DELTA, i, SIZE, 1, FATELF_ERROR_FRAME_PREFIX);
        PREFIX(DELTA, i, UINT64_MAX, 1, FATELF_ERROR_FRAME_PREFIX);
        PREFIX(DELTA, i, UINT64_MAX, UINT32_MAX, FATELF_ERROR_FRAME_PREFIX);
        PREFIX(DELTA, i, UINT64_MAX - 99, 100, FATELF_ERROR_FRAME_PREFIX); /* the sum is 0 */
        PREFIX(DELTA, i, 0, UINT32_MAX, FATELF_ERROR_FRAME_PREFIX);
        PREFIX(DELTA, i, 0, 0, 0);
        PREFIX(DELTA, i, 1, 0, FATELF_ERROR_FRAME_PREFIX);
        for (unsigned v = STORED; v < COUNT; v++) {
            PREFIX(v, i, 0, 1, FATELF_ERROR_FRAME_PREFIX);
            PREFIX(v, i, 1, 0, FATELF_ERROR_FRAME_PREFIX);
            PREFIX(v, i, UINT64_MAX, UINT32_MAX, FATELF_ERROR_FRAME_PREFIX);
        }
    }
}

static void a_prefix_is_not_larger_than_its_limit(void **state)
{
    struct fixture *f = *state;

    f->bundle.manifest.variants[BASE].size = FATELF_SIZE_MAX; /* of which only the size is looked at here */
    PREFIX(DELTA, 0, 0, FATELF_PREFIX_MAX, 0);
    PREFIX(DELTA, 0, FATELF_SIZE_MAX - FATELF_PREFIX_MAX, FATELF_PREFIX_MAX, 0);
    PREFIX(DELTA, 0, FATELF_SIZE_MAX - FATELF_PREFIX_MAX + 1, FATELF_PREFIX_MAX, FATELF_ERROR_FRAME_PREFIX);
    PREFIX(DELTA, 0, 0, FATELF_PREFIX_MAX + 1, FATELF_ERROR_FRAME_PREFIX);
    PREFIX(DELTA, 0, 0, UINT32_MAX, FATELF_ERROR_FRAME_PREFIX);
}

static void every_bit_of_a_seek_table_counts(void **state)
{
    struct fixture *f = *state;

    for (unsigned v = 0; v < COUNT; v++) {
        const struct fatelf_variant *variant = &f->bundle.manifest.variants[v];
        unsigned char *table = f->bytes + variant->payload_offset + variant->payload_size - TABLE;
        struct fatelf_payload payload;
        assert_int_equal(fatelf_payload_open(&f->bundle, v, &payload), 0);
        assert_int_equal(fatelf_payload_check_seek_table(&payload), 0);
        for (size_t bit = 0; bit < (size_t)TABLE * 8; bit++) {
            table[bit / 8] ^= (unsigned char)(1u << bit % 8);
            assert_int_equal(fatelf_payload_check_seek_table(&payload), v == STORED ? 0 : FATELF_ERROR_SEEK_TABLE);
            table[bit / 8] ^= (unsigned char)(1u << bit % 8);
        }
    }
}

static void a_changed_byte_is_found_before_anything_is_decoded(void **state)
{
    struct fixture *f = *state;
    unsigned char buffer[FRAME_SIZE];
    const unsigned char *bytes;

    memset(buffer, 0x5a, sizeof buffer);
    for (unsigned v = 0; v < COUNT; v++) {
        for (unsigned i = 0; i < FRAMES; i++) {
            const struct fatelf_frame *frame = &f->frames[v][i];
            unsigned char *at = f->bytes + f->bundle.manifest.variants[v].payload_offset + frame->offset;
            for (size_t k = 0; k < frame->size; k += k < 32 || k + 8 > frame->size ? 1 : 4001) {
                at[k] ^= 1;
                assert_int_equal(decode(f, v, i, f->raw[BASE], buffer, &bytes), FATELF_ERROR_FRAME_CHECKSUM);
                at[k] ^= 1;
            }
        }
    }
    for (size_t i = 0; i < sizeof buffer; i++)
        assert_int_equal(buffer[i], 0x5a);
}

/* What decode says of these bytes as the last frame of the base. */
static int decode_last(struct fixture *f, const void *coded, size_t size)
{
    struct fatelf_variant *variant = &f->bundle.manifest.variants[BASE];
    struct fatelf_frame *frame = &f->frames[BASE][FRAMES - 1];
    unsigned char buffer[FRAME_SIZE];
    const unsigned char *bytes;

    memcpy(f->bytes + variant->payload_offset + frame->offset, coded, size);
    frame->size = (uint32_t)size;
    frame->checksum = fatelf_checksum(coded, size);
    memcpy(f->bytes + variant->frames_offset + (FRAMES - 1) * sizeof *frame, frame, sizeof *frame);
    variant->payload_size = frame->offset + size + TABLE;
    int error = decode(f, BASE, FRAMES - 1, NULL, buffer, &bytes);
    if (!error)
        assert_memory_equal(bytes, f->raw[BASE] + (FRAMES - 1) * FRAME_SIZE, frame_raw_size(FRAMES - 1));
    return error;
}

static void a_frame_is_one_zstd_frame_of_the_right_size(void **state)
{
    /* RFC 8878, 3.1.2: a skippable frame with nothing in it */
    static const unsigned char skippable[] = {0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0};
    struct fixture *f = *state;
    unsigned char coded[2 * FRAME_SIZE], both[4 * FRAME_SIZE];
    const unsigned char *raw = f->raw[BASE] + (FRAMES - 1) * FRAME_SIZE;
    size_t raw_size = frame_raw_size(FRAMES - 1);
    size_t size = code(coded, sizeof coded, raw, raw_size);

    assert_int_equal(decode_last(f, coded, size), 0);
    assert_int_equal(decode_last(f, coded, size - 1), FATELF_ERROR_FRAME);
    assert_int_equal(decode_last(f, coded, 1), FATELF_ERROR_FRAME);
    assert_int_equal(decode_last(f, raw, raw_size), FATELF_ERROR_FRAME);
    memcpy(both, skippable, sizeof skippable);
    memcpy(both + sizeof skippable, coded, size);
    assert_int_equal(decode_last(f, both, sizeof skippable), FATELF_ERROR_FRAME);
    assert_int_equal(decode_last(f, both, sizeof skippable + size), FATELF_ERROR_FRAME);
    memcpy(both, coded, size);
    memcpy(both + size, skippable, sizeof skippable);
    assert_int_equal(decode_last(f, both, size + sizeof skippable), FATELF_ERROR_FRAME);
    memcpy(both + size, coded, size);
    assert_int_equal(decode_last(f, both, 2 * size), FATELF_ERROR_FRAME);
    size_t empty = code(both + size, FRAME_SIZE, "", 0);
    assert_int_equal(decode_last(f, both, size + empty), FATELF_ERROR_FRAME);
    for (uint32_t magic = 0xFD2FB522; magic <= 0xFD2FB527; magic++) { /* zstd before 1.0 */
        memset(both + size, 0, 64);
        memcpy(both + size, &magic, sizeof magic);
        for (size_t behind = 1; behind <= 64; behind *= 2)
            assert_int_equal(decode_last(f, both, size + behind), FATELF_ERROR_FRAME);
        memcpy(both + size, coded, size);
        memcpy(both + size, &magic, sizeof magic);
        assert_int_equal(decode_last(f, both + size, size), FATELF_ERROR_FRAME);
    }
    for (size_t other = raw_size - 1; other <= raw_size + 1; other++) {
        size = code(coded, sizeof coded, raw, other);
        assert_int_equal(decode_last(f, coded, size), other == raw_size ? 0 : FATELF_ERROR_FRAME);
    }
}

/* What decode says of the delta variant's first frame with this in the zstd frame. */
static int decode_delta(struct fixture *f, const void *delta, size_t size)
{
    struct fatelf_variant *variant = &f->bundle.manifest.variants[DELTA];
    unsigned char *coded = malloc(2 * FRAME_SIZE), buffer[FRAME_SIZE];
    struct fatelf_frame frame = {.prefix_size = SIZE, .size = (uint32_t)code(coded, 2 * FRAME_SIZE, delta, size)};
    const unsigned char *bytes;

    memcpy(f->bytes + variant->payload_offset, coded, frame.size);
    free(coded);
    frame.checksum = fatelf_checksum(f->bytes + variant->payload_offset, frame.size);
    memcpy(f->bytes + variant->frames_offset, &frame, sizeof frame);
    f->frames[DELTA][1].offset = frame.size;
    f->frames[DELTA][2].offset = frame.size + f->frames[DELTA][1].size;
    memcpy(f->bytes + variant->frames_offset + sizeof frame, &f->frames[DELTA][1], 2 * sizeof frame);
    variant->payload_size = f->frames[DELTA][2].offset + f->frames[DELTA][2].size + TABLE;
    int error = decode(f, DELTA, 0, f->raw[BASE], buffer, &bytes);
    if (!error)
        assert_memory_equal(bytes, f->raw[DELTA], FRAME_SIZE);
    return error;
}

/* Steps that add nothing before the one that copies everything, so that the whole has this size. */
static int decode_padded(struct fixture *f, uint32_t size)
{
    static const unsigned char all[] = {0, 0x80, 0x80, 4, 0xc8, 1}; /* 65536 bytes, from 100 on */
    unsigned char *delta = calloc(1, size);
    uint32_t steps = (size - (uint32_t)sizeof(struct fatelf_delta) - (uint32_t)sizeof all) / 3;
    uint32_t more = size - (uint32_t)sizeof(struct fatelf_delta) - (uint32_t)sizeof all - 3 * steps;
    struct fatelf_delta header = {.sizes = {steps + 1, steps + 3, steps + 2}};
    unsigned char *at = delta + sizeof header;

    assert_int_equal(more, 0);
    memcpy(delta, &header, sizeof header);
    at += header.sizes[0] + steps;
    memcpy(at, all + 1, 3);
    memcpy(at + 3 + steps, all + 4, 2);
    int error = decode_delta(f, delta, size);
    free(delta);
    return error;
}

static void a_delta_is_no_larger_than_a_frame(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(decode_padded(f, 30), 0);
    assert_int_equal(decode_padded(f, FRAME_SIZE - 1), 0); /* the sizes that can be padded to go up by threes */
    assert_int_equal(decode_padded(f, FRAME_SIZE + 2), FATELF_ERROR_FRAME);
    assert_int_equal(decode_delta(f, "", 0), FATELF_ERROR_FRAME);
    assert_int_equal(decode_delta(f, f->raw[DELTA], FRAME_SIZE), FATELF_ERROR_FRAME);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_coded_is_decoded_again, make, drop),
        cmocka_unit_test_setup_teardown(a_payload_knows_its_base_and_its_frames, make, drop),
        cmocka_unit_test_setup_teardown(a_frame_that_is_not_where_the_one_before_ends_is_refused, make, drop),
        cmocka_unit_test_setup_teardown(a_prefix_outside_of_the_base_is_refused, make, drop),
        cmocka_unit_test_setup_teardown(a_prefix_is_not_larger_than_its_limit, make, drop),
        cmocka_unit_test_setup_teardown(every_bit_of_a_seek_table_counts, make, drop),
        cmocka_unit_test_setup_teardown(a_changed_byte_is_found_before_anything_is_decoded, make, drop),
        cmocka_unit_test_setup_teardown(a_frame_is_one_zstd_frame_of_the_right_size, make, drop),
        cmocka_unit_test_setup_teardown(a_delta_is_no_larger_than_a_frame, make, drop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
