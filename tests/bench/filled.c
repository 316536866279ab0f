/* SPDX-License-Identifier: MIT */
/*
 * A program whose read-only data is the file CONTENT. It reads one byte in each MiB of it. With an argument, it reads
 * one byte in each page, prints "ready" and waits until its standard input ends.
 */
#include <stddef.h>
#include <unistd.h>

__asm__(".section .rodata\n"
        ".balign 4096\n"
        "content: .incbin \"" CONTENT "\"\n"
        "content_end:\n"
        ".text\n");
extern const unsigned char content[], content_end[];

int main(int argc, char **argv)
{
    const size_t step = argc > 1 ? 4096 : 1 << 20;
    char byte;

    (void)argv;
    for (const volatile unsigned char *at = content; at < content_end; at += step)
        (void)*at;
    if (argc > 1)
        return write(1, "ready\n", 6) != 6 || read(0, &byte, 1) != 0;
    return 0;
}
