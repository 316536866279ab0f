/* SPDX-License-Identifier: MIT */
/*
 * Runs a function that uses C11 atomics by one atomic access at a time. Include this before the source file with the
 * function: it replaces atomic_load(), atomic_store() and atomic_compare_exchange_strong().
 *
 * A function that has been left between two accesses is represented by the results of the accesses that it has made.
 * These and its arguments are all that it depends on. To go on, it runs from its beginning, gets the recorded results
 * again, makes one more access for real, and is stopped at the next one. So no stacks have to be saved, and two states
 * are equal if their bytes are.
 */
#ifndef TESTS_INTERLEAVE_H
#define TESTS_INTERLEAVE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "../../lib/checksum.h"
#include "unit.h"

enum { CALL_ACCESSES = 16 };

/* A call of a function. All zero: it has not begun. */
struct call {
    uint32_t accesses; /* made so far */
    uint64_t results[CALL_ACCESSES];
};

static struct {
    struct call *call;
    uint32_t position; /* of the function's next access */
    bool stepped;      /* it has made its one access */
    jmp_buf stop;
} running;

/* Lets the call make one access. Returns whether it has then returned. */
static bool call_step(struct call *call, void (*function)(void *argument), void *argument)
{
    running.call = call;
    running.position = 0;
    running.stepped = false;
    if (setjmp(running.stop))
        return false;
    function(argument);
    return true;
}

/* True: the access has been made in an earlier step, with *result. False: it is to be made now. */
static bool call_recorded(uint64_t *result)
{
    if (running.position < running.call->accesses) {
        *result = running.call->results[running.position++];
        return true;
    }
    if (running.stepped)
        longjmp(running.stop, 1);
    running.stepped = true;
    return false;
}

static uint64_t call_record(uint64_t result)
{
    assert_true(running.position == running.call->accesses && running.position < CALL_ACCESSES);
    running.call->results[running.position++] = result;
    running.call->accesses++;
    return result;
}

static uint32_t object_read(const volatile void *object, size_t size)
{
    return size == 1 ? *(const volatile uint8_t *)object : *(const volatile uint32_t *)object;
}

static void object_write(volatile void *object, size_t size, uint32_t value)
{
    if (size == 1)
        *(volatile uint8_t *)object = (uint8_t)value;
    else
        *(volatile uint32_t *)object = value;
}

static uint32_t call_load(const volatile void *object, size_t size)
{
    uint64_t result;

    return (uint32_t)(call_recorded(&result) ? result : call_record(object_read(object, size)));
}

static void call_store(volatile void *object, size_t size, uint32_t value)
{
    uint64_t result;

    if (!call_recorded(&result)) {
        object_write(object, size, value);
        call_record(0);
    }
}

/* The recorded result is the old value, and above it a bit that says that it was replaced. */
static bool call_exchange(volatile void *object, size_t size, uint32_t *expected, uint32_t desired)
{
    const uint64_t replaced = UINT64_C(1) << 32;
    uint64_t result;

    if (!call_recorded(&result)) {
        uint32_t old = object_read(object, size);
        if (old == *expected)
            object_write(object, size, desired);
        result = call_record(old | (old == *expected ? replaced : 0));
    }
    if (result & replaced)
        return true;
    *expected = (uint32_t)result;
    return false;
}

/* Whether these bytes have not been asked for before, by their fingerprint. */
static bool state_is_new(const void *state, size_t size)
{
    static uint64_t known[1 << 23]; /* 0: free */
    static size_t count;
    const size_t room = sizeof known / sizeof *known;
    uint64_t fingerprint = fatelf_checksum(state, size) | 1;
    size_t at = (fingerprint >> 8) % room;

    for (; known[at] != 0; at = (at + 1) % room)
        if (known[at] == fingerprint)
            return false;
    known[at] = fingerprint;
    assert_true(++count < room / 2);
    return true;
}

#undef atomic_load
#undef atomic_store
#undef atomic_compare_exchange_strong
#define atomic_load(object) call_load(object, sizeof *(object))
#define atomic_store(object, value) call_store(object, sizeof *(object), value)
#define atomic_compare_exchange_strong(object, expected, desired) \
    call_exchange(object, sizeof *(object), expected, desired)

#endif
