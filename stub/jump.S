/* SPDX-License-Identifier: MIT */
/*
 * _Noreturn void jump(uint64_t *stack, uint64_t entry, uint64_t start, uint64_t end); see jump.h
 *
 * The only code of the launcher that stays mapped while the program runs, because it cannot unmap itself. stub.ld puts
 * it in one page, and not in the file's first page: crash reporters take a mapped ELF header for a module of the
 * process.
 *
 * The last instruction needs the entry address in a register or in memory, so the program finds it there. It is in
 * %rcx, where the processor's SYSCALL instruction leaves the address that a system call returns to. All other general
 * registers are 0 as after exec, and so is the memory below the stack pointer.
 */
#include <sys/syscall.h>

#define STACK_MAPPED 0x20000 /* stack_expand in setup_arg_pages(), fs/exec.c */

        .section .jump, "ax"
        .globl  jump
        .hidden jump
        .type   jump, @function
jump:
        mov     %rdi, %rsp                      /* nothing is written to the stack from here on */
        mov     %rsi, %r12                      /* entry */
        mov     %rdx, %r8                       /* start */
        mov     %rcx, %r9                       /* end */
        lea     jump(%rip), %r10
        and     $-4096, %r10                    /* the page that stays */

        mov     %r8, %rdi
        mov     %r10, %rsi
        sub     %rdi, %rsi
        mov     $SYS_munmap, %eax
        syscall
        lea     4096(%r10), %rdi
        mov     %r9, %rsi
        sub     %rdi, %rsi
        mov     $SYS_munmap, %eax
        syscall

        /* The C library's start-up code and main() have used the stack. After exec it is all zeros below the stack
           pointer: the rest of this page is cleared, the pages below it are given back. The kernel has mapped at most
           STACK_MAPPED bytes there. */
        mov     %rsp, %r8
        mov     %rsp, %rcx
        and     $4095, %ecx
        sub     %rcx, %rsp                      /* valgrind reports writes below the stack pointer */
        mov     %rsp, %rdi
        xor     %eax, %eax
        rep stosb
        lea     -STACK_MAPPED(%rsp), %rdi
        mov     %r8, %rsp
        mov     $STACK_MAPPED, %esi
        mov     $4, %edx                        /* MADV_DONTNEED */
        mov     $SYS_madvise, %eax
        syscall

        mov     %r12, %rcx
        fninit                                  /* the C library may have used these for anything */
        ldmxcsr mxcsr(%rip)
        pxor    %xmm0, %xmm0
        pxor    %xmm1, %xmm1
        pxor    %xmm2, %xmm2
        pxor    %xmm3, %xmm3
        pxor    %xmm4, %xmm4
        pxor    %xmm5, %xmm5
        pxor    %xmm6, %xmm6
        pxor    %xmm7, %xmm7
        pxor    %xmm8, %xmm8
        pxor    %xmm9, %xmm9
        pxor    %xmm10, %xmm10
        pxor    %xmm11, %xmm11
        pxor    %xmm12, %xmm12
        pxor    %xmm13, %xmm13
        pxor    %xmm14, %xmm14
        pxor    %xmm15, %xmm15

        xor     %eax, %eax
        xor     %ebx, %ebx
        xor     %edx, %edx                      /* the C library calls this address at exit unless it is 0 */
        xor     %esi, %esi
        xor     %edi, %edi
        xor     %ebp, %ebp
        xor     %r8d, %r8d
        xor     %r9d, %r9d
        xor     %r10d, %r10d
        xor     %r11d, %r11d
        xor     %r12d, %r12d
        xor     %r13d, %r13d
        xor     %r14d, %r14d
        xor     %r15d, %r15d
        cmpl    $0, mxcsr(%rip)                 /* clears all arithmetic flags; the others were not changed */
        jmp     *%rcx

        .balign 4
mxcsr:  .long   0x1f80                          /* initial value: x86-64 psABI, 3.4.1 */
        .size   jump, . - jump

        .section .note.GNU-stack, "", @progbits
