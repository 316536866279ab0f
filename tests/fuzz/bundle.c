/* SPDX-License-Identifier: MIT */
/*
 * A bundle as the launcher and the tool read it: notes, manifest, appended data, the programs' headers, the tables of
 * frames, and every frame; first by lib/ alone, then by the tool. The input is a file.
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
#include "../../lib/payload.h"
#include "../../lib/program.h"
#include "bundle_mutator.h"
#include "tool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SIZE_LIMIT = 1 << 22 };

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

/* What the readers of an opened payload rely on: every prefix lies in the base, and is at most `reach` frames of it. */
static void check_prefixes(const struct fatelf_payload *payload)
{
    for (uint32_t i = 0; i < payload->variant->frame_count; i++) {
        struct fatelf_frame frame = fatelf_payload_frame(payload, i);
        struct fatelf_base_frames needed = fatelf_payload_base_frames(payload, i);
        if (frame.prefix_size == 0)
            continue;
        if (!payload->base || frame.prefix_offset > payload->base->size ||
            frame.prefix_size > payload->base->size - frame.prefix_offset)
            fault("a prefix outside of the base", "");
        if (needed.end > payload->base->frame_count || needed.end - needed.first > payload->reach)
            fault("a prefix that needs too many frames", "");
    }
}

static void read_variant(const struct file *file, const struct fatelf_bundle *bundle, unsigned index)
{
    struct fatelf_payload payload, base_payload;
    struct fatelf_program program;
    struct fatelf_window base = {NULL, 0};

    fatelf_bundle_program(bundle, index, &program);
    if (fatelf_payload_open(bundle, index, &payload) != 0)
        return;
    check_prefixes(&payload);
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
