/* SPDX-License-Identifier: MIT */
#include "bundle.h"

#include <string.h>

#include "error.h"

/* The first byte of a segment's file part. NULL: the file part reaches beyond the end of the file. */
static const unsigned char *segment_bytes(const struct fatelf_image *image, const Elf64_Phdr *header)
{
    if (image->mapped)
        return image->bytes + header->p_vaddr;
    if (header->p_offset > image->size || header->p_filesz > image->size - header->p_offset)
        return NULL;
    return image->bytes + header->p_offset;
}

/* The name and the descriptor of a note are each padded to 4 bytes if p_align is 4 (gABI, "Note Section"). */
static uint64_t padded(uint32_t size)
{
    return ((uint64_t)size + 3) & ~UINT64_C(3);
}

/* The descriptor of a note. */
struct descriptor {
    const unsigned char *bytes; /* NULL: not found */
    uint32_t size;
};

/*
 * Looks for the manifest's note in `size` bytes of notes. *manifest may be set already, from another PT_NOTE: a bundle
 * has one manifest only.
 */
static int find_manifest(const unsigned char *notes, uint64_t size, struct descriptor *manifest)
{
    Elf64_Nhdr note;

    while (size >= sizeof note) {
        memcpy(&note, notes, sizeof note);
        uint64_t name = padded(note.n_namesz), descriptor = padded(note.n_descsz);
        if (name + descriptor > size - sizeof note)
            return 0;
        if (note.n_type == FATELF_NOTE_MANIFEST && note.n_namesz == sizeof FATELF_NOTE_OWNER &&
            memcmp(notes + sizeof note, FATELF_NOTE_OWNER, sizeof FATELF_NOTE_OWNER) == 0) {
            if (manifest->bytes)
                return FATELF_ERROR_TWO_MANIFESTS;
            *manifest = (struct descriptor){notes + sizeof note + name, note.n_descsz};
        }
        notes += sizeof note + name + descriptor;
        size -= sizeof note + name + descriptor;
    }
    return 0;
}

/* The PT_LOAD whose file part contains the whole segment `note`, or NULL. */
static const Elf64_Phdr *enclosing_load(const Elf64_Phdr *headers, size_t count, const Elf64_Phdr *note)
{
    for (size_t i = 0; i < count; i++) {
        const Elf64_Phdr *load = &headers[i];
        if (load->p_type == PT_LOAD && note->p_vaddr >= load->p_vaddr &&
            note->p_vaddr - load->p_vaddr <= load->p_filesz &&
            note->p_filesz <= load->p_filesz - (note->p_vaddr - load->p_vaddr) &&
            note->p_offset - load->p_offset == note->p_vaddr - load->p_vaddr)
            return load;
    }
    return NULL;
}

static int check_payloads(const struct fatelf_bundle *bundle)
{
    for (unsigned i = 0; i < bundle->manifest.header.variant_count; i++) {
        const struct fatelf_variant *variant = &bundle->manifest.variants[i];
        if (variant->payload_offset < bundle->manifest.header.manifest_size || variant->payload_offset > bundle->size ||
            variant->payload_size > bundle->size - variant->payload_offset)
            return FATELF_ERROR_VARIANT_PLACE;
    }
    return 0;
}

/* The data at the end of the file, with offset 0, is in no segment. */
static int check_appended(const struct fatelf_bundle *bundle)
{
    for (unsigned i = 0; i < bundle->manifest.header.appended_count; i++) {
        struct fatelf_appended appended = fatelf_manifest_appended(&bundle->manifest, bundle->bytes, i);
        if (appended.offset != 0 && (appended.offset < bundle->manifest.header.manifest_size ||
                                     appended.offset > bundle->size || appended.size > bundle->size - appended.offset))
            return FATELF_ERROR_APPENDED_PLACE;
    }
    return 0;
}

int fatelf_bundle_open(const struct fatelf_image *image, const Elf64_Phdr *headers, size_t count,
                       struct fatelf_bundle *bundle)
{
    struct descriptor manifest = {.bytes = NULL};
    struct fatelf_bundle found;

    for (size_t i = 0; i < count; i++) {
        if (headers[i].p_type != PT_NOTE)
            continue;
        const Elf64_Phdr *load = enclosing_load(headers, count, &headers[i]);
        if (!load)
            continue; /* not mapped at run time, so the launcher would not see it */
        const unsigned char *segment = segment_bytes(image, load);
        if (!segment)
            return FATELF_ERROR_PROGRAM_HEADERS;
        const unsigned char *before = manifest.bytes;
        int error = find_manifest(segment + (headers[i].p_vaddr - load->p_vaddr), headers[i].p_filesz, &manifest);
        if (error)
            return error;
        if (manifest.bytes != before) {
            found.size = load->p_filesz - (uint64_t)(manifest.bytes - segment);
            found.executable = load->p_flags & PF_X;
        }
    }
    if (!manifest.bytes)
        return FATELF_ERROR_NO_MANIFEST;
    found.bytes = manifest.bytes;
    int error = fatelf_manifest_decode(manifest.bytes, manifest.size, &found.manifest);
    if (!error)
        error = check_payloads(&found);
    if (!error)
        error = check_appended(&found);
    if (!error)
        *bundle = found;
    return error;
}
