/* SPDX-License-Identifier: MIT */
/* The sub-commands, one file each. */
#ifndef BUNDLER_COMMANDS_COMMANDS_H
#define BUNDLER_COMMANDS_COMMANDS_H

#include "../base/command.h"

extern const struct command command_create, command_build, command_join, command_list, command_extract, command_verify,
    command_cpu, command_check, command_add, command_replace, command_remove;

#endif
