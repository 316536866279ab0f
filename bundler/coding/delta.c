/* SPDX-License-Identifier: MIT */
#include "delta.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "../../lib/delta.h"

enum {
    FIELD = sizeof(uint32_t),
    NUMBER_MAX = 5, /* bytes of the longest number in a stream */
};

struct stream {
    unsigned char *bytes;
    size_t size;
    size_t room; /* allocated bytes */
};

struct delta_coder {
    uint32_t frame_size;
    struct aligner *aligner;
    struct stream streams[FATELF_DELTA_STREAMS];
    struct fatelf_delta_regions regions;
    bool out_of_memory;
    uint32_t literals; /* bytes of literals since the last copy */
    uint32_t gap;      /* copied bytes since the last changed field */
    int32_t shift;     /* of the last copy */
};

struct delta_coder *delta_coder_make(uint32_t frame_size)
{
    struct delta_coder *coder = calloc(1, sizeof *coder);

    if (!coder)
        return NULL;
    coder->frame_size = frame_size;
    coder->aligner = aligner_make(frame_size);
    if (coder->aligner)
        return coder;
    free(coder);
    return NULL;
}

void delta_coder_free(struct delta_coder *coder)
{
    if (!coder)
        return;
    for (size_t i = 0; i < FATELF_DELTA_STREAMS; i++)
        free(coder->streams[i].bytes);
    aligner_free(coder->aligner);
    free(coder);
}

/* Makes room for `size` more bytes and returns where they go. NULL: coder->out_of_memory is set. */
static unsigned char *reserve(struct delta_coder *coder, enum fatelf_delta_stream which, size_t size)
{
    struct stream *stream = &coder->streams[which];

    if (size > stream->room - stream->size) {
        size_t room = 2 * stream->room + size;
        unsigned char *bytes = realloc(stream->bytes, room);
        if (!bytes) {
            coder->out_of_memory = true;
            return NULL;
        }
        stream->bytes = bytes;
        stream->room = room;
    }
    return stream->bytes + stream->size;
}

static void put_number(struct delta_coder *coder, enum fatelf_delta_stream which, uint32_t value)
{
    unsigned char *to = reserve(coder, which, NUMBER_MAX);

    if (!to)
        return;
    for (; value >= 0x80; value >>= 7)
        *to++ = (unsigned char)(value | 0x80);
    *to++ = (unsigned char)value;
    coder->streams[which].size = (size_t)(to - coder->streams[which].bytes);
}

static uint32_t to_zigzag(uint32_t value)
{
    return value << 1 ^ (0 - (value >> 31));
}

static void put_literals(struct delta_coder *coder, const unsigned char *bytes, uint32_t size)
{
    unsigned char *to = size > 0 ? reserve(coder, FATELF_DELTA_LITERALS, size) : NULL;

    if (!to)
        return;
    memcpy(to, bytes, size);
    coder->streams[FATELF_DELTA_LITERALS].size += size;
    coder->literals += size;
}

/* Writes a change of the copied field at raw[at]; `from`: the field in the prefix. lib/format.h explains moved[]. */
static void put_change(struct delta_coder *coder, const unsigned char *from, const unsigned char *raw, uint32_t at)
{
    uint32_t before, after, shift = (uint32_t)coder->shift;

    memcpy(&before, from, sizeof before);
    memcpy(&after, raw + at, sizeof after);
    uint32_t *moved = fatelf_delta_region(&coder->regions, at + shift, before);
    uint32_t difference = after - before;
    put_number(coder, FATELF_DELTA_GAPS, coder->gap);
    put_number(coder, FATELF_DELTA_CHANGES, difference == *moved + shift ? 0 : to_zigzag(difference));
    *moved = difference - shift;
    coder->gap = 0;
}

/* How many bytes of a copy can be used: a field that has to be changed must not reach beyond the end of the copy. */
static uint32_t usable(const unsigned char *from, const unsigned char *to, uint32_t size)
{
    uint32_t at = 0;

    while (at < size)
        if (from[at] == to[at])
            at++;
        else if (size - at < FIELD)
            return at;
        else
            at += FIELD;
    return size;
}

static void put_copy(struct delta_coder *coder, const unsigned char *prefix, const unsigned char *raw, uint32_t at,
                     uint32_t size, int32_t shift)
{
    const unsigned char *from = prefix + (int64_t)at + shift;
    uint32_t usable_size = usable(from, raw + at, size);

    if (usable_size > 0) {
        put_number(coder, FATELF_DELTA_LITERAL_SIZES, coder->literals);
        put_number(coder, FATELF_DELTA_COPY_SIZES, usable_size);
        put_number(coder, FATELF_DELTA_MOVES, to_zigzag((uint32_t)shift - (uint32_t)coder->shift));
        coder->literals = 0;
        coder->shift = shift;
    }
    for (uint32_t i = 0; i < usable_size;)
        if (from[i] == raw[at + i]) {
            i++;
            coder->gap++;
        } else {
            put_change(coder, from + i, raw, at + i);
            i += FIELD;
        }
    put_literals(coder, raw + at + usable_size, size - usable_size);
}

/* Writes the whole frame to the streams. Each run of bytes with the same shift is one copy, or literals. */
static void put_frame(struct delta_coder *coder, const unsigned char *prefix, const unsigned char *raw, uint32_t size,
                      const int32_t *shifts)
{
    for (uint32_t at = 0; at < size;) {
        uint32_t end = at + 1;
        while (end < size && shifts[end] == shifts[at])
            end++;
        if (shifts[at] == ALIGN_LITERAL)
            put_literals(coder, raw + at, end - at);
        else
            put_copy(coder, prefix, raw, at, end - at, shifts[at]);
        at = end;
    }
}

/*
 * Compresses header and streams into one zstd frame. Each stream starts a zstd block, so that it gets entropy tables of
 * its own: the streams differ in which bytes are frequent. Returns the size; 0: there is no room, or zstd has failed.
 */
static size_t compress(const struct delta_coder *coder, ZSTD_CCtx *context, const struct fatelf_delta *header,
                       size_t size, unsigned char *to, size_t room)
{
    ZSTD_outBuffer out = {.dst = to, .size = room};
    ZSTD_inBuffer in = {.src = header, .size = sizeof *header};
    bool good = !ZSTD_isError(ZSTD_CCtx_reset(context, ZSTD_reset_session_only)) &&
                !ZSTD_isError(ZSTD_CCtx_setPledgedSrcSize(context, size)) &&
                ZSTD_compressStream2(context, &out, &in, ZSTD_e_flush) == 0;

    for (size_t i = 0; good && i < FATELF_DELTA_STREAMS; i++) {
        in = (ZSTD_inBuffer){.src = coder->streams[i].bytes, .size = coder->streams[i].size};
        good = in.size == 0 || ZSTD_compressStream2(context, &out, &in, ZSTD_e_flush) == 0;
    }
    in = (ZSTD_inBuffer){0};
    good = good && ZSTD_compressStream2(context, &out, &in, ZSTD_e_end) == 0;
    ZSTD_CCtx_reset(context, ZSTD_reset_session_only);
    return good ? out.pos : 0;
}

bool delta_code(struct delta_coder *coder, ZSTD_CCtx *context, const unsigned char *prefix, uint32_t prefix_size,
                const unsigned char *raw, size_t size, unsigned char *to, size_t room, size_t *coded)
{
    const int32_t *shifts = align(coder->aligner, prefix, prefix_size, raw, size);
    struct fatelf_delta header;
    size_t total = sizeof header;

    if (!shifts)
        return false;
    for (size_t i = 0; i < FATELF_DELTA_STREAMS; i++)
        coder->streams[i].size = 0;
    memset(&coder->regions, 0, sizeof coder->regions);
    coder->literals = coder->gap = 0;
    coder->shift = 0;
    put_frame(coder, prefix, raw, (uint32_t)size, shifts);
    if (coder->out_of_memory)
        return false;
    for (size_t i = 0; i < FATELF_DELTA_STREAMS; i++) {
        header.sizes[i] = (uint32_t)coder->streams[i].size;
        total += coder->streams[i].size;
    }
    *coded = total <= coder->frame_size ? compress(coder, context, &header, total, to, room) : 0;
    return true;
}
