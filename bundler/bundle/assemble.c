/* SPDX-License-Identifier: MIT */
#include "assemble.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../lib/error.h"
#include "../../lib/manifest.h"
#include "../base/hash.h"
#include "../base/say.h"
#include "layout.h"
#include "notes.h"
#include "write.h"

static const char *const payload_names[] = {".fatelf.v1", ".fatelf.v2", ".fatelf.v3", ".fatelf.v4"};

_Static_assert(2 + METADATA_MAX + LINKAGE_PARTS_MAX + FATELF_VARIANTS_MAX + FATELF_APPENDED_MAX <= WRITE_PARTS_MAX,
               "WRITE_PARTS_MAX is too small");
_Static_assert(sizeof payload_names / sizeof *payload_names == FATELF_LEVEL_MAX, "a section name for each level");

struct assembly assembly_make(const char *output)
{
    return (struct assembly){
        .launch = &fatelf_launch_rows[0],
        .align = LAYOUT_PAGE,
        .spool = -1,
        .output = output,
    };
}

void assembly_free(struct assembly *assembly)
{
    for (unsigned i = 0; i < assembly->payload_count; i++)
        free(assembly->payloads[i].coded.frames);
    metadata_free(&assembly->metadata);
    linkage_free(&assembly->linkage);
    if (assembly->spool >= 0)
        close(assembly->spool);
}

const struct assembled_variant *assembly_find(const struct assembly *assembly, unsigned level)
{
    for (unsigned i = 0; i < assembly->variant_count; i++)
        if (assembly->variants[i].level == level)
            return &assembly->variants[i];
    return NULL;
}

bool assembly_is_shared(const struct assembly *assembly, unsigned index)
{
    for (unsigned i = 0; i < index; i++)
        if (assembly->variants[i].payload == assembly->variants[index].payload)
            return true;
    return false;
}

static int add_variant(struct assembly *assembly, struct assembled_variant variant)
{
    unsigned at = assembly->variant_count;

    if (assembly_find(assembly, variant.level) || assembly->variant_count == FATELF_VARIANTS_MAX)
        return fail("%s: two variants for v%u", assembly->output, variant.level);
    for (; at > 0 && assembly->variants[at - 1].level > variant.level; at--)
        assembly->variants[at] = assembly->variants[at - 1];
    assembly->variants[at] = variant;
    assembly->variant_count++;
    return 0;
}

/* Whether a payload that is copied from a bundle has the bytes of the build. */
static int compare_carried(const struct payload *payload, const struct build *build, bool *same)
{
    uint8_t sha256[sizeof payload->coded.sha256];

    if (payload->coded.size != build->size)
        return 0;
    int status = hash_range(build->fd, 0, build->size, build->path, sha256);
    *same = !status && memcmp(sha256, payload->coded.sha256, sizeof sha256) == 0;
    return status;
}

/* Sets *index to the payload that has the same bytes as the build, or to payload_count if there is none. */
static int find_payload(struct assembly *assembly, const struct build *build, unsigned *index)
{
    for (*index = 0; *index < assembly->payload_count; ++*index) {
        const struct payload *payload = &assembly->payloads[*index];
        bool same = false;
        int status = payload->source == PAYLOAD_CODE ? build_compare(payload->build, build, &same)
                                                     : compare_carried(payload, build, &same);
        if (status || same)
            return status;
    }
    return 0;
}

int assembly_add_build(struct assembly *assembly, const struct build *build)
{
    struct assembled_variant variant = {
        .level = build->level,
        .marks = build->marks,
        .elf = build->record.bytes,
        .elf_size = build->record.size,
    };
    int status = find_payload(assembly, build, &variant.payload);

    if (!status)
        status = add_variant(assembly, variant);
    if (!status && variant.payload == assembly->payload_count)
        assembly->payloads[assembly->payload_count++] = (struct payload){.source = PAYLOAD_CODE, .build = build};
    return status;
}

/* Adds a payload that is copied from a bundle. */
static int carry(struct assembly *assembly, const struct bundle_file *file, unsigned index)
{
    const struct fatelf_payload *from = &file->payloads[index];
    const struct fatelf_variant *variant = from->variant;
    size_t size = variant->frame_count * sizeof(struct fatelf_frame);
    struct payload payload = {
        .source = PAYLOAD_CARRY,
        .carried = file,
        .carried_variant = index,
        .base = variant->base,
        .coded =
            {
                .encoding = variant->encoding,
                .frame_size = variant->frame_size,
                .frame_count = variant->frame_count,
                .frames = malloc(size),
                .payload_size = variant->payload_size,
                .size = variant->size,
            },
    };

    if (!payload.coded.frames)
        return fail("out of memory");
    memcpy(payload.coded.frames, from->frames, size);
    memcpy(payload.coded.sha256, variant->sha256, sizeof variant->sha256);
    assembly->payloads[assembly->payload_count++] = payload;
    return 0;
}

static bool is_carried(const struct payload *payload, const struct bundle_file *file, unsigned index)
{
    return payload->source == PAYLOAD_CARRY && payload->carried == file &&
           bundle_file_are_same(file, payload->carried_variant, index);
}

int assembly_add_carried(struct assembly *assembly, const struct bundle_file *file, unsigned index)
{
    const struct fatelf_payload *payload = &file->payloads[index];
    struct assembled_variant variant = {
        .level = payload->variant->level,
        .marks = payload->variant->marks,
        .elf = payload->variant->elf_size ? file->bundle.bytes + payload->variant->elf_offset : NULL,
        .elf_size = payload->variant->elf_size,
    };

    while (variant.payload < assembly->payload_count && !is_carried(&assembly->payloads[variant.payload], file, index))
        variant.payload++;
    int status = add_variant(assembly, variant);
    if (!status && variant.payload == assembly->payload_count)
        status = carry(assembly, file, index);
    return status;
}

/* The manifest, except for the payloads' offsets and what fatelf_manifest_encode() fills in. */
static struct fatelf_manifest make_manifest(const struct assembly *assembly)
{
    struct fatelf_manifest manifest = {
        .header =
            {
                .variant_count = (uint8_t)assembly->variant_count,
                .launch = (uint8_t)assembly->launch->number,
                .appended_count = assembly->appended.count,
                .compatible = (assembly->go_env ? FATELF_COMPATIBLE_GO_ENV : 0) |
                              (assembly->metadata.no_strings ? FATELF_COMPATIBLE_NO_STRINGS : 0) |
                              (assembly->metadata.package_given ? FATELF_COMPATIBLE_PACKAGE : 0),
            },
    };

    for (unsigned i = 0; i < assembly->variant_count; i++) {
        const struct assembled_variant *variant = &assembly->variants[i];
        const struct payload *payload = &assembly->payloads[variant->payload];
        manifest.variants[i] = (struct fatelf_variant){
            .level = (uint8_t)variant->level,
            .encoding = (uint8_t)payload->coded.encoding,
            .base = (uint8_t)payload->base,
            .marks = (uint8_t)variant->marks,
            .frame_size = payload->coded.frame_size,
            .frame_count = payload->coded.frame_count,
            .payload_size = payload->coded.payload_size,
            .size = payload->coded.size,
            .elf_size = variant->elf_size,
        };
        memcpy(manifest.variants[i].sha256, payload->coded.sha256, sizeof payload->coded.sha256);
    }
    return manifest;
}

static struct layout_part payload_part(const struct assembly *assembly, const struct assembled_variant *variant)
{
    const struct payload *payload = &assembly->payloads[variant->payload];
    const struct bundle_file *from = payload->source == PAYLOAD_CARRY ? payload->carried : NULL;

    return (struct layout_part){
        .name = payload_names[variant->level - 1],
        .size = payload->coded.payload_size,
        .alignment = assembly->align,
        .code = assembly->launch->executable,
        .source = LAYOUT_FILE,
        .fd = from ? from->fd : assembly->spool,
        .offset = from ? from->bundle.file_offset + from->payloads[payload->carried_variant].variant->payload_offset
                       : payload->spool_offset,
    };
}

/* Lists the payloads, each under the lowest level of the variants that share it. Returns how many there are. */
static size_t list_payloads(const struct assembly *assembly, struct layout_part *parts)
{
    size_t count = 0;

    for (unsigned i = 0; i < assembly->variant_count; i++)
        if (!assembly_is_shared(assembly, i))
            parts[count++] = payload_part(assembly, &assembly->variants[i]);
    return count;
}

/* The end of the stub's segments in memory. */
static uint64_t stub_end(const struct stub_file *stub)
{
    uint64_t end = 0;

    for (size_t i = 0; i < stub->elf.count; i++) {
        const Elf64_Phdr *segment = &stub->elf.program_headers[i];
        uint64_t its_end = segment->p_type == PT_LOAD ? segment->p_vaddr + segment->p_memsz : 0;
        end = its_end > end ? its_end : end;
    }
    return end;
}

/* Writes the manifest to `bytes`. `payloads`: the parts of list_payloads() and then those of appended_list(). */
static int encode_manifest(const struct assembly *assembly, struct fatelf_manifest *manifest,
                           const struct layout_part *payloads, uint64_t manifest_address, unsigned char *bytes)
{
    const void *elves[FATELF_VARIANTS_MAX];
    struct fatelf_frame *frames[FATELF_VARIANTS_MAX];
    uint64_t addresses[FATELF_VARIANTS_MAX]; /* by payload */
    struct fatelf_appended appended[FATELF_APPENDED_MAX];

    for (unsigned i = 0; i < assembly->variant_count; i++) {
        const struct assembled_variant *variant = &assembly->variants[i];
        if (!assembly_is_shared(assembly, i))
            addresses[variant->payload] = payloads++->address;
        manifest->variants[i].payload_offset = addresses[variant->payload] - manifest_address;
        elves[i] = variant->elf;
        frames[i] = assembly->payloads[variant->payload].coded.frames;
    }
    appended_encode(&assembly->appended, payloads, manifest_address, appended);
    if (fatelf_manifest_size(manifest) > FATELF_MANIFEST_MAX)
        return fail("%s: the builds are too large for one bundle", assembly->output);
    int error = fatelf_manifest_encode(manifest, elves, frames, appended, bytes);
    return error ? fail("%s: cannot be made: %s", assembly->output, fatelf_error_text(error)) : 0;
}

int assembly_write(const struct assembly *assembly, const struct stub_file *stub, const char *temporary)
{
    struct layout_part parts[WRITE_PARTS_MAX];
    struct fatelf_manifest manifest = make_manifest(assembly);
    size_t manifest_size = fatelf_manifest_size(&manifest);
    const struct layout_part end = appended_end(&assembly->appended);
    struct made_note note = note_make(FATELF_NOTE_OWNER, FATELF_NOTE_MANIFEST, manifest_size);
    struct made_note creator = note_make_creator();
    struct linkage_parts linkage = {.count = 0};
    int status = note.bytes && creator.bytes ? linkage_parts_make(&linkage, &assembly->linkage) : fail("out of memory");

    if (!status) {
        parts[0] = (struct layout_part){".note.fatelf", note.size, 4, .note = true, .bytes = note.bytes};
        parts[1] = (struct layout_part){".note.fatelf.creator", creator.size, 4, .note = true, .bytes = creator.bytes};
        size_t first = 2 + metadata_list(&assembly->metadata, parts + 2);
        first += linkage_parts_list(&linkage, write_dynamic_room(stub), parts + first);
        size_t count = first + list_payloads(assembly, parts + first);
        count += appended_list(&assembly->appended, parts + count);
        layout_place(stub_end(stub), parts, count);
        linkage_parts_place(&linkage, parts, count);
        uint64_t address = parts[0].address + (uint64_t)(note.descriptor - note.bytes);
        status = encode_manifest(assembly, &manifest, parts + first, address, note.descriptor);
        const struct write_parts all = {.parts = parts, .count = count, .end = &end, .linkage = &linkage};
        if (!status)
            status = write_bundle(temporary, assembly->output, stub, &all);
    }
    linkage_parts_free(&linkage);
    free(creator.bytes);
    free(note.bytes);
    return status;
}
