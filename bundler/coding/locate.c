/* SPDX-License-Identifier: MIT */
/*
 * Two builds of one program have mostly the same bytes, but at different offsets: code grows and shrinks, and the
 * linker moves it. The index is a sample of all windows of 16 bytes in the base, selected by their hash. For each
 * window it records the bucket (64 KiB of the base) that contains it. The windows of a frame that are selected in the
 * same way are looked up; each one that is found votes for its bucket, and the piece of the base with the most votes is
 * the result. No section table is used, so this works for shifted code, reordered functions and debug sections alike.
 * If almost nothing is found (for instance in a table of offsets that have all changed), or if more windows are in
 * several buckets than in one, the result is the piece at the frame's own position, in proportion to the sizes of the
 * files.
 */
#include "locate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/format.h"
#include "../base/file.h"

enum {
    WINDOW = 16, /* bytes; shorter ones occur everywhere in x86 code, longer ones often contain a changed address */
    BUCKET = 1 << 16, /* bytes */
    CHUNK = 1 << 20,  /* bytes that are read at a time */
    SAMPLE = 32,      /* one window in 32 is indexed; fewer if the table would be too small */
    ENTRIES_MIN = 1 << 12,
    ENTRIES_MAX = 1 << 22,
    FOUND_MIN = 64, /* the votes count only if at least about one window in 64 was found */
};
/* A piece is this much larger than the frame, in bytes. Its size is doubled until it contains 15/16 of the votes. */
static const uint32_t margin = UINT32_C(1) << 19; /* measured in docs/performance.md */

struct entry {
    uint32_t tag;    /* 0: free */
    uint32_t bucket; /* AMBIGUOUS: the window is in several */
};

#define AMBIGUOUS UINT32_MAX

struct locator {
    uint64_t size;
    uint64_t sample; /* a window is in the sample if these bits of its hash are 0 */
    uint32_t mask;   /* number of entries - 1 */
    struct entry *entries;
};

static uint64_t window_hash(const unsigned char *bytes)
{
    uint64_t a, b;

    memcpy(&a, bytes, sizeof a);
    memcpy(&b, bytes + sizeof a, sizeof b);
    /* The odd constants are from the golden ratio and the square root of 3. A multiplication carries only upwards; the
     * shifts bring the high bits down. */
    a = a * UINT64_C(0x9e3779b97f4a7c15) ^ b * UINT64_C(0xbb67ae8584caa73b);
    a = (a ^ a >> 32) * UINT64_C(0x9e3779b97f4a7c15);
    return a ^ a >> 29;
}

static struct entry *slot(const struct locator *locator, uint64_t hash)
{
    return &locator->entries[(uint32_t)(hash >> 40) & locator->mask];
}

static uint32_t tag(uint64_t hash)
{
    return (uint32_t)(hash >> 12) | 1;
}

/* A slot keeps the first window that it gets. The table is at most half full, so few windows are lost. */
static void record_window(struct locator *locator, uint64_t hash, uint32_t bucket)
{
    struct entry *entry = slot(locator, hash);

    if (entry->tag == 0)
        *entry = (struct entry){tag(hash), bucket};
    else if (entry->tag == tag(hash) && entry->bucket != bucket)
        entry->bucket = AMBIGUOUS;
}

static bool read_base(struct locator *locator, int fd)
{
    unsigned char *chunk = malloc(CHUNK + WINDOW);
    bool good = chunk != NULL;

    if (good)
        errno = 0;
    for (uint64_t offset = 0; good && offset < locator->size; offset += CHUNK) {
        uint64_t left = locator->size - offset;
        size_t size = left < CHUNK + WINDOW ? (size_t)left : CHUNK + WINDOW;
        good = file_read(fd, chunk, size, offset);
        for (size_t i = 0; good && i < CHUNK && i + WINDOW <= size; i++) {
            uint64_t hash = window_hash(chunk + i);
            if ((hash & locator->sample) == 0)
                record_window(locator, hash, (uint32_t)((offset + i) / BUCKET));
        }
    }
    free(chunk);
    return good;
}

struct locator *locator_make(int fd, uint64_t size)
{
    struct locator *locator = malloc(sizeof *locator);
    uint32_t entries = ENTRIES_MIN;
    uint64_t sample = SAMPLE;

    while (entries < ENTRIES_MAX && entries / 2 < size / SAMPLE)
        entries *= 2;
    while (size / sample > entries / 2)
        sample *= 2;
    if (!locator)
        return NULL;
    *locator = (struct locator){
        .size = size,
        .sample = sample - 1,
        .mask = entries - 1,
        .entries = calloc(entries, sizeof *locator->entries),
    };
    if (locator->entries && read_base(locator, fd))
        return locator;
    int error = errno;
    locator_free(locator);
    errno = error;
    return NULL;
}

void locator_free(struct locator *locator)
{
    if (locator)
        free(locator->entries);
    free(locator);
}

/*
 * Counts the votes for each bucket. Returns how many windows have voted. Sets *nowhere and *several to how many have
 * not, because they are not in the index, or because they are in several buckets.
 */
static uint64_t vote(const struct locator *locator, const unsigned char *bytes, size_t size, uint32_t *votes,
                     uint64_t *nowhere, uint64_t *several)
{
    uint64_t found = 0;

    *nowhere = *several = 0;
    for (size_t i = 0; i + WINDOW <= size; i++) {
        uint64_t hash = window_hash(bytes + i);
        if ((hash & locator->sample) != 0)
            continue;
        const struct entry *entry = slot(locator, hash);
        if (entry->tag != tag(hash)) {
            ++*nowhere;
        } else if (entry->bucket == AMBIGUOUS) {
            ++*several;
        } else {
            votes[entry->bucket]++;
            found++;
        }
    }
    return found;
}

/* The votes of the best run of `width` buckets. *middle: the average offset of these votes, in bytes. */
static uint64_t best_run(const uint32_t *votes, size_t buckets, size_t width, uint64_t *middle)
{
    uint64_t sum = 0, most = 0, moment = 0;
    size_t end = 0;

    for (size_t i = 0; i < buckets; i++) {
        sum += votes[i];
        if (i >= width)
            sum -= votes[i - width];
        if (sum > most) {
            most = sum;
            end = i + 1;
        }
    }
    for (size_t i = end > width ? end - width : 0; i < end; i++)
        moment += votes[i] * (uint64_t)i;
    *middle = most ? moment * BUCKET / most + BUCKET / 2 : 0;
    return most;
}

bool locator_find(const struct locator *locator, const unsigned char *bytes, size_t size, double share,
                  struct place *place)
{
    size_t buckets = (size_t)(locator->size / BUCKET + 1);
    uint32_t *votes = calloc(buckets, sizeof *votes);
    uint64_t nowhere, several, middle = 0, width = size + margin;

    if (!votes)
        return false;
    uint64_t found = vote(locator, bytes, size, votes, &nowhere, &several);
    while (best_run(votes, buckets, (size_t)(width / BUCKET), &middle) < found - found / 16 &&
           width < FATELF_PREFIX_MAX)
        width = 2 * width < FATELF_PREFIX_MAX ? 2 * width : FATELF_PREFIX_MAX;
    free(votes);
    if (found <= nowhere / FOUND_MIN || found < several) {
        width = size + margin;
        middle = (uint64_t)((double)locator->size * share);
    }
    if (width > locator->size)
        width = locator->size;
    uint64_t start = middle > width / 2 ? middle - width / 2 : 0;
    if (start > locator->size - width)
        start = locator->size - width;
    *place = (struct place){start, (uint32_t)width};
    return true;
}
