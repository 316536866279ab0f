/* SPDX-License-Identifier: MIT */
#include "delta.h"

#include <string.h>

enum { BLOCK = 16 };

struct stream {
    const unsigned char *at;
    const unsigned char *end;
};

struct decoder {
    struct stream streams[FATELF_DELTA_STREAMS];
    const unsigned char *head; /* the prefix, or its part before the end of the window */
    const unsigned char *tail; /* the rest, at the start of the window */
    uint32_t head_size;
    uint32_t prefix_size; /* of both parts */
    struct fatelf_delta_regions *regions;
    unsigned char *raw;
    uint32_t raw_size;
    uint32_t at;   /* bytes of raw that are done */
    int64_t shift; /* raw[i] is copied from prefix[i + shift] */
    bool more;     /* there is another field to change */
    uint32_t gap;  /* if so, the number of copied bytes before it */
};

static size_t remaining(const struct stream *stream)
{
    return (size_t)(stream->end - stream->at);
}

/* Reads a number of more than one byte. */
static bool read_long_number(struct stream *stream, uint32_t *value)
{
    uint64_t sum = 0;

    for (unsigned bits = 0; bits < 35 && stream->at < stream->end; bits += 7) {
        unsigned char byte = *stream->at++;
        sum |= (uint64_t)(byte & 0x7f) << bits;
        if (byte < 0x80) {
            *value = (uint32_t)sum;
            return sum <= UINT32_MAX;
        }
    }
    return false;
}

/* Reads a number from a stream. False: the stream ends, or the number is too large. */
static inline bool read_number(struct stream *stream, uint32_t *value)
{
    if (stream->at == stream->end)
        return false;
    if (*stream->at >= 0x80)
        return read_long_number(stream, value);
    *value = *stream->at++;
    return true;
}

/* The signed number that a code means: 0, -1, 1, -2, 2 .. for 0, 1, 2, 3, 4 .. */
static uint32_t from_zigzag(uint32_t code)
{
    return code >> 1 ^ (0 - (code & 1));
}

/* Reads the next gap if there is one. False: it cannot be read. */
static inline bool read_gap(struct stream *gaps, bool *more, uint32_t *gap)
{
    *more = remaining(gaps) > 0;
    return !*more || read_number(gaps, gap);
}

/* Changes the fields in the copy raw[at .. end]. Until then, a field there is as it is in the prefix. */
static bool change_fields(struct decoder *decoder, uint32_t at, uint32_t end)
{
    /* Local copies, which the compiler keeps in registers. It would have to read the decoder's fields again after each
     * write to raw, because raw could point to them. */
    struct stream gaps = decoder->streams[FATELF_DELTA_GAPS], changes = decoder->streams[FATELF_DELTA_CHANGES];
    uint32_t shift = (uint32_t)decoder->shift, gap = decoder->gap, value, code;
    bool more = decoder->more;
    unsigned char *raw = decoder->raw;

    while (more && gap < end - at) {
        at += gap;
        if (end - at < sizeof value || !read_number(&changes, &code))
            return false;
        memcpy(&value, raw + at, sizeof value);
        uint32_t *moved = fatelf_delta_region(decoder->regions, at + shift, value);
        uint32_t expected = *moved + shift, difference = from_zigzag(code);
        difference = code ? difference : expected;
        *moved = difference - shift;
        value += difference;
        memcpy(raw + at, &value, sizeof value);
        at += (uint32_t)sizeof value;
        if (!read_gap(&gaps, &more, &gap))
            return false;
    }
    decoder->streams[FATELF_DELTA_GAPS] = gaps;
    decoder->streams[FATELF_DELTA_CHANGES] = changes;
    decoder->more = more;
    decoder->gap = gap - (end - at);
    return true;
}

/*
 * Copies `size` bytes in whole blocks. The last block may reach beyond the end of the copy, but not beyond `room`
 * bytes, which are readable and writable. Most copies are short, and for these it takes half as long as memcpy(). For
 * long ones memcpy() would be as fast, but musl's leaves the bytes outside of the cache, and then writing them to a
 * file takes longer.
 */
static inline void copy_blocks(unsigned char *to, const unsigned char *from, uint32_t size, size_t room)
{
    uint32_t done = 0;

    if (size + BLOCK > room) {
        for (; size - done >= BLOCK; done += BLOCK)
            memcpy(to + done, from + done, BLOCK);
        memcpy(to + done, from + done, size - done);
        return;
    }
    do
        memcpy(to + done, from + done, BLOCK);
    while ((done += BLOCK) < size);
}

static bool append_literals(struct decoder *decoder, uint32_t size)
{
    struct stream *literals = &decoder->streams[FATELF_DELTA_LITERALS];
    uint32_t room = decoder->raw_size - decoder->at;

    if (size > remaining(literals) || size > room)
        return false;
    copy_blocks(decoder->raw + decoder->at, literals->at, size,
                remaining(literals) < room ? remaining(literals) : room);
    literals->at += size;
    decoder->at += size;
    return true;
}

/* Copies a piece of the prefix that may lie in both parts. `room`: how many bytes may be written. */
static void copy_prefix(const struct decoder *decoder, unsigned char *to, uint32_t from, uint32_t size, uint32_t room)
{
    const unsigned char *part = decoder->head;
    uint32_t part_size = decoder->head_size;

    if (from < part_size && size > part_size - from) {
        uint32_t first = part_size - from;
        memcpy(to, part + from, first);
        to += first;
        from += first;
        size -= first;
        room -= first;
    }
    if (from >= part_size) {
        from -= part_size;
        part = decoder->tail;
        part_size = decoder->prefix_size - part_size;
    }
    uint32_t readable = part_size - from;
    copy_blocks(to, part + from, size, readable < room ? readable : room);
}

static bool append_copy(struct decoder *decoder, uint32_t size)
{
    uint32_t at = decoder->at, room = decoder->raw_size - at;
    int64_t from = at + decoder->shift;

    if (size > room || from < 0 || size > decoder->prefix_size - from)
        return false;
    copy_prefix(decoder, decoder->raw + at, (uint32_t)from, size, room);
    decoder->at += size;
    return change_fields(decoder, at, at + size);
}

/* Appends the next literals and the copy after them. */
static bool append_next(struct decoder *decoder)
{
    uint32_t literals, copy, move;

    if (!read_number(&decoder->streams[FATELF_DELTA_LITERAL_SIZES], &literals) ||
        !read_number(&decoder->streams[FATELF_DELTA_COPY_SIZES], &copy) ||
        !read_number(&decoder->streams[FATELF_DELTA_MOVES], &move))
        return false;
    decoder->shift += (int32_t)from_zigzag(move);
    return append_literals(decoder, literals) && append_copy(decoder, copy);
}

/* Sets the six streams. False: header and streams are not exactly `size` bytes. */
static bool find_streams(struct decoder *decoder, const unsigned char *delta, size_t size)
{
    struct fatelf_delta header;
    uint64_t sum = sizeof header;

    if (size < sizeof header)
        return false;
    memcpy(&header, delta, sizeof header);
    for (unsigned i = 0; i < FATELF_DELTA_STREAMS; i++)
        sum += header.sizes[i];
    if (sum != size)
        return false;
    delta += sizeof header;
    for (unsigned i = 0; i < FATELF_DELTA_STREAMS; i++) {
        decoder->streams[i] = (struct stream){delta, delta + header.sizes[i]};
        delta += header.sizes[i];
    }
    return true;
}

bool fatelf_delta_decode(const unsigned char *delta, size_t size, const struct fatelf_prefix *prefix,
                         struct fatelf_delta_regions *regions, unsigned char *raw, uint32_t raw_size)
{
    const struct fatelf_window *base = prefix->base;
    uint64_t before_end = base->size - prefix->offset % base->size;
    struct decoder decoder = {
        .head = fatelf_window_place(base, prefix->offset),
        .tail = base->bytes,
        .head_size = before_end < prefix->size ? (uint32_t)before_end : prefix->size,
        .prefix_size = prefix->size,
        .regions = regions,
        .raw = raw,
        .raw_size = raw_size,
    };

    memset(regions, 0, sizeof *regions);
    if (!find_streams(&decoder, delta, size) ||
        !read_gap(&decoder.streams[FATELF_DELTA_GAPS], &decoder.more, &decoder.gap))
        return false;
    while (remaining(&decoder.streams[FATELF_DELTA_COPY_SIZES]) > 0)
        if (!append_next(&decoder))
            return false;
    if (!append_literals(&decoder, raw_size - decoder.at) || decoder.more)
        return false;
    for (unsigned i = 0; i < FATELF_DELTA_STREAMS; i++)
        if (remaining(&decoder.streams[i]) > 0)
            return false;
    return true;
}
