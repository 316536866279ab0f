/* SPDX-License-Identifier: MIT */
#include "identity.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "../../lib/format.h"
#include "../../lib/note.h"
#include "../base/file.h"
#include "go.h"

/*
 * The largest JSON text that is parsed, in bytes. A thousand crates take about 100 KB. For a text that
 * is made for that purpose, json-c needs up to a hundred times as much memory as the text has.
 */
enum { JSON_MAX = 1 << 20 };

/* The start of a longer text is enough to compare it and to print it. */
enum { TEXT_MAX = 500 };

static char *copy_text(const struct go_text *text)
{
    return text->size > 0 ? strndup(text->bytes, text->size < TEXT_MAX ? text->size : TEXT_MAX) : NULL;
}

/* --- Go --------------------------------------------------------------------------------------------------------- */

/*
 * Go gives "(devel)" as version if it does not know it. It appends "+dirty" if files beside the sources have changed,
 * which the builds themselves may be.
 */
static void read_go_module(struct identity *identity, struct go_text *line)
{
    static const char dirty[] = "+dirty";
    size_t length = sizeof dirty - 1;
    struct go_text path = go_field(line), version = go_field(line);

    identity->facts[IDENTITY_GO_MODULE] = copy_text(&path);
    if (version.size > length && memcmp(version.bytes + version.size - length, dirty, length) == 0)
        version.size -= length;
    if (!go_text_is(&version, "(devel)"))
        identity->facts[IDENTITY_GO_VERSION] = copy_text(&version);
}

/*
 * Appends "PATH\tVERSION\n" for "dep\tPATH\tVERSION\tSUM", and " => PATH VERSION" before the end of the last line for
 * "=>\tPATH\tVERSION\tSUM", which replaces the module before it.
 */
static void add_go_dependency(FILE *to, struct go_text *line, bool replacement, bool first)
{
    struct go_text path = go_field(line), version = go_field(line);

    if (replacement)
        fputs(" => ", to);
    else if (!first)
        fputc('\n', to);
    fwrite(path.bytes, 1, path.size < TEXT_MAX ? path.size : TEXT_MAX, to);
    fputc(replacement ? ' ' : '\t', to);
    fwrite(version.bytes, 1, version.size < TEXT_MAX ? version.size : TEXT_MAX, to);
}

static void read_go_lines(struct identity *identity, struct go_text text)
{
    static const char commit[] = "vcs.revision=";
    struct go_text line;
    bool in_dependencies = false;
    size_t size = 0;
    FILE *dependencies = open_memstream(&identity->facts[IDENTITY_GO_DEPENDENCIES], &size);

    while (dependencies && go_line(&text, &line)) {
        struct go_text key = go_field(&line);
        if (go_text_is(&key, "path") && !identity->facts[IDENTITY_GO_PACKAGE]) {
            /* "command-line-arguments" stands for files that were named one by one */
            if (!go_text_is(&line, "command-line-arguments"))
                identity->facts[IDENTITY_GO_PACKAGE] = copy_text(&line);
        } else if (go_text_is(&key, "mod") && !identity->facts[IDENTITY_GO_MODULE]) {
            read_go_module(identity, &line);
        } else if (go_text_is(&key, "dep") || (go_text_is(&key, "=>") && in_dependencies)) {
            add_go_dependency(dependencies, &line, go_text_is(&key, "=>"), !in_dependencies);
            in_dependencies = true;
        } else if (go_text_is(&key, "build") && line.size >= sizeof commit - 1 &&
                   memcmp(line.bytes, commit, sizeof commit - 1) == 0 && !identity->facts[IDENTITY_GO_COMMIT]) {
            struct go_text value = {line.bytes + sizeof commit - 1, line.size - (sizeof commit - 1)};
            identity->facts[IDENTITY_GO_COMMIT] = copy_text(&value);
        }
    }
    if (dependencies) {
        fputc('\n', dependencies);
        fclose(dependencies);
    }
}

static void read_go(struct identity *identity, const unsigned char *section, uint64_t size)
{
    struct go_info info;

    if (!go_info_read(&info, section, size))
        return;
    identity->facts[IDENTITY_GO_TOOLCHAIN] = copy_text(&info.toolchain);
    read_go_lines(identity, info.modules);
}

/* --- JSON ------------------------------------------------------------------------------------------------------- */

/* Parses `size` bytes, which zeros may follow. NULL: not JSON, or too large. The caller calls json_object_put(). */
static struct json_object *parse(const char *text, size_t size)
{
    size_t length = strnlen(text, size);
    struct json_tokener *tokener = length > 0 && length <= JSON_MAX ? json_tokener_new() : NULL;

    if (!tokener)
        return NULL;
    struct json_object *root = json_tokener_parse_ex(tokener, text, (int)length);
    if (json_tokener_get_error(tokener) != json_tokener_success) {
        json_object_put(root);
        root = NULL;
    }
    json_tokener_free(tokener);
    return root;
}

static const char *member(struct json_object *object, const char *name)
{
    struct json_object *value;

    return json_object_object_get_ex(object, name, &value) && json_object_is_type(value, json_type_string)
               ? json_object_get_string(value)
               : NULL;
}

/* "NAME VERSION" of an object that has both. The caller frees it. */
static char *name_and_version(struct json_object *object)
{
    const char *name = json_object_is_type(object, json_type_object) ? member(object, "name") : NULL;
    const char *version = name ? member(object, "version") : NULL;
    char *text;

    return version && asprintf(&text, "%.*s %.*s", TEXT_MAX, name, TEXT_MAX, version) >= 0 ? text : NULL;
}

/* Package metadata (systemd's "Package Metadata for Executable Files"): a note with the owner FDO. */
static void read_package(struct identity *identity, const unsigned char *section, uint64_t size)
{
    const uint32_t type = 0xcafe1a7e;
    struct fatelf_note note;

    while (!identity->facts[IDENTITY_PACKAGE] && fatelf_note_next(&section, &size, &note)) {
        if (note.type != type || !fatelf_note_is_by(&note, "FDO"))
            continue;
        struct json_object *root = parse((const char *)note.bytes, note.size);
        identity->facts[IDENTITY_PACKAGE] = name_and_version(root);
        json_object_put(root);
    }
}

/* cargo-auditable's record: JSON compressed by zlib, an array of packages of which one is the root. */
static void read_crate(struct identity *identity, const unsigned char *section, uint64_t size)
{
    uLongf length = JSON_MAX;
    char *text = malloc(JSON_MAX);
    struct json_object *root = NULL, *packages, *is_root;

    if (text && size <= JSON_MAX && uncompress((Bytef *)text, &length, section, (uLong)size) == Z_OK)
        root = parse(text, length);
    free(text);
    if (json_object_is_type(root, json_type_object) && json_object_object_get_ex(root, "packages", &packages) &&
        json_object_is_type(packages, json_type_array))
        for (size_t i = 0; i < json_object_array_length(packages) && !identity->facts[IDENTITY_CRATE]; i++) {
            struct json_object *package = json_object_array_get_idx(packages, i);
            if (json_object_is_type(package, json_type_object) &&
                json_object_object_get_ex(package, "root", &is_root) && json_object_get_boolean(is_root))
                identity->facts[IDENTITY_CRATE] = name_and_version(package);
        }
    json_object_put(root);
}

/* --- ELF -------------------------------------------------------------------------------------------------------- */

static void read_loader(struct identity *identity, const struct elf_file *elf, int fd)
{
    char name[FATELF_INTERPRETER_MAX + 1] = "none";

    for (size_t i = 0; i < elf->count; i++) {
        const Elf64_Phdr *segment = &elf->program_headers[i];
        if (segment->p_type != PT_INTERP)
            continue;
        memset(name, 0, sizeof name);
        if (segment->p_filesz > FATELF_INTERPRETER_MAX || !file_read(fd, name, segment->p_filesz, segment->p_offset))
            return;
        break;
    }
    identity->facts[IDENTITY_LOADER] = strdup(name);
}

void identity_read(struct identity *identity, bfd *abfd, const struct elf_file *elf, int fd)
{
    static const struct {
        const char *section;
        void (*read)(struct identity *identity, const unsigned char *section, uint64_t size);
    } records[] = {
        {".go.buildinfo", read_go},
        {".note.package", read_package},
        {".dep-v0", read_crate},
    };

    *identity = (struct identity){0};
    identity->facts[IDENTITY_TYPE] = strdup(elf->header.e_type == ET_EXEC ? "ET_EXEC" : "ET_DYN");
    read_loader(identity, elf, fd);
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        uint64_t size;
        unsigned char *section = elf_section(abfd, records[i].section, &size);
        if (section)
            records[i].read(identity, section, size);
        free(section);
    }
}

void identity_free(struct identity *identity)
{
    for (size_t i = 0; i < IDENTITY_FACTS; i++)
        free(identity->facts[i]);
    *identity = (struct identity){0};
}
