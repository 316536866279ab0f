/* SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <stddef.h>

#include "edit_options.h"

#define OUTPUT_ROWS \
    {'o', "output", &argument_file, "write the new bundle to FILE"}, \
    { \
        OPTION_IN_PLACE, "in-place", NULL, "replace the bundle itself, when the new one is complete" \
    }
#define COMMON_ROWS \
    COMMAND_JOBS("compress on N processors"), {OPTION_NO_DELTA, "no-delta", NULL, "code every build by itself"}, \
        {OPTION_STUB, "stub", &argument_file, "use this launcher stub"}, \
        {OPTION_FORCE, "force", NULL, "replace FILE if it exists"}, \
    { \
        'q', "quiet", NULL, "no progress line, no warnings" \
    }

const struct option_row edit_option_rows[] = {
    OUTPUT_ROWS,
    {OPTION_ALLOW_DIFFERENT, "allow-different", NULL, "accept builds of other programs"},
    {OPTION_IGNORE_APPENDED, "ignore-appended", NULL, "keep the copy of appended data, whatever the builds have"},
    COMMON_ROWS,
    {0},
};

const struct option_row edit_remove_option_rows[] = {OUTPUT_ROWS, COMMON_ROWS, {0}};

int edit_options(const struct command *command, int argc, char **argv, const char *operands,
                 struct create_options *options)
{
    int status = create_options_parse(command, argc, argv, options);

    if (status)
        return status;
    if (argc - optind < 2)
        return command_misused(command, "give a bundle, and %s", operands);
    if (options->in_place == (options->output[0] != 0))
        return command_misused(command, "give either -o FILE or --in-place");
    if (argc - optind - 1 > (int)FATELF_VARIANTS_MAX)
        return command_misused(command, "there are only four levels");
    if (options->in_place) {
        options->output = argv[optind];
        options->force = true;
    }
    options->code.compress.output = options->output;
    return 0;
}
