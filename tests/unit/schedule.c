/* SPDX-License-Identifier: MIT */
/*
 * Explores every interleaving of threads that use one schedule (stub/schedule.h), at the granularity of single atomic
 * accesses, and checks each. The accesses are sequentially consistent, so their order is all in which two runs on real
 * processors can differ.
 */
#include "interleave.h"

#include "../../stub/schedule.c"

enum { THREADS = 3, FRAMES = 3 };

enum activity {
    TAKING,   /* in schedule_take() */
    DECODING, /* a frame */
    ENDING,   /* in schedule_base_done() */
    FAILING,  /* in schedule_fail() */
    WAKING,   /* is about to wake the others */
    WAITING,  /* is about to sleep unless `ready` has changed */
    SLEEPING,
    ENDED,
};

struct thread {
    uint8_t activity;
    bool of_base;     /* DECODING: a frame of the base, not of the variant */
    bool late;        /* TAKING: another thread had failed before it began */
    uint32_t number;  /* DECODING, ENDING: the frame; WAITING: the value of `ready` */
    struct call call; /* TAKING, ENDING, FAILING */
};

/* One state. Threads come last, so that those that do not exist need not be compared. */
struct state {
    uint32_t run;             /* states of different setups are never equal */
    struct schedule schedule; /* `decoded` is set only during a step */
    atomic_uchar decoded[FRAMES];
    /* for the checks */
    bool taken[2][FRAMES];  /* of the variant, of the base */
    bool in_memory[FRAMES]; /* of the base */
    bool failing[THREADS];  /* the thread could not decode a frame */
    bool failed;            /* schedule_fail() has returned in a thread */
    struct thread threads[THREADS];
};

/* What is explored. */
static struct {
    uint32_t threads, variant_frames, base_frames;
    uint32_t needed[FRAMES];
} setup;

/* How often it happened in any interleaving: shows that a test has tested something. */
static struct {
    size_t sleeps, refused_sleeps, wakes, failures, ends;
} seen;

static char path[1024]; /* the threads that made the steps up to this state */
static size_t depth;

#define CHECK(condition) \
    do { \
        if (!(condition)) \
            wrong(#condition); \
    } while (0)

static void wrong(const char *what)
{
    path[depth] = 0;
    fail_msg("not so: %s; %u threads, %u frames that need %u, %u, %u of %u frames of the base; steps of threads: %s",
             what, setup.threads, setup.variant_frames, setup.needed[0], setup.needed[1], setup.needed[2],
             setup.base_frames, path);
}

/* --- threads ---------------------------------------------------------------------------------------------------------- */

static void enter(struct thread *thread, enum activity activity, bool of_base, uint32_t number)
{
    memset(thread, 0, sizeof *thread);
    thread->activity = (uint8_t)activity;
    thread->of_base = of_base;
    thread->number = number;
}

static void take(struct thread *thread)
{
    enter(thread, TAKING, false, 0);
}

/* A call of one of the schedule's functions: TAKING, ENDING, FAILING, or, with ENDED, schedule_failed(). */
struct arguments {
    enum activity activity;
    struct schedule *schedule;
    uint32_t thread, number;
    bool result;
    enum schedule_next next;
};

static void run(void *argument)
{
    struct arguments *a = argument;

    if (a->activity == TAKING)
        a->next = schedule_take(a->schedule, &a->number);
    else if (a->activity == ENDING)
        a->result = schedule_base_done(a->schedule, a->number);
    else if (a->activity == FAILING)
        a->result = schedule_fail(a->schedule, a->thread);
    else
        a->result = schedule_failed(a->schedule, &a->thread);
}

static void start_frame(struct state *state, struct thread *thread, bool of_base, uint32_t frame)
{
    CHECK(!thread->late);
    CHECK(frame < (of_base ? setup.base_frames : setup.variant_frames));
    CHECK(!state->taken[of_base][frame]);
    state->taken[of_base][frame] = true;
    for (uint32_t i = 0; !of_base && i < setup.needed[frame]; i++)
        CHECK(state->in_memory[i]);
    enter(thread, DECODING, of_base, frame);
}

/* The thread goes on in schedule_take(), by one access. */
static void step_take(struct state *state, struct thread *thread)
{
    struct arguments arguments = {.activity = TAKING, .schedule = &state->schedule};

    if (thread->call.accesses == 0)
        thread->late = state->failed;
    if (!call_step(&thread->call, run, &arguments))
        return;
    switch (arguments.next) {
    case SCHEDULE_VARIANT:
    case SCHEDULE_BASE:
        start_frame(state, thread, arguments.next == SCHEDULE_BASE, arguments.number);
        break;
    case SCHEDULE_AGAIN:
        take(thread);
        break;
    case SCHEDULE_WAIT:
        enter(thread, WAITING, false, arguments.number);
        break;
    case SCHEDULE_END:
        enter(thread, ENDED, false, 0);
        break;
    }
}

/* The thread goes on in schedule_base_done() or schedule_fail(), by one access. */
static void step_done(struct state *state, uint32_t index)
{
    struct thread *thread = &state->threads[index];
    struct arguments arguments = {thread->activity, &state->schedule, .thread = index, .number = thread->number};

    if (!call_step(&thread->call, run, &arguments))
        return;
    state->failed |= thread->activity == FAILING;
    enter(thread, arguments.result ? WAKING : TAKING, false, 0);
}

static void step_decode(struct state *state, uint32_t index, bool fails)
{
    struct thread *thread = &state->threads[index];

    state->failing[index] |= fails;
    seen.failures += fails;
    if (!fails && thread->of_base)
        state->in_memory[thread->number] = true;
    enter(thread, fails ? FAILING : thread->of_base ? ENDING : TAKING, false, thread->of_base ? thread->number : 0);
}

static void step_wake(struct state *state, struct thread *thread)
{
    seen.wakes++;
    for (uint32_t i = 0; i < setup.threads; i++)
        if (state->threads[i].activity == SLEEPING)
            take(&state->threads[i]);
    take(thread);
}

/* In how many ways the thread can go on: each frame may be one that cannot be decoded. */
static unsigned choices(const struct thread *thread)
{
    return thread->activity == ENDED ? 0 : thread->activity == DECODING ? 2 : 1;
}

static void step(struct state *state, uint32_t index, unsigned choice)
{
    struct thread *thread = &state->threads[index];
    bool sleeps;

    switch ((enum activity)thread->activity) {
    case TAKING:
        step_take(state, thread);
        break;
    case DECODING:
        step_decode(state, index, choice == 1);
        break;
    case ENDING:
    case FAILING:
        step_done(state, index);
        break;
    case WAKING:
        step_wake(state, thread);
        break;
    case WAITING: /* futex(2) compares and sleeps in one step */
        sleeps = state->schedule.ready == thread->number;
        seen.sleeps += sleeps;
        seen.refused_sleeps += !sleeps;
        enter(thread, sleeps ? SLEEPING : TAKING, false, 0);
        break;
    case SLEEPING: /* the kernel may wake it without a reason */
    case ENDED:
        take(thread);
        break;
    }
}

/* --- the exploration -------------------------------------------------------------------------------------------------- */

/* What the schedule says of failures. */
static struct arguments reported(struct state *state)
{
    struct arguments failure = {.activity = ENDED, .schedule = &state->schedule};
    struct call call = {0};

    assert_true(call_step(&call, run, &failure));
    return failure;
}

static void explore(struct state *state)
{
    struct arguments failure = reported(state), later;
    bool all_ended = true, one_can_go_on = false;

    CHECK(failure.result ? state->failing[failure.thread] : !state->failed);
    for (uint32_t i = 0; i < setup.threads; i++) {
        all_ended &= state->threads[i].activity == ENDED;
        one_can_go_on |= state->threads[i].activity != ENDED && state->threads[i].activity != SLEEPING;
    }
    CHECK(all_ended || one_can_go_on); /* nobody sleeps for ever */
    seen.ends += all_ended;
    for (uint32_t i = 0; all_ended && !state->failed && i < FRAMES; i++)
        CHECK(state->taken[0][i] == (i < setup.variant_frames) && state->taken[1][i] == (i < setup.base_frames));
    for (uint32_t i = 0; i < setup.threads; i++) {
        for (unsigned choice = 0; choice < choices(&state->threads[i]); choice++) {
            struct state next = *state;
            assert_true(depth + 2 < sizeof path);
            path[depth++] = (char)('0' + i);
            next.schedule.decoded = next.decoded;
            step(&next, i, choice);
            next.schedule.decoded = NULL;
            later = reported(&next);
            CHECK(!failure.result || (later.result && later.thread == failure.thread)); /* the first one stays */
            if (state_is_new(&next, offsetof(struct state, threads) + setup.threads * sizeof(struct thread)))
                explore(&next);
            depth--;
        }
    }
}

/* Every choice of prefixes: each frame of the variant needs none to all frames of the base, and one needs all. */
static void explore_prefixes(void)
{
    static uint32_t count;
    uint32_t combinations = 1;

    for (uint32_t i = 0; i < setup.variant_frames; i++)
        combinations *= setup.base_frames + 1;
    for (uint32_t combination = 0; combination < combinations; combination++) {
        uint32_t rest = combination, most = 0;
        for (uint32_t i = 0; i < setup.variant_frames; i++, rest /= setup.base_frames + 1) {
            setup.needed[i] = rest % (setup.base_frames + 1);
            most = setup.needed[i] > most ? setup.needed[i] : most;
        }
        struct state start;
        memset(&start, 0, sizeof start);
        start.run = ++count;
        start.schedule = (struct schedule){
            .variant_frames = setup.variant_frames, .base_frames = setup.base_frames, .needed = setup.needed};
        depth = 0;
        if (most == setup.base_frames)
            explore(&start);
    }
}

/* Every mix of at most `frames` frames of base and variant. */
static void explore_mixes(uint32_t threads, uint32_t frames)
{
    memset(&seen, 0, sizeof seen);
    setup.threads = threads;
    for (uint32_t variant_frames = 1; variant_frames <= FRAMES && variant_frames <= frames; variant_frames++) {
        for (uint32_t base_frames = 0; base_frames <= FRAMES && base_frames <= frames - variant_frames; base_frames++) {
            setup.variant_frames = variant_frames;
            setup.base_frames = base_frames;
            explore_prefixes();
        }
    }
    assert_true(seen.sleeps > 0 && seen.refused_sleeps > 0 && seen.wakes > 0 && seen.failures > 0 && seen.ends > 0);
}

static void two_threads_take_each_frame_once_and_after_its_prefix_and_the_first_failure_ends_them(void **state)
{
    (void)state;
    explore_mixes(2, 4);
}

static void three_threads_do_so_too(void **state)
{
    (void)state;
    explore_mixes(3, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_threads_take_each_frame_once_and_after_its_prefix_and_the_first_failure_ends_them),
        cmocka_unit_test(three_threads_do_so_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
