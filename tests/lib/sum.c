/* SPDX-License-Identifier: MIT */
/* A program in which compilers find something to do for every level. */
#include <stdio.h>

int main(int argc, char **argv)
{
    double sum = 0, factors[256];

    for (int i = 0; i < 256; i++)
        factors[i] = i * argc;
    for (int k = 0; k < 1000; k++)
        for (int i = 0; i < 256; i++)
            sum += factors[i] * factors[255 - i] + k;
    printf("%s %g\n", argv[0], sum);
    return 0;
}
