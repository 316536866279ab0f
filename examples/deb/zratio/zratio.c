/* SPDX-License-Identifier: MIT */
/* zratio: prints how much zlib's levels 1, 6 and 9 save of standard input. */
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#if defined __AVX512BW__
#define LEVEL "x86-64-v4"
#elif defined __AVX2__
#define LEVEL "x86-64-v3"
#elif defined __SSE4_2__
#define LEVEL "x86-64-v2"
#else
#define LEVEL "x86-64-v1"
#endif

enum { CHUNK = 1 << 16 };

/* The bytes of `file`, up to its end. NULL: out of memory, or an error. */
static unsigned char *read_all(FILE *file, size_t *size)
{
    unsigned char *bytes = NULL, *more;

    for (*size = 0; (more = realloc(bytes, *size + CHUNK)); *size += CHUNK) {
        bytes = more;
        size_t got = fread(bytes + *size, 1, CHUNK, file);
        if (got == CHUNK)
            continue;
        *size += got;
        if (!ferror(file))
            return bytes;
        break;
    }
    free(bytes);
    return NULL;
}

int main(void)
{
    static const int levels[] = {1, 6, 9};
    size_t size;
    unsigned char *bytes = read_all(stdin, &size);
    unsigned char *coded = bytes ? malloc(compressBound(size)) : NULL;

    if (!coded) {
        perror("zratio");
        return 1;
    }
    printf("level     %s\n", LEVEL);
    printf("zlib      %s\n", zlibVersion());
    printf("bytes     %zu\n", size);
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        uLongf room = compressBound(size);
        if (compress2(coded, &room, bytes, size, levels[i]) == Z_OK)
            printf("deflate %d %lu\n", levels[i], (unsigned long)room);
    }
    free(coded);
    free(bytes);
    return 0;
}
