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
    const unsigned char *prefix;
    uint32_t prefix_size;
    struct fatelf_delta_regions *regions;
    unsigned char *raw;
    uint32_t raw_size;
    uint32_t at;   /* raw bytes that are there */
    int64_t shift; /* from a place in the frame to the one in the prefix that is copied there */
    bool more;     /* is there another change, behind `gap` bytes more of copies? */
    uint32_t gap;
};

static size_t left(const struct stream *stream)
{
    return (size_t)(stream->end - stream->at);
}

/* A number of more bytes than one. */
static bool take_long(struct stream *stream, uint32_t *value)
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

/* Takes a number of a stream. False: there is none, or it is too large. */
static inline bool take(struct stream *stream, uint32_t *value)
{
    if (stream->at == stream->end)
        return false;
    if (*stream->at >= 0x80)
        return take_long(stream, value);
    *value = *stream->at++;
    return true;
}

/* Signed numbers by size: 0, -1, 1, -2, 2 .. */
static uint32_t from_zigzag(uint32_t code)
{
    return code >> 1 ^ (0 - (code & 1));
}

static inline bool take_gap(struct stream *gaps, bool *more, uint32_t *gap)
{
    *more = left(gaps) > 0;
    return !*more || take(gaps, gap);
}

/* The changes in the copy of the bytes at `from` that lies from `at` to `end`. */
static bool change(struct decoder *decoder, const unsigned char *from, uint32_t at, uint32_t end)
{
    /* what is in local variables is not read again after each byte that is written */
    struct stream gaps = decoder->streams[FATELF_DELTA_GAPS], changes = decoder->streams[FATELF_DELTA_CHANGES];
    uint32_t shift = (uint32_t)decoder->shift, gap = decoder->gap, value, code;
    bool more = decoder->more;
    unsigned char *raw = decoder->raw;

    from -= at;
    while (more && gap < end - at) {
        at += gap;
        if (end - at < sizeof value || !take(&changes, &code))
            return false;
        memcpy(&value, from + at, sizeof value);
        uint32_t *moved = fatelf_delta_region(decoder->regions, at + shift, value);
        uint32_t expected = *moved + shift, difference = from_zigzag(code);
        difference = code ? difference : expected;
        *moved = difference - shift;
        value += difference;
        memcpy(raw + at, &value, sizeof value);
        at += (uint32_t)sizeof value;
        if (!take_gap(&gaps, &more, &gap))
            return false;
    }
    decoder->streams[FATELF_DELTA_GAPS] = gaps;
    decoder->streams[FATELF_DELTA_CHANGES] = changes;
    decoder->more = more;
    decoder->gap = gap - (end - at);
    return true;
}

/*
 * Most copies are short: in blocks, whose last one may reach behind them, they take half as long as by memcpy(). `room`:
 * how much may be read and written.
 */
static inline void copy(unsigned char *to, const unsigned char *from, uint32_t size, size_t room)
{
    if (size + BLOCK > room) {
        memcpy(to, from, size);
        return;
    }
    memcpy(to, from, BLOCK);
    for (uint32_t i = BLOCK; i < size; i += BLOCK)
        memcpy(to + i, from + i, BLOCK);
}

static bool add_literals(struct decoder *decoder, uint32_t size)
{
    struct stream *literals = &decoder->streams[FATELF_DELTA_LITERALS];
    uint32_t room = decoder->raw_size - decoder->at;

    if (size > left(literals) || size > room)
        return false;
    copy(decoder->raw + decoder->at, literals->at, size, left(literals) < room ? left(literals) : room);
    literals->at += size;
    decoder->at += size;
    return true;
}

static bool add_copy(struct decoder *decoder, uint32_t size)
{
    uint32_t at = decoder->at, room = decoder->raw_size - at;
    int64_t from = at + decoder->shift, behind = decoder->prefix_size - from;

    if (size > room || from < 0 || size > behind)
        return false;
    copy(decoder->raw + at, decoder->prefix + from, size, behind < room ? (size_t)behind : room);
    decoder->at += size;
    return change(decoder, decoder->prefix + from, at, at + size);
}

/* Literals and the copy behind them. */
static bool step(struct decoder *decoder)
{
    uint32_t literals, copy, move;

    if (!take(&decoder->streams[FATELF_DELTA_LITERAL_SIZES], &literals) ||
        !take(&decoder->streams[FATELF_DELTA_COPY_SIZES], &copy) || !take(&decoder->streams[FATELF_DELTA_MOVES], &move))
        return false;
    decoder->shift += (int32_t)from_zigzag(move);
    return add_literals(decoder, literals) && add_copy(decoder, copy);
}

/* False: they are not all of what lies behind the header. */
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

bool fatelf_delta_decode(const unsigned char *delta, size_t size, const unsigned char *prefix, uint32_t prefix_size,
                         struct fatelf_delta_regions *regions, unsigned char *raw, uint32_t raw_size)
{
    struct decoder decoder = {
        .prefix = prefix,
        .prefix_size = prefix_size,
        .regions = regions,
        .raw = raw,
        .raw_size = raw_size,
    };

    memset(regions, 0, sizeof *regions);
    if (!find_streams(&decoder, delta, size) ||
        !take_gap(&decoder.streams[FATELF_DELTA_GAPS], &decoder.more, &decoder.gap))
        return false;
    while (left(&decoder.streams[FATELF_DELTA_COPY_SIZES]) > 0)
        if (!step(&decoder))
            return false;
    if (!add_literals(&decoder, raw_size - decoder.at) || decoder.more)
        return false;
    for (unsigned i = 0; i < FATELF_DELTA_STREAMS; i++)
        if (left(&decoder.streams[i]) > 0)
            return false;
    return true;
}
