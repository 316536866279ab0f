#include "bundlefile.h"

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

#include "../lib/error.h"
#include "../lib/payload.h"
#include "elffile.h"
#include "file.h"
#include "say.h"

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

int bundle_file_find(const struct bundle_file *file, unsigned level)
{
    for (unsigned i = 0; i < file->bundle.manifest.header.variant_count; i++)
        if (file->bundle.manifest.variants[i].level == level)
            return (int)i;
    return -1;
}

unsigned bundle_file_same_as(const struct bundle_file *file, unsigned index)
{
    const struct fatelf_variant *variants = file->bundle.manifest.variants;

    for (unsigned i = 0; i < index; i++)
        if (variants[i].payload_offset == variants[index].payload_offset)
            return variants[i].level;
    return 0;
}

const char *bundle_file_encoding(unsigned encoding)
{
    return encoding == FATELF_ENCODING_STORED ? "stored" : "zstd";
}

int bundle_file_decode(const struct bundle_file *file, unsigned index, int fd, const char *to)
{
    const struct fatelf_variant *variant = &file->bundle.manifest.variants[index];
    struct fatelf_payload payload;
    struct fatelf_cursor cursor = {0};
    unsigned char digest[EVP_MAX_MD_SIZE];
    int status = 0;
    int error = fatelf_payload_open(&file->bundle, index, &payload);

    if (error)
        return fail("%s: v%u: %s", file->path, variant->level, fatelf_error_text(error));
    ZSTD_DCtx *context = ZSTD_createDCtx();
    unsigned char *buffer = malloc(variant->frame_size);
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    if (!context || !buffer || !hash || !EVP_DigestInit_ex(hash, EVP_sha256(), NULL))
        status = fail("out of memory");
    for (uint32_t frame = 0; !status && frame < variant->frame_count; frame++) {
        const unsigned char *bytes;
        uint32_t size = fatelf_payload_frame_size(&payload, frame);
        error = fatelf_payload_decode(&payload, &cursor, frame, context, buffer, &bytes);
        if (error)
            status = fail("%s: v%u: %s (frame %u of %u)", file->path, variant->level, fatelf_error_text(error),
                          frame + 1, variant->frame_count);
        else if (fd >= 0 && !file_write(fd, bytes, size))
            status = fail("%s: cannot be written: %s", to, strerror(errno));
        else
            EVP_DigestUpdate(hash, bytes, size);
    }
    if (!status && (!EVP_DigestFinal_ex(hash, digest, NULL) ||
                    memcmp(digest, variant->sha256, sizeof variant->sha256) != 0))
        status = fail("%s: v%u: damaged: its SHA-256 does not match", file->path, variant->level);
    EVP_MD_CTX_free(hash);
    free(buffer);
    ZSTD_freeDCtx(context);
    return status;
}
