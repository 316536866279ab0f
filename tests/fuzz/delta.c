/* SPDX-License-Identifier: MIT */
/*
 * lib/delta.c against a second decoder (second_decoder.h): both accept the same deltas and make the same bytes. The
 * input is a struct head and what a delta is made from: operations, of which a valid one is made and then damaged in
 * one place, or with `whole` the delta itself.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/delta.h"
#include "../../lib/format.h"
#include "second_decoder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct head {
    uint16_t raw_size; /* with `whole`; taken modulo SIZE_LIMIT like the next one */
    uint16_t prefix_size;
    uint16_t prefix_offset; /* in the window, so that the prefix may go on at the window's start */
    uint8_t seed;           /* of the prefix */
    uint8_t whole;          /* 1: the rest of the input is the delta */
    uint16_t damaged;       /* where a byte of the delta is changed, if it has as many */
    uint8_t difference;     /* that is added to this byte */
};

/* A copy with the literals before it, and a changed field in it. */
struct operation {
    uint8_t literals, copy, gap, change;
    uint16_t from; /* where in the prefix; taken modulo what is possible */
};

enum { SIZE_LIMIT = 1 << 12 };

/* --- making deltas ------------------------------------------------------------------- */

struct stream {
    uint8_t bytes[SIZE_LIMIT];
    uint32_t size;
};

static void put(struct stream *stream, uint32_t number)
{
    for (; number > 127; number >>= 7)
        stream->bytes[stream->size++] = (uint8_t)(number | 128);
    stream->bytes[stream->size++] = (uint8_t)number;
}

static uint32_t zigzag(int64_t number)
{
    return number < 0 ? (uint32_t)(-number * 2 - 1) : (uint32_t)(number * 2);
}

/* Makes a valid delta at `delta`. Returns its size, and sets *raw_size. */
static size_t make_delta(const uint8_t *data, size_t size, uint32_t prefix_size, uint8_t *delta, uint32_t *raw_size)
{
    static struct stream streams[FATELF_DELTA_STREAMS];
    struct fatelf_delta header;
    struct operation operation;
    uint32_t at = 0, copied = 0; /* bytes copied since the last field */
    int64_t shift = 0;

    for (unsigned i = 0; i < FATELF_DELTA_STREAMS; i++)
        streams[i].size = 0;
    for (; size >= sizeof operation && at < SIZE_LIMIT / 2; data += sizeof operation, size -= sizeof operation) {
        memcpy(&operation, data, sizeof operation);
        uint32_t literals = operation.literals % 16, copy = operation.copy % 64;
        copy = copy < prefix_size ? copy : prefix_size;
        uint32_t from = operation.from % (prefix_size - copy + 1), gap = operation.gap % 32;
        put(&streams[FATELF_DELTA_LITERAL_SIZES], literals);
        put(&streams[FATELF_DELTA_COPY_SIZES], copy);
        for (uint32_t i = 0; i < literals; i++)
            streams[FATELF_DELTA_LITERALS].bytes[streams[FATELF_DELTA_LITERALS].size++] = (uint8_t)(at + i);
        at += literals;
        put(&streams[FATELF_DELTA_MOVES], zigzag((int64_t)from - at - shift));
        shift = (int64_t)from - at;
        at += copy;
        uint32_t start = copied;
        copied += copy;
        if (gap + 4 <= copy) {
            put(&streams[FATELF_DELTA_GAPS], start + gap);
            put(&streams[FATELF_DELTA_CHANGES], operation.change % 4 ? operation.change * 0x01010101u : 0);
            copied = copy - gap - 4;
        }
    }
    for (; size > 0; size--, at++)
        streams[FATELF_DELTA_LITERALS].bytes[streams[FATELF_DELTA_LITERALS].size++] = *data++;
    *raw_size = at;
    size_t end = sizeof header;
    for (unsigned i = 0; i < FATELF_DELTA_STREAMS; i++) {
        header.sizes[i] = streams[i].size;
        memcpy(delta + end, streams[i].bytes, streams[i].size);
        end += streams[i].size;
    }
    memcpy(delta, &header, sizeof header);
    return end;
}

/* --- the comparison ------------------------------------------------------------------- */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fatelf_delta_regions regions;
    static uint8_t window_bytes[2 * SIZE_LIMIT], prefix[SIZE_LIMIT];
    uint8_t *raw[2];
    struct head head;

    if (size < sizeof head)
        return 0;
    memcpy(&head, data, sizeof head);
    uint32_t raw_size = head.raw_size % SIZE_LIMIT, prefix_size = head.prefix_size % SIZE_LIMIT, x = head.seed;
    struct fatelf_window window = {window_bytes, sizeof window_bytes};
    for (uint32_t i = 0; i < prefix_size; i++) {
        x = x * 1103515245 + 12345;
        prefix[i] = i % 4 == 3 ? (uint8_t) - (x >> 31) : (uint8_t)(x >> 16); /* many fields are near each other */
        *fatelf_window_place(&window, head.prefix_offset + i) = prefix[i];
    }
    static uint8_t made[FATELF_DELTA_STREAMS * SIZE_LIMIT];
    size_t rest = size - sizeof head, delta_size = rest;
    if (rest > SIZE_LIMIT / 2)
        return 0;
    if (head.whole == 1)
        memcpy(made, data + sizeof head, rest);
    else
        delta_size = make_delta(data + sizeof head, rest, prefix_size, made, &raw_size);
    if (head.whole != 1 && head.damaged < delta_size)
        made[head.damaged] = (uint8_t)(made[head.damaged] + head.difference);
    /* exactly as large as they must be, so that the sanitizer sees what is read or written beyond */
    uint8_t *delta = malloc(delta_size ? delta_size : 1);
    memcpy(delta, made, delta_size);
    raw[0] = calloc(1, raw_size ? raw_size : 1);
    raw[1] = calloc(1, raw_size ? raw_size : 1);
    struct fatelf_prefix piece = {&window, head.prefix_offset, prefix_size};
    bool good = fatelf_delta_decode(delta, delta_size, &piece, &regions, raw[0], raw_size);
    bool second = second_decode(delta, delta_size, prefix, prefix_size, raw[1], raw_size);
    if (good != second || (head.whole != 1 && (head.damaged >= delta_size || head.difference == 0) && !good) ||
        (good && memcmp(raw[0], raw[1], raw_size) != 0))
        abort();
    free(delta);
    free(raw[0]);
    free(raw[1]);
    return 0;
}
