/* SPDX-License-Identifier: MIT */
/*
 * What the tool codes, lib/ and a second decoder decode to the same bytes. The input is a struct head, then a text,
 * then edits: two related files are made of them, or two of a kind that coders dislike. One is the base, the other is
 * coded against it, stored, and compressed by itself.
 */
#include <zstd.h>

#include "../../bundler/coding/compress.h"
#include "../../bundler/coding/delta.h"
#include "../../lib/checksum.h"
#include "../../lib/payload.h"
#include "second_decoder.h"
#include "tool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FILE_MAX = 1 << 16, LARGE_MAX = 3 << 18, EDITS_MAX = 200 };

struct head {
    uint8_t shape;      /* enum shape, modulo SHAPES */
    uint8_t bits;       /* modulo 8: frames of 2^8 to 2^15 bytes; the rest: which frame, from the last one on */
    uint8_t large;      /* 7 modulo 64: also all frames of a larger file, as `create` makes them */
    uint8_t period;     /* SHAPE_PERIODIC; SHAPE_BORDER: which border */
    uint16_t size;      /* of the files, as far as the shape leaves that open */
    uint16_t text_size; /* bytes of the input that follow; the rest is edits */
};

enum shape { RELATED, SAME, ZEROS, PERIODIC, PREFIX, LONGER, HALVES, UNRELATED, BORDER, EMPTY_BASE, ONE_BYTE, SHAPES };

/* A change from base to variant at a place; functions move, calls and addresses get other numbers. */
struct edit {
    uint8_t kind; /* modulo 5 */
    uint8_t length;
    uint16_t place, from;
    int16_t number;
};

struct pair {
    uint8_t *base, *variant;
    size_t base_size, variant_size, room;
};

static uint32_t next_number(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

/* Something like code: most fields of 4 bytes repeat, and some are distances. */
static void fill(uint8_t *bytes, size_t size, const uint8_t *text, size_t text_size, uint32_t state)
{
    for (size_t i = 0; i < size; i++) {
        bool repeat = text_size > 0 && next_number(&state) % 4 != 0;
        bytes[i] = repeat ? text[i % text_size] : i % 8 < 3 ? (uint8_t)(i >> 3) : (uint8_t)next_number(&state);
    }
}

static void apply(struct pair *pair, const struct edit *edit)
{
    size_t size = pair->variant_size, length = edit->length;
    size_t place = size ? (size_t)edit->place * (pair->room / FILE_MAX) % size : 0;
    size_t from = size ? (size_t)edit->from * (pair->room / FILE_MAX) % size : 0;
    uint8_t *variant = pair->variant;

    switch (edit->kind % 5) {
    case 0: /* an address changes */
        if (size - place >= sizeof(uint32_t)) {
            uint32_t field;
            memcpy(&field, variant + place, sizeof field);
            field += (uint32_t)edit->number;
            memcpy(variant + place, &field, sizeof field);
        }
        break;
    case 1: /* a function is inserted */
        length = length < pair->room - size ? length : pair->room - size;
        memmove(variant + place + length, variant + place, size - place);
        memset(variant + place, edit->number, length);
        pair->variant_size += length;
        break;
    case 2: /* a function is removed */
        length = length < size - place ? length : size - place;
        memmove(variant + place, variant + place + length, size - place - length);
        pair->variant_size -= length;
        break;
    case 3: /* a piece is in another place */
        length = (size_t)length * 16;
        length = length < size - place ? length : size - place;
        length = length < size - from ? length : size - from;
        memmove(variant + place, variant + from, length);
        break;
    default: /* all addresses behind a place change */
        for (size_t at = place; size - at >= sizeof(uint32_t); at += 4 * (length % 16 + 1)) {
            uint32_t field;
            memcpy(&field, variant + at, sizeof field);
            field += (uint32_t)edit->number;
            memcpy(variant + at, &field, sizeof field);
            if (size - at < 4u * (length % 16 + 1))
                break;
        }
    }
}

static void make_pair(struct pair *pair, const struct head *head, const uint8_t *rest, size_t size, size_t frame_size)
{
    size_t text_size = head->text_size < size ? head->text_size : size, length = head->size * (pair->room / FILE_MAX);
    enum shape shape = head->shape % SHAPES;

    if (shape == BORDER) /* around a multiple of the frame size */
        length = frame_size * (head->period % 4 + 1) + (size_t)(head->period / 4 % 3) - 1;
    length = length < pair->room ? length : pair->room;
    pair->base_size = pair->variant_size = length;
    fill(pair->base, length, rest, text_size, head->period);
    if (shape == ZEROS)
        memset(pair->base, 0, length);
    if (shape == PERIODIC)
        for (size_t i = head->period + 1u; i < length; i++)
            pair->base[i] = pair->base[i - head->period - 1];
    memcpy(pair->variant, pair->base, length);
    if (shape == PREFIX)
        pair->variant_size = length / 2;
    if (shape == LONGER)
        pair->base_size = length / 2;
    if (shape == HALVES) {
        memcpy(pair->variant, pair->base + length - length / 2, length / 2);
        memcpy(pair->variant + length / 2, pair->base, length - length / 2);
    }
    if (shape == UNRELATED)
        fill(pair->variant, length, NULL, 0, head->period + 1u);
    if (shape == EMPTY_BASE)
        pair->base_size = head->period % 16;
    if (shape == ONE_BYTE)
        pair->variant_size = head->period % 16;
    if (shape != SAME)
        for (unsigned i = 0; i < EDITS_MAX && size - text_size >= (i + 1) * sizeof(struct edit); i++) {
            struct edit edit;
            memcpy(&edit, rest + text_size + i * sizeof edit, sizeof edit);
            apply(pair, &edit);
        }
}

/* The content of a frame with a prefix, decoded in two ways. */
static void check_delta(const struct pair *pair, const struct fatelf_frame *frame, const uint8_t *coded, uint8_t *raw,
                        uint32_t raw_size, uint32_t frame_size)
{
    uint8_t *delta = malloc(frame_size);
    size_t size = ZSTD_decompress(delta, frame_size, coded, frame->size);

    if (ZSTD_isError(size))
        fault("the content of a delta is larger than a frame", "");
    if (!second_decode(delta, size, pair->base + frame->prefix_offset, frame->prefix_size, raw, raw_size))
        fault("the second decoder refuses a delta", "");
    free(delta);
}

/* Decodes a coded frame and compares it with the variant. */
static void check_frame(const struct pair *pair, const struct fatelf_variant *variant, const struct fatelf_frame *frame,
                        const uint8_t *coded, uint32_t index)
{
    static ZSTD_DCtx *context;
    struct fatelf_variant only = *variant;
    struct fatelf_window window = {pair->base, pair->base_size};
    uint64_t offset = (uint64_t)index * variant->frame_size;
    const unsigned char *bytes;

    only.size -= offset; /* so that it is frame 0 of what is left */
    only.frame_count -= index;
    struct fatelf_payload payload = {
        .variant = &only,
        .encoding = fatelf_encoding_by_number(variant->encoding),
        .frames = (const unsigned char *)frame,
    };
    uint32_t raw_size = fatelf_payload_raw_size(&payload, 0);
    size_t scratch_size = fatelf_payload_scratch_size(&payload);
    void *scratch = malloc(scratch_size ? scratch_size : 1);
    uint8_t *exact = malloc(frame->size), *raw = malloc(raw_size);
    context = context ? context : ZSTD_createDCtx();
    memcpy(exact, coded, frame->size);
    if (frame->prefix_offset + frame->prefix_size > pair->base_size)
        fault("a prefix outside of the base", "");
    if (fatelf_payload_decode(&payload, 0, exact, context, &window, scratch, raw, &bytes) != 0)
        fault("a frame cannot be decoded", payload.encoding->name);
    if (memcmp(bytes, pair->variant + offset, raw_size) != 0)
        fault("a frame is decoded to other bytes", payload.encoding->name);
    if (frame->prefix_size > 0) {
        check_delta(pair, frame, exact, raw, raw_size, variant->frame_size);
        if (memcmp(raw, pair->variant + offset, raw_size) != 0)
            fault("the second decoder makes other bytes", "");
    }
    free(scratch);
    free(exact);
    free(raw);
}

/*
 * Codes a frame of the variant as `encoding`, with frames of 2^`bits` bytes, and checks it. The coders are kept,
 * because they are large.
 */
static void check_encoding(const struct pair *pair, const struct build *build, const struct encode_base *base,
                           enum fatelf_encoding encoding, uint32_t bits, uint32_t which)
{
    static struct {
        struct encode_job job;
        struct encoder *encoder;
    } kept[ENCODE_ROWS][16];
    uint32_t frame_size = UINT32_C(1) << bits;
    struct encode_job *job = &kept[encoding - 1][bits].job;
    struct encoder **encoder = &kept[encoding - 1][bits].encoder;
    struct encode_frame frame = {malloc(frame_size + ALIGN_SLACK), malloc(encode_bound(frame_size)), 0, 0, {0, 0}};
    struct fatelf_variant variant = {.encoding = (uint8_t)encoding, .frame_size = frame_size, .size = build->size};
    const char *path;

    *job = (struct encode_job){encode_by_encoding(encoding), build, base, frame_size, base ? 1 : ENCODE_LEVEL_DEFAULT};
    if (!*encoder)
        *encoder = encoder_make(job);
    variant.frame_count = (uint32_t)((build->size + frame_size - 1) / frame_size);
    uint32_t index = variant.frame_count - 1 - which % variant.frame_count;
    const char *error = encoder_code(*encoder, index, &frame, &path);
    if (error)
        fault("a frame cannot be coded", error);
    const uint8_t *coded = job->row->code ? frame.coded : frame.raw;
    size_t size = job->row->code ? frame.coded_size : frame.raw_size;
    struct fatelf_frame entry = {
        .checksum = fatelf_checksum(coded, size),
        .prefix_offset = frame.prefix.offset,
        .size = (uint32_t)size,
        .prefix_size = frame.prefix.size,
    };
    check_frame(pair, &variant, &entry, coded, index);
    free(frame.raw);
    free(frame.coded);
}

/* Codes the variant as `create` does; the number of threads changes nothing. */
static void check_payload(const struct pair *pair, const struct build *build, const struct encode_base *base)
{
    struct compress_settings settings = {FATELF_ENCODING_ZSTD, base ? 1 : ENCODE_LEVEL_DEFAULT, 1, "spool"};
    static struct memory_file spools[2];
    struct coded coded[2];
    uint8_t *bytes[2];

    for (unsigned i = 0; i < 2; i++) {
        memory_file_write(&spools[i], "", 0);
        lseek(spools[i].fd, 0, SEEK_SET);
        settings.threads = 2 * i + 1;
        if (compress_build(build, base, &settings, spools[i].fd, &coded[i]) != 0)
            fault("a build cannot be coded", "");
        bytes[i] = malloc(coded[i].payload_size);
        if (pread(spools[i].fd, bytes[i], coded[i].payload_size, 0) != (ssize_t)coded[i].payload_size)
            fault("the payload is shorter than its size", "");
    }
    if (coded[0].payload_size != coded[1].payload_size || memcmp(bytes[0], bytes[1], coded[0].payload_size) != 0 ||
        memcmp(coded[0].frames, coded[1].frames, coded[0].frame_count * sizeof *coded[0].frames) != 0)
        fault("the number of threads changes the payload", "");
    struct fatelf_variant variant = {
        .encoding = (uint8_t)coded[0].encoding,
        .frame_size = coded[0].frame_size,
        .frame_count = coded[0].frame_count,
        .size = coded[0].size,
    };
    for (uint32_t i = 0; i < coded[0].frame_count; i++)
        check_frame(pair, &variant, &coded[0].frames[i], bytes[0] + coded[0].frames[i].offset, i);
    for (unsigned i = 0; i < 2; i++) {
        free(bytes[i]);
        free(coded[i].frames);
    }
}

static void check_pair(const struct head *head, const uint8_t *rest, size_t size, bool large)
{
    static struct memory_file files[2];
    uint32_t bits = 8 + head->bits % 8, which = head->bits / 8;
    uint32_t frame_size = large ? COMPRESS_FRAME_SIZE_MIN : UINT32_C(1) << bits;
    struct pair pair = {.room = large ? LARGE_MAX : FILE_MAX};

    pair.base = malloc(pair.room);
    pair.variant = malloc(pair.room);
    make_pair(&pair, head, rest, size, frame_size);
    memory_file_write(&files[0], pair.base, pair.base_size);
    memory_file_write(&files[1], pair.variant, pair.variant_size);
    struct build builds[2] = {
        {.path = "base", .fd = files[0].fd, .size = pair.base_size},
        {.path = "variant", .fd = files[1].fd, .size = pair.variant_size},
    };
    /* a build is never empty */
    struct locator *locator = pair.base_size > 0 ? locator_make(files[0].fd, pair.base_size) : NULL;
    struct encode_base base = {&builds[0], locator};
    if (locator && pair.variant_size > 0 && !large) {
        if (head->large % 8 == 0) {
            check_encoding(&pair, &builds[1], NULL, FATELF_ENCODING_STORED, bits, which);
            check_encoding(&pair, &builds[1], NULL, FATELF_ENCODING_ZSTD, bits, which);
        }
        check_encoding(&pair, &builds[1], &base, FATELF_ENCODING_ZSTD_DELTA, bits, which);
    }
    if (locator && pair.variant_size > 0 && large) {
        check_payload(&pair, &builds[1], &base);
        check_payload(&pair, &builds[1], NULL);
    }
    locator_free(locator);
    free(pair.base);
    free(pair.variant);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static unsigned large; /* these take fifty times as long, so that only some are tried, and always the first */
    struct head head;

    if (size < sizeof head)
        return 0;
    memcpy(&head, data, sizeof head);
    check_pair(&head, data + sizeof head, size - sizeof head, false);
    if (head.large % 64 == 7 && large++ % 16 == 0)
        check_pair(&head, data + sizeof head, size - sizeof head, true);
    return 0;
}
