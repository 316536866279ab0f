#include "manifest.h"

#include <stdbool.h>
#include <string.h>

#include "checksum.h"
#include "error.h"

static size_t sums_size(const struct fatelf_variant *variant)
{
    return variant->encoding == FATELF_ENCODING_STORED ? variant->frame_count * sizeof(uint64_t) : 0;
}

size_t fatelf_manifest_size(const struct fatelf_variant *variants, size_t count)
{
    size_t size = sizeof(struct fatelf_header) + count * sizeof *variants + sizeof(uint64_t);

    for (size_t i = 0; i < count; i++)
        size += sums_size(&variants[i]);
    return size;
}

/* Once the checksum is right: what a newer version may have written. */
static int check_header(const struct fatelf_header *header)
{
    if (header->version != FATELF_VERSION)
        return FATELF_ERROR_MANIFEST_VERSION;
    if (header->header_size != sizeof *header || header->variant_size != sizeof(struct fatelf_variant))
        return FATELF_ERROR_MANIFEST_SIZE;
    if (header->incompatible & ~FATELF_INCOMPATIBLE_KNOWN)
        return FATELF_ERROR_MANIFEST_FEATURE;
    if (header->reserved != 0)
        return FATELF_ERROR_MANIFEST_RESERVED;
    if (header->variant_count < 1 || header->variant_count > FATELF_VARIANTS_MAX)
        return FATELF_ERROR_MANIFEST_COUNT;
    if (header->launch != FATELF_LAUNCH_MEMFD)
        return FATELF_ERROR_MANIFEST_LAUNCH;
    return 0;
}

static bool is_power_of_two(uint32_t n)
{
    return n != 0 && (n & (n - 1)) == 0;
}

/* `below`: the level before this one. `sums_offset`: where this variant's sums must start, if it has any. */
static int check_variant(const struct fatelf_variant *variant, unsigned below, size_t sums_offset)
{
    if (variant->level <= below || variant->level > FATELF_LEVEL_MAX)
        return FATELF_ERROR_VARIANT_LEVEL;
    if (variant->reserved != 0)
        return FATELF_ERROR_MANIFEST_RESERVED;
    if (variant->encoding != FATELF_ENCODING_STORED && variant->encoding != FATELF_ENCODING_ZSTD)
        return FATELF_ERROR_VARIANT_ENCODING;
    if (variant->base != 0)
        return FATELF_ERROR_VARIANT_BASE;
    if (variant->size < 1 || variant->size > FATELF_SIZE_MAX || variant->payload_size < 1 ||
        variant->payload_size > FATELF_SIZE_MAX || variant->payload_offset > FATELF_SIZE_MAX)
        return FATELF_ERROR_VARIANT_SIZE;
    if (!is_power_of_two(variant->frame_size) || variant->frame_size < FATELF_FRAME_SIZE_MIN ||
        variant->frame_size > FATELF_FRAME_SIZE_MAX ||
        variant->frame_count != fatelf_frame_count(variant->size, variant->frame_size))
        return FATELF_ERROR_VARIANT_FRAMES;
    if (variant->encoding == FATELF_ENCODING_STORED && variant->payload_size != variant->size)
        return FATELF_ERROR_VARIANT_SIZE;
    if (variant->sums_offset != (variant->encoding == FATELF_ENCODING_STORED ? sums_offset : 0))
        return FATELF_ERROR_VARIANT_SUMS;
    return 0;
}

int fatelf_manifest_decode(const void *bytes, size_t size, struct fatelf_manifest *manifest)
{
    const unsigned char *from = bytes;
    struct fatelf_manifest m;
    uint64_t checksum;
    unsigned below = 0;
    int error;

    if (size < sizeof m.header + sizeof checksum)
        return FATELF_ERROR_MANIFEST_SIZE;
    memcpy(&m.header, from, sizeof m.header);
    if (m.header.magic != FATELF_MAGIC)
        return FATELF_ERROR_MANIFEST_MAGIC;
    if (m.header.manifest_size != size)
        return FATELF_ERROR_MANIFEST_SIZE;
    memcpy(&checksum, from + size - sizeof checksum, sizeof checksum);
    if (checksum != fatelf_checksum(from, size - sizeof checksum))
        return FATELF_ERROR_MANIFEST_CHECKSUM;
    error = check_header(&m.header);
    if (error)
        return error;
    size_t variants_size = m.header.variant_count * sizeof *m.variants;
    if (size < sizeof m.header + variants_size + sizeof checksum)
        return FATELF_ERROR_MANIFEST_SIZE;
    memcpy(m.variants, from + sizeof m.header, variants_size);

    size_t sums_offset = sizeof m.header + variants_size;
    for (unsigned i = 0; i < m.header.variant_count; i++) {
        error = check_variant(&m.variants[i], below, sums_offset);
        if (error)
            return error;
        below = m.variants[i].level;
        sums_offset += sums_size(&m.variants[i]);
    }
    if (sums_offset + sizeof checksum != size)
        return FATELF_ERROR_MANIFEST_SIZE;
    *manifest = m;
    return 0;
}

int fatelf_manifest_encode(const struct fatelf_manifest *manifest, const uint64_t *sums, void *bytes)
{
    struct fatelf_manifest m = *manifest;
    struct fatelf_manifest checked;
    unsigned char *to = bytes;

    if (m.header.variant_count < 1 || m.header.variant_count > FATELF_VARIANTS_MAX)
        return FATELF_ERROR_MANIFEST_COUNT;
    size_t count = m.header.variant_count;
    size_t size = fatelf_manifest_size(m.variants, count);
    if (size > UINT32_MAX)
        return FATELF_ERROR_MANIFEST_SIZE;

    m.header.magic = FATELF_MAGIC;
    m.header.version = FATELF_VERSION;
    m.header.header_size = sizeof m.header;
    m.header.variant_size = sizeof *m.variants;
    m.header.manifest_size = (uint32_t)size;
    size_t offset = sizeof m.header + count * sizeof *m.variants;
    size_t sums_total = size - sizeof(uint64_t) - offset;
    for (size_t i = 0; i < count; i++) {
        m.variants[i].sums_offset = sums_size(&m.variants[i]) ? (uint32_t)offset : 0;
        offset += sums_size(&m.variants[i]);
    }

    memcpy(to, &m.header, sizeof m.header);
    memcpy(to + sizeof m.header, m.variants, count * sizeof *m.variants);
    if (sums_total)
        memcpy(to + size - sizeof(uint64_t) - sums_total, sums, sums_total);
    uint64_t checksum = fatelf_checksum(to, size - sizeof checksum);
    memcpy(to + size - sizeof checksum, &checksum, sizeof checksum);
    return fatelf_manifest_decode(bytes, size, &checked);
}
