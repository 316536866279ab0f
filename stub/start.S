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
#include <sys/syscall.h>

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
        mov     %r8, %rdx
        cmp     $-14, %eax                      /* -EFAULT */
        jne     _start

        /* writev(2, { prefix, argv[0], reason }, 3); exit_group(127) */
        mov     8(%rsp), %rsi                   /* argv[0], or NULL */
        xor     %eax, %eax
        test    %rsi, %rsi
        jz      4f
3:      cmpb    $0, (%rsi,%rax)
        je      4f
        inc     %eax
        jmp     3b
4:      push    $reason_end - reason
        lea     reason(%rip), %rcx
        push    %rcx
        push    %rax
        push    %rsi
        push    $reason - prefix
        lea     prefix(%rip), %rcx
        push    %rcx
        mov     %rsp, %rsi
        mov     $3, %edx
        mov     $2, %edi
        mov     $SYS_writev, %eax
        syscall
        mov     $127, %edi
        mov     $SYS_exit_group, %eax
        syscall

prefix: .ascii  "fatelf-amd64: "
reason: .ascii  ": damaged: the file is cut short; get a whole copy\n"
reason_end:
        .size   fatelf_start, . - fatelf_start

        .section .note.GNU-stack, "", @progbits
