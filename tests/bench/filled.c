/* SPDX-License-Identifier: MIT */
/*
 * A program of some size: the file CONTENT is its read-only data. It looks at one byte in a MiB of that; with an
 * argument at one in every page, then says so and waits until its standard input ends.
 */
#include <unistd.h>

__asm__(".section .rodata\n"
        ".balign 4096\n"
        "content: .incbin \"" CONTENT "\"\n"
        "content_end:\n"
        ".text\n");
extern const unsigned char content[], content_end[];

int main(int argc, char **argv)
{
    unsigned sum = 0;
    char byte;

    (void)argv;
    for (const volatile unsigned char *at = content; at<content_end; at += argc> 1 ? 4096 : 1 << 20)
        sum += *at;
    if (argc > 1)
        return write(1, "ready\n", 6) != 6 || read(0, &byte, 1) != 0;
    return sum == 1; /* never, with a mebibyte of anything */
}
