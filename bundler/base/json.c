/* SPDX-License-Identifier: MIT */
#include "json.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The first and the last code point of sequences with this many bytes, and what their first byte is or'ed with. */
static const struct {
    uint32_t first, last;
    unsigned char mask, mark;
} lengths[] = {
    {0, 0x7f, 0x7f, 0x00},
    {0x80, 0x7ff, 0x1f, 0xc0},
    {0x800, 0xffff, 0x0f, 0xe0},
    {0x10000, 0x10ffff, 0x07, 0xf0},
};

/* The number of bytes of the character at the start of `bytes`, which end with a 0. 0: it is not UTF-8. */
static size_t character_size(const unsigned char *bytes)
{
    size_t size = 1;

    while (size <= 4 && (bytes[0] & (unsigned char)~lengths[size - 1].mask) != lengths[size - 1].mark)
        size++;
    if (size > 4)
        return 0;
    uint32_t point = bytes[0] & lengths[size - 1].mask;
    for (size_t i = 1; i < size; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
        point = point << 6 | (bytes[i] & 0x3f);
    }
    bool surrogate = point >= 0xd800 && point <= 0xdfff;
    return point < lengths[size - 1].first || point > lengths[size - 1].last || surrogate ? 0 : size;
}

struct json_object *json_text(const char *text)
{
    static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */
    const unsigned char *from = (const unsigned char *)text;
    char *copy = malloc(strlen(text) * (sizeof replacement - 1) + 1), *to = copy;

    if (!copy)
        return NULL;
    while (*from) {
        size_t size = character_size(from);
        memcpy(to, size ? (const char *)from : replacement, size ? size : sizeof replacement - 1);
        to += size ? size : sizeof replacement - 1;
        from += size ? size : 1;
    }
    *to = 0;
    struct json_object *string = json_object_new_string(copy);
    free(copy);
    return string;
}

void json_print(struct json_object *root)
{
    puts(json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
                                                  JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(root);
}
