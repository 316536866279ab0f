/* SPDX-License-Identifier: MIT */
/*
 * Explores every interleaving of the threads with which the launcher decodes (stub/frames.c, lib/schedule.c). The lock,
 * the number that threads sleep on, the system calls and the decoding itself are those of this file; the lock's own
 * code has a test of its own (lock.c).
 */
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>

#include "decoding.h"

#include "../../lib/error.h"
#include "../../lib/schedule.h"
#include "../../stub/frames.h"
#include "../../stub/lock.h"
#include "../../stub/self.h"
#include "../../stub/sinks.h"
#include "../../stub/threads.h"

enum { MEMORY = 4 * (64 << 10) };

/* What the threads share, besides the job and what is decoded. */
static struct {
    uint8_t asleep[INTERLEAVE_THREADS];
    uint8_t error[INTERLEAVE_THREADS]; /* of each thread; 0: it has not failed */
    uint8_t locked;
} common;

static unsigned char room[MEMORY] __attribute__((aligned(4096)));

static int decode(bool base, uint32_t frame, const unsigned char *to)
{
    uint8_t *error = &common.error[interleave.current];

    INTERLEAVE_CHECK(!base || to == room + (size_t)(frame % setup.window) * FRAME_SIZE);
    if (!decoding_run(base, frame))
        *error = (uint8_t)(FATELF_ERROR_FRAME + interleave.current);
    return *error;
}

/* --- what frames.c calls -------------------------------------------------------------------------------------------- */

static bool is_free(const void *locked)
{
    return !*(const uint8_t *)locked;
}

/* All that the thread goes on with is whether it has failed. */
static void take(void)
{
    interleave_forget();
    interleave_note(common.error[interleave.current]);
    interleave_until(is_free, &common.locked);
    common.locked = true;
}

static void leave(void)
{
    interleave_step();
    common.locked = false;
}

static void store(unsigned *to, unsigned value)
{
    interleave_step();
    interleave_note(2 * (uint64_t)value + (*to == value));
    *to = value;
}

static bool is_awake(const void *asleep)
{
    return !*(const uint8_t *)asleep;
}

static void wait(const unsigned *word, unsigned value)
{
    uint8_t *asleep = &common.asleep[interleave.current];

    interleave_step();
    *asleep = *word == value;
    seen.sleeps += *asleep;
    interleave_until(is_awake, asleep);
}

static void wake_all(void)
{
    interleave_step();
    memset(common.asleep, 0, sizeof common.asleep);
}

static bool start(struct thread *thread, void (*run)(void *), void *argument)
{
    bool starts = interleave_choose(2) == 0;

    seen.not_started += !starts;
    if (starts) {
        thread->id = (int)interleave_start(run, argument);
        interleave_step();
    }
    return starts;
}

static bool has_ended(const void *id)
{
    return interleave.threads[*(const int *)id].ended;
}

#undef fail /* of cmocka */
#undef atomic_load
#undef atomic_store
#define atomic_load(from) (*(unsigned *)(from))
#define atomic_store(to, value) store((unsigned *)(to), value)
#define lock_take(lock) ((void)(lock), take())
#define lock_release(lock) ((void)(lock), leave())
#define threads_wait(word, value) wait((unsigned *)(word), value)
#define threads_wake(word) ((void)(word), wake_all())
#define threads_processors(others) ((void)(others), setup.threads)
#define thread_start(thread, stack, run, argument) ((void)(stack), start(thread, run, argument))
#define thread_move(thread, processors) ((void)(thread), (void)(processors))
#define thread_join(thread) interleave_until(has_ended, &(thread)->id)
#define thread_await_exit(thread) ((void)(thread))
#define memory_map(to, length) (*(to) = (struct memory){room, length}, assert_true((length) <= MEMORY), outcome_ok())
#define memory_unmap(from) ((void)(from))
#define self_reaches(end) ((void)(end), true)
#define sink_wants(sink, offset, length) ((void)(sink), (void)(offset), (void)(length), true)
#define sink_place(sink, offset, length) ((void)(sink), (void)(offset), (void)(length), NULL)
#define sink_put(sink, bytes, offset, length) \
    ((void)(sink), (void)(bytes), (void)(offset), (void)(length), outcome_ok())
#define file_size_limit_raise(limit, length) ((void)(limit), (void)(length), outcome_ok())
#define file_size_limit_restore(limit) ((void)(limit))
#define fatelf_schedule_window(payload, count) ((void)(payload), (void)(count), (payload)->base ? setup.window : 0)
#define fatelf_payload_decode(payload, frame, coded, context, prefix, scratch, to, bytes) \
    ((void)(coded), (void)(prefix), (void)(scratch), *(bytes) = (to), decode(!(payload)->base, frame, to))
#include "../../stub/frames.c"

/* --- the exploration ------------------------------------------------------------------------------------------------ */

static struct launch launch;
static struct job job;
static struct outcome result;

static void run_all(void *unused)
{
    (void)unused;
    result = run(&launch, &job, setup.threads);
}

static void begin(void)
{
    memset(&common, 0, sizeof common);
    decoding_begin(&launch.payload, &launch.base, room);
    job = (struct job){.payload = &launch.payload, .base = &launch.base};
}

static uint64_t fingerprint(void)
{
    uint64_t parts[] = {fatelf_checksum(&common, sizeof common), fatelf_checksum(&decoding, sizeof decoding),
                        fatelf_checksum(&job, sizeof job)};

    return fatelf_checksum(parts, sizeof parts);
}

static void check_end(void)
{
    bool failed = decoding.failures > 0;

    assert_false(common.locked);
    assert_int_equal(result.kind, failed ? OUTCOME_DAMAGED : OUTCOME_OK);
    if (failed)
        assert_int_equal(result.error, common.error[job.schedule.failed_thread]);
    for (uint32_t i = 0; !failed && i < prefixes.variant_frames; i++)
        assert_true(decoding.done[0][i]);
}

static const struct interleave_model model = {
    .run = run_all, .begin = begin, .fingerprint = fingerprint, .check_end = check_end, .describe = prefixes_text};

static void two_threads_decode_all_frames_however_they_are_interleaved(void **state)
{
    (void)state;
    memset(&seen, 0, sizeof seen);
    decoding_explore(&model, 2, 0, 3, 3);
    assert_true(seen.sleeps > 0 && seen.not_started > 0 && seen.replaced > 0 && seen.at_once > 0);
}

static void two_threads_end_after_failures(void **state)
{
    (void)state;
    memset(&seen, 0, sizeof seen);
    decoding_explore(&model, 2, 2, 3, 3);
    assert_true(seen.failures > 0);
}

static void three_threads_do_so_too(void **state)
{
    (void)state;
    memset(&seen, 0, sizeof seen);
    decoding_explore(&model, 3, 1, 3, 2);
    assert_true(seen.sleeps > 0 && seen.failures > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_threads_decode_all_frames_however_they_are_interleaved),
        cmocka_unit_test(two_threads_end_after_failures),
        cmocka_unit_test(three_threads_do_so_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
