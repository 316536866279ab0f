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
/* Bytes of each thread's stack. At most 2 KiB of them were ever seen in use, with any compression level of zstd. */
#define THREADS_STACK ((size_t)32 << 10)

struct thread {
    atomic_int running; /* its id; the kernel sets this to 0 when the thread no longer uses its stack */
    int id;             /* the same, but it stays */
};

/* A private anonymous mapping. All zero: none. */
struct memory {
    unsigned char *bytes; /* NULL: none */
    size_t size;
};

/*
 * How many processors this process may use; at least 1. *others becomes the set of them without the one that the caller
 * runs on; empty if it is not known.
 */
unsigned threads_processors(cpu_set_t *others);

/*
 * Starts a thread that calls run(argument) and ends. Its stack are the THREADS_STACK bytes at `stack`, which the caller
 * owns until thread_join() returns. The thread must not use errno (see kernel.h). Returns whether it was started.
 */
bool thread_start(struct thread *thread, unsigned char *stack, void (*run)(void *), void *argument);

/* Moves the calling thread to the processors in the set, if that is possible. */
void thread_move(const cpu_set_t *processors);

/* Waits until the thread has ended. */
void thread_join(struct thread *thread);

/* After thread_join(): waits until the thread is no longer counted as one of the process's either. */
void thread_await_exit(const struct thread *thread);

/* Sleeps unless *word is no longer `value`, until threads_wake() is called. May return too early. */
void threads_wait(atomic_uint *word, unsigned value);

/* Wakes all threads that sleep on *word. */
void threads_wake(atomic_uint *word);

/* Maps `size` bytes of zeros, in huge pages if the kernel grants them. */
struct outcome memory_map(struct memory *memory, size_t size);

/* Unmaps them, if there are any. */
void memory_unmap(struct memory *memory);

#endif
