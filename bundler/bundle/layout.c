/* SPDX-License-Identifier: MIT */
#include "layout.h"

uint64_t layout_round_up(uint64_t value, uint64_t alignment)
{
    return (value + alignment - 1) & ~(alignment - 1);
}

/* A stable insertion sort: there are only about a dozen parts. */
static void move_notes_to_front(struct layout_part *parts, size_t count)
{
    size_t notes = 0;

    for (size_t i = 0; i < count; i++) {
        struct layout_part part = parts[i];
        if (!part.note)
            continue;
        for (size_t k = i; k > notes; k--)
            parts[k] = parts[k - 1];
        parts[notes++] = part;
    }
}

uint64_t layout_place(uint64_t stub_end, struct layout_part *parts, size_t count)
{
    uint64_t address = layout_round_up(stub_end, LAYOUT_PAGE);

    move_notes_to_front(parts, count);
    for (size_t i = 0; i < count; i++) {
        parts[i].address = layout_round_up(address, parts[i].alignment);
        address = parts[i].address + parts[i].size;
    }
    return address;
}
