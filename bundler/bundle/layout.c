/* SPDX-License-Identifier: MIT */
#include "layout.h"

uint64_t layout_round_up(uint64_t value, uint64_t alignment)
{
    return (value + alignment - 1) & ~(alignment - 1);
}

uint64_t layout_place(uint64_t stub_end, struct layout_part *parts, size_t count)
{
    uint64_t address = layout_round_up(stub_end, LAYOUT_PAGE);

    for (size_t i = 0; i < count; i++) {
        parts[i].address = layout_round_up(address, parts[i].alignment);
        address = parts[i].address + parts[i].size;
    }
    return address;
}
