/* SPDX-License-Identifier: MIT */
/*
 * Explores every interleaving of the threads with which extract and verify decode (bundler/bundle/decode.c,
 * decode_work.c): some threads decode to slots, and the calling thread takes the frames out in order. The mutex, the
 * condition variable, the reading and the decoding are those of this file.
 */
#include "interleave.h"
#include "prefixes.h"
#undef fail /* of cmocka */

#include <errno.h>
#include <openssl/evp.h>
#include <zstd.h>

#include "../../lib/error.h"
#include "../../bundler/base/file.h"
#include "../../bundler/base/progress.h"
#include "../../bundler/base/say.h"
#include "../../bundler/bundle/decode.h"
#include "../../bundler/bundle/decode_work.h"
#include "../../bundler/input/record.h"

enum { FRAME_SIZE = 64, NONE = 0xff, SLOTS = 4 };

static struct {
    uint32_t threads, window, slots;
    unsigned failures; /* at most so many frames cannot be decoded */
} setup;

/* How often it happened in any interleaving: shows that the test has tested something. */
static struct {
    size_t sleeps, failures, not_started, replaced, at_once;
} seen;

/* What the threads share, besides the job. */
static struct {
    uint8_t ring[FRAMES];       /* the frame of the base in each place of the ring, or NONE */
    uint8_t complete[FRAMES];   /* frames of the base: decoded, or not to be decoded */
    uint8_t done[FRAMES];       /* frames of the variant: the same */
    uint8_t failed[2][FRAMES];  /* frames of the variant, of the base */
    uint8_t taken[2][FRAMES];
    uint8_t slots[SLOTS];       /* the frame in each slot, or NONE */
    uint8_t asleep[INTERLEAVE_THREADS];
    uint8_t failures, decoding, locked, put, reported;
} common;

static unsigned char ring[FRAMES * FRAME_SIZE], raw[SLOTS][FRAME_SIZE];

/* --- decoding ------------------------------------------------------------------------------------------------------- */

/* Bytes in the ring replace those of another frame, which nobody may need any more or be writing. */
static void begin_base(uint32_t frame, const unsigned char *to)
{
    uint8_t *place = &common.ring[frame % setup.window];

    INTERLEAVE_CHECK(to == ring + (size_t)(frame % setup.window) * FRAME_SIZE);
    INTERLEAVE_CHECK(*place == NONE || common.complete[*place]);
    for (uint32_t i = 0; *place != NONE && i < prefixes.variant_frames; i++)
        INTERLEAVE_CHECK(common.done[i] || common.failures > 0 || !prefixes_need(i, *place));
    seen.replaced += *place != NONE;
    *place = (uint8_t)frame;
}

static void begin_own(uint32_t frame, const unsigned char *to)
{
    INTERLEAVE_CHECK(to == raw[frame % setup.slots]);
    INTERLEAVE_CHECK(common.slots[frame % setup.slots] == NONE);
    common.slots[frame % setup.slots] = (uint8_t)frame;
}

static int decode(bool base, uint32_t frame, const unsigned char *to)
{
    INTERLEAVE_CHECK(frame < (base ? prefixes.base_frames : prefixes.variant_frames));
    INTERLEAVE_CHECK(!common.taken[base][frame]);
    common.taken[base][frame] = true;
    if (base)
        begin_base(frame, to);
    else
        begin_own(frame, to);
    common.decoding++;
    seen.at_once += common.decoding > 1;
    interleave_step();
    common.decoding--;
    for (uint32_t i = prefixes.first[frame]; !base && i < prefixes.end[frame]; i++)
        INTERLEAVE_CHECK(common.ring[i % setup.window] == i && common.complete[i] && !common.failed[1][i]);
    *(base ? &common.complete[frame] : &common.done[frame]) = true;
    if (common.failures == setup.failures || interleave_choose(2) == 0)
        return 0;
    common.failures++;
    seen.failures++;
    interleave_note(1);
    common.failed[base][frame] = true;
    return FATELF_ERROR_FRAME;
}

/* The calling thread gets each frame once, in order. */
static int put(void *unused, const unsigned char *bytes, size_t size, uint64_t offset)
{
    uint8_t frame = (uint8_t)(offset / FRAME_SIZE);
    uint8_t *slot = &common.slots[frame % setup.slots];
    (void)unused;

    INTERLEAVE_CHECK(frame == common.put && size == FRAME_SIZE && bytes == raw[frame % setup.slots]);
    INTERLEAVE_CHECK(*slot == frame && !common.failed[0][frame]);
    *slot = NONE;
    common.put++;
    return 0;
}

/* --- what decode.c and decode_work.c call --------------------------------------------------------------------------- */

static bool is_free(const void *locked)
{
    return !*(const uint8_t *)locked;
}

static void take(void)
{
    interleave_until(is_free, &common.locked);
    common.locked = true;
}

/* Only threads that wait for the mutex could see that it is kept for longer. */
static void leave(void)
{
    common.locked = false;
}

static bool is_awake(const void *asleep)
{
    return !*(const uint8_t *)asleep;
}

/* A thread that waits begins its loop again, and the frame that it has or waits for is in the job. */
static void wait(void)
{
    uint8_t *asleep = &common.asleep[interleave.current];

    interleave_forget();
    interleave_note(2);
    common.locked = false;
    *asleep = true;
    seen.sleeps++;
    interleave_until(is_awake, asleep);
    take();
}

static int start(pthread_t *id, void *(*run)(void *), void *argument)
{
    bool starts = interleave_choose(2) == 0;

    seen.not_started += !starts;
    if (starts) {
        /* The result of decode_work() is not used. */
        *id = interleave_start((void (*)(void *))(uintptr_t)run, argument);
        interleave_step();
    }
    return starts ? 0 : EAGAIN;
}

static bool has_ended(const void *id)
{
    return interleave.threads[*(const pthread_t *)id].ended;
}

/* The same. */
static struct fatelf_schedule_task next(struct fatelf_schedule *schedule, uint32_t thread)
{
    interleave_forget();
    interleave_note(1);
    return fatelf_schedule_next(schedule, thread);
}

/* Takes the arguments of what is left out. */
static int one(void *first, ...)
{
    (void)first;
    return 1;
}

#define fail(...) (common.reported = true, one(NULL, __VA_ARGS__))
#define pthread_mutex_lock(lock) take()
#define pthread_mutex_unlock(lock) leave()
#define pthread_cond_wait(condition, lock) wait()
#define pthread_cond_broadcast(condition) memset(common.asleep, 0, sizeof common.asleep)
#define pthread_create(id, attributes, run, argument) start(id, run, argument)
#define pthread_join(id, result) interleave_until(has_ended, &(id))
#define file_read(...) one(NULL, __VA_ARGS__)
#define record_matches(...) true
#define progress_add(...) (interleave_forget(), interleave_note((uint64_t)status + 3))
#define EVP_DigestUpdate(...) one(__VA_ARGS__)
#define fatelf_schedule_next(schedule, thread) next(schedule, thread)
#define fatelf_payload_decode(payload, frame, coded, context, prefix, scratch, to, bytes) \
    (*(bytes) = (to), decode(!(payload)->base, frame, to))
#define decode_work tested_decode_work /* the tool's own objects are linked as well */
#define decode_variant tested_decode_variant
void *decode_work(void *argument);
int decode_variant(const struct bundle_file *file, unsigned index, unsigned threads, const struct decode_sink *sink);
#include "../../bundler/bundle/decode_work.c"
#include "../../bundler/bundle/decode.c"

/* --- the exploration ------------------------------------------------------------------------------------------------ */

static struct fatelf_variant variant, base;
static struct fatelf_frame frames[FRAMES];
static struct fatelf_payload payload, base_payload;
static struct bundle_file file;
static struct slot slots[SLOTS];
static struct tools tools[INTERLEAVE_THREADS];
static uint32_t tables[2 * FRAMES];
static uint8_t base_problems[FRAMES];
static struct job job;
static int result;

static void run_all(void *unused)
{
    static const struct decode_sink sink = {.put = put};

    result = run(&job, 0, &sink, unused);
}

static void begin(void)
{
    static const struct fatelf_encoding_row stored; /* no decoder of zstd's */

    memset(&common, 0, sizeof common);
    memset(common.ring, NONE, sizeof common.ring);
    memset(common.slots, NONE, sizeof common.slots);
    memset(slots, 0, sizeof slots);
    memset(base_problems, 0, sizeof base_problems);
    variant = (struct fatelf_variant){.frame_count = prefixes.variant_frames, .frame_size = FRAME_SIZE};
    base = (struct fatelf_variant){.frame_count = prefixes.base_frames, .frame_size = FRAME_SIZE};
    variant.size = (uint64_t)variant.frame_count * FRAME_SIZE;
    base.size = (uint64_t)base.frame_count * FRAME_SIZE;
    for (uint32_t i = 0; i < prefixes.variant_frames; i++)
        frames[i] = (struct fatelf_frame){
            .prefix_offset = (uint64_t)prefixes.first[i] * FRAME_SIZE,
            .prefix_size = (prefixes.end[i] - prefixes.first[i]) * FRAME_SIZE,
        };
    payload = (struct fatelf_payload){.variant = &variant, .encoding = &stored, .base = &base, .reach = prefixes.reach,
                                      .frames = (const unsigned char *)frames};
    base_payload = (struct fatelf_payload){.variant = &base, .encoding = &stored,
                                           .frames = (const unsigned char *)frames};
    job = (struct job){
        .file = &file, .payload = &payload, .base = &base_payload, .tables = tables, .slots = slots, .tools = tools,
        .threads = setup.threads, .slot_count = setup.slots, .base_problems = base_problems,
        .window = {ring, (uint64_t)setup.window * FRAME_SIZE}};
    for (uint32_t i = 0; i < setup.threads; i++)
        tools[i] = (struct tools){.job = &job, .number = i};
    for (uint32_t i = 0; i < setup.slots; i++)
        slots[i].raw = raw[i];
    job.schedule = fatelf_schedule_make(&payload, setup.threads, setup.window, tables, NULL, NULL);
}

static uint64_t fingerprint(void)
{
    uint64_t parts[] = {fatelf_checksum(&common, sizeof common), fatelf_checksum(&job, sizeof job),
                        fatelf_checksum(slots, sizeof slots), fatelf_checksum(base_problems, sizeof base_problems)};

    return fatelf_checksum(parts, sizeof parts);
}

/* The first frame, in the order of the variant, that failed or whose prefix did. */
static uint32_t first_failure(void)
{
    for (uint32_t i = 0; i < prefixes.variant_frames; i++) {
        bool failed = common.failed[0][i];
        for (uint32_t b = prefixes.first[i]; b < prefixes.end[i]; b++)
            failed |= common.failed[1][b];
        if (failed)
            return i;
    }
    return prefixes.variant_frames;
}

static void check_end(void)
{
    uint32_t good = first_failure();

    assert_false(common.locked);
    if (interleave.count == 1)
        good = 0; /* no thread could be started */
    assert_int_equal(common.put, good);
    assert_int_equal(result != 0, good < prefixes.variant_frames);
    assert_int_equal(common.reported, result != 0);
}

static void explore_slots_and_windows(void)
{
    static const struct interleave_model model = {.run = run_all,
                                                  .begin = begin,
                                                  .fingerprint = fingerprint,
                                                  .check_end = check_end,
                                                  .describe = prefixes_text};

    for (setup.slots = 1; setup.slots <= 2; setup.slots++) {
        setup.window = prefixes.reach ? prefixes.reach : 1;
        do
            interleave_explore(&model);
        while (setup.window++ < prefixes.base_frames);
    }
}

static void two_threads_hand_over_all_frames_however_they_are_interleaved(void **state)
{
    (void)state;
    memset(&seen, 0, sizeof seen);
    setup.threads = 2;
    setup.failures = 0;
    prefixes_each(3, 2, explore_slots_and_windows);
    assert_true(seen.sleeps > 0 && seen.not_started > 0 && seen.replaced > 0 && seen.at_once > 0);
}

static void the_first_frame_that_fails_is_reported(void **state)
{
    (void)state;
    memset(&seen, 0, sizeof seen);
    setup.threads = 2;
    setup.failures = 2;
    prefixes_each(2, 2, explore_slots_and_windows);
    assert_true(seen.failures > 0 && seen.sleeps > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_threads_hand_over_all_frames_however_they_are_interleaved),
        cmocka_unit_test(the_first_frame_that_fails_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
