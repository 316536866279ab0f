/* SPDX-License-Identifier: MIT */
#include "version_texts.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../base/say.h"

enum {
    TEXT_MIN = 3,     /* characters; scanners look at no shorter ones */
    TEXT_MAX = 256,   /* longer texts are not names of versions */
    NEIGHBOURS = 4,   /* texts before and after one with a version; some scanners look at them together */
    ALL_MAX = 1 << 16 /* bytes of all texts */
};

struct collector {
    unsigned char *bytes; /* ALL_MAX of them */
    size_t size;
    char text[TEXT_MAX + 1]; /* the current one; a longer one has length TEXT_MAX + 1 */
    size_t length;
    char before[NEIGHBOURS][TEXT_MAX + 1]; /* the texts before it that have not been taken; a ring */
    unsigned before_count, before_next;
    unsigned after; /* how many of the next texts are neighbours */
};

static size_t digits(const char *text)
{
    return strspn(text, "0123456789");
}

/* Whether the text has a number like 1.2 or a date like 2026-11-29. */
static bool has_version(const char *text)
{
    for (; *text; text += strcspn(text, "0123456789")) {
        size_t first = digits(text), second = text[first] == '-' ? digits(text + first + 1) : 0;
        if (first > 0 && text[first] == '.' && digits(text + first + 1) > 0)
            return true;
        if (first == 4 && second == 2 && text[7] == '-' && digits(text + 8) == 2)
            return true;
        text += first;
    }
    return false;
}

static void take(struct collector *collector, const char *text)
{
    size_t size = strlen(text) + 1;

    if (size > ALL_MAX - collector->size)
        return;
    memcpy(collector->bytes + collector->size, text, size);
    collector->size += size;
}

/* Takes the neighbours before the current text, oldest first. */
static void take_before(struct collector *collector)
{
    for (; collector->before_count > 0; collector->before_count--)
        take(collector, collector->before[(collector->before_next - collector->before_count) % NEIGHBOURS]);
}

static void end_text(struct collector *collector)
{
    char *text = collector->text;
    size_t length = collector->length;

    collector->length = 0;
    if (length < TEXT_MIN || length > TEXT_MAX)
        return;
    text[length] = 0;
    if (has_version(text)) {
        take_before(collector);
        collector->after = NEIGHBOURS + 1;
    }
    if (collector->after > 0) {
        take(collector, text);
        collector->after--;
        return;
    }
    memcpy(collector->before[collector->before_next++ % NEIGHBOURS], text, length + 1);
    if (collector->before_count < NEIGHBOURS)
        collector->before_count++;
}

static void add_bytes(struct collector *collector, const unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if ((bytes[i] < ' ' || bytes[i] > '~') && bytes[i] != '\t')
            end_text(collector);
        else if (collector->length < TEXT_MAX)
            collector->text[collector->length++] = (char)bytes[i];
        else
            collector->length = TEXT_MAX + 1;
    }
}

/*
 * Data that the program has in memory, but for what names its libraries, which the bundle has already, and Go's names of
 * functions, of which thousands end like version numbers.
 */
static bool has_texts(asection *section)
{
    static const char *const others[] = {".interp", ".dynstr", ".gopclntab"};
    flagword flags = bfd_section_flags(section), data = SEC_ALLOC | SEC_LOAD | SEC_HAS_CONTENTS;
    const char *name = bfd_section_name(section);

    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(name, others[i]) == 0)
            return false;
    return (flags & data) == data && !(flags & SEC_CODE) && strncmp(name, ".note", 5) != 0;
}

/* Sections of a program do not overlap; those of a damaged file take no longer to read than the file. */
static void collect(struct collector *collector, bfd *abfd, unsigned char *chunk, size_t room)
{
    uint64_t left = (uint64_t)bfd_get_file_size(abfd);

    for (asection *section = abfd->sections; section; section = section->next) {
        uint64_t size = bfd_section_size(section);
        if (!has_texts(section) || size > left)
            continue;
        left -= size;
        for (uint64_t at = 0; at < size; at += room) {
            size_t length = size - at < room ? (size_t)(size - at) : room;
            if (!bfd_get_section_contents(abfd, section, chunk, (file_ptr)at, length))
                break;
            add_bytes(collector, chunk, length);
        }
        end_text(collector);
        collector->before_count = 0;
        collector->after = 0;
    }
}

int version_texts_read(bfd *abfd, unsigned char **bytes, uint64_t *size)
{
    enum { CHUNK = 1 << 16 };
    struct collector collector = {.bytes = calloc(1, ALL_MAX), .size = 1};
    unsigned char *chunk = malloc(CHUNK);

    if (!collector.bytes || !chunk) {
        free(collector.bytes);
        free(chunk);
        return fail("out of memory");
    }
    collect(&collector, abfd, chunk, CHUNK);
    free(chunk);
    if (collector.size == 1) {
        free(collector.bytes);
        collector.bytes = NULL;
    }
    *bytes = collector.bytes;
    *size = collector.size;
    return 0;
}
