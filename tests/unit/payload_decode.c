/* SPDX-License-Identifier: MIT */
/* lib/payload.c: frames are decoded, and refused if they are not what they must be. */
#include "payload.h"

static int decode(struct fixture *f, unsigned variant, unsigned frame, unsigned char *base, unsigned char *buffer,
                  const unsigned char **bytes)
{
    struct fatelf_payload payload;

    assert_int_equal(fatelf_payload_open(&f->bundle, variant, &payload), 0);
    size_t size = fatelf_payload_scratch_size(&payload);
    assert_int_equal(size != 0, variant == DELTA);
    void *scratch = size ? malloc(size) : NULL;
    const struct fatelf_window window = {base, SIZE};
    int error = fatelf_payload_decode(&payload, frame, fatelf_payload_coded(&payload, frame), f->context, &window,
                                      scratch, buffer, bytes);
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

static void a_changed_byte_is_found_before_decoding(void **state)
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

/* What decode returns for these bytes as the last frame of the base. */
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

static void a_frame_must_be_one_zstd_frame_of_the_right_size(void **state)
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

/* What decode returns for the delta variant's first frame if its zstd frame contains this delta. */
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

/* A delta of this size: empty steps before the one that copies everything. */
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

static void a_delta_larger_than_a_frame_is_refused(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(decode_padded(f, 30), 0);
    assert_int_equal(decode_padded(f, FRAME_SIZE - 1), 0); /* a step is three bytes */
    assert_int_equal(decode_padded(f, FRAME_SIZE + 2), FATELF_ERROR_FRAME);
    assert_int_equal(decode_delta(f, "", 0), FATELF_ERROR_FRAME);
    assert_int_equal(decode_delta(f, f->raw[DELTA], FRAME_SIZE), FATELF_ERROR_FRAME);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_coded_is_decoded_again, make, drop),
        cmocka_unit_test_setup_teardown(a_changed_byte_is_found_before_decoding, make, drop),
        cmocka_unit_test_setup_teardown(a_frame_must_be_one_zstd_frame_of_the_right_size, make, drop),
        cmocka_unit_test_setup_teardown(a_delta_larger_than_a_frame_is_refused, make, drop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
