/* SPDX-License-Identifier: MIT */
/*
 * Has BYTES bytes at address PLACE, in a segment that large.py adds. Prints a checksum of 64 of them, for which no more
 * than 64 pages are read.
 */
#include <stdint.h>
#include <stdio.h>

int main(void)
{
    const volatile unsigned char *bytes = (const unsigned char *)PLACE;
    uint64_t sum = LEVEL;

    for (uint64_t i = 0; i < BYTES; i += BYTES / 64)
        sum = sum * 31 + bytes[i];
    printf("%016llx\n", (unsigned long long)sum);
    return 0;
}
