/* SPDX-License-Identifier: MIT */
#include "linkage_sections.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/say.h"
#include "linkage_levels.h"

/* What is being written. The streams write into `sections`. */
struct maker {
    const struct linkage *linkage;
    struct linkage_parts *parts;
    FILE *strings, *dynamic, *symbols, *indexes, *needs, *levels;
    const struct linkage_entry *first_version; /* the entries of this kind are `version_count` */
    size_t version_count, library_count;
    uint32_t *libraries; /* the offsets of their names in .dynstr */
};

/* Adds a section that is written to the stream. The bytes are there when the stream is closed. */
static FILE *add_section(struct linkage_parts *parts, struct linkage_section section)
{
    struct linkage_section *added = &parts->sections[parts->count++];

    *added = section;
    return open_memstream((char **)&added->bytes, &added->size);
}

static void put(FILE *to, const void *bytes, size_t size)
{
    fwrite(bytes, 1, size, to);
}

/* The offset of a new string in .dynstr. */
static uint32_t put_string(struct maker *maker, const char *string)
{
    long offset = ftell(maker->strings);

    put(maker->strings, string, strlen(string) + 1);
    return (uint32_t)offset;
}

static void put_dynamic(struct maker *maker, Elf64_Sxword tag, uint64_t value)
{
    Elf64_Dyn entry = {.d_tag = tag, .d_un.d_val = value};

    put(maker->dynamic, &entry, sizeof entry);
}

/* The hash of a version's name: gABI, chapter 5, "Hash Table". */
static uint32_t hash(const char *name)
{
    uint32_t h = 0;

    for (; *name; name++) {
        h = (h << 4) + (unsigned char)*name;
        uint32_t top = h & 0xf0000000;
        h = (h ^ (top >> 24)) & ~top;
    }
    return h;
}

static void put_libraries(struct maker *maker)
{
    static const struct linkage_entry none;
    const struct linkage *linkage = maker->linkage;
    size_t i = 0;

    for (; i < linkage->count && linkage->entries[i].kind == LINKAGE_LIBRARY; i++) {
        maker->libraries[i] = put_string(maker, linkage->entries[i].name);
        put_dynamic(maker, DT_NEEDED, maker->libraries[i]);
        fputc(linkage->entries[i].levels, maker->levels);
    }
    maker->library_count = i;
    maker->first_version = i < linkage->count ? &linkage->entries[i] : &none; /* entries may be NULL */
    for (; i < linkage->count && linkage->entries[i].kind == LINKAGE_VERSION; i++)
        maker->version_count++;
}

/* The offset of a library's name. A version may be of a library that is not needed by itself. */
static uint32_t library_string(struct maker *maker, const char *name)
{
    for (size_t i = 0; i < maker->library_count; i++)
        if (strcmp(maker->linkage->entries[i].name, name) == 0)
            return maker->libraries[i];
    return put_string(maker, name);
}

/* Writes the versions, which are sorted by library. Returns how many libraries they have. */
static unsigned put_versions(struct maker *maker)
{
    const struct linkage_entry *at = maker->first_version, *end = at + maker->version_count, *next;
    uint16_t index = 2; /* 0 and 1 are for symbols without a version */
    unsigned libraries = 0;

    for (; at < end; at = next, libraries++) {
        for (next = at; next < end && strcmp(next->name, at->name) == 0; next++)
            fputc(next->levels, maker->levels);
        uint16_t count = (uint16_t)(next - at);
        Elf64_Verneed need = {
            .vn_version = VER_NEED_CURRENT,
            .vn_cnt = count,
            .vn_file = library_string(maker, at->name),
            .vn_aux = sizeof need,
            .vn_next = next == end ? 0 : (uint32_t)(sizeof need + count * sizeof(Elf64_Vernaux)),
        };
        put(maker->needs, &need, sizeof need);
        for (; at < next; at++) {
            Elf64_Vernaux version = {
                .vna_hash = hash(at->version),
                .vna_flags = at->flags,
                .vna_other = index++,
                .vna_name = put_string(maker, at->version),
                .vna_next = at + 1 < next ? sizeof version : 0,
            };
            put(maker->needs, &version, sizeof version);
        }
    }
    return libraries;
}

/* The index in .gnu.version for a symbol's version. */
static Elf64_Versym find_version(const struct maker *maker, const struct linkage_entry *symbol)
{
    size_t low = 0, high = maker->version_count;

    if (!*symbol->version)
        return VER_NDX_GLOBAL;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct linkage_entry *version = &maker->first_version[middle];
        int order = strcmp(version->name, symbol->library);
        order = order ? order : strcmp(version->version, symbol->version);
        if (order == 0)
            return (Elf64_Versym)(middle + 2);
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return VER_NDX_GLOBAL;
}

static void put_symbols(struct maker *maker)
{
    const struct linkage *linkage = maker->linkage;
    Elf64_Sym symbol = {0};
    Elf64_Versym index = VER_NDX_LOCAL;

    put(maker->symbols, &symbol, sizeof symbol);
    put(maker->indexes, &index, sizeof index);
    for (size_t i = maker->library_count + maker->version_count; i < linkage->count; i++) {
        const struct linkage_entry *entry = &linkage->entries[i];
        symbol = (Elf64_Sym){
            .st_name = put_string(maker, entry->name),
            .st_info = entry->info,
            .st_other = entry->other,
        };
        index = find_version(maker, entry);
        put(maker->symbols, &symbol, sizeof symbol);
        put(maker->indexes, &index, sizeof index);
        fputc(entry->levels, maker->levels);
    }
}

/* DT_RUNPATH, or if all paths are old ones DT_RPATH, with all of them. */
static void put_paths(struct maker *maker)
{
    const struct linkage *linkage = maker->linkage;
    Elf64_Sxword tag = DT_RPATH;
    long offset = ftell(maker->strings);

    if (linkage->path_count == 0)
        return;
    for (unsigned i = 0; i < linkage->path_count; i++) {
        fprintf(maker->strings, "%s%s", i > 0 ? ":" : "", linkage->paths[i].text);
        tag = linkage->paths[i].tag == DT_RUNPATH ? DT_RUNPATH : tag;
    }
    fputc(0, maker->strings);
    put_dynamic(maker, tag, (uint64_t)offset);
}

static void add_table(struct linkage_parts *parts, struct linkage_section section, const uint32_t *words, size_t count)
{
    FILE *to = add_section(parts, section);

    if (to) {
        put(to, words, count * sizeof *words);
        fclose(to);
    }
}

/*
 * The tables by which a loader finds a symbol. They are empty, because the bundle defines none, so readers do not look
 * for a chain. Every dynamic section has one of them.
 */
static void add_hash(struct linkage_parts *parts, const struct linkage *linkage, uint32_t symbols)
{
    static const struct linkage_section hash_section = {".hash", .type = SHT_HASH, .entry_size = 4, .link = ".dynsym"};
    static const struct linkage_section gnu_section = {".gnu.hash", .type = SHT_GNU_HASH, .link = ".dynsym"};
    /* one bucket, the first symbol in the table, one word of the filter, its shift; the filter; the bucket */
    const uint32_t gnu[] = {1, symbols, 1, 0, 0, 0, 0};
    uint32_t *words = calloc(symbols + 3, sizeof *words); /* one bucket, a chain for each symbol; these */

    if ((linkage->hash || !linkage->gnu_hash) && words) {
        words[0] = 1;
        words[1] = symbols;
        add_table(parts, hash_section, words, symbols + 3);
    }
    if (linkage->gnu_hash)
        add_table(parts, gnu_section, gnu, sizeof gnu / sizeof *gnu);
    free(words);
}

const struct linkage_address linkage_addresses[LINKAGE_ADDRESSES] = {
    {DT_HASH, 0, ".hash"},     {DT_GNU_HASH, 0, ".gnu.hash"},  {DT_STRTAB, DT_STRSZ, ".dynstr"},
    {DT_SYMTAB, 0, ".dynsym"}, {DT_VERSYM, 0, ".gnu.version"}, {DT_VERNEED, 0, ".gnu.version_r"},
};

static struct linkage_section *find(struct linkage_parts *parts, const char *name)
{
    for (unsigned i = 0; i < parts->count; i++)
        if (strcmp(parts->sections[i].name, name) == 0)
            return &parts->sections[i];
    return NULL;
}

/* The rest of .dynamic. The bundle asks for all symbols at the start if all its dynamic builds do. */
static void put_rest(struct maker *maker, unsigned needs)
{
    const struct linkage *linkage = maker->linkage;
    uint64_t now = linkage->dynamic && linkage->dynamic == linkage->binds_now;

    for (size_t i = 0; i < LINKAGE_ADDRESSES; i++) {
        const struct linkage_section *section = find(maker->parts, linkage_addresses[i].section);
        if (section)
            put_dynamic(maker, linkage_addresses[i].tag, 0);
        if (section && linkage_addresses[i].size_tag)
            put_dynamic(maker, linkage_addresses[i].size_tag, section->size);
    }
    put_dynamic(maker, DT_SYMENT, sizeof(Elf64_Sym));
    if (needs)
        put_dynamic(maker, DT_VERNEEDNUM, needs);
    if (now)
        put_dynamic(maker, DT_FLAGS, DF_BIND_NOW);
    put_dynamic(maker, DT_FLAGS_1, DF_1_PIE | (now ? DF_1_NOW : 0));
    put_dynamic(maker, DT_NULL, 0);
}

/* Drops a section that has been written. */
static void drop(struct linkage_parts *parts, const char *name)
{
    struct linkage_section *section = find(parts, name);

    free(section->bytes);
    memmove(section, section + 1, (size_t)(parts->sections + parts->count-- - (section + 1)) * sizeof *section);
}

/* Writes all sections but .dynamic, whose stream stays open. Returns how many libraries have versions. */
static unsigned put_all(struct maker *maker)
{
    linkage_levels_start(maker->linkage, maker->levels);
    fputc(0, maker->strings);
    put_libraries(maker);
    unsigned libraries = put_versions(maker);
    put_symbols(maker);
    put_paths(maker);
    return libraries;
}

/* The sections that are always made at first; .dynamic is the first one. */
static const struct linkage_section made[] = {
    {".dynamic", .type = SHT_DYNAMIC, .entry_size = sizeof(Elf64_Dyn), .link = ".dynstr"},
    {".dynsym", .type = SHT_DYNSYM, .info = 1, .entry_size = sizeof(Elf64_Sym), .link = ".dynstr"},
    {".dynstr", .type = SHT_STRTAB},
    {".gnu.version", .type = SHT_GNU_versym, .entry_size = sizeof(Elf64_Versym), .link = ".dynsym"},
    {".gnu.version_r", .type = SHT_GNU_verneed, .link = ".dynstr"},
    {LINKAGE_LEVELS_NAME, .type = SHT_PROGBITS},
};

int linkage_parts_make(struct linkage_parts *parts, const struct linkage *linkage)
{
    enum { STREAMS = sizeof made / sizeof *made };
    struct maker maker = {
        .linkage = linkage,
        .parts = parts,
        .libraries = calloc(linkage->count + 1, sizeof *maker.libraries),
    };
    FILE **const streams[STREAMS] = {&maker.dynamic, &maker.symbols, &maker.strings,
                                     &maker.indexes, &maker.needs,   &maker.levels};
    bool good = maker.libraries != NULL;
    unsigned libraries = 0;

    for (size_t i = 0; i < STREAMS; i++) {
        *streams[i] = add_section(parts, made[i]);
        good = good && *streams[i];
    }
    if (good)
        libraries = put_all(&maker);
    for (size_t i = 1; i < STREAMS; i++)
        good = (!*streams[i] || fclose(*streams[i]) == 0) && good;
    if (good) {
        find(parts, ".gnu.version_r")->info = libraries;
        if (libraries == 0) {
            drop(parts, ".gnu.version");
            drop(parts, ".gnu.version_r");
        }
        if (!linkage->dynamic)
            drop(parts, LINKAGE_LEVELS_NAME);
        add_hash(parts, linkage, (uint32_t)(find(parts, ".dynsym")->size / sizeof(Elf64_Sym)));
        put_rest(&maker, libraries);
    }
    good = (!maker.dynamic || fclose(maker.dynamic) == 0) && good;
    free(maker.libraries);
    for (unsigned i = 0; i < parts->count; i++)
        good &= parts->sections[i].bytes != NULL;
    return good ? 0 : fail("out of memory");
}
