/* SPDX-License-Identifier: MIT */
/* extract: restores the original builds from a bundle. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../lib/choose.h"
#include "../../lib/cpu.h"
#include "../base/file.h"
#include "../base/output.h"
#include "../base/progress.h"
#include "../base/say.h"
#include "../bundle/decode.h"
#include "commands.h"

enum { OPTION_FORCE = 256 };

static bool variant_value(size_t index, struct argument_value *value)
{
    static const char *const words[] = {"best", "all"};

    if (argument_level_value(index, value))
        return true;
    index -= FATELF_LEVEL_MAX;
    if (index >= sizeof words / sizeof *words)
        return false;
    snprintf(value->name, sizeof value->name, "%s", words[index]);
    return true;
}

static const struct argument variant = {.name = "LEVEL|best|all", .value = variant_value};

static const struct option_row option_rows[] = {
    {'o', "output", &argument_file, "write to FILE, or with '-' to standard output; for 'all', FILE.v1, FILE.v2 ..."},
    {OPTION_FORCE, "force", NULL, "replace files that exist"},
    COMMAND_JOBS("decode on N processors"),
    {'q', "quiet", NULL, "no progress line"},
    {0},
};

/* What the command line asks for. */
struct extract_options {
    const char *which;
    const char *to; /* NULL: no -o */
    bool force, quiet;
    unsigned threads;
};

/* The files that are written, by variant. */
struct files {
    struct output outputs[FATELF_VARIANTS_MAX];
    char *paths[FATELF_VARIANTS_MAX]; /* owned */
    unsigned decoding;                /* those that the present payload goes to (bit I: variant I) */
};

static bool is_stdout(const char *path)
{
    return path && (strcmp(path, "-") == 0 || strcmp(path, "/dev/stdout") == 0);
}

static int put_stdout(void *owner, const unsigned char *bytes, size_t size, uint64_t offset)
{
    (void)owner, (void)offset;
    return file_write(STDOUT_FILENO, bytes, size) ? 0 : fail("standard output: cannot be written: %s", strerror(errno));
}

static int put_files(void *owner, const unsigned char *bytes, size_t size, uint64_t offset)
{
    const struct files *files = owner;

    (void)offset;
    for (unsigned i = 0; i < FATELF_VARIANTS_MAX; i++)
        if (files->decoding >> i & 1 && !file_write(files->outputs[i].fd, bytes, size))
            return fail("%s: cannot be written: %s", files->paths[i], strerror(errno));
    return 0;
}

/*
 * The path for a variant, which the caller frees: `to`, or for `all` "TO.v3", or without -o "NAME.v3" in the working
 * directory. NULL: out of memory.
 */
static char *make_path(const struct bundle_file *file, unsigned index, const struct extract_options *options)
{
    const char *name = base_name(file->path);
    unsigned level = file->bundle.manifest.variants[index].level;
    char *path;

    if (options->to && strcmp(options->which, "all") != 0)
        return strdup(options->to);
    return asprintf(&path, "%s.v%u", options->to ? options->to : name, level) < 0 ? NULL : path;
}

/* Opens the output for a variant, and asks for room for it. */
static int open_file(struct files *files, const struct bundle_file *file, unsigned index,
                     const struct extract_options *options)
{
    struct stat there;
    char *path = files->paths[index] = make_path(file, index, options);

    if (!path)
        return fail("out of memory");
    if (stat(path, &there) == 0 && there.st_dev == file->stat.st_dev && there.st_ino == file->stat.st_ino)
        return fail("%s: is the bundle itself; name another output", path);
    int status = output_open(&files->outputs[index], path, options->force);
    return status ? status : output_reserve(&files->outputs[index], file->bundle.manifest.variants[index].size);
}

/* Decodes the variants in `wanted`, each payload once. */
static int decode_files(struct files *files, const struct bundle_file *file, unsigned wanted, unsigned threads)
{
    const struct decode_sink sink = {.put = put_files, .owner = files};
    int status = 0;

    while (!status && wanted) {
        unsigned first = (unsigned)__builtin_ctz(wanted);
        files->decoding = 0;
        for (unsigned i = first; i < file->bundle.manifest.header.variant_count; i++)
            if (wanted >> i & 1 && bundle_file_are_same(file, first, i))
                files->decoding |= 1u << i;
        status = decode_variant(file, first, threads, &sink);
        wanted &= ~files->decoding;
    }
    return status;
}

/* Writes the variants in `wanted` (bit I: variant I). No file appears before all are complete. */
static int extract_files(const struct bundle_file *file, unsigned wanted, const struct extract_options *options)
{
    struct files files = {.decoding = 0};
    int status = 0;

    for (unsigned i = 0; i < FATELF_VARIANTS_MAX; i++)
        files.outputs[i].fd = -1;
    for (unsigned i = 0; !status && i < FATELF_VARIANTS_MAX; i++)
        if (wanted >> i & 1)
            status = open_file(&files, file, i, options);
    if (!status)
        status = decode_files(&files, file, wanted, options->threads);
    for (unsigned i = 0; !status && i < FATELF_VARIANTS_MAX; i++)
        if (wanted >> i & 1)
            status = output_commit(&files.outputs[i], file->stat.st_mode & 0777);
    for (unsigned i = 0; i < FATELF_VARIANTS_MAX; i++) {
        output_abandon(&files.outputs[i]);
        free(files.paths[i]);
    }
    return status;
}

/* Sets *wanted to the variants that the command line asks for (bit I: variant I). */
static int choose(const struct bundle_file *file, const char *which, unsigned *wanted)
{
    const struct fatelf_manifest *manifest = &file->bundle.manifest;
    struct fatelf_cpu cpu;
    unsigned index;

    if (strcmp(which, "all") == 0) {
        *wanted = (1u << manifest->header.variant_count) - 1;
        return 0;
    }
    if (strcmp(which, "best") == 0) {
        fatelf_cpu_read(&cpu);
        if (fatelf_choose(manifest, fatelf_level(&cpu), (struct fatelf_override){0}, &index) != 0)
            return fail("%s: has no variant for this machine, which is at v%u; the lowest is v%u", file->path,
                        fatelf_level(&cpu), manifest->variants[0].level);
        *wanted = 1u << index;
        return 0;
    }
    int found = fatelf_manifest_find(manifest, fatelf_level_parse(which, strlen(which)));
    if (found < 0)
        return fail("%s: has no variant %s; see 'fatelf-amd64 list'", file->path, which);
    *wanted = 1u << found;
    return 0;
}

static int extract(const struct bundle_file *file, const struct extract_options *options)
{
    const struct decode_sink to_stdout = {.put = put_stdout};
    uint64_t total = 0;
    unsigned wanted = 0;
    int status = choose(file, options->which, &wanted);

    if (status)
        return status;
    for (unsigned i = 0; i < file->bundle.manifest.header.variant_count; i++)
        total += wanted >> i & 1 ? file->bundle.manifest.variants[i].size : 0;
    progress_start("extracting", total, options->quiet);
    status = is_stdout(options->to)
                 ? decode_variant(file, (unsigned)__builtin_ctz(wanted), options->threads, &to_stdout)
                 : extract_files(file, wanted, options);
    progress_clear();
    return status;
}

/* Parses the command line. Returns 0, or reports and returns an exit status. */
static int parse(const struct command *command, int argc, char **argv, struct extract_options *options)
{
    int letter;

    while ((letter = command_option(command, argc, argv)) != -1) {
        if (letter == 'o')
            options->to = optarg;
        else if (letter == 'q')
            options->quiet = true;
        else if (letter == OPTION_FORCE)
            options->force = true;
        else if (command_jobs(command, optarg, &options->threads) != 0)
            return STATUS_USAGE;
    }
    if (argc - optind != 2)
        return command_misused(command, "give a bundle, and v1, v2, v3, v4, best or all");
    const char *which = options->which = argv[optind + 1];
    if (strcmp(which, "all") != 0 && strcmp(which, "best") != 0 && !fatelf_level_parse(which, strlen(which)))
        return command_misused(command, "'%s' is not v1, v2, v3, v4, best or all", which);
    if (is_stdout(options->to) && strcmp(which, "all") == 0)
        return command_misused(command, "'all' cannot go to standard output; name a file with -o");
    return 0;
}

static int run_extract(const struct command *command, int argc, char **argv)
{
    struct extract_options options = {.which = "", .threads = command_processors()};
    struct bundle_file file;
    int status = parse(command, argc, argv, &options);

    if (status)
        return status;
    status = bundle_file_open(&file, argv[optind], argv[optind]);
    if (!status)
        status = extract(&file, &options);
    bundle_file_close(&file);
    return status;
}

const struct command command_extract = {
    .name = "extract",
    .synopsis = "[-o FILE|-] [--force] [-j N] [-q] BUNDLE LEVEL|best|all",
    .summary = "restore the original builds from a bundle",
    .options = option_rows,
    .operands = {&argument_bundle, &variant},
    .run = run_extract,
};
