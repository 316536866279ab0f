/* SPDX-License-Identifier: MIT */
#include "manifest.h"

#include <elf.h>
#include <string.h>

#include "checksum.h"
#include "encoding.h"
#include "error.h"
#include "launch.h"

static size_t frames_size(const struct fatelf_variant *variant)
{
    return variant->frame_count * sizeof(struct fatelf_frame);
}

int fatelf_manifest_find(const struct fatelf_manifest *manifest, unsigned level)
{
    for (unsigned i = 0; i < manifest->header.variant_count; i++)
        if (manifest->variants[i].level == level)
            return (int)i;
    return -1;
}

uint64_t fatelf_elf_size(const struct fatelf_elf *elf)
{
    uint64_t size = sizeof *elf + elf->header_count * sizeof(Elf64_Phdr) + elf->interpreter_size;

    return (size + 7) & ~UINT64_C(7);
}

static size_t appended_size(const struct fatelf_header *header)
{
    return header->appended_count * sizeof(struct fatelf_appended);
}

size_t fatelf_manifest_size(const struct fatelf_manifest *manifest)
{
    size_t count = manifest->header.variant_count;
    size_t size = sizeof manifest->header + count * sizeof *manifest->variants + appended_size(&manifest->header) +
                  sizeof(uint64_t);

    for (size_t i = 0; i < count; i++)
        size += manifest->variants[i].elf_size + frames_size(&manifest->variants[i]);
    return size;
}

struct fatelf_appended fatelf_manifest_appended(const struct fatelf_manifest *manifest, const void *bytes,
                                                unsigned index)
{
    const unsigned char *end = (const unsigned char *)bytes + manifest->header.manifest_size - sizeof(uint64_t);
    struct fatelf_appended appended;

    memcpy(&appended, end - appended_size(&manifest->header) + index * sizeof appended, sizeof appended);
    return appended;
}

/* Called after the checksum has matched, so any wrong field was written by another version or by an attacker. */
static int check_header(const struct fatelf_header *header)
{
    if (header->version != FATELF_VERSION)
        return FATELF_ERROR_MANIFEST_VERSION;
    if (header->header_size != sizeof *header || header->variant_size != sizeof(struct fatelf_variant))
        return FATELF_ERROR_MANIFEST_SIZE;
    if (header->incompatible & ~FATELF_INCOMPATIBLE_KNOWN)
        return FATELF_ERROR_MANIFEST_FEATURE;
    if (header->appended_count > FATELF_APPENDED_MAX)
        return FATELF_ERROR_APPENDED;
    if (header->variant_count < 1 || header->variant_count > FATELF_VARIANTS_MAX)
        return FATELF_ERROR_MANIFEST_COUNT;
    if (!fatelf_launch_by_number(header->launch))
        return FATELF_ERROR_MANIFEST_LAUNCH;
    return 0;
}

/* `below`: the previous variant's level. `frames_offset`: where this variant's table of frames must start. */
static int check_variant(const struct fatelf_variant *variant, unsigned below, size_t frames_offset)
{
    const struct fatelf_encoding_row *encoding = fatelf_encoding_by_number(variant->encoding);

    if (variant->level <= below || variant->level > FATELF_LEVEL_MAX)
        return FATELF_ERROR_VARIANT_LEVEL;
    if (!encoding)
        return FATELF_ERROR_VARIANT_ENCODING;
    if (variant->size < 1 || variant->size > FATELF_SIZE_MAX || variant->payload_size < 1 ||
        variant->payload_size > FATELF_SIZE_MAX || variant->payload_offset > FATELF_SIZE_MAX)
        return FATELF_ERROR_VARIANT_SIZE;
    if (!fatelf_is_power_of_two(variant->frame_size) || variant->frame_size < FATELF_FRAME_SIZE_MIN ||
        variant->frame_size > FATELF_FRAME_SIZE_MAX ||
        variant->frame_count != fatelf_frame_count(variant->size, variant->frame_size))
        return FATELF_ERROR_VARIANT_FRAMES;
    if (!encoding->decode && variant->payload_size != variant->size)
        return FATELF_ERROR_VARIANT_SIZE;
    return variant->frames_offset == frames_offset ? 0 : FATELF_ERROR_VARIANT_TABLE;
}

/*
 * Checks the variant's struct fatelf_elf, which must be at `offset` of the manifest's `size` bytes.
 * fatelf_program_read() checks the program headers themselves, before they are used.
 */
static int check_elf(const struct fatelf_variant *variant, const unsigned char *bytes, size_t size, size_t offset)
{
    struct fatelf_elf elf;

    if (variant->elf_size == 0)
        return variant->elf_offset == 0 ? 0 : FATELF_ERROR_VARIANT_ELF;
    if (variant->elf_offset != offset || variant->elf_size > size - offset || variant->elf_size < sizeof elf)
        return FATELF_ERROR_VARIANT_ELF;
    memcpy(&elf, bytes + offset, sizeof elf);
    if (elf.header_count < 1 || elf.header_count > FATELF_HEADERS_MAX || elf.interpreter_size == 1 ||
        elf.interpreter_size > FATELF_INTERPRETER_MAX || variant->elf_size != fatelf_elf_size(&elf))
        return FATELF_ERROR_VARIANT_ELF;
    const unsigned char *name = bytes + offset + sizeof elf + elf.header_count * sizeof(Elf64_Phdr);
    if (elf.interpreter_size > 0 && memchr(name, 0, elf.interpreter_size) != name + elf.interpreter_size - 1)
        return FATELF_ERROR_VARIANT_ELF;
    for (const unsigned char *rest = name + elf.interpreter_size; rest < bytes + offset + variant->elf_size; rest++)
        if (*rest != 0)
            return FATELF_ERROR_MANIFEST_RESERVED;
    return 0;
}

/* Checks the variant's base. A base has no base itself, so there are no chains and no cycles. */
static int check_base(const struct fatelf_manifest *manifest, const struct fatelf_variant *variant)
{
    int base = fatelf_manifest_find(manifest, variant->base);

    if (!fatelf_encoding_by_number(variant->encoding)->base)
        return variant->base == 0 ? 0 : FATELF_ERROR_VARIANT_BASE;
    return base >= 0 && fatelf_encoding_by_number(manifest->variants[base].encoding)->is_base
               ? 0
               : FATELF_ERROR_VARIANT_BASE;
}

/* The incompatible features that these variants use. */
static uint64_t incompatible(const struct fatelf_manifest *manifest)
{
    uint64_t bits = 0;

    for (unsigned i = 0; i < manifest->header.variant_count; i++) {
        const struct fatelf_encoding_row *encoding = fatelf_encoding_by_number(manifest->variants[i].encoding);
        bits |= encoding ? encoding->incompatible : 0;
    }
    return bits;
}

int fatelf_manifest_decode(const void *bytes, size_t size, struct fatelf_manifest *manifest)
{
    const unsigned char *from = bytes;
    struct fatelf_manifest m;
    uint64_t checksum;
    unsigned below = 0;
    int error;

    if (size < sizeof m.header + sizeof checksum || size > FATELF_MANIFEST_MAX)
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

    size_t offset = sizeof m.header + variants_size;
    for (unsigned i = 0; i < m.header.variant_count; i++) {
        error = check_elf(&m.variants[i], from, size - sizeof checksum, offset);
        if (error)
            return error;
        offset += m.variants[i].elf_size;
    }
    for (unsigned i = 0; i < m.header.variant_count; i++) {
        error = check_variant(&m.variants[i], below, offset);
        if (error)
            return error;
        below = m.variants[i].level;
        offset += frames_size(&m.variants[i]);
    }
    for (unsigned i = 0; i < m.header.variant_count; i++) {
        error = check_base(&m, &m.variants[i]);
        if (error)
            return error;
    }
    if (m.header.incompatible != incompatible(&m))
        return FATELF_ERROR_MANIFEST_FLAGS;
    if (offset + appended_size(&m.header) + sizeof checksum != size)
        return FATELF_ERROR_MANIFEST_SIZE;
    *manifest = m;
    return 0;
}

int fatelf_manifest_encode(const struct fatelf_manifest *manifest, const void *const *elves,
                           struct fatelf_frame *const *frames, const struct fatelf_appended *appended, void *bytes)
{
    struct fatelf_manifest m = *manifest;
    struct fatelf_manifest checked;
    unsigned char *to = bytes;

    if (m.header.variant_count < 1 || m.header.variant_count > FATELF_VARIANTS_MAX)
        return FATELF_ERROR_MANIFEST_COUNT;
    if (m.header.appended_count > FATELF_APPENDED_MAX)
        return FATELF_ERROR_APPENDED;
    size_t count = m.header.variant_count;
    size_t size = fatelf_manifest_size(&m);
    if (size > FATELF_MANIFEST_MAX)
        return FATELF_ERROR_MANIFEST_SIZE;

    m.header.magic = FATELF_MAGIC;
    m.header.version = FATELF_VERSION;
    m.header.header_size = sizeof m.header;
    m.header.variant_size = sizeof *m.variants;
    m.header.manifest_size = (uint32_t)size;
    m.header.incompatible = incompatible(&m);
    size_t offset = sizeof m.header + count * sizeof *m.variants;
    for (size_t i = 0; i < count; i++) {
        if (m.variants[i].elf_size == 0)
            continue;
        m.variants[i].elf_offset = (uint32_t)offset;
        memcpy(to + offset, elves[i], m.variants[i].elf_size);
        offset += m.variants[i].elf_size;
    }
    for (size_t i = 0; i < count; i++) {
        m.variants[i].frames_offset = (uint32_t)offset;
        memcpy(to + offset, frames[i], frames_size(&m.variants[i]));
        offset += frames_size(&m.variants[i]);
    }
    if (m.header.appended_count > 0)
        memcpy(to + offset, appended, appended_size(&m.header));
    offset += appended_size(&m.header);
    memcpy(to, &m.header, sizeof m.header);
    memcpy(to + sizeof m.header, m.variants, count * sizeof *m.variants);
    uint64_t checksum = fatelf_checksum(to, offset);
    memcpy(to + offset, &checksum, sizeof checksum);
    return fatelf_manifest_decode(bytes, size, &checked);
}
