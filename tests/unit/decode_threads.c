/* SPDX-License-Identifier: MIT */
/*
 * Explores every interleaving of the threads with which extract and verify decode (bundler/bundle/decode.c,
 * decode_work.c): some threads decode to slots, and the calling thread takes the frames out in order. The mutex, the
 * condition variable, the reading and the decoding are those of this file.
 */
#include "decoding.h"
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

enum { SLOTS = 2 };

/* What the threads share, besides the job and what is decoded. */
static struct {
    uint8_t slots[SLOTS]; /* the frame in each slot, or NONE */
    uint8_t asleep[INTERLEAVE_THREADS];
    uint8_t locked, put, reported;
} common;

static uint32_t slot_count;
static unsigned char ring[FRAMES * FRAME_SIZE], raw[SLOTS][FRAME_SIZE];

static int decode(bool base, uint32_t frame, const unsigned char *to)
{
    if (base) {
        INTERLEAVE_CHECK(to == ring + (size_t)(frame % setup.window) * FRAME_SIZE);
    } else {
        INTERLEAVE_CHECK(to == raw[frame % slot_count] && common.slots[frame % slot_count] == NONE);
        common.slots[frame % slot_count] = (uint8_t)frame;
    }
    return decoding_run(base, frame) ? 0 : FATELF_ERROR_FRAME;
}

/* The calling thread gets each frame once, in order. */
static int put(void *unused, const unsigned char *bytes, size_t size, uint64_t offset)
{
    uint8_t frame = (uint8_t)(offset / FRAME_SIZE);
    uint8_t *slot = &common.slots[frame % slot_count];
    (void)unused;

    INTERLEAVE_CHECK(frame == common.put && size == FRAME_SIZE && bytes == raw[frame % slot_count]);
    INTERLEAVE_CHECK(*slot == frame && !decoding.failed[0][frame]);
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

static struct fatelf_payload payload, base;
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
    memset(&common, 0, sizeof common);
    memset(common.slots, NONE, sizeof common.slots);
    memset(slots, 0, sizeof slots);
    memset(base_problems, 0, sizeof base_problems);
    decoding_begin(&payload, &base, NULL);
    job = (struct job){
        .file = &file,
        .payload = &payload,
        .base = &base,
        .tables = tables,
        .slots = slots,
        .tools = tools,
        .threads = setup.threads,
        .slot_count = slot_count,
        .base_problems = base_problems,
        .window = {ring, (uint64_t)setup.window * FRAME_SIZE},
    };
    for (uint32_t i = 0; i < setup.threads; i++)
        tools[i] = (struct tools){.job = &job, .number = i};
    for (uint32_t i = 0; i < slot_count; i++)
        slots[i].raw = raw[i];
    job.schedule = fatelf_schedule_make(&payload, setup.threads, setup.window, tables, NULL, NULL);
}

static uint64_t fingerprint(void)
{
    uint64_t parts[] = {fatelf_checksum(&common, sizeof common), fatelf_checksum(&decoding, sizeof decoding),
                        fatelf_checksum(&job, sizeof job), fatelf_checksum(slots, sizeof slots),
                        fatelf_checksum(base_problems, sizeof base_problems)};

    return fatelf_checksum(parts, sizeof parts);
}

/* The first frame, in the order of the variant, that failed or whose prefix did. */
static uint32_t first_failure(void)
{
    for (uint32_t i = 0; i < prefixes.variant_frames; i++) {
        bool failed = decoding.failed[0][i];
        for (uint32_t b = prefixes.first[i]; b < prefixes.end[i]; b++)
            failed |= decoding.failed[1][b];
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

static const struct interleave_model model = {
    .run = run_all, .begin = begin, .fingerprint = fingerprint, .check_end = check_end, .describe = prefixes_text};

static void two_threads_hand_over_all_frames_however_they_are_interleaved(void **state)
{
    (void)state;
    memset(&seen, 0, sizeof seen);
    for (slot_count = 1; slot_count <= SLOTS; slot_count++)
        decoding_explore(&model, 2, 0, 3, 2);
    assert_true(seen.sleeps > 0 && seen.not_started > 0 && seen.replaced > 0 && seen.at_once > 0);
}

static void the_first_frame_that_fails_is_reported(void **state)
{
    (void)state;
    memset(&seen, 0, sizeof seen);
    for (slot_count = 1; slot_count <= SLOTS; slot_count++)
        decoding_explore(&model, 2, 2, 2, 2);
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
