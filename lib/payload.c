/* SPDX-License-Identifier: MIT */
#include "payload.h"

#include <string.h>

#include "checksum.h"
#include "error.h"

struct fatelf_frame fatelf_payload_frame(const struct fatelf_payload *payload, uint32_t frame)
{
    struct fatelf_frame entry;

    memcpy(&entry, payload->frames + (size_t)frame * sizeof entry, sizeof entry);
    return entry;
}

struct fatelf_base_frames fatelf_payload_base_frames(const struct fatelf_payload *payload, uint32_t frame)
{
    struct fatelf_frame entry = fatelf_payload_frame(payload, frame);

    if (entry.prefix_size == 0)
        return (struct fatelf_base_frames){0};
    return (struct fatelf_base_frames){
        .first = (uint32_t)(entry.prefix_offset / payload->base->frame_size),
        .end = (uint32_t)fatelf_frame_count(entry.prefix_offset + entry.prefix_size, payload->base->frame_size),
    };
}

const unsigned char *fatelf_payload_coded(const struct fatelf_payload *payload, uint32_t frame)
{
    return payload->bytes + fatelf_payload_frame(payload, frame).offset;
}

uint32_t fatelf_payload_raw_size(const struct fatelf_payload *payload, uint32_t frame)
{
    const struct fatelf_variant *variant = payload->variant;

    if (frame + 1 < variant->frame_count)
        return variant->frame_size;
    return (uint32_t)(variant->size - (uint64_t)frame * variant->frame_size);
}

uint64_t fatelf_payload_seek_table_size(const struct fatelf_payload *payload)
{
    if (!payload->encoding->seek_table)
        return 0;
    return sizeof(struct fatelf_seek_header) +
           (uint64_t)payload->variant->frame_count * sizeof(struct fatelf_seek_entry) +
           sizeof(struct fatelf_seek_footer);
}

/* Checks the entry of frame `index`, which must start at `offset` of the payload. */
static int check_frame(const struct fatelf_payload *payload, uint32_t index, uint64_t offset)
{
    struct fatelf_frame frame = fatelf_payload_frame(payload, index);
    uint64_t base_size = payload->base ? payload->base->size : 0;

    if (frame.offset != offset || frame.size < 1 || frame.size > payload->variant->payload_size - offset)
        return FATELF_ERROR_FRAME_PLACE;
    if (payload->encoding->decode ? frame.size > fatelf_coded_size_max(payload->variant->frame_size)
                                  : frame.size != fatelf_payload_raw_size(payload, index))
        return FATELF_ERROR_FRAME_PLACE;
    if (frame.prefix_size == 0)
        return frame.prefix_offset == 0 ? 0 : FATELF_ERROR_FRAME_PREFIX;
    if (frame.prefix_size > base_size || frame.prefix_offset > base_size - frame.prefix_size)
        return FATELF_ERROR_FRAME_PREFIX;
    return 0;
}

/*
 * Sets payload->reach. The prefix of a frame may lie behind the prefix of a later frame. Then everything from the start
 * of the later frame's prefix to the end of the earlier frame's prefix is needed at once.
 */
static int find_reach(struct fatelf_payload *payload)
{
    uint32_t end = 0;

    for (uint32_t i = 0; i < payload->variant->frame_count; i++) {
        struct fatelf_base_frames needed = fatelf_payload_base_frames(payload, i);
        if (needed.end == 0)
            continue;
        if (needed.end > end)
            end = needed.end;
        if (end - needed.first > payload->reach)
            payload->reach = end - needed.first;
    }
    if (payload->base && (uint64_t)payload->reach * payload->base->frame_size > FATELF_REACH_MAX)
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
        .encoding = fatelf_encoding_by_number(variant->encoding),
        .base = base < 0 ? NULL : &bundle->manifest.variants[base],
        .bytes = bundle->mapped ? bundle->bytes + variant->payload_offset : NULL,
        .frames = bundle->bytes + variant->frames_offset,
    };
    for (uint32_t i = 0; i < variant->frame_count; i++) {
        int error = check_frame(payload, i, offset);
        if (error)
            return error;
        offset += fatelf_payload_frame(payload, i).size;
    }
    if (offset + fatelf_payload_seek_table_size(payload) != variant->payload_size)
        return FATELF_ERROR_FRAME_PLACE;
    return find_reach(payload);
}

int fatelf_payload_open_base(const struct fatelf_bundle *bundle, const struct fatelf_payload *payload,
                             struct fatelf_payload *base)
{
    return fatelf_payload_open(bundle, (unsigned)(payload->base - bundle->manifest.variants), base);
}

int fatelf_payload_check_seek_table(const struct fatelf_payload *payload, const unsigned char *table)
{
    const struct fatelf_variant *variant = payload->variant;
    uint64_t size = fatelf_payload_seek_table_size(payload);
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

size_t fatelf_payload_scratch_size(const struct fatelf_payload *payload)
{
    return payload->encoding->scratch_size ? payload->encoding->scratch_size(payload->variant->frame_size) : 0;
}

int fatelf_payload_decode(const struct fatelf_payload *payload, uint32_t frame, const unsigned char *coded,
                          struct ZSTD_DCtx_s *context, const struct fatelf_window *base, void *scratch,
                          unsigned char *buffer, const unsigned char **bytes)
{
    struct fatelf_frame entry = fatelf_payload_frame(payload, frame);
    struct fatelf_coded_frame from = {
        .bytes = coded,
        .size = entry.size,
        .prefix = {base, entry.prefix_offset, entry.prefix_size},
        .frame_size = payload->variant->frame_size,
        .context = context,
        .scratch = scratch,
        .raw = buffer,
        .raw_size = fatelf_payload_raw_size(payload, frame),
    };

    if (entry.checksum != fatelf_checksum(coded, entry.size))
        return FATELF_ERROR_FRAME_CHECKSUM;
    *bytes = payload->encoding->decode ? buffer : coded;
    return payload->encoding->decode ? payload->encoding->decode(&from) : 0;
}
