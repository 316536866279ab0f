/* SPDX-License-Identifier: MIT */
/* The sub-commands, one file each. */
#ifndef BUNDLER_COMMANDS_COMMANDS_H
#define BUNDLER_COMMANDS_COMMANDS_H

#include "../base/command.h"

extern const struct command command_create, command_build, command_join, command_list, command_extract, command_verify,
    command_cpu, command_check, command_add, command_replace, command_remove, command_completion;

/* All of them, in the order of the help. NULL ends the list. */
extern const struct command *const commands[];

/* The tool itself: what it takes before or instead of a command. */
enum { COMMAND_VERSION = 256 };
extern const struct command command_none;

#endif
