/* SPDX-License-Identifier: MIT */
/* list: shows what a bundle contains. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "../../lib/encoding.h"
#include "../../lib/launch.h"
#include "../base/json.h"
#include "../base/say.h"
#include "../bundle/open.h"
#include "../input/marks.h"
#include "commands.h"

enum { OPTION_JSON = 256 };

static const struct option_row option_rows[] = {
    {OPTION_JSON, "json", NULL, "print JSON"},
    {'v', "verbose", NULL, "also show the marks of each variant, such as 'no PIE', and versions"},
    {0},
};

static void hexadecimal(const uint8_t *bytes, size_t size, char *text)
{
    for (size_t i = 0; i < size; i++)
        sprintf(text + 2 * i, "%02x", bytes[i]);
}

struct component {
    char name[64], version[64];
};

/* Reads the next line "NAME VERSION" of a note. False: there is none. */
static bool next_component(const char **text, struct component *component)
{
    size_t length = *text ? strcspn(*text, "\n") : 0, name = *text ? strcspn(*text, " \n") : 0;

    if (length == 0)
        return false;
    snprintf(component->name, sizeof component->name, "%.*s", (int)name, *text);
    size_t version = name < length ? name + 1 : length;
    snprintf(component->version, sizeof component->version, "%.*s", (int)(length - version), *text + version);
    *text += length + ((*text)[length] != 0);
    return true;
}

static void print_components(const char *title, const char *text)
{
    struct component component;
    const char *separator = ": ";

    if (text)
        fputs(title, stdout);
    for (; next_component(&text, &component); separator = ", ") {
        fputs(separator, stdout);
        say_text(stdout, component.name);
        putchar(' ');
        say_text(stdout, component.version);
    }
    if (text)
        putchar('\n');
}

/* The version in the first line. */
static struct json_object *json_version(const char *text)
{
    struct component component;

    return next_component(&text, &component) ? json_text(component.version) : NULL;
}

/* The launcher is in the first line. */
static struct json_object *json_launcher(const char *text)
{
    struct json_object *launcher = json_object_new_object(), *components = json_object_new_array();
    struct component component;

    json_object_object_add(launcher, "version", json_version(text));
    next_component(&text, &component);
    while (next_component(&text, &component)) {
        struct json_object *row = json_object_new_object();
        json_object_object_add(row, "name", json_text(component.name));
        json_object_object_add(row, "version", json_text(component.version));
        json_object_array_add(components, row);
    }
    json_object_object_add(launcher, "components", components);
    return launcher;
}

/* The marks of a variant in words. They come from the file: they are shown, and nothing depends on them. */
static void print_marks(unsigned marks)
{
    const char *separator = "  ";

    for (size_t i = 0; i < MARK_ROWS; i++)
        if (marks & mark_rows[i].mark) {
            printf("%s%s", separator, mark_rows[i].words);
            separator = ", ";
        }
    if (separator[0] != ',')
        printf("  -");
}

static struct json_object *json_marks(unsigned marks)
{
    struct json_object *names = json_object_new_array();

    for (size_t i = 0; i < MARK_ROWS; i++)
        if (marks & mark_rows[i].mark)
            json_object_array_add(names, json_object_new_string(mark_rows[i].name));
    return names;
}

static void print_appended(const struct bundle_file *file)
{
    for (unsigned i = 0; i < file->bundle.manifest.header.appended_count; i++) {
        struct fatelf_appended appended = fatelf_manifest_appended(&file->bundle.manifest, file->bundle.bytes, i);
        printf("appended data: %llu bytes %s%s\n", (unsigned long long)appended.size,
               appended.name[0] ? "in section " : "at the end", appended.name);
    }
}

static struct json_object *json_appended(const struct bundle_file *file)
{
    struct json_object *rows = json_object_new_array();

    for (unsigned i = 0; i < file->bundle.manifest.header.appended_count; i++) {
        struct fatelf_appended appended = fatelf_manifest_appended(&file->bundle.manifest, file->bundle.bytes, i);
        struct json_object *row = json_object_new_object();
        char text[2 * sizeof appended.sha256 + 1];
        json_object_object_add(row, "name", appended.name[0] ? json_object_new_string(appended.name) : NULL);
        json_object_object_add(row, "size", json_object_new_int64((int64_t)appended.size));
        hexadecimal(appended.sha256, sizeof appended.sha256, text);
        json_object_object_add(row, "sha256", json_object_new_string(text));
        json_object_array_add(rows, row);
    }
    return rows;
}

static void print_table(const struct bundle_file *file, bool verbose)
{
    const struct fatelf_manifest *manifest = &file->bundle.manifest;
    bool go_env = manifest->header.compatible & FATELF_COMPATIBLE_GO_ENV;

    say_text(stdout, file->path);
    printf(": %llu bytes, launch %s%s\n", (unsigned long long)file->size,
           fatelf_launch_by_number(manifest->header.launch)->name, go_env ? ", honours GOAMD64 and MGODEBUG" : "");
    printf("LEVEL  ENCODING    BASE         SIZE      STORED  RATIO  SHA-256%s\n", verbose ? "           MARKS" : "");
    for (unsigned i = 0; i < manifest->header.variant_count; i++) {
        const struct fatelf_variant *variant = &manifest->variants[i];
        char hash[2 * sizeof variant->sha256 + 1], encoding[16], base[8] = "-";
        unsigned same = bundle_file_same_as(file, i);
        if (same)
            snprintf(encoding, sizeof encoding, "= v%u", same);
        else
            snprintf(encoding, sizeof encoding, "%s", fatelf_encoding_by_number(variant->encoding)->name);
        if (variant->base)
            snprintf(base, sizeof base, "v%u", variant->base);
        hexadecimal(variant->sha256, sizeof variant->sha256, hash);
        printf("v%-5u %-10s  %-4s  %11llu %11llu  %4.1f%%  %.16s", variant->level, encoding, base,
               (unsigned long long)variant->size, (unsigned long long)variant->payload_size,
               (double)variant->payload_size * 100 / (double)variant->size, hash);
        if (verbose)
            print_marks(variant->marks);
        putchar('\n');
    }
    print_appended(file);
    if (verbose) {
        print_components("launcher", file->components);
        print_components("create", file->creator);
    }
}

static void print_json(const struct bundle_file *file)
{
    const struct fatelf_manifest *manifest = &file->bundle.manifest;
    struct json_object *root = json_object_new_object();
    struct json_object *variants = json_object_new_array();

    json_object_object_add(root, "file", json_text(file->path));
    json_object_object_add(root, "size", json_object_new_int64((int64_t)file->size));
    json_object_object_add(root, "format", json_object_new_int(manifest->header.version));
    json_object_object_add(root, "build_id", file->build_id[0] ? json_object_new_string(file->build_id) : NULL);
    json_object_object_add(root, "launch",
                           json_object_new_string(fatelf_launch_by_number(manifest->header.launch)->name));
    json_object_object_add(root, "go_env",
                           json_object_new_boolean((manifest->header.compatible & FATELF_COMPATIBLE_GO_ENV) != 0));
    json_object_object_add(root, "launcher", file->components ? json_launcher(file->components) : NULL);
    json_object_object_add(root, "create", json_version(file->creator));
    json_object_object_add(root, "variants", variants);
    for (unsigned i = 0; i < manifest->header.variant_count; i++) {
        const struct fatelf_variant *variant = &manifest->variants[i];
        struct json_object *row = json_object_new_object();
        char text[2 * sizeof variant->sha256 + 1];
        snprintf(text, sizeof text, "v%u", variant->level);
        json_object_object_add(row, "level", json_object_new_string(text));
        unsigned same = bundle_file_same_as(file, i);
        if (same)
            snprintf(text, sizeof text, "v%u", same);
        json_object_object_add(row, "same_as", same ? json_object_new_string(text) : NULL);
        json_object_object_add(row, "encoding",
                               json_object_new_string(fatelf_encoding_by_number(variant->encoding)->name));
        snprintf(text, sizeof text, "v%u", variant->base);
        json_object_object_add(row, "base", variant->base ? json_object_new_string(text) : NULL);
        json_object_object_add(row, "in_place", json_object_new_boolean(variant->elf_size != 0));
        json_object_object_add(row, "marks", json_marks(variant->marks));
        json_object_object_add(row, "size", json_object_new_int64((int64_t)variant->size));
        json_object_object_add(row, "stored", json_object_new_int64((int64_t)variant->payload_size));
        json_object_object_add(row, "frame_size", json_object_new_int64(variant->frame_size));
        json_object_object_add(row, "frames", json_object_new_int64(variant->frame_count));
        hexadecimal(variant->sha256, sizeof variant->sha256, text);
        json_object_object_add(row, "sha256", json_object_new_string(text));
        json_object_array_add(variants, row);
    }
    json_object_object_add(root, "appended", json_appended(file));
    json_print(root);
}

static int run_list(const struct command *command, int argc, char **argv)
{
    bool json = false, verbose = false;
    int letter;

    while ((letter = command_option(command, argc, argv)) != -1) {
        json |= letter == OPTION_JSON;
        verbose |= letter == 'v';
    }
    if (argc - optind != 1)
        return command_misused(command, "give one bundle");
    struct bundle_file file;
    int status = bundle_file_open(&file, argv[optind], argv[optind]);
    if (!status) {
        if (json)
            print_json(&file);
        else
            print_table(&file, verbose);
        status = command_finish();
    }
    bundle_file_close(&file);
    return status;
}

const struct command command_list = {
    .name = "list",
    .synopsis = "[--json] [-v] BUNDLE",
    .summary = "show what a bundle contains",
    .options = option_rows,
    .operands = {&argument_bundle},
    .run = run_list,
};
