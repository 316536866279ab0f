/* SPDX-License-Identifier: MIT */
#include "dynamic.h"

#include <elf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "elf.h"

void dynamic_table_read(struct dynamic_table *table, bfd *abfd)
{
    *table = (struct dynamic_table){0};
    table->entries = elf_section(abfd, ".dynamic", &table->size);
    table->strings = elf_section(abfd, ".dynstr", &table->strings_size);
    if (table->strings)
        table->strings[table->strings_size - 1] = 0; /* the last one may have no end */
}

void dynamic_table_free(struct dynamic_table *table)
{
    free(table->entries);
    free(table->strings);
}

bool dynamic_table_entry(const struct dynamic_table *table, uint64_t index, Elf64_Dyn *entry)
{
    if (!table->entries || index >= table->size / sizeof *entry)
        return false;
    memcpy(entry, table->entries + index * sizeof *entry, sizeof *entry);
    return entry->d_tag != DT_NULL;
}

const char *dynamic_table_string(const struct dynamic_table *table, uint64_t offset)
{
    return table->strings && offset < table->strings_size ? (const char *)table->strings + offset : NULL;
}

bool dynamic_binds_now(const Elf64_Dyn *entry)
{
    return entry->d_tag == DT_BIND_NOW || (entry->d_tag == DT_FLAGS && entry->d_un.d_val & DF_BIND_NOW) ||
           (entry->d_tag == DT_FLAGS_1 && entry->d_un.d_val & DF_1_NOW);
}

/*
 * Whether one of the directories, which are separated by colons, is relative. An empty one is the working directory, but
 * glibc ignores a path that is empty as a whole. $ORIGIN is absolute; $LIB and $PLATFORM are not.
 */
static bool has_relative_entry(const char *path)
{
    static const char *const absolute[] = {"/", "$ORIGIN", "${ORIGIN}"};
    const char *next;

    for (const char *entry = path; *path; entry = next + 1) {
        bool good = false;
        next = strchrnul(entry, ':');
        size_t size = (size_t)(next - entry);
        for (size_t i = 0; i < sizeof absolute / sizeof *absolute; i++)
            good |= size >= strlen(absolute[i]) && memcmp(entry, absolute[i], strlen(absolute[i])) == 0;
        if (!good)
            return true;
        if (!*next)
            break;
    }
    return false;
}

static void read_path(struct dynamic *dynamic, const char *path)
{
    if (!path)
        return;
    dynamic->uses_origin |= strstr(path, "$ORIGIN") || strstr(path, "${ORIGIN}");
    dynamic->has_relative_path |= has_relative_entry(path);
}

static void add_needed(struct dynamic *dynamic, const char *name)
{
    if (!name || dynamic->needed_count == DYNAMIC_NEEDED_MAX)
        return;
    if (!dynamic->needed)
        dynamic->needed = calloc(DYNAMIC_NEEDED_MAX, sizeof *dynamic->needed);
    char *copy = dynamic->needed ? strndup(name, DYNAMIC_NAME_MAX) : NULL;
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
    struct dynamic_table table;
    Elf64_Dyn entry;
    bool binds_now = false;

    *dynamic = (struct dynamic){0};
    dynamic_table_read(&table, abfd);
    for (uint64_t i = 0; dynamic_table_entry(&table, i, &entry); i++) {
        /* a program with one of these names a loader */
        dynamic->is_library |= entry.d_tag == DT_SONAME || entry.d_tag == DT_NEEDED;
        dynamic->is_pie |= entry.d_tag == DT_FLAGS_1 && entry.d_un.d_val & DF_1_PIE;
        binds_now |= dynamic_binds_now(&entry);
        if (entry.d_tag == DT_RPATH || entry.d_tag == DT_RUNPATH)
            read_path(dynamic, dynamic_table_string(&table, entry.d_un.d_val));
        if (entry.d_tag == DT_NEEDED)
            add_needed(dynamic, dynamic_table_string(&table, entry.d_un.d_val));
    }
    dynamic->binds_late = table.entries && !binds_now;
    if (dynamic->needed)
        qsort(dynamic->needed, dynamic->needed_count, sizeof *dynamic->needed, by_name);
    dynamic_table_free(&table);
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
