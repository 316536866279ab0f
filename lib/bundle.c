/* SPDX-License-Identifier: MIT */
#include "bundle.h"

#include "error.h"
#include "note.h"

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
    struct fatelf_note note;

    while (fatelf_note_next(&notes, &size, &note)) {
        if (note.type != FATELF_NOTE_MANIFEST || !fatelf_note_is_by(&note, FATELF_NOTE_OWNER))
            continue;
        if (manifest->bytes)
            return FATELF_ERROR_TWO_MANIFESTS;
        *manifest = (struct descriptor){note.bytes, note.size};
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
        const unsigned char *notes = image->notes(image->owner, &headers[i]);
        if (!notes)
            return FATELF_ERROR_NOTES;
        const unsigned char *before = manifest.bytes;
        int error = find_manifest(notes, headers[i].p_filesz, &manifest);
        if (error)
            return error;
        if (manifest.bytes != before) {
            uint64_t offset = (uint64_t)(manifest.bytes - notes);
            found.file_offset = headers[i].p_offset + offset;
            found.size = load->p_filesz - (headers[i].p_vaddr - load->p_vaddr) - offset;
            found.executable = load->p_flags & PF_X;
        }
    }
    if (!manifest.bytes)
        return FATELF_ERROR_NO_MANIFEST;
    found.bytes = manifest.bytes;
    found.mapped = image->mapped;
    int error = fatelf_manifest_decode(manifest.bytes, manifest.size, &found.manifest);
    if (!error)
        error = check_payloads(&found);
    if (!error)
        *bundle = found;
    return error;
}
