/* SPDX-License-Identifier: MIT */
#include "commands.h"

#include <stdio.h>

const struct command *const commands[] = {
    &command_create,
    &command_build,
    &command_join,
    &command_add,
    &command_replace,
    &command_remove,
    &command_list,
    &command_extract,
    &command_verify,
    &command_cpu,
    &command_check,
    &command_completion,
    NULL,
};

static bool command_value(size_t index, struct argument_value *value)
{
    const struct command *command = commands[index];

    if (!command)
        return false;
    snprintf(value->name, sizeof value->name, "%s", command->name);
    snprintf(value->help, sizeof value->help, "%s", command->summary);
    return true;
}

static const struct argument command_name = {.name = "COMMAND", .value = command_value};

static const struct option_row option_rows[] = {
    {COMMAND_VERSION, "version", NULL, "show the version and exit"},
    {0},
};

const struct command command_none = {
    .name = "",
    .synopsis = "COMMAND [OPTION]... [ARGUMENT]...",
    .summary = "Joins builds of one program for x86-64-v1 to v4 into one executable that runs the best of them.",
    .options = option_rows,
    .operands = {&command_name},
};
