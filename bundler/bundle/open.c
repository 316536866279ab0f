/* SPDX-License-Identifier: MIT */
#include "open.h"

#include <bfd.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zstd.h>

#include "../../lib/error.h"
#include "../../lib/payload.h"
#include "../input/elf.h"
#include "../base/file.h"
#include "../input/record.h"
#include "../base/say.h"

static int fail_variant(const struct bundle_file *file, unsigned index, int error)
{
    return fail("%s: v%u: %s", file->path, file->bundle.manifest.variants[index].level, fatelf_error_text(error));
}

int bundle_file_open(struct bundle_file *file, const char *path)
{
    struct elf_file elf = {0};

    *file = (struct bundle_file){.path = path, .fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (file->fd < 0 || fstat(file->fd, &file->stat) != 0)
        return fail("%s: %s", path, strerror(errno));
    if (!S_ISREG(file->stat.st_mode))
        return fail("%s: not a regular file", path);
    file->image.size = (uint64_t)file->stat.st_size;
    int status = elf_file_open(&elf, file->fd, file->image.size, path);
    if (status)
        goto out;
    void *bytes = mmap(NULL, file->image.size, PROT_READ, MAP_PRIVATE, file->fd, 0);
    if (bytes == MAP_FAILED) {
        status = fail("%s: cannot be mapped: %s", path, strerror(errno));
        goto out;
    }
    file->image.bytes = bytes;
    int error = fatelf_bundle_open(&file->image, elf.program_headers, elf.count, &file->bundle);
    if (error) {
        status = fail("%s: %s", path, fatelf_error_text(error));
        goto out;
    }
    for (unsigned i = 0; i < file->bundle.manifest.header.variant_count; i++) {
        error = fatelf_payload_open(&file->bundle, i, &file->payloads[i]);
        if (error) {
            status = fail_variant(file, i, error);
            goto out;
        }
    }
    bfd *abfd = elf_file_bfd(path);
    if (abfd && abfd->build_id)
        for (size_t i = 0; i < abfd->build_id->size && 2 * i + 2 < sizeof file->build_id; i++)
            sprintf(file->build_id + 2 * i, "%02x", abfd->build_id->data[i]);
    if (abfd)
        bfd_close(abfd);
out:
    elf_file_close(&elf);
    return status;
}

void bundle_file_close(struct bundle_file *file)
{
    if (file->image.bytes) {
        union {
            const unsigned char *bytes;
            void *mapping;
        } u = {.bytes = file->image.bytes};
        munmap(u.mapping, file->image.size);
    }
    free(file->base_bytes);
    if (file->fd >= 0)
        close(file->fd);
}

unsigned bundle_file_same_as(const struct bundle_file *file, unsigned index)
{
    const struct fatelf_variant *variants = file->bundle.manifest.variants;

    for (unsigned i = 0; i < index; i++)
        if (variants[i].payload_offset == variants[index].payload_offset)
            return variants[i].level;
    return 0;
}

/*
 * Decodes one frame of `payload` to `buffer`. If the payload has a base, that is already decoded in file->base_bytes.
 * Messages name `wanted`, the variant that the user asked for; the payload is that variant's or its base's.
 */
static int decode_frame(const struct bundle_file *file, const struct fatelf_variant *wanted,
                        const struct fatelf_payload *payload, uint32_t frame, ZSTD_DCtx *context, void *scratch,
                        unsigned char *buffer, const unsigned char **bytes)
{
    const struct fatelf_variant *variant = payload->variant;
    int error = fatelf_payload_decode(payload, frame, context, file->base_bytes, scratch, buffer, bytes);
    char base[sizeof ", its base v255"] = "";

    if (!error)
        return 0;
    if (variant != wanted)
        snprintf(base, sizeof base, ", its base v%u", variant->level);
    return fail("%s: v%u%s: %s (frame %u of %u)", file->path, wanted->level, base, fatelf_error_text(error), frame + 1,
                variant->frame_count);
}

/* Decodes the base of `payload` to file->base_bytes, unless it is still there from the previous variant. */
static int decode_base(struct bundle_file *file, const struct fatelf_payload *payload, ZSTD_DCtx *context)
{
    const struct fatelf_payload *base = &file->payloads[payload->base - file->bundle.manifest.variants];
    const unsigned char *bytes;
    int status = 0;

    if (file->base == payload->base)
        return 0;
    free(file->base_bytes);
    file->base = NULL;
    file->base_bytes = malloc(base->variant->size);
    if (!file->base_bytes)
        return fail("out of memory");
    for (uint32_t i = 0; !status && i < base->variant->frame_count; i++)
        status = decode_frame(file, payload->variant, base, i, context, NULL,
                              file->base_bytes + (uint64_t)i * base->variant->frame_size, &bytes);
    if (!status)
        file->base = payload->base;
    return status;
}

int bundle_file_decode(struct bundle_file *file, unsigned index, int fd, const char *to)
{
    const struct fatelf_payload *payload = &file->payloads[index];
    const struct fatelf_variant *variant = payload->variant;
    unsigned char digest[EVP_MAX_MD_SIZE];
    const unsigned char *bytes;
    int status = 0;
    int error = fatelf_payload_check_seek_table(payload);

    if (error)
        return fail_variant(file, index, error);
    ZSTD_DCtx *context = ZSTD_createDCtx();
    unsigned char *buffer = malloc(variant->frame_size);
    size_t scratch_size = fatelf_payload_scratch_size(payload);
    void *scratch = scratch_size ? malloc(scratch_size) : NULL;
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    if (!context || !buffer || (scratch_size && !scratch) || !hash || !EVP_DigestInit_ex(hash, EVP_sha256(), NULL))
        status = fail("out of memory");
    if (!status && payload->base)
        status = decode_base(file, payload, context);
    for (uint32_t frame = 0; !status && frame < variant->frame_count; frame++) {
        uint32_t size = fatelf_payload_raw_size(payload, frame);
        status = decode_frame(file, variant, payload, frame, context, scratch, buffer, &bytes);
        if (!status && !record_matches(&file->bundle, index, bytes, size, (uint64_t)frame * variant->frame_size))
            status = fail_variant(file, index, FATELF_ERROR_VARIANT_ELF);
        if (!status && fd >= 0 && !file_write(fd, bytes, size))
            status = fail("%s: cannot be written: %s", to, strerror(errno));
        if (!status)
            EVP_DigestUpdate(hash, bytes, size);
    }
    if (!status &&
        (!EVP_DigestFinal_ex(hash, digest, NULL) || memcmp(digest, variant->sha256, sizeof variant->sha256) != 0))
        status = fail("%s: v%u: damaged: its SHA-256 does not match", file->path, variant->level);
    EVP_MD_CTX_free(hash);
    free(buffer);
    free(scratch);
    ZSTD_freeDCtx(context);
    return status;
}
