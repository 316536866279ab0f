/* SPDX-License-Identifier: MIT */
/*
 * long thread_clone(unsigned long flags, void *stack, atomic_int *id, void (*run)(void *), void *argument)
 *
 * clone(2): the new thread calls run(argument) on its own stack, which ends at `stack`, and then ends. `id` is where
 * the kernel stores the thread's id and later clears it. Returns the id or -errno. The C library's clone() cannot be
 * used: musl's refuses CLONE_THREAD since 1.2.5.
 */
#include <sys/syscall.h>

        .section .text.thread_clone, "ax"
        .globl  thread_clone
        .hidden thread_clone
        .type   thread_clone, @function
thread_clone:
        and     $-16, %rsi
        sub     $16, %rsi                       /* `run` and `argument` lie on the new stack */
        mov     %rcx, (%rsi)
        mov     %r8, 8(%rsi)
        mov     %rdx, %r10                      /* the same place for CLONE_PARENT_SETTID and CLONE_CHILD_CLEARTID */
        xor     %r8d, %r8d                      /* no thread-local storage of its own */
        mov     $SYS_clone, %eax
        syscall
        test    %rax, %rax
        jz      1f
        ret

1:      xor     %ebp, %ebp
        pop     %rax
        pop     %rdi
        call    *%rax
        xor     %edi, %edi
        mov     $SYS_exit, %eax
        syscall
        .size   thread_clone, . - thread_clone

        .section .note.GNU-stack, "", @progbits
