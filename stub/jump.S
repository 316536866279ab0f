/* SPDX-License-Identifier: MIT */
/*
 * _Noreturn void jump(const struct jump *how)
 *
 * Leaves the launcher for a program or loader that lies in this process: puts thread and processor into the state in
 * which exec enters a program, unmaps the launcher and goes to the entry. How the launcher can be unmapped and still go
 * on is in leave.c. Stands in the launcher's first page, which stays where there is no such way.
 */
#include <sys/syscall.h>

        .section .text.jump, "ax"
        .globl  jump
        .hidden jump
        .type   jump, @function
jump:
        mov     8(%rdi), %rbp                   /* struct jump in stub.h */
        mov     16(%rdi), %r12                  /* start, size: to be unmapped */
        mov     24(%rdi), %r13
        mov     32(%rdi), %r14                  /* syscall in foreign code, or NULL */
        mov     0(%rdi), %rsp                   /* above the struct, which is out of reach then */

        mov     $SYS_set_tid_address, %eax      /* or the kernel would write there when this thread ends */
        xor     %edi, %edi
        syscall
        mov     $SYS_arch_prctl, %eax
        mov     $0x1002, %edi                   /* ARCH_SET_FS, asm/prctl.h */
        xor     %esi, %esi
        syscall

        fninit
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
        cld

        mov     $SYS_munmap, %eax
        mov     %r12, %rdi
        mov     %r13, %rsi
        test    %r14, %r14
        jnz     1f
        syscall                                 /* rsp is at the entry's address */
        xor     %eax, %eax
        xor     %edi, %edi
        xor     %esi, %esi
        xor     %ecx, %ecx
        xor     %r11d, %r11d
1:      xor     %ebx, %ebx
        xor     %edx, %edx                      /* a function to be called at exit, if it were not 0 */
        xor     %r8d, %r8d
        xor     %r9d, %r9d
        xor     %r10d, %r10d
        xor     %r12d, %r12d
        xor     %r13d, %r13d
        xor     %r15d, %r15d
        test    %r14, %r14
        jz      2f
        push    %r14
        xor     %r14d, %r14d
2:      ret

        .balign 4
mxcsr:  .long   0x1f80                          /* x86-64 psABI, 3.4.1: the initial value */
        .size   jump, . - jump

        .section .note.GNU-stack, "", @progbits
