/* SPDX-License-Identifier: MIT */
/*
 * The stub's entry point. Checks that the file contains the whole launcher and the manifest, then starts the C library.
 *
 * exec does not check a file's size. A bundle that was cut short (broken download, full disk) would die of SIGBUS when
 * it touches the first missing page, usually in the C library's start-up code, before a handler could report anything.
 * So this check comes first. It lies in the file's first page, after the program headers, which exec has already read.
 *
 * It lets the kernel touch the last bytes of the manifest, which lies after the launcher in the last PT_NOTE:
 * rt_sigprocmask copies the signal set from there. It returns EFAULT if the page is beyond the end of the file,
 * otherwise EINVAL, because `how` is invalid (kernel/signal.c copies the set before it looks at `how`). The call
 * changes nothing, needs no handler, and no sandbox forbids it. self.c checks the payload of the chosen variant in the
 * same way later. Checking the end of the file instead would cost a read from the disk if the file is not in the page
 * cache.
 *
 * madvise() reads the launcher and the manifest from the disk in one piece if they are not in the page cache. Without
 * it, the first page fault would read as much as the disk's read-ahead setting says (8 MiB on the machine that was
 * measured), including parts of other variants. The first start of the Go compiler took 45 ms without madvise() and 35
 * ms with it (docs/performance.md).
 */
#include <features.h>
#include <sys/syscall.h>

#include "auxv.h"

#define STACK_SIZE 0x10000 /* bytes; at most a fifth of it was used in measurements */
#define PATH_SHOWN 900 /* bytes of argv[0] in the message, which has 1024 bytes in all */

        .section .text.start, "ax"
        .globl  fatelf_start
        .hidden fatelf_start
        .type   fatelf_start, @function
fatelf_start:
        lea     __ehdr_start(%rip), %rbx        /* address 0 of the file */
        movzwl  56(%rbx), %ecx                  /* e_phnum */
        mov     32(%rbx), %rbp                  /* e_phoff */
        add     %rbx, %rbp
        mov     %rdx, %r8                       /* the kernel's value, for _start */
        xor     %esi, %esi
1:      cmpl    $4, (%rbp)                      /* p_type, PT_NOTE */
        jne     2f
        mov     16(%rbp), %rax                  /* p_vaddr */
        add     32(%rbp), %rax                  /* p_filesz */
        cmp     %rax, %rsi
        cmovb   %rax, %rsi
2:      add     $56, %rbp                       /* e_phentsize */
        dec     %ecx
        jnz     1b

        mov     %rsi, %rbp
        mov     %rbx, %rdi                      /* from address 0 of the file, %rsi bytes */
        mov     $3, %edx                        /* MADV_WILLNEED */
        mov     $SYS_madvise, %eax
        syscall

        lea     -8(%rbx,%rbp), %rsi             /* set */
        or      $-1, %edi                       /* how */
        xor     %edx, %edx                      /* old set */
        mov     $8, %r10d                       /* size of a set */
        mov     $SYS_rt_sigprocmask, %eax
        syscall
        cmp     $-14, %eax                      /* -EFAULT */
        je      cut_short

#ifndef __GLIBC__
        /* Changes the auxiliary vector for musl; auxv.h says why. */
        mov     (%rsp), %rax                    /* argc */
        lea     16(%rsp,%rax,8), %rbp           /* envp */
3:      cmpq    $0, (%rbp)
        lea     8(%rbp), %rbp
        jne     3b
4:      mov     (%rbp), %rax                    /* a_type */
        lea     -11(%rax), %ecx                 /* AT_UID 11, AT_EUID 12, AT_GID 13, AT_EGID 14 */
        cmp     $3, %ecx
        jbe     5f
        cmp     $23, %eax                       /* AT_SECURE */
        je      5f
        cmp     $7, %eax                        /* AT_BASE */
        jne     6f
        mov     %rbx, 8(%rbp)
        jmp     6f
5:      orl     $AUXV_HIDDEN, (%rbp)
6:      add     $16, %rbp
        test    %eax, %eax                      /* AT_NULL */
        jnz     4b
#endif
        mov     %r8, %rdx
        jmp     _start

cut_short:                                      /* write(2, buffer, size); exit_group(127) */
        mov     8(%rsp), %rbx                   /* argv[0], or NULL */
        sub     $1024, %rsp                     /* the buffer */
        mov     %rsp, %rdi
        lea     prefix(%rip), %rsi
        mov     $reason - prefix, %ecx
        rep movsb
        test    %rbx, %rbx
        jz      9f
        mov     $PATH_SHOWN, %edx
7:      mov     (%rbx), %al
        inc     %rbx
        test    %al, %al
        jz      9f
        cmp     $127, %al                       /* a control character becomes a question mark */
        je      8f
        cmp     $32, %al
        jae     10f
8:      mov     $'?', %al
10:     stosb
        dec     %edx
        jnz     7b
9:      lea     reason(%rip), %rsi
        mov     $reason_end - reason, %ecx
        rep movsb
        mov     %rsp, %rsi
        mov     %edi, %edx
        sub     %esi, %edx
        mov     $2, %edi
        mov     $SYS_write, %eax
        syscall
        mov     $127, %edi
        mov     $SYS_exit_group, %eax
        syscall

prefix: .ascii  "fatelf-amd64: "
reason: .ascii  ": damaged: the file is cut short; get a whole copy\n"
reason_end:
        .size   fatelf_start, . - fatelf_start

/*
 * main() for the C library: continues in launcher_main() on a stack of the launcher's own, because RLIMIT_STACK may be
 * so small that the kernel's stack has little room after the arguments and the environment. So the launcher also leaves
 * little in the kernel's stack (jump.S).
 */
        .section .text.main, "ax"
        .globl  main
        .hidden main
        .type   main, @function
main:   lea     stack_end(%rip), %rsp
        xor     %ebp, %ebp
        call    launcher_main
        .size   main, . - main

        .section .bss.stack, "aw", @nobits
        .balign 16
        .skip   STACK_SIZE
stack_end:

/*
 * Room for the dynamic section that describes what the builds need: create fills it in, and only tools read it. It is
 * in the writable segment because dynamic loaders before glibc 2.35 write to it, for instance when ldd runs them.
 */
        .section .fatelf.dynamic, "aw", @progbits
        .balign 8
        .skip   1536

        .section .note.GNU-stack, "", @progbits
