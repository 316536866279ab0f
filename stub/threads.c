/* SPDX-License-Identifier: MIT */
#include "threads.h"

#include <errno.h>
#include <limits.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel.h"

/* linux/futex.h, which is not among musl's headers */
enum { FUTEX_WAIT = 0, FUTEX_WAKE = 1, FUTEX_PRIVATE_FLAG = 128 };
#define HUGE_PAGE ((size_t)2 << 20)
enum { SPINS = 200 }; /* looks at the word before the thread sleeps; some 10 microseconds */

/* thread.S */
long thread_clone(unsigned long flags, void *stack, atomic_int *id, void (*run)(void *), void *argument);

unsigned threads_processors(cpu_set_t *others)
{
    CPU_ZERO(others);
    if (sched_getaffinity(0, sizeof *others, others) != 0)
        return THREADS_MAX; /* the system has more processors than a cpu_set_t has bits */
    unsigned count = (unsigned)CPU_COUNT(others);
    int here = sched_getcpu();
    if (here >= 0)
        CPU_CLR((unsigned)here, others);
    return count ? count : 1;
}

/*
 * Uses clone() itself, because pthread_create() makes six more system calls and changes the signal mask that the
 * program inherits. The kernel writes the thread's id to thread->running, and 0 when the thread ends
 * (set_tid_address(2)).
 */
bool thread_start(struct thread *thread, unsigned char *stack, void (*run)(void *), void *argument)
{
    unsigned long flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
                          CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;

    thread->id = (int)thread_clone(flags, stack + THREADS_STACK, &thread->running, run, argument);
    return thread->id > 0;
}

void thread_move(const struct thread *thread, const cpu_set_t *processors)
{
    kernel_call(SYS_sched_setaffinity, thread->id, sizeof *processors, (long)processors, 0);
}

void thread_join(struct thread *thread)
{
    int id;

    /* not FUTEX_PRIVATE_FLAG: the kernel's own wake-up is for a shared futex */
    while ((id = atomic_load(&thread->running)) != 0)
        kernel_call(SYS_futex, (long)&thread->running, FUTEX_WAIT, id, 0);
}

void thread_await_exit(const struct thread *thread)
{
    while (kernel_call(SYS_tgkill, getpid(), thread->id, 0, 0) == 0)
        sched_yield();
}

void threads_wait(atomic_uint *word, unsigned value)
{
    /* Waking a thread on an idle processor takes long, most of all on virtual machines (docs/performance.md). */
    for (unsigned i = 0; i < SPINS; i++) {
        if (atomic_load(word) != value)
            return;
        __builtin_ia32_pause();
    }
    kernel_call(SYS_futex, (long)word, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, (long)value, 0);
}

void threads_wake(atomic_uint *word)
{
    kernel_call(SYS_futex, (long)word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, INT_MAX, 0);
}

static void *map_zeros(size_t size)
{
    return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

struct outcome memory_map(struct memory *memory, size_t size)
{
    /* Recent kernels place a mapping of whole huge pages so that it begins with one; other mappings begin and end with
       small pages. From half a huge page on, the page faults of small pages take longer than to clear a huge page
       (docs/performance.md). */
    size_t whole = size >= HUGE_PAGE / 2 ? (size + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1) : size;
    void *bytes = map_zeros(whole);

    if (bytes == MAP_FAILED && whole > size) { /* RLIMIT_DATA or RLIMIT_AS */
        whole = size;
        bytes = map_zeros(whole);
    }
    if (bytes == MAP_FAILED)
        return outcome_refused("mmap", errno);
    if (whole >= HUGE_PAGE)
        madvise(bytes, whole, MADV_HUGEPAGE); /* fewer page faults; if it fails, nothing is lost */
    *memory = (struct memory){bytes, whole};
    return outcome_ok();
}

void memory_unmap(struct memory *memory)
{
    if (memory->bytes)
        munmap(memory->bytes, memory->size);
    *memory = (struct memory){0};
}
