/* The manifest: bytes to checked struct and back. */
#ifndef FATELF_MANIFEST_H
#define FATELF_MANIFEST_H

#include "format.h"

/* A manifest whose fields have all been checked. The sums of stored variants stay where the bytes are. */
struct fatelf_manifest {
    struct fatelf_header header;
    struct fatelf_variant variants[FATELF_VARIANTS_MAX]; /* header.variant_count of them */
};

/*
 * Checks `size` bytes (any alignment) and fills *manifest. Returns 0 or a FATELF_ERROR_*, then *manifest is as it was.
 * What the fields say of each other is checked here; that payloads lie inside the bundle is checked by
 * fatelf_bundle_open, which knows the bundle.
 */
int fatelf_manifest_decode(const void *bytes, size_t size, struct fatelf_manifest *manifest);

/* Bytes that fatelf_manifest_encode writes for these variants. */
size_t fatelf_manifest_size(const struct fatelf_variant *variants, size_t count);

/*
 * Writes a manifest to `bytes`, which has room for fatelf_manifest_size(). Fills in magic, version, sizes and
 * sums_offset; takes launch, compatible, incompatible, variant_count and the variants from *manifest.
 * `sums`: the XXH64 of each frame of each stored variant, in order. Returns 0, or the FATELF_ERROR_* with which
 * fatelf_manifest_decode would refuse the result.
 */
int fatelf_manifest_encode(const struct fatelf_manifest *manifest, const uint64_t *sums, void *bytes);

/* Frames of a variant of `size` bytes. */
static inline uint64_t fatelf_frame_count(uint64_t size, uint32_t frame_size)
{
    return (size + frame_size - 1) / frame_size;
}

#endif
