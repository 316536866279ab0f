/* SPDX-License-Identifier: MIT */
/* hash TEXT...: prints a hash of each text, and for which level the program was compiled. */
#include <stdio.h>
#include <string.h>

#include "hash.h"

int main(int argc, char **argv)
{
    printf("level     %s\n", hash_level);
    for (int i = 1; i < argc; i++)
        printf("hash      %08x %s\n", hash_bytes((const unsigned char *)argv[i], strlen(argv[i])), argv[i]);
    return 0;
}
