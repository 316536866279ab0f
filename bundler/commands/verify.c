/* SPDX-License-Identifier: MIT */
/* verify: decodes everything in a bundle and compares every hash. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "../../lib/level.h"
#include "../bundle/open.h"
#include "commands.h"
#include "../base/say.h"

enum { OPTION_HAS = 256 };

static const struct option_row option_rows[] = {
    {OPTION_HAS, "has", "LEVEL", "also require a variant for LEVEL; may be given several times", NULL},
    {'q', "quiet", NULL, "print nothing if the bundle is correct", NULL},
    {0},
};

static int verify(struct bundle_file *file, unsigned required)
{
    int status = 0;

    for (unsigned level = FATELF_LEVEL_MIN; level <= FATELF_LEVEL_MAX; level++)
        if (required >> level & 1 && fatelf_manifest_find(&file->bundle.manifest, level) < 0)
            status = fail("%s: has no variant v%u", file->path, level);
    for (unsigned i = 0; i < file->bundle.manifest.header.variant_count; i++) {
        int decoded = bundle_file_decode(file, i, -1, NULL);
        if (!status)
            status = decoded;
    }
    return status;
}

static int run_verify(const struct command *command, int argc, char **argv)
{
    unsigned required = 0;
    bool quiet = false;
    int letter;

    while ((letter = command_option(command, argc, argv)) != -1) {
        if (letter == 'q') {
            quiet = true;
            continue;
        }
        unsigned level = fatelf_level_parse(optarg, strlen(optarg));
        if (level == 0)
            return command_misused(command, "--has %s: not v1, v2, v3 or v4", optarg);
        required |= 1u << level;
    }
    if (argc - optind != 1)
        return command_misused(command, "give one bundle");
    struct bundle_file file;
    int status = bundle_file_open(&file, argv[optind]);
    if (!status)
        status = verify(&file, required);
    if (!status && !quiet) {
        printf("%s: ok", file.path);
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
    .synopsis = "[--has LEVEL]... [-q] BUNDLE",
    .summary = "decode everything in a bundle and compare the hashes",
    .options = option_rows,
    .run = run_verify,
};
