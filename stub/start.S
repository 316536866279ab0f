/* SPDX-License-Identifier: MIT */
/*
 * Where the kernel enters the stub: is all of the launcher there, and the manifest?
 *
 * exec does not look at a file's size. A bundle that was cut short (a broken download, a full disk) would die of
 * SIGBUS wherever the first missing page happens to be touched, in most cases in the C library's start-up code, before
 * any handler could say what is wrong. So this comes first, and stands in the file's first page right behind the
 * program headers, which exec has already read.
 *
 * The last bytes of the manifest, which lie behind the launcher in the last PT_NOTE, are touched by the kernel on our
 * behalf: rt_sigprocmask copies its set from there and answers EFAULT where the page is beyond the end of the file, or
 * EINVAL, because 'how' is nonsense (kernel/signal.c copies before it looks at 'how'). Nothing is changed, no handler is
 * needed, and no sandbox forbids this call. self.c does the same for the variant that is started: the end of the file,
 * which may be none of its business, would cost a read from the disk where the file was not used before.
 *
 * Where it was not, one read brings launcher and manifest. The first fault in them would bring, by read-around, as much
 * as the disk's setting says, of variants that are not started: 8 MiB, which took a third of the first start of the Go
 * compiler (docs/performance.md).
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
        mov     %rdx, %r8                       /* as the kernel set it: for _start */
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
        mov     %rbx, %rdi                      /* from the first page; %rsi bytes */
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
