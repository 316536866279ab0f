/* SPDX-License-Identifier: MIT */
#include "metadata.h"

#include <stdbool.h>
#include <stdlib.h>

#include "../input/elf.h"

static const struct {
    const char *name;
    bool note;
} rows[] = {
    {".note.package", true},  /* package name and version: systemd-coredump */
    {".go.buildinfo", false}, /* Go's modules: `go version -m`, vulnerability scanners */
    {".dep-v0", false},       /* Rust's crates, written by cargo auditable: vulnerability scanners */
};

enum { ROWS = sizeof rows / sizeof *rows };

_Static_assert((int)ROWS <= (int)METADATA_MAX, "METADATA_MAX is too small for the table");

void metadata_read(struct metadata *metadata, bfd *abfd)
{
    for (size_t i = 0; i < ROWS; i++)
        metadata->bytes[i] = elf_section(abfd, rows[i].name, &metadata->size[i]);
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
