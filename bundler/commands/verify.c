/* SPDX-License-Identifier: MIT */
/* verify: decodes everything in a bundle and compares every hash. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "../../lib/level.h"
#include "../base/progress.h"
#include "../base/say.h"
#include "../bundle/appended.h"
#include "../bundle/decode.h"
#include "commands.h"

enum { OPTION_HAS = 256 };

static const struct option_row option_rows[] = {
    {OPTION_HAS, "has", &argument_levels, "also require a variant for LEVEL; may be given several times"},
    COMMAND_JOBS("decode on N processors"),
    {'q', "quiet", NULL, "print nothing if the bundle is correct"},
    {0},
};

/* What the command line asks for. */
struct verify_options {
    unsigned required; /* bit L: there must be a variant for level L */
    unsigned threads;
    bool quiet;
};

static int verify(const struct bundle_file *file, const struct verify_options *options)
{
    const struct fatelf_manifest *manifest = &file->bundle.manifest;
    const struct decode_sink nowhere = {.put = NULL};
    uint64_t total = 0;
    int status = 0;

    for (unsigned level = FATELF_LEVEL_MIN; level <= FATELF_LEVEL_MAX; level++)
        if (options->required >> level & 1 && fatelf_manifest_find(manifest, level) < 0)
            status = fail("%s: has no variant v%u", file->path, level);
    for (unsigned i = 0; i < manifest->header.variant_count; i++)
        total += bundle_file_same_as(file, i) ? 0 : manifest->variants[i].size;
    progress_start("checking", total, options->quiet);
    for (unsigned i = 0; i < manifest->header.variant_count; i++) {
        int decoded = bundle_file_same_as(file, i) ? 0 : decode_variant(file, i, options->threads, &nowhere);
        if (!status)
            status = decoded;
    }
    int copies = appended_verify(file);
    progress_clear();
    return status ? status : copies;
}

/* Parses the options. Returns 0, or reports and returns an exit status. */
static int parse(const struct command *command, int argc, char **argv, struct verify_options *options)
{
    int letter;

    while ((letter = command_option(command, argc, argv)) != -1) {
        unsigned level = letter == OPTION_HAS ? fatelf_level_parse(optarg, strlen(optarg)) : 0;
        if (letter == OPTION_HAS && level == 0)
            return command_bad_value(command, letter, optarg);
        if (letter == OPTION_HAS)
            options->required |= 1u << level;
        else if (letter == 'q')
            options->quiet = true;
        else if (command_jobs(command, optarg, &options->threads) != 0)
            return STATUS_USAGE;
    }
    return argc - optind == 1 ? 0 : command_misused(command, "give one bundle");
}

static int run_verify(const struct command *command, int argc, char **argv)
{
    struct verify_options options = {.threads = command_processors()};
    struct bundle_file file;
    int status = parse(command, argc, argv, &options);

    if (status)
        return status;
    status = bundle_file_open(&file, argv[optind], argv[optind]);
    if (!status)
        status = verify(&file, &options);
    if (!status && !options.quiet) {
        say_text(stdout, file.path);
        printf(": ok");
        for (unsigned i = 0; i < file.bundle.manifest.header.variant_count; i++)
            printf(", v%u", file.bundle.manifest.variants[i].level);
        putchar('\n');
        status = command_finish();
    }
    bundle_file_close(&file);
    return status;
}

const struct command command_verify = {
    .name = "verify",
    .synopsis = "[--has LEVEL]... [-j N] [-q] BUNDLE",
    .summary = "decode everything in a bundle and compare the hashes",
    .options = option_rows,
    .operands = {&argument_bundle},
    .run = run_verify,
};
