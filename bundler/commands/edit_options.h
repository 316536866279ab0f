/* SPDX-License-Identifier: MIT */
/* The command lines of add, replace and remove. */
#ifndef BUNDLER_COMMANDS_EDIT_OPTIONS_H
#define BUNDLER_COMMANDS_EDIT_OPTIONS_H

#include "../base/command.h"
#include "../bundle/code.h"

/* The strings are those of argv. */
struct edit_options {
    const char *output; /* NULL: no -o */
    const char *stub;   /* NULL: the one that came with the tool */
    struct code_options code;
    bool in_place, force, different, ignore_appended;
};

/* For `add` and `replace`, and for `remove`, which takes no builds. */
extern const struct option_row edit_option_rows[], edit_remove_option_rows[];

/*
 * Parses the options. The operands are then argv[optind] to argv[argc - 1]: the bundle, and what `operands` names.
 * Returns 0, or reports and returns an exit status.
 */
int edit_options(const struct command *command, int argc, char **argv, const char *operands,
                 struct edit_options *options);

#endif
