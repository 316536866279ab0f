/* SPDX-License-Identifier: MIT */
/* bundler/coding/delta.c: what it codes, lib/delta.c decodes, and it is small. */
#include "delta.h"

#include <zstd.h>

#include "../../bundler/coding/delta.h"

enum { FRAME_SIZE = 1 << 16 };

struct coder {
    struct delta_coder *delta;
    ZSTD_CCtx *context;
    unsigned char *prefix, *raw, *coded, *again, *content;
};

static int make(void **state)
{
    struct coder *c = calloc(1, sizeof *c);

    c->delta = delta_coder_make(FRAME_SIZE);
    c->context = ZSTD_createCCtx();
    c->prefix = malloc(2 * FRAME_SIZE);
    c->raw = malloc(FRAME_SIZE + ALIGN_SLACK);
    c->coded = malloc(2 * FRAME_SIZE);
    c->again = malloc(FRAME_SIZE);
    c->content = malloc(FRAME_SIZE);
    *state = c;
    return 0;
}

static int drop(void **state)
{
    struct coder *c = *state;

    delta_coder_free(c->delta);
    ZSTD_freeCCtx(c->context);
    free(c->prefix);
    free(c->raw);
    free(c->coded);
    free(c->again);
    free(c->content);
    free(c);
    return 0;
}

/* Codes and decodes. Returns the coded size, or 0 if delta coding does not make the frame smaller. */
static size_t there_and_back(struct coder *c, uint32_t prefix_size, uint32_t size)
{
    size_t coded;

    memset(c->prefix + prefix_size, 0, ALIGN_SLACK);
    memset(c->raw + size, 0, ALIGN_SLACK);
    assert_true(
        delta_code(c->delta, c->context, c->prefix, prefix_size, c->raw, size, c->coded, 2 * FRAME_SIZE, &coded));
    if (coded == 0)
        return 0;
    size_t content = ZSTD_decompress(c->content, FRAME_SIZE, c->coded, coded);
    assert_false(ZSTD_isError(content));
    assert_true(decode(c->content, content, c->prefix, prefix_size, c->again, size));
    assert_memory_equal(c->again, c->raw, size);
    return coded;
}

/* Well mixed: the coder would find two sequences that differ by a constant. */
static uint32_t next_random(uint32_t *state)
{
    uint64_t mixed = (*state += 0x9e3779b9) * UINT64_C(0xff51afd7ed558ccd);

    return (uint32_t)((mixed ^ mixed >> 33) * UINT64_C(0xc4ceb9fe1a85ec53) >> 40);
}

static void fill_noise(unsigned char *bytes, size_t size, uint32_t seed)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)next_random(&seed);
}

static void small_frames_with_small_prefixes_are_decoded_again(void **state)
{
    struct coder *c = *state;

    for (uint32_t size = 1; size < 40; size++)
        for (uint32_t prefix_size = 1; prefix_size < 40; prefix_size++)
            for (uint32_t kind = 0; kind < 3; kind++) {
                fill_noise(c->prefix, prefix_size, kind ? 1 : size);
                fill_noise(c->raw, size, 1);
                if (kind == 2)
                    c->raw[size / 2] ^= 1;
                there_and_back(c, prefix_size, size);
            }
}

static void identical_bytes_take_almost_nothing(void **state)
{
    struct coder *c = *state;

    fill_noise(c->prefix, FRAME_SIZE + 5000, 1);
    memcpy(c->raw, c->prefix + 3000, FRAME_SIZE);
    assert_in_range(there_and_back(c, FRAME_SIZE + 5000, FRAME_SIZE), 1, 100);
    /* the halves are swapped */
    memcpy(c->raw, c->prefix + FRAME_SIZE / 2, FRAME_SIZE / 2);
    memcpy(c->raw + FRAME_SIZE / 2, c->prefix, FRAME_SIZE / 2);
    assert_in_range(there_and_back(c, FRAME_SIZE + 5000, FRAME_SIZE), 1, 110);
}

static void bytes_without_anything_in_common_are_not_coded(void **state)
{
    struct coder *c = *state;

    fill_noise(c->prefix, FRAME_SIZE, 1);
    fill_noise(c->raw, FRAME_SIZE, 2);
    assert_int_equal(there_and_back(c, FRAME_SIZE, FRAME_SIZE), 0);
}

static void moved_and_changed_code_takes_little(void **state)
{
    struct coder *c = *state;
    uint32_t seed = 7, at = 0, from = 1000, changes = 0;

    fill_noise(c->prefix, 2 * FRAME_SIZE - ALIGN_SLACK, 3);
    while (at <
           FRAME_SIZE) { /* bytes of the prefix; a field in about every 50 is 777 higher; some bytes are left out */
        uint32_t size = 20 + next_random(&seed) % 60;
        if (size > FRAME_SIZE - at)
            size = FRAME_SIZE - at;
        memcpy(c->raw + at, c->prefix + from, size);
        if (size >= 8) {
            add(c->raw + at + size - 8, 777);
            changes++;
        }
        at += size;
        from += size + (next_random(&seed) % 16 == 0 ? next_random(&seed) % 9 : 0);
    }
    assert_in_range(there_and_back(c, 2 * FRAME_SIZE - ALIGN_SLACK, FRAME_SIZE), 1, 2 * changes);
}

static void random_changes_are_decoded_again(void **state)
{
    struct coder *c = *state;

    for (uint32_t seed = 1; seed <= 60; seed++) {
        uint32_t random = seed, size = 1 + next_random(&random) % 20000, prefix_size = 1 + next_random(&random) % 20000;
        fill_noise(c->prefix, prefix_size, seed);
        for (uint32_t i = 0; i < size; i++)
            c->raw[i] = c->prefix[(i + seed * 100) % prefix_size];
        for (uint32_t i = 0; i < size / 20; i++)
            c->raw[next_random(&random) % size] = (unsigned char)next_random(&random);
        there_and_back(c, prefix_size, size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(small_frames_with_small_prefixes_are_decoded_again, make, drop),
        cmocka_unit_test_setup_teardown(identical_bytes_take_almost_nothing, make, drop),
        cmocka_unit_test_setup_teardown(bytes_without_anything_in_common_are_not_coded, make, drop),
        cmocka_unit_test_setup_teardown(moved_and_changed_code_takes_little, make, drop),
        cmocka_unit_test_setup_teardown(random_changes_are_decoded_again, make, drop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
