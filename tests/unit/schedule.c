/* SPDX-License-Identifier: MIT */
/*
 * Explores every order in which threads call one schedule (lib/schedule.h), and checks each. The calls are made with a
 * lock held, so their order is all in which two runs can differ. A thread has decoded its frame, or could not, at its
 * next call.
 */
#include "known.h"
#include "prefixes.h"

#include <stdlib.h>

#include "../../lib/schedule.h"

enum { THREADS = 3, NONE = 0xff };

enum activity { WORKING, WAITING, ENDED, FAILED };

/* One state. All its bytes are set, so that states can be compared. */
struct state {
    struct fatelf_schedule schedule;
    uint8_t activity[THREADS];
    /* for the checks */
    uint8_t done[FRAMES];     /* frames of the variant */
    uint8_t ring[FRAMES];     /* the frame of the base in each place of the ring, or NONE */
    uint8_t complete[FRAMES]; /* frames of the base: decoded */
    uint8_t taken[2][FRAMES]; /* of the variant, of the base */
    uint8_t failed, first_failed;
};

static uint32_t threads, window; /* of what is explored */

/* How often it happened in any order of calls: shows that a test has tested something. */
static struct {
    size_t waits, wakes, failures, ends, replaced, left_out;
} seen;

static char path[128]; /* the threads that made the calls up to this state */
static size_t depth;

#define CHECK(condition) \
    do { \
        if (!(condition)) \
            wrong(#condition); \
    } while (0)

static void wrong(const char *what)
{
    fail_msg("not so: %s; %u threads, a window of %u frames of the base, %s; calls of threads: %.*s", what, threads,
             window, prefixes_text(), (int)depth, path);
}

/* --- threads ---------------------------------------------------------------------------------------------------------- */

/* Its bytes in the ring replace those of another frame, which nobody may need any more or be decoding. */
static void start_base(struct state *state, uint32_t frame)
{
    uint8_t *place = &state->ring[frame % window];

    CHECK(frame < prefixes.base_frames);
    CHECK(!state->taken[1][frame]);
    state->taken[1][frame] = true;
    CHECK(*place == NONE || state->complete[*place]);
    for (uint32_t i = 0; *place != NONE && i < prefixes.variant_frames; i++)
        CHECK(state->done[i] || !prefixes_need(i, *place));
    seen.replaced += *place != NONE;
    *place = (uint8_t)frame;
}

/* All that it needs is in memory; start_base() checks that it stays there. */
static void start_variant(struct state *state, uint32_t frame)
{
    CHECK(frame < prefixes.variant_frames);
    CHECK(!state->taken[0][frame]);
    state->taken[0][frame] = true;
    for (uint32_t i = prefixes.first[frame]; i < prefixes.end[frame]; i++)
        CHECK(state->ring[i % window] == i && state->complete[i]);
}

/* With the lock held, the caller wakes all threads that have begun to wait. */
static void wake(struct state *state)
{
    seen.wakes += state->schedule.wake;
    for (uint32_t i = 0; state->schedule.wake && i < threads; i++)
        if (state->activity[i] == WAITING)
            state->activity[i] = WORKING;
    state->schedule.wake = false;
}

static void step_fail(struct state *state, uint32_t thread)
{
    seen.failures++;
    fatelf_schedule_fail(&state->schedule, thread);
    wake(state);
    if (!state->failed)
        state->first_failed = (uint8_t)thread;
    state->failed = true;
    state->activity[thread] = FAILED;
    CHECK(state->schedule.failed && state->schedule.failed_thread == state->first_failed);
}

static void step_next(struct state *state, uint32_t thread)
{
    struct fatelf_schedule_task before = state->schedule.tasks[thread];

    if (before.step == FATELF_SCHEDULE_VARIANT)
        state->done[before.frame] = true;
    if (before.step == FATELF_SCHEDULE_BASE)
        state->complete[before.frame] = true;
    state->activity[thread] = WORKING;
    struct fatelf_schedule_task task = fatelf_schedule_next(&state->schedule, thread);
    wake(state);
    CHECK(!state->failed || task.step == FATELF_SCHEDULE_END);
    CHECK(state->failed == state->schedule.failed);
    switch (task.step) {
    case FATELF_SCHEDULE_VARIANT:
        start_variant(state, task.frame);
        break;
    case FATELF_SCHEDULE_BASE:
        start_base(state, task.frame);
        break;
    case FATELF_SCHEDULE_WAIT:
        seen.waits++;
        state->activity[thread] = WAITING;
        break;
    case FATELF_SCHEDULE_END:
        state->activity[thread] = ENDED;
        break;
    case FATELF_SCHEDULE_NONE:
        CHECK(false);
    }
}

/* --- the exploration -------------------------------------------------------------------------------------------------- */

static void check_end(const struct state *state)
{
    seen.ends++;
    for (uint32_t i = 0; !state->failed && i < prefixes.variant_frames; i++)
        CHECK(state->done[i]);
    for (uint32_t i = 0; !state->failed && i < prefixes.base_frames; i++)
        seen.left_out += !state->taken[1][i];
}

static void explore(const struct state *state)
{
    bool all_ended = true, one_goes_on = false;

    for (uint32_t i = 0; i < threads; i++) {
        all_ended &= state->activity[i] >= ENDED;
        one_goes_on |= state->activity[i] == WORKING;
    }
    CHECK(all_ended || one_goes_on); /* nobody waits for ever */
    if (all_ended)
        check_end(state);
    for (uint32_t i = 0; i < threads; i++) {
        if (state->activity[i] >= ENDED)
            continue;
        enum fatelf_schedule_step step = state->schedule.tasks[i].step;
        bool can_fail = step == FATELF_SCHEDULE_VARIANT || step == FATELF_SCHEDULE_BASE;
        for (int fails = 0; fails <= can_fail; fails++) {
            struct state next = *state;
            assert_true(depth < sizeof path);
            path[depth++] = (char)('0' + i);
            if (fails)
                step_fail(&next, i);
            else
                step_next(&next, i); /* a thread that waits may also wake without a reason */
            if (!known_add(fatelf_checksum(&next, sizeof next)))
                explore(&next);
            depth--;
        }
    }
}

static void explore_window(void)
{
    struct state start;

    memset(&start, 0, sizeof start);
    memset(start.ring, NONE, sizeof start.ring);
    struct fatelf_schedule *schedule = &start.schedule;
    schedule->threads = threads;
    schedule->variant_frames = prefixes.variant_frames;
    schedule->base_frames = prefixes.base_frames;
    schedule->window = window;
    schedule->needed = prefixes.end;
    schedule->keep = prefixes.keep;
    depth = 0;
    known_clear();
    explore(&start);
}

/* Every window from the smallest to one for the whole base. */
static void explore_windows(void)
{
    window = prefixes.reach;
    do
        explore_window();
    while (window++ < prefixes.base_frames);
}

static void explore_sizes(uint32_t thread_count, uint32_t variant_frames, uint32_t base_frames)
{
    memset(&seen, 0, sizeof seen);
    threads = thread_count;
    prefixes_each(variant_frames, base_frames, explore_windows);
    assert_true(seen.failures > 0 && seen.ends > 0 && seen.replaced > 0 && seen.left_out > 0);
    assert_int_equal(seen.waits > 0, threads > 1);
    assert_int_equal(seen.wakes > 0, threads > 1);
}

static void one_thread_decodes_each_frame_once_with_its_prefix_in_the_ring(void **state)
{
    (void)state;
    explore_sizes(1, 4, 4);
}

static void two_threads_do_so_without_waiting_for_ever_and_the_first_failure_ends_them(void **state)
{
    (void)state;
    explore_sizes(2, 4, 4);
}

static void three_threads_do_so_too(void **state)
{
    (void)state;
    explore_sizes(3, 4, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_thread_decodes_each_frame_once_with_its_prefix_in_the_ring),
        cmocka_unit_test(two_threads_do_so_without_waiting_for_ever_and_the_first_failure_ends_them),
        cmocka_unit_test(three_threads_do_so_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
