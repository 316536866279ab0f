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

/* What decodes one variant. */
struct decoding {
    const struct bundle_file *file;
    const struct fatelf_payload *payload;
    ZSTD_DCtx *context;
    void *scratch;
    unsigned char *buffer;
    struct fatelf_window window; /* of the base, with room for payload->reach frames */
    uint32_t base_next;          /* the first frame of the base that has not been decoded */
};

/* Decodes one frame of `payload`, which is the payload that the user asked for or that of its base. */
static int decode_frame(const struct decoding *decoding, const struct fatelf_payload *payload, uint32_t frame,
                        unsigned char *buffer, const unsigned char **bytes)
{
    const struct fatelf_variant *variant = payload->variant, *wanted = decoding->payload->variant;
    int error = fatelf_payload_decode(payload, frame, decoding->context, &decoding->window, decoding->scratch, buffer,
                                      bytes);
    char base[sizeof ", its base v255"] = "";

    if (!error)
        return 0;
    if (variant != wanted)
        snprintf(base, sizeof base, ", its base v%u", variant->level);
    return fail("%s: v%u%s: %s (frame %u of %u)", decoding->file->path, wanted->level, base, fatelf_error_text(error),
                frame + 1, variant->frame_count);
}

/* Decodes one frame of the variant, and before it the frames of the base up to the end of its prefix. */
static int decode_next(struct decoding *decoding, uint32_t frame, const unsigned char **bytes)
{
    const struct fatelf_payload *payload = decoding->payload;
    uint32_t end = payload->base ? fatelf_payload_base_frames(payload, frame).end : 0;
    int status = 0;

    for (; !status && decoding->base_next < end; decoding->base_next++) {
        const struct fatelf_payload *base =
            &decoding->file->payloads[payload->base - decoding->file->bundle.manifest.variants];
        uint64_t offset = (uint64_t)decoding->base_next * base->variant->frame_size;
        status = decode_frame(decoding, base, decoding->base_next, fatelf_window_place(&decoding->window, offset),
                              bytes);
    }
    return status ? status : decode_frame(decoding, payload, frame, decoding->buffer, bytes);
}

static bool allocate(struct decoding *decoding)
{
    const struct fatelf_payload *payload = decoding->payload;
    size_t scratch_size = fatelf_payload_scratch_size(payload);

    if (payload->base) {
        decoding->window.size = (uint64_t)payload->reach * payload->base->frame_size;
        decoding->window.bytes = malloc(decoding->window.size);
    }
    if (scratch_size > 0)
        decoding->scratch = malloc(scratch_size);
    decoding->context = ZSTD_createDCtx();
    decoding->buffer = malloc(payload->variant->frame_size);
    return decoding->context && decoding->buffer && (decoding->scratch || scratch_size == 0) &&
           (decoding->window.bytes || payload->reach == 0);
}

static void release(struct decoding *decoding)
{
    free(decoding->window.bytes);
    free(decoding->buffer);
    free(decoding->scratch);
    ZSTD_freeDCtx(decoding->context);
}

int bundle_file_decode(const struct bundle_file *file, unsigned index, int fd, const char *to)
{
    const struct fatelf_payload *payload = &file->payloads[index];
    const struct fatelf_variant *variant = payload->variant;
    unsigned char digest[EVP_MAX_MD_SIZE];
    const unsigned char *bytes;
    int status = 0;
    int error = fatelf_payload_check_seek_table(payload);

    if (error)
        return fail_variant(file, index, error);
    struct decoding decoding = {.file = file, .payload = payload};
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    if (!allocate(&decoding) || !hash || !EVP_DigestInit_ex(hash, EVP_sha256(), NULL))
        status = fail("out of memory");
    for (uint32_t frame = 0; !status && frame < variant->frame_count; frame++) {
        uint32_t size = fatelf_payload_raw_size(payload, frame);
        status = decode_next(&decoding, frame, &bytes);
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
    release(&decoding);
    return status;
}
