/* SPDX-License-Identifier: MIT */
/*
 * Explores every interleaving of threads that run the real code of a source file. The test includes the source file
 * with macros in place of what other threads can see: a lock, an atomic access, a system call. Each macro calls
 * interleave_step() or interleave_until() first, where another thread may go on. The accesses are sequentially
 * consistent, so their order is all in which two runs on real processors can differ.
 *
 * The threads are coroutines on one real thread. To try another order, everything runs from its start again, with the
 * same choices up to the one that changes. What follows a state that was there before is not tried again. A state is
 * what the test says that the threads share (model.fingerprint), where each thread is, and what it has noted: a
 * thread must note all that it has read since its last interleave_forget() and still uses.
 */
#ifndef TESTS_INTERLEAVE_H
#define TESTS_INTERLEAVE_H

#include "unit.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "known.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

enum { INTERLEAVE_THREADS = 4, INTERLEAVE_CHOICES = 4096, INTERLEAVE_STACK = 32 << 10 };

struct interleave_thread {
    void *stack_pointer;
    void (*run)(void *);
    void *argument;
    bool (*ready)(const void *); /* NULL: it can go on at once */
    const void *awaited;
    uint64_t position; /* steps and notes since interleave_forget() */
    bool ended;
};

/* What is explored. */
struct interleave_model {
    void (*run)(void *);           /* of the first thread; its argument is NULL */
    void (*begin)(void);           /* sets all that the threads share to its start */
    uint64_t (*fingerprint)(void); /* of all that the threads share */
    void (*check_state)(void);     /* NULL: nothing is to be checked */
    void (*check_end)(void);       /* all threads have ended */
    const char *(*describe)(void); /* for a failure */
};

static struct {
    const struct interleave_model *model;
    struct interleave_thread threads[INTERLEAVE_THREADS];
    unsigned count, current;
    void *stack_pointer; /* of the explorer */
    struct {
        uint16_t chosen, count;
    } choices[INTERLEAVE_CHOICES];
    unsigned length, next; /* of the choices: how many there are, the one to be made */
    const char *wrong;     /* a check in a thread has failed */
    size_t runs, states;
} interleave;

static unsigned char interleave_stacks[INTERLEAVE_THREADS][INTERLEAVE_STACK] __attribute__((aligned(64)));

#define INTERLEAVE_CHECK(condition) \
    do { \
        if (!(condition)) \
            interleave_fail(#condition); \
    } while (0)

/* Pushes the registers that a function must keep (psABI 3.2.1), and takes those of the other stack. */
__attribute__((naked, noinline)) static void interleave_switch(void **from __attribute__((unused)),
                                                               void *to __attribute__((unused)))
{
    __asm__("push %rbp; push %rbx; push %r12; push %r13; push %r14; push %r15\n"
            "mov %rsp, (%rdi); mov %rsi, %rsp\n"
            "pop %r15; pop %r14; pop %r13; pop %r12; pop %rbx; pop %rbp; ret");
}

static void interleave_leave(void)
{
    interleave_switch(&interleave.threads[interleave.current].stack_pointer, interleave.stack_pointer);
}

/* A thread has found a mistake. The explorer reports it, because cmocka must not leave the stack of a thread. */
__attribute__((unused)) static void interleave_fail(const char *what)
{
    interleave.wrong = what;
    interleave_leave();
}

static void interleave_enter(void)
{
    struct interleave_thread *thread = &interleave.threads[interleave.current];

    thread->run(thread->argument);
    thread->ended = true;
    interleave_leave();
    abort();
}

/* A new thread; another one may go on before it begins. Returns its number. */
static unsigned interleave_start(void (*run)(void *), void *argument)
{
    struct interleave_thread *thread = &interleave.threads[interleave.count];
    void **top = (void **)(interleave_stacks[interleave.count] + INTERLEAVE_STACK);

#ifdef __SANITIZE_ADDRESS__
    __asan_unpoison_memory_region(interleave_stacks[interleave.count], INTERLEAVE_STACK);
#endif
    assert_true(interleave.count < INTERLEAVE_THREADS);
    *thread = (struct interleave_thread){.run = run, .argument = argument};
    top -= 2; /* a function begins with a stack pointer that is 8 more than a multiple of 16 */
    top[0] = (void *)interleave_enter;
    top -= 6; /* the registers */
    memset(top, 0, 6 * sizeof *top);
    thread->stack_pointer = top;
    return interleave.count++;
}

/* What the thread has read or chosen, if it matters for what it does next. */
static void interleave_note(uint64_t value)
{
    struct interleave_thread *thread = &interleave.threads[interleave.current];
    uint64_t both[2] = {thread->position, value};

    thread->position = fatelf_checksum(both, sizeof both);
}

/* From here on, what the thread does depends on nothing that it has read before. */
__attribute__((unused)) static void interleave_forget(void)
{
    interleave.threads[interleave.current].position = 0;
}

/* Other threads may go on first, and do so until ready(awaited). */
static void interleave_until(bool (*ready)(const void *), const void *awaited)
{
    struct interleave_thread *thread = &interleave.threads[interleave.current];

    interleave_note(0);
    thread->ready = ready;
    thread->awaited = awaited;
    interleave_leave();
    thread->ready = NULL;
}

__attribute__((unused)) static void interleave_step(void)
{
    interleave_until(NULL, NULL);
}

/* Returns each number below `count`, in one run or another. */
static unsigned interleave_choose(unsigned count)
{
    if (interleave.next == interleave.length) {
        if (interleave.length == INTERLEAVE_CHOICES)
            abort();
        interleave.choices[interleave.length].chosen = 0;
        interleave.choices[interleave.length++].count = (uint16_t)count;
    }
    return interleave.choices[interleave.next++].chosen;
}

/* Reports what is wrong, with the numbers of the threads or the values that were chosen up to here. */
static void interleave_report(const char *what)
{
    char path[2 * INTERLEAVE_CHOICES + 1] = "";
    const struct interleave_model *model = interleave.model;

    for (unsigned i = 0; i < interleave.next; i++)
        snprintf(path + strlen(path), 3, " %u", interleave.choices[i].chosen % 10u);
    fail_msg("not so: %s; %s; choices:%s", what, model->describe ? model->describe() : "", path);
}

static bool interleave_is_known(void)
{
    uint64_t parts[1 + INTERLEAVE_THREADS] = {interleave.model->fingerprint()};

    for (unsigned i = 0; i < interleave.count; i++)
        parts[1 + i] = interleave.threads[i].ended ? UINT64_MAX : interleave.threads[i].position;
    return known_add(fatelf_checksum(parts, sizeof parts));
}

/* Runs all threads to their end, or to a state that was there before. */
static void interleave_run(void)
{
    const struct interleave_model *model = interleave.model;

    interleave.count = 0;
    interleave.next = 0;
    interleave.wrong = NULL;
    interleave.runs++;
    model->begin();
    interleave_start(model->run, NULL);
    for (;;) {
        unsigned ready[INTERLEAVE_THREADS], count = 0;
        bool all_ended = true;
        for (unsigned i = 0; i < interleave.count; i++) {
            const struct interleave_thread *thread = &interleave.threads[i];
            all_ended &= thread->ended;
            if (!thread->ended && (!thread->ready || thread->ready(thread->awaited)))
                ready[count++] = i;
        }
        if (all_ended)
            break;
        if (count == 0)
            interleave_report("a thread can go on");
        if (interleave.next == interleave.length) {
            if (interleave_is_known())
                return;
            interleave.states++;
            if (model->check_state)
                model->check_state();
        }
        interleave.current = count == 1 ? ready[0] : ready[interleave_choose(count)];
        interleave_switch(&interleave.stack_pointer, interleave.threads[interleave.current].stack_pointer);
        if (interleave.wrong)
            interleave_report(interleave.wrong);
    }
    model->check_end();
}

static void interleave_explore(const struct interleave_model *model)
{
    interleave.model = model;
    interleave.length = 0;
    known_clear();
    do {
        interleave_run();
        while (interleave.length > 0 &&
               interleave.choices[interleave.length - 1].chosen + 1 == interleave.choices[interleave.length - 1].count)
            interleave.length--;
        if (interleave.length > 0)
            interleave.choices[interleave.length - 1].chosen++;
    } while (interleave.length > 0);
}

#endif
