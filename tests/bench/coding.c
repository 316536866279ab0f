/* SPDX-License-Identifier: MIT */
/*
 * usage: coding FILE LEVEL:LITERALS:KIB[:MINMATCH[:WINDOW]] ...
 *
 * Measures settings of zstd: compresses FILE in frames with each setting, then decompresses with all settings in turn.
 * LITERALS: 1 compressed, 0 not compressed. KIB: size of a frame. MINMATCH: in bytes. WINDOW: log2 of bytes. 0 leaves
 * MINMATCH or WINDOW to zstd. Prints a line for each setting, separated by tabs: the setting, compressed size / size of
 * FILE, MB/s of compression, ms of decompression (median of the rounds).
 */
#define ZSTD_STATIC_LINKING_ONLY
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zstd.h>

enum { ROUNDS = 41, SETTINGS_MAX = 32 };

struct setting {
    int level, literals, kib, match, window;
    size_t frame, count, total;
    size_t *sizes;
    char *coded;
    double seconds, rounds[ROUNDS];
};

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void die(const char *what)
{
    fprintf(stderr, "coding: %s\n", what);
    exit(1);
}

static char *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");

    if (!file || fseek(file, 0, SEEK_END) != 0)
        die(path);
    *size = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(*size);
    if (!bytes || fread(bytes, 1, *size, file) != *size)
        die(path);
    fclose(file);
    return bytes;
}

static void code(struct setting *s, const char *bytes, size_t size)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();
    size_t bound;

    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, s->level);
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    if (!s->literals)
        ZSTD_CCtx_setParameter(context, ZSTD_c_literalCompressionMode, ZSTD_ps_disable);
    if (ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_minMatch, s->match)) ||
        ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, s->window)))
        die("zstd refuses MINMATCH or WINDOW");
    s->frame = (size_t)s->kib << 10;
    bound = ZSTD_compressBound(s->frame);
    s->count = (size + s->frame - 1) / s->frame;
    s->sizes = calloc(s->count, sizeof *s->sizes);
    s->coded = malloc(s->count * bound);
    s->seconds = now();
    for (size_t i = 0, at = 0; i < s->count; i++, at += s->frame) {
        size_t raw = size - at < s->frame ? size - at : s->frame;
        s->sizes[i] = ZSTD_compress2(context, s->coded + s->total, bound, bytes + at, raw);
        if (ZSTD_isError(s->sizes[i]))
            die(ZSTD_getErrorName(s->sizes[i]));
        s->total += s->sizes[i];
    }
    s->seconds = now() - s->seconds;
    ZSTD_freeCCtx(context);
}

static double decode(const struct setting *s, ZSTD_DCtx *context, char *buffer)
{
    double start = now();

    for (size_t i = 0, at = 0; i < s->count; at += s->sizes[i++])
        if (ZSTD_isError(ZSTD_decompressDCtx(context, buffer, s->frame, s->coded + at, s->sizes[i])))
            die("decoding failed");
    return now() - start;
}

static int by_size(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;

    return (left > right) - (left < right);
}

int main(int argc, char **argv)
{
    static struct setting settings[SETTINGS_MAX];
    size_t size;

    if (argc < 3 || argc - 2 > SETTINGS_MAX)
        die("usage: coding FILE LEVEL:LITERALS:KIB[:MINMATCH[:WINDOW]] ...");
    char *bytes = read_file(argv[1], &size);
    char *buffer = malloc((size_t)16 << 20);
    int count = argc - 2;
    for (int i = 0; i < count; i++) {
        struct setting *s = &settings[i];
        if (sscanf(argv[i + 2], "%d:%d:%d:%d:%d", &s->level, &s->literals, &s->kib, &s->match, &s->window) < 3 ||
            s->kib < 4 || s->kib > 16384)
            die(argv[i + 2]);
        code(s, bytes, size);
    }
    ZSTD_DCtx *context = ZSTD_createDCtx();
    ZSTD_DCtx_setParameter(context, ZSTD_d_forceIgnoreChecksum, ZSTD_d_ignoreChecksum); /* as the launcher does */
    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; i < count; i++)
            settings[i].rounds[round] = decode(&settings[i], context, buffer);
    printf("level\tliterals\tframe KiB\tmin. match\twindow\tof size\tcoded MB/s\tdecoded ms\n");
    for (int i = 0; i < count; i++) {
        struct setting *s = &settings[i];
        qsort(s->rounds, ROUNDS, sizeof *s->rounds, by_size);
        printf("%d\t%s\t%d\t%d\t%d\t%.4f\t%.1f\t%.2f\n", s->level, s->literals ? "compressed" : "as is", s->kib,
               s->match, s->window, (double)s->total / (double)size, (double)size / 1e6 / s->seconds,
               s->rounds[ROUNDS / 2] * 1e3);
    }
    return 0;
}
