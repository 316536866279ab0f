/* SPDX-License-Identifier: MIT */
/*
 * Explores every interleaving of threads that take and release one lock (stub/lock.c), at the granularity of single
 * atomic accesses and system calls. The accesses are sequentially consistent, so their order is all in which two runs
 * on real processors can differ.
 *
 * A function that has been left between two accesses is represented by the results of the accesses that it has made. To
 * go on, it runs from its beginning, gets these results again, makes one more access, and is stopped at the next one.
 */
#include "unit.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "../../lib/checksum.h"

enum { THREADS = 3, ACCESSES = 16 };

enum phase { TAKING, WORKING, RELEASING, ENDED };

struct thread {
    uint8_t phase, rounds, asleep, accesses;
    uint32_t results[ACCESSES]; /* of the call of TAKING or RELEASING */
};

struct state {
    uint32_t lock;
    struct thread threads[THREADS];
};

static struct {
    struct state *state;
    struct thread *thread;
    unsigned position; /* of the function's next access */
    bool stepped;      /* it has made its one access */
    jmp_buf stop;
} running;

static size_t sleeps;

/* True: the access has been made in an earlier step, with *result. False: it is to be made now. */
static bool recorded(uint32_t *result)
{
    if (running.position < running.thread->accesses) {
        *result = running.thread->results[running.position++];
        return true;
    }
    if (running.stepped)
        longjmp(running.stop, 1);
    running.stepped = true;
    return false;
}

static uint32_t record(uint32_t result)
{
    assert_true(running.position < ACCESSES);
    running.thread->results[running.position++] = result;
    running.thread->accesses++;
    return result;
}

static uint32_t exchange(uint32_t value)
{
    uint32_t result;

    if (recorded(&result))
        return result;
    result = running.state->lock;
    running.state->lock = value;
    return record(result);
}

static bool compare_exchange(unsigned *expected, uint32_t value)
{
    uint32_t result;

    if (!recorded(&result)) {
        result = record(running.state->lock);
        if (result == *expected)
            running.state->lock = value;
    }
    bool equal = result == *expected;
    *expected = result;
    return equal;
}

/* A thread that goes on after it has slept records the same as one that has not slept. */
static void wait(uint32_t value)
{
    uint32_t result;

    if (recorded(&result))
        return;
    running.thread->asleep = running.state->lock == value;
    sleeps += running.thread->asleep;
    record(0);
}

static void wake(void)
{
    uint32_t result;

    if (recorded(&result))
        return;
    for (size_t i = 0; i < THREADS; i++)
        running.state->threads[i].asleep = false;
    record(0);
}

#undef atomic_exchange
#undef atomic_compare_exchange_strong
#define atomic_exchange(lock, value) ((void)(lock), exchange(value))
#define atomic_compare_exchange_strong(lock, expected, value) ((void)(lock), compare_exchange(expected, value))
#define threads_wait(lock, value) ((void)(lock), wait(value))
#define threads_wake(lock) ((void)(lock), wake())
#define STUB_THREADS_H /* its functions are these macros */
#include "../../stub/lock.c"

/* Makes one access. Returns whether the call has then returned. */
static bool step_call(struct state *state, struct thread *thread)
{
    atomic_uint unused;

    running.state = state;
    running.thread = thread;
    running.position = 0;
    running.stepped = false;
    if (setjmp(running.stop))
        return false;
    if (thread->phase == TAKING)
        lock_take(&unused);
    else
        lock_release(&unused);
    return !thread->asleep;
}

static void step(struct state *state, struct thread *thread)
{
    if (thread->phase != WORKING && !step_call(state, thread))
        return;
    thread->phase++;
    thread->accesses = 0;
    memset(thread->results, 0, sizeof thread->results);
    if (thread->phase == ENDED && thread->rounds-- > 1)
        thread->phase = TAKING;
}

static bool is_new(const struct state *state)
{
    static uint64_t known[1 << 20]; /* 0: free */
    static size_t count;
    const size_t room = sizeof known / sizeof *known;
    uint64_t fingerprint = fatelf_checksum(state, sizeof *state) | 1;
    size_t at = (fingerprint >> 8) % room;

    for (; known[at] != 0; at = (at + 1) % room)
        if (known[at] == fingerprint)
            return false;
    known[at] = fingerprint;
    assert_true(++count < room / 2);
    return true;
}

static void explore(const struct state *state)
{
    unsigned working = 0, ended = 0, awake = 0;

    for (size_t i = 0; i < THREADS; i++) {
        const struct thread *thread = &state->threads[i];
        working += thread->phase == WORKING;
        ended += thread->phase == ENDED;
        awake += thread->phase != ENDED && !thread->asleep;
    }
    assert_true(working <= 1);
    assert_true(awake > 0 || ended == THREADS); /* nobody sleeps for ever */
    for (size_t i = 0; i < THREADS; i++) {
        struct state next = *state;
        if (next.threads[i].phase == ENDED || next.threads[i].asleep)
            continue;
        step(&next, &next.threads[i]);
        if (is_new(&next))
            explore(&next);
    }
}

static void only_one_thread_has_the_lock_and_none_sleeps_for_ever(void **unused)
{
    struct state start;
    (void)unused;

    memset(&start, 0, sizeof start);
    for (size_t i = 0; i < THREADS; i++)
        start.threads[i].rounds = 2;
    explore(&start);
    assert_true(sleeps > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_one_thread_has_the_lock_and_none_sleeps_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
