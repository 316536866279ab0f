/* SPDX-License-Identifier: MIT */
/* Threads without a thread library, and memory for what they do. */
#ifndef STUB_THREADS_H
#define STUB_THREADS_H

#include "outcome.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * More threads than this only wait for each other, because the kernel serialises writes to one file. The limit also
 * bounds the memory that a start needs besides the variant.
 */
#define THREADS_MAX 4u
/* Bytes of each thread's stack. In measurements with all compression levels of zstd, at most 2 KiB of it were used. */
#define THREADS_STACK ((size_t)32 << 10)

struct thread {
    atomic_int running; /* its id; the kernel sets this to 0 when the thread no longer uses its stack */
    int id;             /* the same, but it stays */
};

/* A private anonymous mapping, which the caller of memory_map() owns. All zero: none. */
struct memory {
    unsigned char *bytes; /* NULL: none */
    size_t size;
};

/*
 * How many processors this process may use; at least 1. Sets *others to these processors without the one that the
 * caller runs on. If they are not known, *others is empty and the result is THREADS_MAX.
 */
unsigned threads_processors(cpu_set_t *others);

/*
 * Starts a thread that calls run(argument) and then ends. Its stack is the THREADS_STACK bytes at `stack`, which the
 * caller owns and keeps until thread_join() returns. The thread must not use errno (see kernel.h). Returns whether it
 * was started.
 */
bool thread_start(struct thread *thread, unsigned char *stack, void (*run)(void *), void *argument);

/*
 * Moves a thread that has just been started to the processors in the set. If the kernel refuses, it stays where it is.
 *
 * The kernel often starts a new thread on its parent's processor and keeps it there for some milliseconds, even if
 * another processor is idle. By then the work could be done. If the new thread made this call itself, it would first
 * have to wait until it may run on its parent's processor (docs/performance.md).
 */
void thread_move(const struct thread *thread, const cpu_set_t *processors);

/* Waits until the thread has ended. */
void thread_join(struct thread *thread);

/* After thread_join(): waits until the kernel no longer counts the thread as one of the process. */
void thread_await_exit(const struct thread *thread);

/*
 * Waits until *word is no longer `value` or threads_wake() is called; may also return earlier. The thread looks at
 * *word for some microseconds before it sleeps. Once it sleeps, only threads_wake() wakes it.
 */
void threads_wait(atomic_uint *word, unsigned value);

/* Wakes all threads that sleep on *word. */
void threads_wake(atomic_uint *word);

/*
 * Maps at least `size` bytes of zeros, in huge pages if the kernel grants them. Returns OUTCOME_OK or OUTCOME_REFUSED.
 */
struct outcome memory_map(struct memory *memory, size_t size);

/* Unmaps the memory, if there is any, and sets *memory to all zero. */
void memory_unmap(struct memory *memory);

#endif
