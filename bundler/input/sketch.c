/* SPDX-License-Identifier: MIT */
#include "sketch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../base/file.h"
#include "../base/say.h"
#include "../base/window_hash.h"

/* A sketch that is being made. */
struct sample {
    uint64_t hashes[4 * SKETCH_SIZE]; /* `count` of them; the same one may be there several times */
    size_t count;
    uint64_t limit; /* larger hashes do not belong to the smallest ones */
};

static int ascending(const void *a, const void *b)
{
    const uint64_t *left = a, *right = b;

    return (*left > *right) - (*left < *right);
}

/* Keeps the SKETCH_SIZE smallest hashes, sorted, each of them once. */
static void reduce(struct sample *sample)
{
    size_t kept = 0;

    qsort(sample->hashes, sample->count, sizeof *sample->hashes, ascending);
    for (size_t i = 0; i < sample->count && kept < SKETCH_SIZE; i++)
        if (kept == 0 || sample->hashes[kept - 1] != sample->hashes[i])
            sample->hashes[kept++] = sample->hashes[i];
    sample->count = kept;
    if (kept == SKETCH_SIZE)
        sample->limit = sample->hashes[kept - 1];
}

_Static_assert((int)SKETCH_WINDOW == (int)WINDOW_HASH_SIZE, "a hash is that of a whole window");

static void add_texts(struct sample *sample, const unsigned char *bytes, size_t size)
{
    size_t printable = 0; /* characters before and at bytes[i] */

    for (size_t i = 0; i < size; i++) {
        printable = bytes[i] >= ' ' && bytes[i] < 0x7f ? printable + 1 : 0;
        if (printable < SKETCH_WINDOW)
            continue;
        uint64_t hash = window_hash(bytes + i + 1 - SKETCH_WINDOW);
        if (hash >= sample->limit)
            continue;
        sample->hashes[sample->count++] = hash;
        if (sample->count == sizeof sample->hashes / sizeof *sample->hashes)
            reduce(sample);
    }
}

/* Adds the texts in a part of the file. Returns false with errno set, or 0 if the file is shorter. */
static bool add_part(struct sample *sample, unsigned char *chunk, size_t room, int fd, uint64_t offset, uint64_t size)
{
    enum { OVERLAP = SKETCH_WINDOW - 1 };

    for (uint64_t at = 0; at < size; at += room - OVERLAP) {
        size_t length = size - at < room ? (size_t)(size - at) : room;
        if (!file_read(fd, chunk, length, offset + at))
            return false;
        add_texts(sample, chunk, length);
    }
    return true;
}

/* Adds the texts in all loaded segments of the file. Returns like add_part(). */
static bool add_segments(struct sample *sample, const struct elf_file *elf, int fd, uint64_t size)
{
    enum { CHUNK = 1 << 20 };
    unsigned char *chunk = malloc(CHUNK);
    uint64_t left = size; /* the segments of a program do not overlap; those of a damaged file take no longer to read */
    bool good = chunk != NULL;

    errno = good ? 0 : ENOMEM;
    for (size_t i = 0; good && i < elf->count; i++) {
        const Elf64_Phdr *segment = &elf->program_headers[i];
        if (segment->p_type != PT_LOAD || segment->p_filesz > left)
            continue;
        left -= segment->p_filesz;
        good = add_part(sample, chunk, CHUNK, fd, segment->p_offset, segment->p_filesz);
    }
    free(chunk);
    return good;
}

int sketch_make(struct sketch *sketch, const struct elf_file *elf, int fd, uint64_t size, const char *path)
{
    struct sample *sample = calloc(1, sizeof *sample);

    if (!sample)
        return fail("out of memory");
    sample->limit = UINT64_MAX;
    if (!add_segments(sample, elf, fd, size)) {
        free(sample);
        return file_fail_read(path);
    }
    reduce(sample);
    memcpy(sketch->hashes, sample->hashes, sample->count * sizeof *sample->hashes);
    sketch->count = sample->count;
    free(sample);
    return 0;
}

int sketch_compare(const struct sketch *a, const struct sketch *b)
{
    size_t i = 0, j = 0, all = 0, common = 0;

    if (a->count < SKETCH_MIN || b->count < SKETCH_MIN)
        return -1;
    /* The smallest hashes of both programs together: a hash that is missing in one of the samples is larger than all of
     * that sample, or its window is not in that program. */
    for (; all < SKETCH_SIZE && i < a->count && j < b->count; all++) {
        uint64_t left = a->hashes[i], right = b->hashes[j];
        common += left == right;
        i += left <= right;
        j += right <= left;
    }
    if (all < SKETCH_SIZE) /* one sample is used up, so it is complete, and the rest of the other one differs */
        all += a->count - i + b->count - j;
    return (int)(common * 100 / (all < SKETCH_SIZE ? all : SKETCH_SIZE));
}
