/* SPDX-License-Identifier: MIT */
#include "zstd_frame.h"

#define ZSTD_STATIC_LINKING_ONLY /* ZSTD_d_forceIgnoreChecksum */
#include <zstd.h>

#include <string.h>

#include "error.h"

/* The layout of the scratch memory. */
struct scratch {
    struct fatelf_delta_regions regions;
    unsigned char delta[]; /* frame_size bytes */
};

/*
 * Returns the content size of the zstd frame in these bytes, or one of zstd's error values, which are larger than any
 * size. The frame must fill all of the bytes, have zstd's present format (the stub contains no decoders for the formats
 * before zstd 1.0) and name no dictionary.
 */
static unsigned long long content_size(const unsigned char *bytes, size_t size)
{
    uint32_t magic;

    if (size < sizeof magic)
        return ZSTD_CONTENTSIZE_ERROR;
    memcpy(&magic, bytes, sizeof magic);
    if (magic != ZSTD_MAGICNUMBER || ZSTD_getDictID_fromFrame(bytes, size) != 0 ||
        ZSTD_findFrameCompressedSize(bytes, size) != size)
        return ZSTD_CONTENTSIZE_ERROR;
    return ZSTD_getFrameContentSize(bytes, size);
}

/* Decodes the zstd frame to at most `room` bytes at `to`. Returns the decoded size; 0: the frame is damaged. */
static size_t decompress(const struct fatelf_coded_frame *frame, unsigned char *to, size_t room)
{
    unsigned long long content = content_size(frame->bytes, frame->size);

    if (content > room) /* also true for zstd's error values */
        return 0;
    /* The checksum of the coded bytes has matched. zstd's own checksum would cover about three times as many bytes. */
    ZSTD_DCtx_setParameter(frame->context, ZSTD_d_forceIgnoreChecksum, ZSTD_d_ignoreChecksum);
    return ZSTD_decompressDCtx(frame->context, to, room, frame->bytes, frame->size) == content ? (size_t)content : 0;
}

int fatelf_zstd_decode(const struct fatelf_coded_frame *frame)
{
    return decompress(frame, frame->raw, frame->raw_size) == frame->raw_size ? 0 : FATELF_ERROR_FRAME;
}

size_t fatelf_zstd_delta_scratch_size(uint32_t frame_size)
{
    return sizeof(struct scratch) + frame_size;
}

int fatelf_zstd_delta_decode(const struct fatelf_coded_frame *frame)
{
    struct scratch *scratch = frame->scratch;

    if (frame->prefix.size == 0)
        return fatelf_zstd_decode(frame);
    size_t size = decompress(frame, scratch->delta, frame->frame_size);
    bool good = fatelf_delta_decode(scratch->delta, size, &frame->prefix, &scratch->regions, frame->raw,
                                    frame->raw_size);
    return good ? 0 : FATELF_ERROR_FRAME;
}
