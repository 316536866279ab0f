/* SPDX-License-Identifier: MIT */
#include "notes.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/format.h"
#include "layout.h"

struct made_note note_make(const char *owner, uint32_t type, size_t size)
{
    const Elf64_Nhdr header = {
        .n_namesz = (Elf64_Word)(strlen(owner) + 1),
        .n_descsz = (Elf64_Word)size,
        .n_type = type,
    };
    size_t start = sizeof header + layout_round_up(header.n_namesz, 4);
    struct made_note note = {.size = start + layout_round_up(size, 4)};

    note.bytes = calloc(1, note.size);
    if (note.bytes) {
        note.descriptor = note.bytes + start;
        memcpy(note.bytes, &header, sizeof header);
        memcpy(note.bytes + sizeof header, owner, header.n_namesz);
    }
    return note;
}

struct made_note note_make_creator(void)
{
    static const char text[] = "fatelf-amd64 " FATELF_VERSION_STRING "\n";
    struct made_note note = note_make(FATELF_NOTE_OWNER, FATELF_NOTE_CREATOR, sizeof text);

    if (note.bytes)
        memcpy(note.descriptor, text, sizeof text);
    return note;
}
