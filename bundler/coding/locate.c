/* SPDX-License-Identifier: MIT */
/*
 * Two builds of one program have mostly the same bytes, but at different offsets: code grows and shrinks, and the
 * linker moves it. The index is a sample of all windows of 16 bytes in the base, selected by their hash. (These windows
 * are not the window of the base in lib/window.h.) For each window the index records the bucket (64 KiB of the base)
 * that contains it. The windows of a frame that are selected in the same way are looked up; each one that is found
 * votes for its bucket, and the piece of the base with the most votes is the result. No section table is used, so this
 * works for shifted code, reordered functions and debug sections alike.
 * If almost nothing is found (for instance in a table of offsets that have all changed), or if more windows are in
 * several buckets than in one, the result is the piece at the frame's own position, in proportion to the sizes of the
 * files.
 *
 * All pieces lie within LOCATE_DISTANCE_MAX of the frame's own position, so that a start needs only a part of the base
 * in memory. These positions ascend from frame to frame. So the piece of a frame ends at most twice this distance
 * behind the start of the piece of any later frame. Rounded to frames of the base, that is at most FATELF_REACH_MAX. A
 * piece far away makes the reach of the whole variant larger, so one that is near is preferred if it has most of the
 * votes.
 */
#include "locate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/format.h"
#include "../base/file.h"
#include "../base/window_hash.h"

enum {
    WINDOW =
        WINDOW_HASH_SIZE, /* 16 bytes; shorter ones occur everywhere in x86 code, longer ones often contain a changed address */
    BUCKET = 1 << 16, /* bytes */
    CHUNK = 1 << 20,  /* bytes that are read at a time */
    SAMPLE = 32,      /* one window in 32 is indexed; fewer if the table would be too small */
    ENTRIES_MIN = 1 << 12,
    ENTRIES_MAX = 1 << 22,
    FOUND_MIN = 64, /* the votes count only if at least about one window in 64 was found */
    NEAR = 2 << 20, /* a piece whose middle is at most so many bytes from the frame's own position is preferred */
    WIDER_MAX = 4,  /* a piece has at most so many times its usual size: if the content is in several places */
    BUCKETS_MAX = 2 * LOCATE_DISTANCE_MAX / BUCKET + 2, /* buckets that a range touches */
};
/* A piece is this much larger than the frame, in bytes. */
static const uint32_t margin = UINT32_C(1) << 18; /* measured in docs/performance.md */

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

/* A part of the base, in bytes. */
struct range {
    uint64_t start;
    uint64_t end;
};

/* The votes for the buckets that a range touches. */
struct votes {
    struct range range;
    uint64_t found;   /* windows that have voted */
    uint64_t several; /* windows that have not, because they are in several buckets */
    uint64_t nowhere; /* windows that have not, because they are not in the range */
    uint32_t of[BUCKETS_MAX];
};

static struct range around(const struct locator *locator, uint64_t position, uint64_t distance)
{
    return (struct range){
        .start = position > distance ? position - distance : 0,
        .end = locator->size - position > distance ? position + distance : locator->size,
    };
}

static void vote(const struct locator *locator, const unsigned char *bytes, size_t size, struct votes *votes)
{
    uint64_t first = votes->range.start / BUCKET, last = votes->range.end / BUCKET;

    for (size_t i = 0; i + WINDOW <= size; i++) {
        uint64_t hash = window_hash(bytes + i);
        if ((hash & locator->sample) != 0)
            continue;
        const struct entry *entry = slot(locator, hash);
        if (entry->tag == tag(hash) && entry->bucket == AMBIGUOUS) {
            votes->several++;
        } else if (entry->tag != tag(hash) || entry->bucket < first || entry->bucket > last) {
            votes->nowhere++;
        } else {
            votes->of[entry->bucket - first]++;
            votes->found++;
        }
    }
}

/*
 * Looks at all runs of buckets that are as long as `width` and lie in `range`, which is a part of votes->range. Returns
 * how many votes the run with the most votes has. Sets *middle to the average offset of these votes in the base.
 */
static uint64_t best_run(const struct votes *votes, struct range range, uint64_t width, uint64_t *middle)
{
    uint64_t sum = 0, most = 0, moment = 0, first = votes->range.start / BUCKET;
    size_t start = (size_t)(range.start / BUCKET - first), last = (size_t)(range.end / BUCKET - first);
    size_t end = start, length = (size_t)(width / BUCKET);

    for (size_t i = start; i <= last; i++) {
        sum += votes->of[i];
        if (i - start >= length)
            sum -= votes->of[i - length];
        if (sum > most) {
            most = sum;
            end = i + 1;
        }
    }
    for (size_t i = end - start > length ? end - length : start; i < end; i++)
        moment += votes->of[i] * (first + i);
    *middle = most ? moment * BUCKET / most + BUCKET / 2 : 0;
    return most;
}

void locator_find(const struct locator *locator, const unsigned char *bytes, size_t size, double share,
                  struct place *place)
{
    uint64_t position = (uint64_t)((double)locator->size * share), middle, ignored, width = size + margin;
    struct range near = around(locator, position, width / 2 + NEAR);
    struct votes votes = {.range = around(locator, position, LOCATE_DISTANCE_MAX)};
    struct range range = votes.range;

    vote(locator, bytes, size, &votes);
    if (votes.found <= votes.nowhere / FOUND_MIN || votes.found < votes.several) {
        middle = position;
    } else {
        if (best_run(&votes, near, width, &ignored) >= votes.found - votes.found / 4)
            range = near;
        uint64_t most = best_run(&votes, range, WIDER_MAX * width, &ignored), limit = WIDER_MAX * width;
        while (best_run(&votes, range, width, &middle) < most - most / 16 && width < limit)
            width *= 2;
    }
    if (width > range.end - range.start)
        width = range.end - range.start;
    uint64_t start = middle > width / 2 ? middle - width / 2 : 0;
    if (start < range.start)
        start = range.start;
    if (start > range.end - width)
        start = range.end - width;
    *place = (struct place){start, (uint32_t)width};
}
