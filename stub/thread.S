/* SPDX-License-Identifier: MIT */
/*
 * long thread_start(unsigned long flags, void *stack, atomic_int *id, int (*run)(void *), void *argument)
 *
 * clone(2) with the new thread's stack and its id's place; the thread calls run(argument) and ends. Returns the thread's
 * id or -errno. libc's clone() is no help: musl's refuses CLONE_THREAD since 1.2.5.
 */
#include <sys/syscall.h>

        .section .text.thread_start, "ax"
        .globl  thread_start
        .hidden thread_start
        .type   thread_start, @function
thread_start:
        and     $-16, %rsi
        sub     $16, %rsi                       /* run and argument wait on the new stack */
        mov     %rcx, (%rsi)
        mov     %r8, 8(%rsi)
        mov     %rdx, %r10                      /* CLONE_CHILD_CLEARTID and CLONE_PARENT_SETTID: the same place */
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
        .size   thread_start, . - thread_start

        .section .note.GNU-stack, "", @progbits
