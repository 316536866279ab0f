/* SPDX-License-Identifier: MIT */
/* add, replace and remove: make a bundle from another one. */
#include "edit_options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/level.h"
#include "../base/progress.h"
#include "../base/say.h"
#include "commands.h"
#include "edit_make.h"

static void release(struct edit *edit)
{
    progress_clear();
    output_abandon(&edit->output);
    assembly_free(&edit->assembly);
    for (unsigned i = 0; i < edit->count; i++)
        build_close(&edit->builds[i]);
    for (unsigned i = 0; i < FATELF_VARIANTS_MAX; i++) {
        build_close(&edit->restored[i].build);
        output_abandon(&edit->restored[i].file);
        free(edit->restored[i].name);
    }
    stub_close(&edit->stub);
    bundle_file_close(&edit->old);
}

/* Opens the new builds. `replace`: the bundle has variants for their levels; otherwise it has none. */
static int open_builds(struct edit *edit, char **operands, unsigned count, bool replace)
{
    for (unsigned i = 0; i < count; i++) {
        edit->count++;
        int status = build_open(&edit->builds[i], operands[i]);
        if (status)
            return status;
        unsigned level = edit->builds[i].level;
        int found = fatelf_manifest_find(&edit->old.bundle.manifest, level);
        if (replace && found < 0)
            return fail("%s: has no variant v%u to replace; 'fatelf-amd64 add' adds one", edit->old.path, level);
        if (!replace && found >= 0)
            return fail("%s: has a variant v%u already; 'fatelf-amd64 replace' replaces it", edit->old.path, level);
        if (found >= 0)
            edit->keep &= ~(1u << found);
        for (unsigned other = 0; other < i; other++)
            if (edit->builds[other].level == level)
                return fail("%s and %s: both for v%u", edit->builds[other].path, edit->builds[i].path, level);
    }
    return 0;
}

static int remove_levels(struct edit *edit, char **operands, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        unsigned level = fatelf_level_parse(operands[i], strlen(operands[i]));
        int found = level ? fatelf_manifest_find(&edit->old.bundle.manifest, level) : -1;
        if (level == 0)
            return usage_error("remove: '%s' is not v1, v2, v3 or v4; see 'fatelf-amd64 remove --help'", operands[i]);
        if (found < 0)
            return fail("%s: has no variant v%u; see 'fatelf-amd64 list'", edit->old.path, level);
        edit->keep &= ~(1u << found);
    }
    return 0;
}

static int run(const struct command *command, int argc, char **argv, const char *operands)
{
    struct edit edit = {.stub = {.fd = -1}, .output = {.fd = -1}, .old = {.fd = -1}};
    int status = edit_options(command, argc, argv, operands, &edit.options);

    if (status)
        return status;
    for (unsigned i = 0; i < FATELF_VARIANTS_MAX; i++) {
        edit.restored[i].file.fd = -1;
        edit.restored[i].build.fd = -1;
    }
    edit.assembly = assembly_make(edit.options.output);
    status = bundle_file_open(&edit.old, argv[optind], argv[optind]);
    edit.keep = status ? 0 : (1u << edit.old.bundle.manifest.header.variant_count) - 1;
    char **rest = argv + optind + 1;
    unsigned count = (unsigned)(argc - optind - 1);
    if (!status)
        status = command == &command_remove ? remove_levels(&edit, rest, count)
                                            : open_builds(&edit, rest, count, command == &command_replace);
    if (!status)
        status = edit_make(&edit);
    release(&edit);
    return status;
}

static int run_with_builds(const struct command *command, int argc, char **argv)
{
    return run(command, argc, argv, "the builds");
}

static int run_remove(const struct command *command, int argc, char **argv)
{
    return run(command, argc, argv, "the levels to remove");
}

const struct command command_add = {
    .name = "add",
    .synopsis = "-o FILE|--in-place [OPTION]... BUNDLE [LEVEL=]BUILD...",
    .summary = "add builds for further levels to a bundle",
    .options = edit_option_rows,
    .operands = {&argument_bundle, &argument_builds},
    .run = run_with_builds,
};

const struct command command_replace = {
    .name = "replace",
    .synopsis = "-o FILE|--in-place [OPTION]... BUNDLE [LEVEL=]BUILD...",
    .summary = "replace variants of a bundle by other builds",
    .options = edit_option_rows,
    .operands = {&argument_bundle, &argument_builds},
    .run = run_with_builds,
};

const struct command command_remove = {
    .name = "remove",
    .synopsis = "-o FILE|--in-place [OPTION]... BUNDLE LEVEL...",
    .summary = "remove variants from a bundle",
    .options = edit_remove_option_rows,
    .operands = {&argument_bundle, &argument_levels},
    .run = run_remove,
};
