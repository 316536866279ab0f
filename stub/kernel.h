/* SPDX-License-Identifier: MIT */
/*
 * A system call that returns the kernel's result unchanged: -errno on failure. The launcher's threads share the first
 * thread's thread-local storage, so they must not touch errno, which the C library's functions set.
 */
#ifndef STUB_KERNEL_H
#define STUB_KERNEL_H

#include <sys/syscall.h>

static inline long kernel_call(long number, long a, long b, long c, long d)
{
    register long r10 __asm__("r10") = d;
    long result;

    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
    return result;
}

#endif
