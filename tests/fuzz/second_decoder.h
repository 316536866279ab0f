/* SPDX-License-Identifier: MIT */
/* A second decoder of deltas, which does what the text in lib/format.h says, byte by byte. */
#ifndef TESTS_FUZZ_SECOND_DECODER_H
#define TESTS_FUZZ_SECOND_DECODER_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "../../lib/format.h"

struct reader {
    const uint8_t *at, *end;
    bool failed;
};

static uint32_t next(struct reader *stream)
{
    uint64_t number = 0;

    for (unsigned i = 0; i < 5; i++) {
        if (stream->at == stream->end)
            break;
        uint8_t byte = *stream->at++;
        number |= (uint64_t)(byte & 127) << (7 * i);
        if (byte < 128) {
            stream->failed |= number > UINT32_MAX;
            return (uint32_t)number;
        }
    }
    stream->failed = true;
    return 0;
}

static int64_t next_signed(struct reader *stream)
{
    uint32_t code = next(stream);

    return code % 2 ? -((int64_t)code + 1) / 2 : (int64_t)code / 2;
}

static uint32_t field_at(const uint8_t *bytes)
{
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

/* Decodes; false: the delta is refused. */
static bool second_decode(const uint8_t *delta, size_t size, const uint8_t *prefix, uint32_t prefix_size, uint8_t *raw,
                          uint32_t raw_size)
{
    static uint32_t moved[FATELF_DELTA_REGIONS];
    struct reader s[FATELF_DELTA_STREAMS];
    struct fatelf_delta header;
    uint64_t sum = sizeof header, at = 0, gap = 0;
    int64_t shift = 0;
    bool none = true;

    memset(moved, 0, sizeof moved);
    if (size < sizeof header)
        return false;
    memcpy(&header, delta, sizeof header);
    for (unsigned i = 0; i < FATELF_DELTA_STREAMS; i++) {
        if (header.sizes[i] > size || sum + header.sizes[i] > size)
            return false;
        s[i] = (struct reader){delta + sum, delta + sum + header.sizes[i], false};
        sum += header.sizes[i];
    }
    if (sum != size)
        return false;
    struct reader *gaps = &s[FATELF_DELTA_GAPS], *literals = &s[FATELF_DELTA_LITERALS];
    if (gaps->at < gaps->end) {
        gap = next(gaps);
        none = false;
    }
    while (s[FATELF_DELTA_COPY_SIZES].at < s[FATELF_DELTA_COPY_SIZES].end) {
        uint32_t literal_size = next(&s[FATELF_DELTA_LITERAL_SIZES]), copy_size = next(&s[FATELF_DELTA_COPY_SIZES]);
        shift += next_signed(&s[FATELF_DELTA_MOVES]);
        for (unsigned i = 0; i < FATELF_DELTA_STREAMS; i++)
            if (s[i].failed)
                return false;
        for (; literal_size > 0; literal_size--) {
            if (literals->at == literals->end || at == raw_size)
                return false;
            raw[at++] = *literals->at++;
        }
        int64_t from = (int64_t)at + shift;
        if (from < 0 || from + copy_size > prefix_size || at + copy_size > raw_size)
            return false;
        uint64_t end = at + copy_size;
        for (uint32_t i = 0; i < copy_size; i++)
            raw[at + i] = prefix[from + i];
        while (!none && at + gap < end) {
            at += gap;
            if (at + 4 > end)
                return false;
            uint32_t place = (uint32_t)((int64_t)at + shift), field = field_at(prefix + place);
            uint32_t *entry = &moved[(uint32_t)(place + field) / FATELF_DELTA_REGION_SIZE % FATELF_DELTA_REGIONS];
            uint32_t code = next(&s[FATELF_DELTA_CHANGES]);
            uint32_t change = code == 0  ? *entry + (uint32_t)shift
                              : code % 2 ? 0 - (uint32_t)(((uint64_t)code + 1) / 2)
                                         : code / 2;
            for (unsigned i = 0; i < 4; i++)
                raw[at + i] = (uint8_t)((field + change) >> (8 * i));
            *entry = change - (uint32_t)shift;
            at += 4;
            none = gaps->at == gaps->end;
            gap = none ? 0 : next(gaps);
            if (gaps->failed || s[FATELF_DELTA_CHANGES].failed)
                return false;
        }
        if (!none)
            gap -= end - at;
        at = end;
    }
    while (literals->at < literals->end) {
        if (at == raw_size)
            return false;
        raw[at++] = *literals->at++;
    }
    for (unsigned i = 0; i < FATELF_DELTA_STREAMS; i++)
        if (s[i].failed || s[i].at < s[i].end)
            return false;
    return at == raw_size && none;
}

#endif
