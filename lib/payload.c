/* SPDX-License-Identifier: MIT */
#include "payload.h"

#define ZSTD_STATIC_LINKING_ONLY /* ZSTD_d_forceIgnoreChecksum */
#include <zstd.h>

#include <string.h>

#include "checksum.h"
#include "delta.h"
#include "error.h"

struct fatelf_frame fatelf_payload_frame(const struct fatelf_payload *payload, uint32_t frame)
{
    struct fatelf_frame entry;

    memcpy(&entry, payload->frames + (size_t)frame * sizeof entry, sizeof entry);
    return entry;
}

uint32_t fatelf_payload_raw_size(const struct fatelf_payload *payload, uint32_t frame)
{
    const struct fatelf_variant *variant = payload->variant;

    if (frame + 1 < variant->frame_count)
        return variant->frame_size;
    return (uint32_t)(variant->size - (uint64_t)frame * variant->frame_size);
}

static uint64_t seek_table_size(const struct fatelf_variant *variant)
{
    if (variant->encoding == FATELF_ENCODING_STORED)
        return 0;
    return sizeof(struct fatelf_seek_header) + (uint64_t)variant->frame_count * sizeof(struct fatelf_seek_entry) +
           sizeof(struct fatelf_seek_footer);
}

/* `offset`: where the frame must start. */
static int check_frame(const struct fatelf_payload *payload, uint32_t index, uint64_t offset)
{
    struct fatelf_frame frame = fatelf_payload_frame(payload, index);
    uint64_t base_size = payload->base ? payload->base->size : 0;

    if (frame.offset != offset || frame.size < 1 || frame.size > payload->variant->payload_size - offset)
        return FATELF_ERROR_FRAME_PLACE;
    if (payload->variant->encoding == FATELF_ENCODING_STORED && frame.size != fatelf_payload_raw_size(payload, index))
        return FATELF_ERROR_FRAME_PLACE;
    if (frame.prefix_size == 0)
        return frame.prefix_offset == 0 ? 0 : FATELF_ERROR_FRAME_PREFIX;
    if (frame.prefix_size > FATELF_PREFIX_MAX || frame.prefix_size > base_size ||
        frame.prefix_offset > base_size - frame.prefix_size)
        return FATELF_ERROR_FRAME_PREFIX;
    return 0;
}

int fatelf_payload_open(const struct fatelf_bundle *bundle, unsigned index, struct fatelf_payload *payload)
{
    const struct fatelf_variant *variant = &bundle->manifest.variants[index];
    int base = fatelf_manifest_find(&bundle->manifest, variant->base);
    uint64_t offset = 0;

    *payload = (struct fatelf_payload){
        .variant = variant,
        .base = base < 0 ? NULL : &bundle->manifest.variants[base],
        .bytes = bundle->bytes + variant->payload_offset,
        .frames = bundle->bytes + variant->frames_offset,
    };
    for (uint32_t i = 0; i < variant->frame_count; i++) {
        int error = check_frame(payload, i, offset);
        if (error)
            return error;
        offset += fatelf_payload_frame(payload, i).size;
    }
    return offset + seek_table_size(variant) == variant->payload_size ? 0 : FATELF_ERROR_FRAME_PLACE;
}

int fatelf_payload_open_base(const struct fatelf_bundle *bundle, const struct fatelf_payload *payload,
                             struct fatelf_payload *base)
{
    return fatelf_payload_open(bundle, (unsigned)(payload->base - bundle->manifest.variants), base);
}

int fatelf_payload_check_seek_table(const struct fatelf_payload *payload)
{
    const struct fatelf_variant *variant = payload->variant;
    uint64_t size = seek_table_size(variant);
    const unsigned char *table = payload->bytes + (variant->payload_size - size);
    struct fatelf_seek_header header;
    struct fatelf_seek_entry entry;
    struct fatelf_seek_footer footer;

    if (size == 0)
        return 0;
    memcpy(&header, table, sizeof header);
    memcpy(&footer, table + size - sizeof footer, sizeof footer);
    if (header.skippable_magic != FATELF_SEEK_SKIPPABLE_MAGIC || header.frame_size != size - sizeof header ||
        footer.number_of_frames != variant->frame_count || footer.descriptor != 0 ||
        footer.seekable_magic != FATELF_SEEK_FOOTER_MAGIC)
        return FATELF_ERROR_SEEK_TABLE;
    for (uint32_t i = 0; i < variant->frame_count; i++) {
        memcpy(&entry, table + sizeof header + (size_t)i * sizeof entry, sizeof entry);
        if (entry.compressed_size != fatelf_payload_frame(payload, i).size ||
            entry.decompressed_size != fatelf_payload_raw_size(payload, i))
            return FATELF_ERROR_SEEK_TABLE;
    }
    return 0;
}

/* In what order they lie in the scratch memory. */
struct scratch {
    struct fatelf_delta_regions regions;
    unsigned char delta[]; /* frame_size */
};

size_t fatelf_payload_scratch_size(const struct fatelf_payload *payload)
{
    return payload->base ? sizeof(struct scratch) + payload->variant->frame_size : 0;
}

/* The size of what is in this zstd frame of format 1, if that is one, without a dictionary, and nothing behind it. */
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

/* Decodes a zstd frame of at most `room` bytes. Returns its size, or 0. */
static size_t decompress(struct ZSTD_DCtx_s *context, const unsigned char *from, size_t size, unsigned char *to,
                         size_t room)
{
    unsigned long long content = content_size(from, size);

    if (content > room) /* and so is what it cannot be, which zstd's errors look like */
        return 0;
    /* What it decodes to follows from bytes known to be right: no second checksum, over three times as many. */
    ZSTD_DCtx_setParameter(context, ZSTD_d_forceIgnoreChecksum, ZSTD_d_ignoreChecksum);
    return ZSTD_decompressDCtx(context, to, room, from, size) == content ? (size_t)content : 0;
}

int fatelf_payload_decode(const struct fatelf_payload *payload, uint32_t frame, struct ZSTD_DCtx_s *context,
                          const unsigned char *base, void *scratch, unsigned char *buffer, const unsigned char **bytes)
{
    struct fatelf_frame entry = fatelf_payload_frame(payload, frame);
    const unsigned char *from = payload->bytes + entry.offset;
    uint32_t size = fatelf_payload_raw_size(payload, frame);
    struct scratch *work = scratch;

    if (entry.checksum != fatelf_checksum(from, entry.size))
        return FATELF_ERROR_FRAME_CHECKSUM;
    *bytes = from;
    if (payload->variant->encoding == FATELF_ENCODING_STORED)
        return 0;
    *bytes = buffer;
    if (entry.prefix_size == 0)
        return decompress(context, from, entry.size, buffer, size) == size ? 0 : FATELF_ERROR_FRAME;
    size_t delta = decompress(context, from, entry.size, work->delta, payload->variant->frame_size);
    if (!fatelf_delta_decode(work->delta, delta, base + entry.prefix_offset, entry.prefix_size, &work->regions, buffer,
                             size))
        return FATELF_ERROR_FRAME;
    return 0;
}
