/* SPDX-License-Identifier: MIT */
#include "lock.h"

#include "threads.h"

enum { FREE, TAKEN, TAKEN_AND_AWAITED };

void lock_take(atomic_uint *lock)
{
    unsigned state = FREE;

    if (atomic_compare_exchange_strong(lock, &state, TAKEN))
        return;
    /* A thread that has slept takes the lock as one that is awaited, because others may still sleep. */
    while (atomic_exchange(lock, TAKEN_AND_AWAITED) != FREE)
        threads_wait(lock, TAKEN_AND_AWAITED);
}

void lock_release(atomic_uint *lock)
{
    if (atomic_exchange(lock, FREE) == TAKEN_AND_AWAITED)
        threads_wake(lock);
}
