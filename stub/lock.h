/* SPDX-License-Identifier: MIT */
/*
 * A lock for short work, without a thread library. Threads that wait for it get it in no particular order. A thread
 * that has waited for some microseconds sleeps (threads_wait() in threads.h).
 */
#ifndef STUB_LOCK_H
#define STUB_LOCK_H

#include <stdatomic.h>

/* Waits until no other thread has the lock. *lock is 0 before the first call. */
void lock_take(atomic_uint *lock);

void lock_release(atomic_uint *lock);

#endif
