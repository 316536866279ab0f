/* SPDX-License-Identifier: MIT */
/* Explores every interleaving of threads that take and release one lock (stub/lock.c). */
#include "interleave.h"

#include <stdatomic.h>

enum { THREADS = 3, ROUNDS = 2 };

static struct {
    uint32_t lock;
    uint8_t working; /* threads that have the lock */
    uint8_t rounds[THREADS];
    bool asleep[THREADS];
} shared;

static size_t sleeps;

static uint32_t exchange(uint32_t value)
{
    interleave_step();
    uint32_t before = shared.lock;
    shared.lock = value;
    interleave_note(before);
    return before;
}

static bool compare_exchange(unsigned *expected, uint32_t value)
{
    interleave_step();
    uint32_t before = shared.lock;
    bool equal = before == *expected;
    if (equal)
        shared.lock = value;
    *expected = before;
    interleave_note(before);
    return equal;
}

static bool is_awake(const void *asleep)
{
    return !*(const bool *)asleep;
}

static void wait(uint32_t value)
{
    bool *asleep = &shared.asleep[interleave.current];

    interleave_step();
    *asleep = shared.lock == value;
    sleeps += *asleep;
    interleave_until(is_awake, asleep);
    interleave_forget(); /* lock_take() begins its loop again, with nothing that it has read before */
    interleave_note(1);
}

static void wake(void)
{
    interleave_step();
    memset(shared.asleep, 0, sizeof shared.asleep);
}

#undef atomic_exchange
#undef atomic_compare_exchange_strong
#define atomic_exchange(lock, value) ((void)(lock), exchange(value))
#define atomic_compare_exchange_strong(lock, expected, value) ((void)(lock), compare_exchange(expected, value))
#define threads_wait(lock, value) ((void)(lock), wait(value))
#define threads_wake(lock) ((void)(lock), wake())
#define STUB_THREADS_H /* its functions are these macros */
#include "../../stub/lock.c"

static void work(void *unused)
{
    uint8_t *rounds = &shared.rounds[interleave.current];
    atomic_uint lock;
    (void)unused;

    while (*rounds > 0) {
        lock_take(&lock);
        shared.working++;
        INTERLEAVE_CHECK(shared.working == 1);
        interleave_step();
        shared.working--;
        lock_release(&lock);
        (*rounds)--;
        interleave_forget();
    }
}

static void run(void *unused)
{
    for (unsigned i = 1; i < THREADS; i++)
        interleave_start(work, NULL);
    work(unused);
}

static void begin(void)
{
    memset(&shared, 0, sizeof shared);
    memset(shared.rounds, ROUNDS, sizeof shared.rounds);
}

static uint64_t fingerprint(void)
{
    return fatelf_checksum(&shared, sizeof shared);
}

static void check_end(void)
{
    assert_int_equal(shared.lock, 0);
}

static void only_one_thread_has_the_lock_and_none_sleeps_for_ever(void **unused)
{
    const struct interleave_model model = {
        .run = run, .begin = begin, .fingerprint = fingerprint, .check_end = check_end};
    (void)unused;

    interleave_explore(&model);
    assert_true(sleeps > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_one_thread_has_the_lock_and_none_sleeps_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
