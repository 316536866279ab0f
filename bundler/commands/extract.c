/* SPDX-License-Identifier: MIT */
/* extract: restores the original builds from a bundle. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../lib/choose.h"
#include "../../lib/cpu.h"
#include "../bundle/open.h"
#include "commands.h"
#include "../base/file.h"
#include "../base/say.h"

enum { OPTION_FORCE = 256 };

static const struct option_row option_rows[] = {
    {'o', "output", "FILE", "write to FILE, or with '-' to standard output; for 'all', FILE.v1, FILE.v2 ...", NULL},
    {OPTION_FORCE, "force", NULL, "replace files that exist", NULL},
    {0},
};

static int extract_one(struct bundle_file *file, unsigned index, const char *path, bool force)
{
    struct output output;
    struct stat there;

    if (strcmp(path, "-") == 0)
        return bundle_file_decode(file, index, STDOUT_FILENO, "standard output");
    if (stat(path, &there) == 0 && there.st_dev == file->stat.st_dev && there.st_ino == file->stat.st_ino)
        return fail("%s: is the bundle itself; name another output", path);
    int status = output_open(&output, path, force);
    if (!status)
        status = bundle_file_decode(file, index, output.fd, path);
    if (!status)
        status = output_commit(&output, file->stat.st_mode & 0777);
    output_abandon(&output);
    return status;
}

/* Writes the variant to "PREFIX.v3", or without a prefix to "NAME.v3" in the working directory. */
static int extract_named(struct bundle_file *file, unsigned index, const char *prefix, bool force)
{
    const char *slash = strrchr(file->path, '/');
    char *path;

    if (!prefix)
        prefix = slash ? slash + 1 : file->path;
    if (asprintf(&path, "%s.v%u", prefix, file->bundle.manifest.variants[index].level) < 0)
        return fail("out of memory");
    int status = extract_one(file, index, path, force);
    free(path);
    return status;
}

static int extract(struct bundle_file *file, const char *which, const char *to, bool force)
{
    const struct fatelf_manifest *manifest = &file->bundle.manifest;
    struct fatelf_cpu cpu;
    unsigned index;
    int status = 0;

    if (strcmp(which, "all") == 0) {
        for (index = 0; !status && index < manifest->header.variant_count; index++)
            status = extract_named(file, index, to, force);
        return status;
    }
    if (strcmp(which, "best") == 0) {
        fatelf_cpu_read(&cpu);
        if (fatelf_choose(manifest, fatelf_level(&cpu), (struct fatelf_override){0}, &index) != 0)
            return fail("%s: has no variant for this machine, which is at v%u; the lowest is v%u", file->path,
                        fatelf_level(&cpu), manifest->variants[0].level);
    } else {
        int found = fatelf_manifest_find(&file->bundle.manifest, fatelf_level_parse(which, strlen(which)));
        if (found < 0)
            return fail("%s: has no variant %s; see 'fatelf-amd64 list'", file->path, which);
        index = (unsigned)found;
    }
    return to ? extract_one(file, index, to, force) : extract_named(file, index, NULL, force);
}

static int run_extract(const struct command *command, int argc, char **argv)
{
    const char *to = NULL;
    bool force = false;
    int letter;

    while ((letter = command_option(command, argc, argv)) != -1) {
        if (letter == 'o')
            to = optarg;
        else
            force = true;
    }
    if (argc - optind != 2)
        return command_misused(command, "give a bundle, and v1, v2, v3, v4, best or all");
    const char *which = argv[optind + 1];
    if (strcmp(which, "all") != 0 && strcmp(which, "best") != 0 && !fatelf_level_parse(which, strlen(which)))
        return command_misused(command, "'%s' is not v1, v2, v3, v4, best or all", which);
    if (to && strcmp(to, "-") == 0 && strcmp(which, "all") == 0)
        return command_misused(command, "'all' cannot go to standard output; name a file with -o");
    struct bundle_file file;
    int status = bundle_file_open(&file, argv[optind]);
    if (!status)
        status = extract(&file, which, to, force);
    bundle_file_close(&file);
    return status;
}

const struct command command_extract = {
    .name = "extract",
    .synopsis = "[-o FILE|-] [--force] BUNDLE LEVEL|best|all",
    .summary = "restore the original builds from a bundle",
    .options = option_rows,
    .run = run_extract,
};
