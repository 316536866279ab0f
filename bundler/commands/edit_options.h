/* SPDX-License-Identifier: MIT */
/* The command lines of add, replace and remove. */
#ifndef BUNDLER_COMMANDS_EDIT_OPTIONS_H
#define BUNDLER_COMMANDS_EDIT_OPTIONS_H

#include "create_options.h"

/* For `add` and `replace`, and for `remove`, which takes no builds. */
extern const struct option_row edit_option_rows[], edit_remove_option_rows[];

/*
 * Parses the options. The operands are then argv[optind] to argv[argc - 1]: the bundle, and what `operands` names.
 * Returns 0, or reports and returns an exit status.
 */
int edit_options(const struct command *command, int argc, char **argv, const char *operands,
                 struct create_options *options);

#endif
