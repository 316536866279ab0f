/* SPDX-License-Identifier: MIT */
/*
 * A program with a few functions, for debuggers and profilers: `wait` reads its input in inner(), `busy` computes in
 * busy(), `overrun` writes after the end of a block.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

volatile unsigned sum;

__attribute__((noinline)) void inner(int wait)
{
    char byte;

    if (!wait)
        return;
    printf("ready\n");
    fflush(stdout);
    sum += read(0, &byte, 1) < 0;
}

__attribute__((noinline)) void outer(int wait)
{
    inner(wait);
    sum += 2;
}

__attribute__((noinline)) void busy(unsigned rounds)
{
    for (unsigned i = 0; i < rounds; i++)
        sum += i * i;
}

int main(int argc, char **argv)
{
    volatile char *bytes = malloc(10);

    outer(argc > 1 && strcmp(argv[1], "wait") == 0);
    if (argc > 1 && strcmp(argv[1], "busy") == 0)
        busy(30000000);
    if (argc > 1 && strcmp(argv[1], "overrun") == 0)
        bytes[10] = 1;
    printf("%u\n", sum & 2);
    free((void *)bytes);
    return 0;
}
