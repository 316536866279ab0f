/* SPDX-License-Identifier: MIT */
/* A bundle in memory, for the tests of lib/payload.c. */
#ifndef TESTS_UNIT_PAYLOAD_H
#define TESTS_UNIT_PAYLOAD_H

#include "unit.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "../../lib/checksum.h"
#include "../../lib/error.h"
#include "../../lib/payload.h"

enum {
    FRAME_SIZE = FATELF_FRAME_SIZE_MIN,
    FRAMES = 3,
    SIZE = 2 * FRAME_SIZE + 1000, /* of every variant */
    ROOM = 8 * SIZE,
    TABLE = 8 + 8 * FRAMES + 9, /* a seek table */
};

enum { DELTA, STORED, BASE, COUNT }; /* v1, coded against v3; v2; v3 */

/* A bundle as `create` makes it, in memory. */
struct fixture {
    struct fatelf_bundle bundle;
    struct fatelf_frame frames[COUNT][FRAMES];
    unsigned char raw[COUNT][SIZE];
    unsigned char bytes[ROOM];
    ZSTD_DCtx *context;
};

static inline uint64_t frame_raw_size(unsigned frame)
{
    return frame + 1 < FRAMES ? FRAME_SIZE : SIZE - (FRAMES - 1) * FRAME_SIZE;
}

/* Bytes that can be compressed only with a base. */
static inline void fill_noise(unsigned char *bytes, size_t size, uint64_t state)
{
    for (size_t i = 0; i < size; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        bytes[i] = (unsigned char)(state >> 56);
    }
}

static inline size_t code(void *to, size_t room, const void *from, size_t size)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();

    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    size_t coded = ZSTD_compress2(context, to, room, from, size);
    ZSTD_freeCCtx(context);
    assert_false(ZSTD_isError(coded));
    return coded;
}

static inline size_t put_number(unsigned char *to, uint32_t value)
{
    size_t size = 0;

    for (; value >= 0x80; value >>= 7)
        to[size++] = (unsigned char)(value | 0x80);
    to[size++] = (unsigned char)value;
    return size;
}

/* Codes a frame that copies `size` bytes of its prefix from `place` on. */
static inline size_t code_copy(void *to, size_t room, uint32_t place, uint32_t size)
{
    unsigned char delta[64];
    struct fatelf_delta header = {.sizes[FATELF_DELTA_LITERAL_SIZES] = 1};
    size_t total = sizeof header;

    delta[total++] = 0;
    header.sizes[FATELF_DELTA_COPY_SIZES] = (uint32_t)put_number(delta + total, size);
    total += header.sizes[FATELF_DELTA_COPY_SIZES];
    header.sizes[FATELF_DELTA_MOVES] = (uint32_t)put_number(delta + total, 2 * place);
    total += header.sizes[FATELF_DELTA_MOVES];
    memcpy(delta, &header, sizeof header);
    return code(to, room, delta, total);
}

/* The whole base for the first frame, a part of it for the second, none for the last. */
static inline void set_prefixes(struct fatelf_frame *frames)
{
    frames[0].prefix_size = SIZE;
    frames[1].prefix_offset = FRAME_SIZE - 500;
    frames[1].prefix_size = FRAME_SIZE + 1000;
}

static inline void put_seek_table(unsigned char *to, const struct fatelf_frame *frames)
{
    uint32_t table[2 + 2 * FRAMES + 1] = {0x184D2A5E, TABLE - 8};

    for (unsigned i = 0; i < FRAMES; i++) {
        table[2 + 2 * i] = frames[i].size;
        table[3 + 2 * i] = (uint32_t)frame_raw_size(i);
    }
    table[2 + 2 * FRAMES] = FRAMES;
    memcpy(to, table, sizeof table);
    memcpy(to + sizeof table, "\0\xb1\xea\x92\x8f", 5);
}

static inline int make(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct fatelf_manifest manifest = {.header = {.variant_count = COUNT, .launch = FATELF_LAUNCH_MEMFD}};
    struct fatelf_frame *frames[COUNT];
    uint64_t at = 4096;

    fill_noise(f->raw[BASE], SIZE, 1);
    fill_noise(f->raw[STORED], SIZE, 2);
    memcpy(f->raw[DELTA], f->raw[BASE] + 100, SIZE - 100); /* the base's bytes, shifted */
    for (unsigned v = 0; v < COUNT; v++) {
        frames[v] = f->frames[v];
        struct fatelf_variant *variant = &manifest.variants[v];
        *variant = (struct fatelf_variant){
            .level = (uint8_t)(v + 1),
            .frame_size = FRAME_SIZE,
            .frame_count = FRAMES,
            .size = SIZE,
            .payload_offset = at,
            .encoding = v == DELTA    ? FATELF_ENCODING_ZSTD_DELTA
                        : v == STORED ? FATELF_ENCODING_STORED
                                      : FATELF_ENCODING_ZSTD,
            .base = v == DELTA ? BASE + 1 : 0,
        };
        if (v == DELTA)
            set_prefixes(f->frames[v]);
        for (unsigned i = 0; i < FRAMES; i++) {
            struct fatelf_frame *frame = &f->frames[v][i];
            const unsigned char *from = f->raw[v] + i * FRAME_SIZE;
            unsigned char *to = f->bytes + at + variant->payload_size;
            size_t size = frame_raw_size(i);
            size_t room = (size_t)(f->bytes + ROOM - to);
            if (v == STORED)
                memcpy(to, from, size);
            else if (frame->prefix_size)
                size = code_copy(to, room, (uint32_t)(i * FRAME_SIZE + 100 - frame->prefix_offset), (uint32_t)size);
            else
                size = code(to, room, from, size);
            frame->size = (uint32_t)size;
            frame->offset = variant->payload_size;
            frame->checksum = fatelf_checksum(to, size);
            variant->payload_size += size;
        }
        if (v != STORED) {
            put_seek_table(f->bytes + at + variant->payload_size, f->frames[v]);
            variant->payload_size += TABLE;
        }
        at += variant->payload_size + 64;
    }
    assert_int_equal(fatelf_manifest_encode(&manifest, NULL, frames, NULL, f->bytes), 0);
    size_t size = fatelf_manifest_size(&manifest);
    assert_int_equal(fatelf_manifest_decode(f->bytes, size, &f->bundle.manifest), 0);
    f->bundle.bytes = f->bytes;
    f->bundle.mapped = true;
    f->bundle.size = at;
    f->context = ZSTD_createDCtx();
    *state = f;
    return 0;
}

static inline int drop(void **state)
{
    struct fixture *f = *state;

    ZSTD_freeDCtx(f->context);
    free(f);
    return 0;
}

#endif
