#include "payload.h"

#define ZSTD_STATIC_LINKING_ONLY /* ZSTD_getFrameHeader */
#include <zstd.h>
#include <zstd_errors.h>

#include <string.h>

#include "checksum.h"
#include "error.h"

static struct fatelf_seek_entry seek_entry(const struct fatelf_payload *payload, uint32_t frame)
{
    struct fatelf_seek_entry entry;

    memcpy(&entry, payload->table + (size_t)frame * sizeof entry, sizeof entry);
    return entry;
}

uint32_t fatelf_payload_frame_size(const struct fatelf_payload *payload, uint32_t frame)
{
    const struct fatelf_variant *variant = payload->variant;

    if (frame + 1 < variant->frame_count)
        return variant->frame_size;
    return (uint32_t)(variant->size - (uint64_t)frame * variant->frame_size);
}

/* Checks the seek table to the last bit: every field has exactly one value it may have. */
static int open_zstd(struct fatelf_payload *payload)
{
    const struct fatelf_variant *variant = payload->variant;
    struct fatelf_seek_header header;
    struct fatelf_seek_footer footer;
    uint64_t entries = (uint64_t)variant->frame_count * sizeof(struct fatelf_seek_entry);
    uint64_t table = sizeof header + entries + sizeof footer;

    if (table >= variant->payload_size)
        return FATELF_ERROR_SEEK_TABLE;
    const unsigned char *start = payload->bytes + (variant->payload_size - table);
    memcpy(&header, start, sizeof header);
    memcpy(&footer, start + sizeof header + entries, sizeof footer);
    if (header.skippable_magic != FATELF_SEEK_SKIPPABLE_MAGIC || header.frame_size != table - sizeof header ||
        footer.number_of_frames != variant->frame_count || footer.descriptor != 0 ||
        footer.seekable_magic != FATELF_SEEK_FOOTER_MAGIC)
        return FATELF_ERROR_SEEK_TABLE;

    payload->table = start + sizeof header;
    uint64_t compressed = 0;
    for (uint32_t i = 0; i < variant->frame_count; i++) {
        struct fatelf_seek_entry entry = seek_entry(payload, i);
        if (entry.decompressed_size != fatelf_payload_frame_size(payload, i))
            return FATELF_ERROR_SEEK_TABLE;
        compressed += entry.compressed_size;
    }
    return compressed == variant->payload_size - table ? 0 : FATELF_ERROR_SEEK_TABLE;
}

int fatelf_payload_open(const struct fatelf_bundle *bundle, unsigned index, struct fatelf_payload *payload)
{
    const struct fatelf_variant *variant = &bundle->manifest.variants[index];

    payload->variant = variant;
    payload->bytes = bundle->bytes + variant->payload_offset;
    payload->table = bundle->bytes + variant->sums_offset;
    return variant->encoding == FATELF_ENCODING_ZSTD ? open_zstd(payload) : 0;
}

static int decode_stored(const struct fatelf_payload *payload, uint32_t frame, uint32_t size,
                         const unsigned char **bytes)
{
    const unsigned char *raw = payload->bytes + (uint64_t)frame * payload->variant->frame_size;
    uint64_t sum;

    memcpy(&sum, payload->table + (size_t)frame * sizeof sum, sizeof sum);
    if (sum != fatelf_checksum(raw, size))
        return FATELF_ERROR_FRAME_CHECKSUM;
    *bytes = raw;
    return 0;
}

/*
 * `create` writes every frame with its size and checksum and without a dictionary. A frame that says otherwise is
 * damaged, even where zstd would take it; so is a second frame behind it. Byte 4 is the frame header descriptor; its
 * bit 4 is unused and zstd ignores it (RFC 8878, 3.1.1.1.1).
 */
static int check_frame_header(const unsigned char *frame, size_t frame_bytes, uint32_t size)
{
    ZSTD_frameHeader header;

    if (frame_bytes < 5 || ZSTD_getFrameHeader(&header, frame, frame_bytes) != 0 ||
        header.frameType != ZSTD_frame || header.frameContentSize != size || !header.checksumFlag ||
        header.dictID != 0 || frame[4] & 0x10 || ZSTD_findFrameCompressedSize(frame, frame_bytes) != frame_bytes)
        return FATELF_ERROR_FRAME;
    return 0;
}

int fatelf_payload_decode(const struct fatelf_payload *payload, struct fatelf_cursor *cursor, uint32_t frame,
                          struct ZSTD_DCtx_s *context, unsigned char *buffer, const unsigned char **bytes)
{
    uint32_t size = fatelf_payload_frame_size(payload, frame);

    if (payload->variant->encoding == FATELF_ENCODING_STORED)
        return decode_stored(payload, frame, size, bytes);

    for (; cursor->frame < frame; cursor->frame++)
        cursor->offset += seek_entry(payload, cursor->frame).compressed_size;
    const unsigned char *from = payload->bytes + cursor->offset;
    size_t from_size = seek_entry(payload, frame).compressed_size;
    int error = check_frame_header(from, from_size, size);
    if (error)
        return error;
    size_t result = ZSTD_decompressDCtx(context, buffer, size, from, from_size);
    if (result != size)
        return ZSTD_getErrorCode(result) == ZSTD_error_checksum_wrong ? FATELF_ERROR_FRAME_CHECKSUM
                                                                      : FATELF_ERROR_FRAME;
    *bytes = buffer;
    return 0;
}
