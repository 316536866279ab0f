/* SPDX-License-Identifier: MIT */
#include "note.h"

#include <elf.h>
#include <string.h>

static uint64_t padded(uint32_t size)
{
    return ((uint64_t)size + 3) & ~UINT64_C(3);
}

bool fatelf_note_next(const unsigned char **notes, uint64_t *size, struct fatelf_note *note)
{
    Elf64_Nhdr header;

    if (*size < sizeof header)
        return false;
    memcpy(&header, *notes, sizeof header);
    uint64_t owner = padded(header.n_namesz), descriptor = padded(header.n_descsz);
    if (owner + descriptor > *size - sizeof header)
        return false;
    *note = (struct fatelf_note){
        .type = header.n_type,
        .owner_size = header.n_namesz,
        .size = header.n_descsz,
        .owner = *notes + sizeof header,
        .bytes = *notes + sizeof header + owner,
    };
    *notes += sizeof header + owner + descriptor;
    *size -= sizeof header + owner + descriptor;
    return true;
}

bool fatelf_note_is_by(const struct fatelf_note *note, const char *owner)
{
    size_t size = strlen(owner) + 1;

    return note->owner_size == size && memcmp(note->owner, owner, size) == 0;
}
