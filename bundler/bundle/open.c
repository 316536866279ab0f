/* SPDX-License-Identifier: MIT */
#include "open.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../lib/appended.h"
#include "../../lib/error.h"
#include "../../lib/note.h"
#include "../base/file.h"
#include "../base/say.h"
#include "../input/elf.h"

/* All notes of a bundle: its manifest, and little else. */
#define NOTES_SIZE_MAX (FATELF_MANIFEST_MAX + (UINT64_C(1) << 20))

int bundle_file_fail(const struct bundle_file *file, unsigned index, int error)
{
    return fail("%s: v%u: %s", file->path, file->bundle.manifest.variants[index].level, fatelf_error_text(error));
}

int bundle_file_read(const struct bundle_file *file, void *bytes, size_t size, uint64_t offset)
{
    if (file_read(file->fd, bytes, size, file->bundle.file_offset + offset))
        return 0;
    return file_fail_read(file->path);
}

/* Remembers what is not the manifest: the first note of each kind. */
static void remember_note(struct bundle_file *file, const struct fatelf_note *note)
{
    bool text = fatelf_note_is_by(note, FATELF_NOTE_OWNER) && note->size > 0 && note->bytes[note->size - 1] == 0;
    const char **found = note->type == FATELF_NOTE_COMPONENTS ? &file->components
                         : note->type == FATELF_NOTE_CREATOR  ? &file->creator
                                                              : NULL;

    if (text && found && !*found)
        *found = (const char *)note->bytes;
    if (note->type == NT_GNU_BUILD_ID && fatelf_note_is_by(note, ELF_NOTE_GNU) && !file->build_id[0])
        for (uint32_t i = 0; i < note->size && 2 * i + 2 < sizeof file->build_id; i++)
            sprintf(file->build_id + 2 * i, "%02x", note->bytes[i]);
}

/* Reads the notes of a segment for fatelf_bundle_open(). */
static const unsigned char *read_notes(void *owner, const Elf64_Phdr *segment)
{
    struct bundle_file *file = owner;
    uint64_t size = segment->p_filesz;
    struct fatelf_note note;

    if (file->note_count == BUNDLE_NOTES_MAX || size > NOTES_SIZE_MAX - file->notes_size)
        return NULL;
    unsigned char *notes = malloc(size + 1);
    if (!notes)
        return NULL;
    file->notes[file->note_count++] = notes;
    file->notes_size += size;
    if (!file_read(file->fd, notes, size, segment->p_offset))
        return NULL;
    for (const unsigned char *at = notes; fatelf_note_next(&at, &size, &note);)
        remember_note(file, &note);
    return notes;
}

int bundle_file_open(struct bundle_file *file, const char *path, const char *name)
{
    struct elf_file elf = {0};
    struct fatelf_image image = {.notes = read_notes, .owner = file};

    *file = (struct bundle_file){.path = name, .fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (file->fd < 0 || fstat(file->fd, &file->stat) != 0)
        return fail("%s: %s", name, strerror(errno));
    if (!S_ISREG(file->stat.st_mode))
        return fail("%s: not a regular file", name);
    file->size = (uint64_t)file->stat.st_size;
    int status = elf_file_open(&elf, file->fd, file->size, name);
    if (status)
        goto out;
    int error = fatelf_bundle_open(&image, elf.program_headers, elf.count, &file->bundle);
    if (!error)
        error = fatelf_appended_check(&file->bundle);
    if (error)
        status = fail("%s: %s", name, fatelf_error_text(error));
    for (unsigned i = 0; !status && i < file->bundle.manifest.header.variant_count; i++) {
        error = fatelf_payload_open(&file->bundle, i, &file->payloads[i]);
        if (error)
            status = bundle_file_fail(file, i, error);
    }
out:
    elf_file_close(&elf);
    return status;
}

void bundle_file_close(struct bundle_file *file)
{
    for (unsigned i = 0; i < file->note_count; i++)
        free(file->notes[i]);
    if (file->fd >= 0)
        close(file->fd);
}

bool bundle_file_are_same(const struct bundle_file *file, unsigned a, unsigned b)
{
    const struct fatelf_variant *variants = file->bundle.manifest.variants;
    struct fatelf_variant other = variants[b];
    const unsigned char *bytes = file->bundle.bytes;

    other.level = variants[a].level;
    other.frames_offset = variants[a].frames_offset;
    other.elf_offset = variants[a].elf_offset;
    return memcmp(&other, &variants[a], sizeof other) == 0 &&
           memcmp(bytes + variants[a].elf_offset, bytes + variants[b].elf_offset, other.elf_size) == 0 &&
           memcmp(bytes + variants[a].frames_offset, bytes + variants[b].frames_offset,
                  other.frame_count * sizeof(struct fatelf_frame)) == 0;
}

unsigned bundle_file_same_as(const struct bundle_file *file, unsigned index)
{
    for (unsigned i = 0; i < index; i++)
        if (bundle_file_are_same(file, i, index))
            return file->bundle.manifest.variants[i].level;
    return 0;
}

int bundle_file_check_seek_table(const struct bundle_file *file, unsigned index)
{
    const struct fatelf_payload *payload = &file->payloads[index];
    const struct fatelf_variant *variant = payload->variant;
    uint64_t size = fatelf_payload_seek_table_size(payload);

    if (size == 0)
        return 0;
    unsigned char *table = malloc(size);
    if (!table)
        return fail("out of memory");
    int status = bundle_file_read(file, table, size, variant->payload_offset + variant->payload_size - size);
    int error = status ? 0 : fatelf_payload_check_seek_table(payload, table);
    free(table);
    return error ? bundle_file_fail(file, index, error) : status;
}
