/* SPDX-License-Identifier: MIT */
#include "linkage.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../base/say.h"
#include "dynamic.h"
#include "elf.h"

/* More than any program has. */
enum { ENTRIES_MAX = 1 << 20 };

/* The sections of one file. */
struct sections_read {
    struct dynamic_table dynamic;
    unsigned char *symbols, *indexes, *needs;
    uint64_t symbols_size, indexes_size, needs_size;
};

/* A version that an index in .gnu.version stands for. */
struct version {
    const char *library, *name;
};

enum { VERSIONS_MAX = 1 << 15 };

static bool add(struct linkage *linkage, struct linkage_entry entry)
{
    if (linkage->count == ENTRIES_MAX || !entry.name)
        return true;
    if (linkage->count == linkage->room) {
        size_t room = linkage->room ? 2 * linkage->room : 256;
        struct linkage_entry *entries = reallocarray(linkage->entries, room, sizeof *entries);
        if (!entries)
            return false;
        linkage->entries = entries;
        linkage->room = room;
    }
    linkage->entries[linkage->count++] = entry;
    return true;
}

static void add_path(struct linkage *linkage, Elf64_Sxword tag, const char *text, uint8_t levels)
{
    if (text && *text && linkage->path_count < LINKAGE_PATHS_MAX)
        linkage->paths[linkage->path_count++] = (struct linkage_path){tag, text, levels};
}

static bool read_dynamic(struct linkage *linkage, const struct dynamic_table *table, uint8_t levels)
{
    Elf64_Dyn entry;

    if (table->entries)
        linkage->dynamic |= levels;
    for (uint64_t i = 0; dynamic_table_entry(table, i, &entry); i++) {
        const char *text = dynamic_table_string(table, entry.d_un.d_val);
        if (dynamic_binds_now(&entry))
            linkage->binds_now |= levels;
        if (entry.d_tag == DT_HASH)
            linkage->hash |= levels;
        if (entry.d_tag == DT_GNU_HASH)
            linkage->gnu_hash |= levels;
        if (entry.d_tag == DT_RPATH || entry.d_tag == DT_RUNPATH)
            add_path(linkage, entry.d_tag, text, levels);
        if (entry.d_tag == DT_NEEDED &&
            !add(linkage, (struct linkage_entry){LINKAGE_LIBRARY, text, "", "", .levels = levels}))
            return false;
    }
    return true;
}

/* Reads the needed versions, and which index each one has. */
static bool read_versions(struct linkage *linkage, const struct sections_read *sections, uint8_t levels,
                          struct version *versions)
{
    Elf64_Verneed need;
    Elf64_Vernaux auxiliary;
    uint64_t next;

    for (uint64_t at = 0; at < sections->needs_size && sections->needs_size - at >= sizeof need; at = next) {
        memcpy(&need, sections->needs + at, sizeof need);
        const char *library = dynamic_table_string(&sections->dynamic, need.vn_file);
        uint64_t aux = at + need.vn_aux;
        for (unsigned i = 0; i < need.vn_cnt && aux < sections->needs_size; i++) {
            if (sections->needs_size - aux < sizeof auxiliary)
                break;
            memcpy(&auxiliary, sections->needs + aux, sizeof auxiliary);
            const char *version = dynamic_table_string(&sections->dynamic, auxiliary.vna_name);
            struct linkage_entry entry = {LINKAGE_VERSION, library, "", version, auxiliary.vna_flags, .levels = levels};
            if (library && version && !add(linkage, entry))
                return false;
            if (library && version && auxiliary.vna_other < VERSIONS_MAX)
                versions[auxiliary.vna_other] = (struct version){library, version};
            if (auxiliary.vna_next == 0)
                break;
            aux += auxiliary.vna_next;
        }
        next = at + need.vn_next;
        if (need.vn_next == 0)
            break;
    }
    return true;
}

/*
 * Reads the undefined symbols. One that is defined, but has the version of a library, is a copy of a variable there
 * (R_X86_64_COPY), so the program needs it, too.
 */
static bool read_symbols(struct linkage *linkage, const struct sections_read *sections, uint8_t levels,
                         const struct version *versions)
{
    static const struct version none = {"", ""};
    Elf64_Sym symbol;

    for (uint64_t i = 1; i < sections->symbols_size / sizeof symbol; i++) {
        Elf64_Versym index = 0;
        memcpy(&symbol, sections->symbols + i * sizeof symbol, sizeof symbol);
        if (i < sections->indexes_size / sizeof index)
            memcpy(&index, sections->indexes + i * sizeof index, sizeof index);
        const struct version *version = &versions[index & (VERSIONS_MAX - 1)];
        if (!version->name)
            version = &none;
        const char *name = dynamic_table_string(&sections->dynamic, symbol.st_name);
        if (!name || !*name || (symbol.st_shndx != SHN_UNDEF && !*version->name))
            continue;
        if (!add(linkage, (struct linkage_entry){LINKAGE_SYMBOL, name, version->library, version->name, 0,
                                                 symbol.st_info, symbol.st_other, levels}))
            return false;
    }
    return true;
}

/* Keeps the strings. */
static bool keep(struct linkage *linkage, struct sections_read *sections)
{
    unsigned char **texts = reallocarray(linkage->texts, linkage->text_count + 1, sizeof *texts);

    if (!texts) {
        dynamic_table_free(&sections->dynamic);
        return false;
    }
    linkage->texts = texts;
    texts[linkage->text_count++] = sections->dynamic.strings;
    return true;
}

int linkage_read(struct linkage *linkage, bfd *abfd, uint8_t levels)
{
    struct sections_read sections = {0};
    struct version *versions = calloc(VERSIONS_MAX, sizeof *versions);

    if (!versions)
        return fail("out of memory");
    dynamic_table_read(&sections.dynamic, abfd);
    if (!keep(linkage, &sections)) {
        free(versions);
        return fail("out of memory");
    }
    sections.symbols = elf_section(abfd, ".dynsym", &sections.symbols_size);
    sections.indexes = elf_section(abfd, ".gnu.version", &sections.indexes_size);
    sections.needs = elf_section(abfd, ".gnu.version_r", &sections.needs_size);
    bool good = read_dynamic(linkage, &sections.dynamic, levels) &&
                (!sections.needs || read_versions(linkage, &sections, levels, versions)) &&
                (!sections.symbols || read_symbols(linkage, &sections, levels, versions));
    free(versions);
    free(sections.dynamic.entries);
    free(sections.symbols);
    free(sections.indexes);
    free(sections.needs);
    return good ? 0 : fail("out of memory");
}

void linkage_free(struct linkage *linkage)
{
    for (size_t i = 0; i < linkage->text_count; i++)
        free(linkage->texts[i]);
    free(linkage->texts);
    free(linkage->entries);
    *linkage = (struct linkage){0};
}

/* By kind, name, library, version, and what remains: the same bundle, whatever the order of its builds. */
static int compare_entries(const void *a, const void *b)
{
    const struct linkage_entry *left = a, *right = b;
    int order = (left->kind > right->kind) - (left->kind < right->kind);

    order = order ? order : strcmp(left->name, right->name);
    order = order ? order : strcmp(left->library, right->library);
    order = order ? order : strcmp(left->version, right->version);
    order = order ? order : left->flags - right->flags;
    order = order ? order : left->info - right->info;
    return order ? order : left->other - right->other;
}

static int compare_paths(const void *a, const void *b)
{
    const struct linkage_path *left = a, *right = b;
    int order = (left->tag > right->tag) - (left->tag < right->tag);

    return order ? order : strcmp(left->text, right->text);
}

void linkage_sort(struct linkage *linkage)
{
    size_t kept = 0;
    unsigned paths = 0;

    if (linkage->count > 0)
        qsort(linkage->entries, linkage->count, sizeof *linkage->entries, compare_entries);
    for (size_t i = 0; i < linkage->count; i++)
        if (kept > 0 && compare_entries(&linkage->entries[kept - 1], &linkage->entries[i]) == 0)
            linkage->entries[kept - 1].levels |= linkage->entries[i].levels;
        else
            linkage->entries[kept++] = linkage->entries[i];
    linkage->count = kept;
    qsort(linkage->paths, linkage->path_count, sizeof *linkage->paths, compare_paths);
    for (unsigned i = 0; i < linkage->path_count; i++)
        if (paths > 0 && compare_paths(&linkage->paths[paths - 1], &linkage->paths[i]) == 0)
            linkage->paths[paths - 1].levels |= linkage->paths[i].levels;
        else
            linkage->paths[paths++] = linkage->paths[i];
    linkage->path_count = paths;
}

void linkage_remove(struct linkage *linkage, uint8_t levels)
{
    size_t kept = 0;
    unsigned paths = 0;

    for (size_t i = 0; i < linkage->count; i++)
        if (linkage->entries[i].levels &= (uint8_t)~levels)
            linkage->entries[kept++] = linkage->entries[i];
    for (unsigned i = 0; i < linkage->path_count; i++)
        if (linkage->paths[i].levels &= (uint8_t)~levels)
            linkage->paths[paths++] = linkage->paths[i];
    linkage->count = kept;
    linkage->path_count = paths;
    linkage->dynamic &= (uint8_t)~levels;
    linkage->binds_now &= (uint8_t)~levels;
    linkage->hash &= (uint8_t)~levels;
    linkage->gnu_hash &= (uint8_t)~levels;
}
