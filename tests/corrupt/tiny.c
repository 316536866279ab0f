/* SPDX-License-Identifier: MIT */
/*
 * A program without a C library, so that a bundle of it is small and can be started thousands of times a minute. It prints
 * the level that it was built for and a checksum of a table (-DFILL='"file"'), which shows every wrong byte in it.
 */
#include <stdint.h>
#include <sys/syscall.h>

__asm__(".section .rodata\n"
        ".globl table, table_end\n"
        "table: .incbin " FILL "\n"
        "table_end:\n"
        ".text");

extern const unsigned char table[], table_end[];

static long call(long number, long first, const void *second, long third)
{
    long result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(first), "S"(second), "d"(third)
                     : "rcx", "r11", "memory");
    return result;
}

__attribute__((noreturn, force_align_arg_pointer)) void _start(void)
{
    char line[] = "v0 0123456789abcdef\n";
    uint64_t sum = 0xcbf29ce484222325; /* FNV-1a */

    for (const unsigned char *byte = table; byte < table_end; byte++)
        sum = (sum ^ *byte) * 0x100000001b3;
    line[1] = '0' + LEVEL;
    for (int i = 0; i < 16; i++)
        line[3 + i] = "0123456789abcdef"[sum >> (60 - 4 * i) & 15];
    call(SYS_write, 1, line, sizeof line - 1);
    call(SYS_exit, 0, 0, 0);
    __builtin_unreachable();
}
