/* SPDX-License-Identifier: MIT */
/*
 * A bundle as the launcher and the tool read it: notes, manifest, appended data, the programs' headers, the tables of
 * frames, and every frame; first by lib/ alone, then by the tool. The input is a file. After each mutation the checksums
 * of manifest and frames are made right again, so that what they protect is reached.
 */
#include <elf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "../../bundler/bundle/appended.h"
#include "../../bundler/bundle/decode.h"
#include "../../bundler/bundle/linkage_levels.h"
#include "../../bundler/input/elf.h"
#include "../../lib/appended.h"
#include "../../lib/bundle.h"
#include "../../lib/checksum.h"
#include "../../lib/note.h"
#include "../../lib/payload.h"
#include "../../lib/program.h"
#include "tool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

enum { HEADERS_MAX = 32, SIZE_LIMIT = 1 << 22 };

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

static const unsigned char *notes(void *owner, const Elf64_Phdr *segment)
{
    struct file *file = owner;

    return file->bytes + segment->p_offset;
}

static int open_bundle(struct file *file, struct fatelf_bundle *bundle)
{
    struct fatelf_image image = {.notes = notes, .owner = file};

    return fatelf_bundle_open(&image, file->headers, file->count, bundle);
}

/* Decodes all frames of a payload into `raw`, which has room for the variant. */
static void decode_all(const struct file *file, const struct fatelf_bundle *bundle,
                       const struct fatelf_payload *payload, const struct fatelf_window *base, uint8_t *raw)
{
    size_t scratch_size = fatelf_payload_scratch_size(payload);
    void *scratch = malloc(scratch_size ? scratch_size : 1);
    ZSTD_DCtx *context = ZSTD_createDCtx();
    uint64_t start = bundle->file_offset + payload->variant->payload_offset;

    for (uint32_t i = 0; i < payload->variant->frame_count; i++) {
        struct fatelf_frame frame = fatelf_payload_frame(payload, i);
        const unsigned char *bytes;
        if (start + frame.offset > file->size || frame.size > file->size - start - frame.offset)
            break; /* the file is cut short */
        uint8_t *room = raw + (uint64_t)i * payload->variant->frame_size;
        uint8_t *coded = malloc(frame.size ? frame.size : 1);
        memcpy(coded, file->bytes + start + frame.offset, frame.size);
        if (fatelf_payload_decode(payload, i, coded, context, base, scratch, room, &bytes) == 0 && bytes != room)
            memcpy(room, bytes, fatelf_payload_raw_size(payload, i));
        free(coded);
    }
    ZSTD_freeDCtx(context);
    free(scratch);
}

/* Room for a variant in whole frames. NULL: it is larger than what is tried here. */
static uint8_t *room_for(const struct fatelf_variant *variant)
{
    return variant->size > SIZE_LIMIT ? NULL : calloc(1, (size_t)variant->size + variant->frame_size);
}

static void read_variant(const struct file *file, const struct fatelf_bundle *bundle, unsigned index)
{
    struct fatelf_payload payload, base_payload;
    struct fatelf_program program;
    struct fatelf_window base = {NULL, 0};

    fatelf_bundle_program(bundle, index, &program);
    if (fatelf_payload_open(bundle, index, &payload) != 0)
        return;
    uint8_t *raw = room_for(payload.variant);
    if (raw && payload.base && fatelf_payload_open_base(bundle, &payload, &base_payload) == 0) {
        base.bytes = room_for(payload.base);
        base.size = (payload.base->size / payload.base->frame_size + 1) * payload.base->frame_size;
        if (base.bytes)
            decode_all(file, bundle, &base_payload, NULL, base.bytes);
    }
    if (raw && (!payload.base || base.bytes))
        decode_all(file, bundle, &payload, &base, raw);
    uint64_t seek_size = fatelf_payload_seek_table_size(&payload);
    uint64_t seek = bundle->file_offset + payload.variant->payload_offset + payload.variant->payload_size - seek_size;
    if (seek_size > 0 && seek <= file->size && seek_size <= file->size - seek)
        fatelf_payload_check_seek_table(&payload, file->bytes + seek);
    free(raw);
    free(base.bytes);
}

/* The section with the linkage, which libbfd finds. */
static void read_linkage(const char *path)
{
    struct linkage linkage = {0};
    bfd *abfd = elf_file_bfd(path);

    if (!abfd)
        return;
    messages_begin();
    messages_end(linkage_levels_read(&linkage, abfd, path), "linkage");
    linkage_free(&linkage);
    bfd_close(abfd);
}

/* `verify` of the file. `opened`: lib/ has opened it. */
static void read_by_tool(const struct file *file, bool opened)
{
    static struct memory_file copy;
    const struct decode_sink nowhere = {.put = NULL};
    struct bundle_file bundle;

    memory_file_write(&copy, file->bytes, file->size);
    messages_begin();
    int status = bundle_file_open(&bundle, copy.path, "bundle");
    messages_end(status, "open");
    if (!status && !opened)
        fault("the tool opens a bundle that the launcher would refuse", "");
    for (unsigned i = 0; !status && i < bundle.bundle.manifest.header.variant_count; i++) {
        messages_begin();
        messages_end(decode_variant(&bundle, i, i % 2 + 1, &nowhere), "decode");
        bundle_file_same_as(&bundle, i);
    }
    if (!status) {
        messages_begin();
        messages_end(appended_verify(&bundle), "appended");
        read_linkage(copy.path);
    }
    bundle_file_close(&bundle);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct file file = {.bytes = malloc(size ? size : 1), .size = size}; /* aligned, and no byte larger */
    struct fatelf_bundle bundle;

    memcpy(file.bytes, data, size);
    bool headers = read_headers(&file), opened = headers && open_bundle(&file, &bundle) == 0;
    if (opened) {
        fatelf_appended_check(&bundle);
        for (unsigned i = 0; i < bundle.manifest.header.variant_count; i++)
            read_variant(&file, &bundle, i);
    }
    if (headers)
        read_by_tool(&file, opened);
    free(file.bytes);
    return 0;
}

/* --- the mutator ------------------------------------------------------------------------------------------------------ */

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
