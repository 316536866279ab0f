/* SPDX-License-Identifier: MIT */
/*
 * A bundle as a fuzzer's input, and a mutator that mostly changes its manifest. After each mutation the checksums of
 * manifest and frames are made right again, so that what they protect is reached.
 */
#ifndef TESTS_FUZZ_BUNDLE_MUTATOR_H
#define TESTS_FUZZ_BUNDLE_MUTATOR_H

#include <elf.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "../../lib/checksum.h"
#include "../../lib/format.h"
#include "../../lib/note.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

enum { HEADERS_MAX = 32 };

struct file {
    uint8_t *bytes;
    size_t size;
    Elf64_Phdr headers[HEADERS_MAX];
    size_t count;
};

/* Reads the program headers as they are in the file; segments outside of it are left out, as the tool refuses them. */
static bool read_headers(struct file *file)
{
    Elf64_Ehdr header;

    file->count = 0;
    if (file->size < sizeof header)
        return false;
    memcpy(&header, file->bytes, sizeof header);
    for (unsigned i = 0; i < header.e_phnum && i < HEADERS_MAX; i++) {
        Elf64_Phdr *segment = &file->headers[file->count];
        uint64_t at = header.e_phoff + i * sizeof *segment;
        if (header.e_phoff > file->size || at > file->size || file->size - at < sizeof *segment)
            return false;
        memcpy(segment, file->bytes + at, sizeof *segment);
        if (segment->p_offset <= file->size && segment->p_filesz <= file->size - segment->p_offset)
            file->count++;
    }
    return true;
}

/* The manifest: what the note of our owner contains. NULL: there is none. */
static uint8_t *find_manifest(struct file *file, uint64_t *size)
{
    for (size_t i = 0; i < file->count; i++) {
        const unsigned char *at = file->bytes + file->headers[i].p_offset;
        uint64_t left = file->headers[i].p_filesz;
        struct fatelf_note note;
        while (file->headers[i].p_type == PT_NOTE && fatelf_note_next(&at, &left, &note))
            if (fatelf_note_is_by(&note, FATELF_NOTE_OWNER) && note.size >= sizeof(struct fatelf_header) + 8) {
                *size = note.size;
                return file->bytes + (note.bytes - file->bytes);
            }
    }
    return NULL;
}

/* Gives the frames of a variant their checksums. */
static void repair_frames(struct file *file, uint8_t *manifest, uint64_t size, const struct fatelf_variant *variant)
{
    uint64_t start = (uint64_t)(manifest - file->bytes) + variant->payload_offset;

    for (uint32_t i = 0; i < variant->frame_count; i++) {
        struct fatelf_frame frame;
        uint64_t at = variant->frames_offset + (uint64_t)i * sizeof frame;
        if (at > size || size - at < sizeof frame)
            return;
        memcpy(&frame, manifest + at, sizeof frame);
        uint64_t place = start + frame.offset;
        if (place > file->size || frame.size > file->size - place || place < start)
            continue;
        frame.checksum = fatelf_checksum(file->bytes + place, frame.size);
        memcpy(manifest + at, &frame, sizeof frame);
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    struct file file = {.bytes = data, .size = size};
    uint64_t manifest_size = 0;
    uint8_t *manifest = read_headers(&file) ? find_manifest(&file, &manifest_size) : NULL;

    /* most of the time, only the manifest changes, which is a small part of the file */
    if (manifest && seed % 4 != 0)
        LLVMFuzzerMutate(manifest, manifest_size, manifest_size);
    else
        size = LLVMFuzzerMutate(data, size, max_size);
    file = (struct file){.bytes = data, .size = size};
    manifest = read_headers(&file) ? find_manifest(&file, &manifest_size) : NULL;
    if (!manifest)
        return size;
    for (unsigned i = 0; i < FATELF_VARIANTS_MAX; i++) {
        struct fatelf_variant variant;
        uint64_t at = sizeof(struct fatelf_header) + i * sizeof variant;
        if (at + sizeof variant > manifest_size)
            break;
        memcpy(&variant, manifest + at, sizeof variant);
        repair_frames(&file, manifest, manifest_size, &variant);
    }
    uint64_t checksum = fatelf_checksum(manifest, manifest_size - sizeof checksum);
    memcpy(manifest + manifest_size - sizeof checksum, &checksum, sizeof checksum);
    return size;
}

#endif
