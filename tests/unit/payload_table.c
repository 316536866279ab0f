/* SPDX-License-Identifier: MIT */
/* lib/payload.c: the table of frames and the seek table are checked. */
#include "payload.h"

/* What fatelf_payload_open returns if a frame's entry is replaced by this one, for the time of the call. */
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

static void a_payload_knows_its_base_and_its_frames(void **state)
{
    struct fixture *f = *state;
    struct fatelf_payload payload, base;

    for (unsigned v = 0; v < COUNT; v++) {
        assert_int_equal(fatelf_payload_open(&f->bundle, v, &payload), 0);
        assert_ptr_equal(payload.variant, &f->bundle.manifest.variants[v]);
        assert_int_equal(payload.reach, v == DELTA ? 3 : 0);
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

static void a_frame_that_does_not_start_where_the_previous_one_ends_is_refused(void **state)
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
    /* an empty frame, and the next ones moved to the front */
    struct fatelf_variant *base = &f->bundle.manifest.variants[BASE];
    base->payload_size -= f->frames[BASE][0].size;
    for (unsigned i = 1; i < FRAMES; i++)
        f->frames[BASE][i].offset -= f->frames[BASE][0].size;
    memcpy(f->bytes + base->frames_offset, f->frames[BASE], sizeof f->frames[BASE]);
    FRAME(BASE, 0, size, 0, FATELF_ERROR_FRAME_PLACE);
    /* the sum of the sizes is right, but not the border: stored frames have the variant's frame size */
    unsigned char *table = f->bytes + f->bundle.manifest.variants[STORED].frames_offset;
    f->frames[STORED][1].offset--;
    f->frames[STORED][1].size++;
    memcpy(table, f->frames[STORED], sizeof f->frames[STORED]);
    FRAME(STORED, 0, size, FRAME_SIZE - 1, FATELF_ERROR_FRAME_PLACE);
}

static void a_compressed_frame_much_larger_than_its_content_is_refused(void **state)
{
    struct fixture *f = *state;
    const uint32_t most = FRAME_SIZE + FRAME_SIZE / 128;
    struct fatelf_variant *variant = &f->bundle.manifest.variants[BASE];
    const struct fatelf_frame *last = &f->frames[BASE][FRAMES - 1];

    assert_true(ZSTD_compressBound(FATELF_FRAME_SIZE_MIN) <= fatelf_coded_size_max(FATELF_FRAME_SIZE_MIN));
    assert_true(ZSTD_compressBound(FATELF_FRAME_SIZE_MAX) <= fatelf_coded_size_max(FATELF_FRAME_SIZE_MAX));
    variant->payload_size = last->offset + most + TABLE;
    FRAME(BASE, FRAMES - 1, size, most, 0);
    variant->payload_size++;
    FRAME(BASE, FRAMES - 1, size, most + 1, FATELF_ERROR_FRAME_PLACE);
}

static void a_prefix_outside_the_base_is_refused(void **state)
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

static void a_prefix_above_the_limit_of_the_reach_is_refused(void **state)
{
    struct fixture *f = *state;
    const uint32_t last = FRAMES - 1;

    f->bundle.manifest.variants[BASE].size = FATELF_SIZE_MAX; /* only the size matters here */
    PREFIX(DELTA, 0, 0, FATELF_REACH_MAX, 0);
    PREFIX(DELTA, last, FATELF_SIZE_MAX - FATELF_REACH_MAX, FATELF_REACH_MAX, 0);
    PREFIX(DELTA, last, FATELF_SIZE_MAX - FATELF_REACH_MAX + 1, FATELF_REACH_MAX, FATELF_ERROR_FRAME_PREFIX);
    PREFIX(DELTA, 0, 0, FATELF_REACH_MAX + 1, FATELF_ERROR_FRAME_PREFIX);
    PREFIX(DELTA, 0, 0, UINT32_MAX, FATELF_ERROR_FRAME_PREFIX);
    PREFIX(DELTA, last, FRAME_SIZE, FATELF_REACH_MAX, 0);
    PREFIX(DELTA, last, FRAME_SIZE + 1, FATELF_REACH_MAX, FATELF_ERROR_FRAME_PREFIX); /* parts of one frame more */
}

/* What fatelf_payload_open returns, and the reach in frames, if frames 0 and 1 have prefixes of one byte. */
static int open_reach(struct fixture *f, uint64_t first, uint64_t second, uint32_t *reach)
{
    unsigned char *at = f->bytes + f->bundle.manifest.variants[DELTA].frames_offset;
    struct fatelf_frame entries[2] = {f->frames[DELTA][0], f->frames[DELTA][1]};
    struct fatelf_payload payload;

    entries[0].prefix_offset = first;
    entries[1].prefix_offset = second;
    entries[0].prefix_size = entries[1].prefix_size = 1;
    memcpy(at, entries, sizeof entries);
    int error = fatelf_payload_open(&f->bundle, DELTA, &payload);
    *reach = payload.reach;
    return error;
}

static void the_reach_is_from_a_prefix_to_the_end_of_those_before_it(void **state)
{
    struct fixture *f = *state;
    const uint64_t most = FATELF_REACH_MAX;
    uint32_t reach;

    f->bundle.manifest.variants[BASE].size = FATELF_SIZE_MAX;
    assert_int_equal(open_reach(f, 0, FATELF_SIZE_MAX - 1, &reach), 0); /* ascending, however far apart */
    assert_int_equal(reach, 1);
    assert_int_equal(open_reach(f, FRAME_SIZE, FRAME_SIZE - 1, &reach), 0);
    assert_int_equal(reach, 2);
    assert_int_equal(open_reach(f, most - 1, 0, &reach), 0);
    assert_int_equal(reach, FATELF_REACH_MAX / FRAME_SIZE);
    assert_int_equal(open_reach(f, most, FRAME_SIZE, &reach), 0);
    assert_int_equal(open_reach(f, most, FRAME_SIZE - 1, &reach), FATELF_ERROR_FRAME_PREFIX);
    assert_int_equal(open_reach(f, FATELF_SIZE_MAX - 1, 0, &reach), FATELF_ERROR_FRAME_PREFIX);
}

static void every_flipped_bit_of_a_seek_table_is_found(void **state)
{
    struct fixture *f = *state;

    for (unsigned v = 0; v < COUNT; v++) {
        const struct fatelf_variant *variant = &f->bundle.manifest.variants[v];
        unsigned char *table = f->bytes + variant->payload_offset + variant->payload_size - TABLE;
        struct fatelf_payload payload;
        assert_int_equal(fatelf_payload_open(&f->bundle, v, &payload), 0);
        assert_int_equal(fatelf_payload_check_seek_table(&payload, table), 0);
        for (size_t bit = 0; bit < (size_t)TABLE * 8; bit++) {
            table[bit / 8] ^= (unsigned char)(1u << bit % 8);
            assert_int_equal(fatelf_payload_check_seek_table(&payload, table),
                             v == STORED ? 0 : FATELF_ERROR_SEEK_TABLE);
            table[bit / 8] ^= (unsigned char)(1u << bit % 8);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_payload_knows_its_base_and_its_frames, make, drop),
        cmocka_unit_test_setup_teardown(a_frame_that_does_not_start_where_the_previous_one_ends_is_refused, make, drop),
        cmocka_unit_test_setup_teardown(a_compressed_frame_much_larger_than_its_content_is_refused, make, drop),
        cmocka_unit_test_setup_teardown(a_prefix_outside_the_base_is_refused, make, drop),
        cmocka_unit_test_setup_teardown(a_prefix_above_the_limit_of_the_reach_is_refused, make, drop),
        cmocka_unit_test_setup_teardown(the_reach_is_from_a_prefix_to_the_end_of_those_before_it, make, drop),
        cmocka_unit_test_setup_teardown(every_flipped_bit_of_a_seek_table_is_found, make, drop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
