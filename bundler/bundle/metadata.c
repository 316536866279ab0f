/* SPDX-License-Identifier: MIT */
#include "metadata.h"

#include <stdbool.h>
#include <stdlib.h>

#include "../../lib/format.h"
#include "../../lib/note.h"
#include "../base/say.h"
#include "../input/elf.h"
#include "../input/version_texts.h"
#include "package.h"

enum { PACKAGE_ROW = 0, STRINGS_ROW = 3 };

static const struct {
    const char *name;
    bool note;
} rows[] = {
    {".note.package", true},    /* package name and version: systemd-coredump */
    {".go.buildinfo", false},   /* Go's modules: `go version -m`, vulnerability scanners */
    {".dep-v0", false},         /* Rust's crates, written by cargo auditable: vulnerability scanners */
    {".fatelf.strings", false}, /* version texts; only a bundle has it, and metadata_add_strings() makes it */
};

enum { ROWS = sizeof rows / sizeof *rows };

_Static_assert((int)ROWS <= (int)METADATA_MAX, "METADATA_MAX is too small for the table");

/* The notes share a segment with the manifest. Readers accept no segment with much more than that. */
enum { NOTES_SIZE_MAX = 1 << 18 };

/* What a section that must contain notes contains. */
enum notes { NOTES_GOOD, NOTES_DAMAGED, NOTES_OF_OURS };

static enum notes check_notes(const unsigned char *notes, uint64_t size)
{
    struct fatelf_note note;

    if (size > NOTES_SIZE_MAX)
        return NOTES_DAMAGED;
    while (fatelf_note_next(&notes, &size, &note))
        if (fatelf_note_is_by(&note, FATELF_NOTE_OWNER))
            return NOTES_OF_OURS;
    return size == 0 ? NOTES_GOOD : NOTES_DAMAGED;
}

int metadata_read(struct metadata *metadata, bfd *abfd, const char *path)
{
    for (size_t i = 0; i < ROWS; i++) {
        unsigned char *bytes = elf_section(abfd, rows[i].name, &metadata->size[i]);
        enum notes notes = bytes && rows[i].note ? check_notes(bytes, metadata->size[i]) : NOTES_GOOD;
        if (notes != NOTES_GOOD) {
            free(bytes);
            bytes = NULL;
        }
        metadata->bytes[i] = bytes;
        if (notes == NOTES_OF_OURS)
            return fail(
                "%s: its section %s contains a note of fatelf-amd64, which only bundles have; remove the section", path,
                rows[i].name);
    }
    return 0;
}

int metadata_set_package(struct metadata *metadata, const char *value)
{
    const char *problem;
    char *json = package_decode(value, &problem);
    struct made_note note = {.size = 0};

    if (json && *json)
        note = package_note(json);
    if (!json || (*json && !note.bytes)) {
        free(json);
        return fail("--package-metadata: %s", json ? "out of memory" : problem);
    }
    free(json);
    free(metadata->bytes[PACKAGE_ROW]);
    metadata->bytes[PACKAGE_ROW] = note.bytes;
    metadata->size[PACKAGE_ROW] = note.size;
    metadata->package_given = true;
    return 0;
}

int metadata_add_strings(struct metadata *metadata, bfd *abfd)
{
    free(metadata->bytes[STRINGS_ROW]);
    return version_texts_read(abfd, &metadata->bytes[STRINGS_ROW], &metadata->size[STRINGS_ROW]);
}

void metadata_move_package(struct metadata *to, struct metadata *from)
{
    free(to->bytes[PACKAGE_ROW]);
    to->bytes[PACKAGE_ROW] = from->bytes[PACKAGE_ROW];
    to->size[PACKAGE_ROW] = from->size[PACKAGE_ROW];
    to->package_given = true;
    from->bytes[PACKAGE_ROW] = NULL;
}

void metadata_free(struct metadata *metadata)
{
    for (size_t i = 0; i < ROWS; i++)
        free(metadata->bytes[i]);
}

size_t metadata_list(const struct metadata *metadata, struct layout_part *parts)
{
    size_t count = 0;

    for (size_t i = 0; i < ROWS; i++) {
        if (!metadata->bytes[i])
            continue;
        parts[count++] = (struct layout_part){
            .name = rows[i].name,
            .size = metadata->size[i],
            .alignment = rows[i].note ? 4 : 16,
            .note = rows[i].note,
            .source = LAYOUT_MEMORY,
            .bytes = metadata->bytes[i],
        };
    }
    return count;
}
