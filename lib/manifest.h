/* SPDX-License-Identifier: MIT */
/* Decodes the manifest from bytes into a checked struct, and encodes it. */
#ifndef FATELF_MANIFEST_H
#define FATELF_MANIFEST_H

#include "format.h"

#include <stdbool.h>

/* A manifest whose fields have all been checked. The tables after the variants stay in the manifest's own bytes. */
struct fatelf_manifest {
    struct fatelf_header header;
    struct fatelf_variant variants[FATELF_VARIANTS_MAX]; /* header.variant_count of them */
};

/*
 * Checks `size` bytes (any alignment) and fills *manifest. Returns 0, or a FATELF_ERROR_*; then *manifest is unchanged.
 * This function checks the fields against each other. fatelf_bundle_open() checks that the payloads lie inside the
 * bundle, fatelf_payload_open() checks a variant's frames, and fatelf_bundle_program() checks its segments.
 */
int fatelf_manifest_decode(const void *bytes, size_t size, struct fatelf_manifest *manifest);

/* The index of the variant for a level. -1: there is none. */
int fatelf_manifest_find(const struct fatelf_manifest *manifest, unsigned level);

/* Bytes of a struct fatelf_elf and everything that follows it: fatelf_variant.elf_size. */
uint64_t fatelf_elf_size(const struct fatelf_elf *elf);

/* Entry `index` of the table of appended data. `bytes`: the manifest's own bytes, which have been decoded. */
struct fatelf_appended fatelf_manifest_appended(const struct fatelf_manifest *manifest, const void *bytes,
                                                unsigned index);

/* The number of bytes that fatelf_manifest_encode() writes. */
size_t fatelf_manifest_size(const struct fatelf_manifest *manifest);

/*
 * Writes a manifest to `bytes`, which has room for fatelf_manifest_size() bytes. The caller sets launch, compatible,
 * variant_count, appended_count and the variants in *manifest; this function fills in magic, version, sizes,
 * incompatible, elf_offset and frames_offset. elves[i] points to the elf_size bytes of variant i, frames[i] to its
 * frame_count frames, and `appended` to the appended_count entries. Returns 0, or the FATELF_ERROR_* that
 * fatelf_manifest_decode() returns for the result.
 */
int fatelf_manifest_encode(const struct fatelf_manifest *manifest, const void *const *elves,
                           struct fatelf_frame *const *frames, const struct fatelf_appended *appended, void *bytes);

/* The number of frames of a variant of `size` bytes, with frames of `frame_size` bytes. */
static inline uint64_t fatelf_frame_count(uint64_t size, uint32_t frame_size)
{
    return (size + frame_size - 1) / frame_size;
}

/*
 * The largest compressed frame, in bytes, if frames have `frame_size` raw bytes. zstd adds less to data that it cannot
 * compress (ZSTD_COMPRESSBOUND in zstd.h).
 */
static inline uint32_t fatelf_coded_size_max(uint32_t frame_size)
{
    return frame_size + frame_size / 128;
}

static inline bool fatelf_is_power_of_two(uint64_t n)
{
    return n != 0 && (n & (n - 1)) == 0;
}

#endif
