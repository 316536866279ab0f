/* SPDX-License-Identifier: MIT */
#include "go.h"

#include <string.h>

/* Reads a string with a varint length at *at and advances *at past it. False: the section is too short. */
static bool read_string(const unsigned char *section, uint64_t size, uint64_t *at, struct go_text *text)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 63; shift += 7) {
        if (*at >= size)
            return false;
        unsigned char byte = section[(*at)++];
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte & 0x80)
            continue;
        if (value > size - *at)
            return false;
        *text = (struct go_text){(const char *)section + *at, (size_t)value};
        *at += value;
        return true;
    }
    return false;
}

bool go_info_read(struct go_info *info, const unsigned char *section, uint64_t size)
{
    enum { AROUND = 16 };
    static const char magic[] = "\xff Go buildinf:";
    uint64_t at = 32;

    /* byte 15, bit 1: the strings themselves are in this section, not pointers to them */
    if (size < 32 || memcmp(section, magic, sizeof magic - 1) != 0 || !(section[15] & 2) ||
        !read_string(section, size, &at, &info->toolchain) || !read_string(section, size, &at, &info->modules))
        return false;
    /* the linker puts 16 bytes before the lines and after them, by which it finds them in the program */
    struct go_text *modules = &info->modules;
    if (modules->size > 2 * AROUND && modules->bytes[modules->size - AROUND - 1] == '\n')
        *modules = (struct go_text){modules->bytes + AROUND, modules->size - 2 * AROUND};
    return true;
}

bool go_line(struct go_text *text, struct go_text *line)
{
    const char *end = text->size > 0 ? memchr(text->bytes, '\n', text->size) : NULL;

    if (!end)
        return false;
    *line = (struct go_text){text->bytes, (size_t)(end - text->bytes)};
    text->size -= line->size + 1;
    text->bytes = end + 1;
    return true;
}

struct go_text go_field(struct go_text *line)
{
    const char *tab = line->size > 0 ? memchr(line->bytes, '\t', line->size) : NULL;
    struct go_text field = {line->bytes, tab ? (size_t)(tab - line->bytes) : line->size};
    size_t taken = field.size + (tab ? 1 : 0);

    line->bytes += taken;
    line->size -= taken;
    return field;
}

bool go_text_is(const struct go_text *text, const char *word)
{
    return text->size == strlen(word) && memcmp(text->bytes, word, text->size) == 0;
}
