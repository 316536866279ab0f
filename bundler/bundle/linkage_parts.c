/* SPDX-License-Identifier: MIT */
#include "linkage_parts.h"

#include <stdlib.h>
#include <string.h>

size_t linkage_parts_list(const struct linkage_parts *parts, size_t room, struct layout_part *list)
{
    size_t count = 0;

    for (unsigned i = parts->sections[0].size <= room; i < parts->count; i++) {
        const struct linkage_section *section = &parts->sections[i];
        list[count++] = (struct layout_part){
            .name = section->name,
            .size = section->size,
            .alignment = 8,
            .source = LAYOUT_MEMORY,
            .bytes = section->bytes,
        };
    }
    return count;
}

void linkage_parts_place(struct linkage_parts *parts, const struct layout_part *list, size_t count)
{
    struct linkage_section *dynamic = &parts->sections[0];

    for (Elf64_Dyn *entry = (Elf64_Dyn *)(void *)dynamic->bytes; entry->d_tag != DT_NULL; entry++)
        for (size_t row = 0; row < LINKAGE_ADDRESSES; row++)
            for (size_t i = 0; entry->d_tag == linkage_addresses[row].tag && i < count; i++)
                if (strcmp(list[i].name, linkage_addresses[row].section) == 0)
                    entry->d_un.d_ptr = list[i].address;
}

void linkage_parts_free(struct linkage_parts *parts)
{
    for (unsigned i = 0; i < parts->count; i++)
        free(parts->sections[i].bytes);
    *parts = (struct linkage_parts){.count = 0};
}
