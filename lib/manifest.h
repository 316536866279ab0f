/* SPDX-License-Identifier: MIT */
/* The manifest: bytes to checked struct and back. */
#ifndef FATELF_MANIFEST_H
#define FATELF_MANIFEST_H

#include "format.h"

#include <stdbool.h>

/* A manifest whose fields have all been checked. What follows the variants stays where the bytes are. */
struct fatelf_manifest {
    struct fatelf_header header;
    struct fatelf_variant variants[FATELF_VARIANTS_MAX]; /* header.variant_count of them */
};

/*
 * Checks `size` bytes (any alignment) and fills *manifest. Returns 0 or a FATELF_ERROR_*, then *manifest is as it was.
 * What the fields say of each other is checked here; that payloads lie inside the bundle is checked by
 * fatelf_bundle_open, which knows the bundle, a variant's frames by fatelf_payload_open, and its segments by
 * fatelf_bundle_program.
 */
int fatelf_manifest_decode(const void *bytes, size_t size, struct fatelf_manifest *manifest);

/* Index of the variant for a level; -1: there is none. */
int fatelf_manifest_find(const struct fatelf_manifest *manifest, unsigned level);

/* How an encoding that fatelf_manifest_decode lets through is called. */
const char *fatelf_encoding_name(unsigned encoding);

/* How a launch method that fatelf_manifest_decode lets through is called, and which one a name means; 0: none. */
const char *fatelf_launch_name(unsigned launch);
unsigned fatelf_launch_parse(const char *name);

/* Bytes that fatelf_manifest_encode writes for these variants. */
size_t fatelf_manifest_size(const struct fatelf_variant *variants, size_t count);

/*
 * Writes a manifest to `bytes`, which has room for fatelf_manifest_size(). Fills in magic, version, sizes, incompatible,
 * elf_offset and frames_offset; takes launch, compatible, variant_count and the variants from *manifest. `elves`: for
 * each variant, elf_size bytes; `frames`: its frame_count frames. Returns 0, or the FATELF_ERROR_* with which
 * fatelf_manifest_decode would refuse the result.
 */
int fatelf_manifest_encode(const struct fatelf_manifest *manifest, const void *const *elves,
                           struct fatelf_frame *const *frames, void *bytes);

/* Frames of a variant of `size` bytes. */
static inline uint64_t fatelf_frame_count(uint64_t size, uint32_t frame_size)
{
    return (size + frame_size - 1) / frame_size;
}

static inline bool fatelf_is_power_of_two(uint64_t n)
{
    return n != 0 && (n & (n - 1)) == 0;
}

#endif
