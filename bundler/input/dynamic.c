/* SPDX-License-Identifier: MIT */
#include "dynamic.h"

#include <elf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "elf.h"

/* The sections .dynamic and .dynstr. */
struct dynamic_sections {
    unsigned char *entries, *strings;
    uint64_t size, strings_size;
};

/* A string of .dynstr, which need not be terminated there: `*length` bytes. NULL: it lies outside. */
static const char *string_at(const struct dynamic_sections *sections, uint64_t offset, size_t *length)
{
    if (!sections->strings || offset >= sections->strings_size)
        return NULL;
    const char *string = (const char *)sections->strings + offset;
    *length = strnlen(string, sections->strings_size - offset);
    return string;
}

/*
 * Whether one of the directories, which are separated by colons, is relative. An empty one is the working directory, but
 * glibc ignores a path that is empty as a whole. $ORIGIN is absolute; $LIB and $PLATFORM are not.
 */
static bool has_relative_entry(const char *path, size_t length)
{
    static const char *const absolute[] = {"/", "$ORIGIN", "${ORIGIN}"};
    const char *end = path + length, *next;

    for (const char *entry = path; length > 0; entry = next + 1) {
        bool good = false;
        next = memchr(entry, ':', (size_t)(end - entry));
        size_t size = (size_t)((next ? next : end) - entry);
        for (size_t i = 0; i < sizeof absolute / sizeof *absolute; i++)
            good |= size >= strlen(absolute[i]) && memcmp(entry, absolute[i], strlen(absolute[i])) == 0;
        if (!good)
            return true;
        if (!next)
            break;
    }
    return false;
}

static void read_path(struct dynamic *dynamic, const struct dynamic_sections *sections, uint64_t offset)
{
    size_t length;
    const char *path = string_at(sections, offset, &length);

    if (!path)
        return;
    dynamic->uses_origin |= memmem(path, length, "$ORIGIN", 7) || memmem(path, length, "${ORIGIN}", 9);
    dynamic->has_relative_path |= has_relative_entry(path, length);
}

static void add_needed(struct dynamic *dynamic, const struct dynamic_sections *sections, uint64_t offset)
{
    size_t length;
    const char *name = string_at(sections, offset, &length);

    if (!name || dynamic->needed_count == DYNAMIC_NEEDED_MAX)
        return;
    if (!dynamic->needed)
        dynamic->needed = calloc(DYNAMIC_NEEDED_MAX, sizeof *dynamic->needed);
    char *copy = dynamic->needed ? strndup(name, length < DYNAMIC_NAME_MAX ? length : DYNAMIC_NAME_MAX) : NULL;
    if (copy)
        dynamic->needed[dynamic->needed_count++] = copy;
}

static int by_name(const void *a, const void *b)
{
    const char *const *left = a, *const *right = b;

    return strcmp(*left, *right);
}

void dynamic_read(struct dynamic *dynamic, bfd *abfd)
{
    struct dynamic_sections sections = {0};
    bool binds_now = false;

    *dynamic = (struct dynamic){0};
    sections.entries = elf_section(abfd, ".dynamic", &sections.size);
    sections.strings = elf_section(abfd, ".dynstr", &sections.strings_size);
    for (uint64_t at = 0; sections.entries && sections.size - at >= sizeof(Elf64_Dyn); at += sizeof(Elf64_Dyn)) {
        Elf64_Dyn entry;
        memcpy(&entry, sections.entries + at, sizeof entry);
        if (entry.d_tag == DT_NULL)
            break;
        /* a program with one of these names a loader */
        dynamic->is_library |= entry.d_tag == DT_SONAME || entry.d_tag == DT_NEEDED;
        dynamic->is_pie |= entry.d_tag == DT_FLAGS_1 && entry.d_un.d_val & DF_1_PIE;
        binds_now |= entry.d_tag == DT_BIND_NOW || (entry.d_tag == DT_FLAGS && entry.d_un.d_val & DF_BIND_NOW) ||
                     (entry.d_tag == DT_FLAGS_1 && entry.d_un.d_val & DF_1_NOW);
        if (entry.d_tag == DT_RPATH || entry.d_tag == DT_RUNPATH)
            read_path(dynamic, &sections, entry.d_un.d_val);
        if (entry.d_tag == DT_NEEDED)
            add_needed(dynamic, &sections, entry.d_un.d_val);
    }
    dynamic->binds_late = sections.entries && !binds_now;
    if (dynamic->needed)
        qsort(dynamic->needed, dynamic->needed_count, sizeof *dynamic->needed, by_name);
    free(sections.entries);
    free(sections.strings);
}

void dynamic_free(struct dynamic *dynamic)
{
    for (size_t i = 0; i < dynamic->needed_count; i++)
        free(dynamic->needed[i]);
    free(dynamic->needed);
    *dynamic = (struct dynamic){0};
}

bool dynamic_needs(const struct dynamic *dynamic, const char *name)
{
    size_t length = strlen(name);

    for (size_t i = 0; i < dynamic->needed_count; i++)
        if (strncmp(dynamic->needed[i], name, length) == 0 && strncmp(dynamic->needed[i] + length, ".so", 3) == 0)
            return true;
    return false;
}
