/* SPDX-License-Identifier: MIT */
#include "argument.h"

#include <stdio.h>

#include "../../lib/format.h"

bool argument_value(const struct argument *argument, size_t index, struct argument_value *value)
{
    *value = (struct argument_value){.name = ""};
    return argument && argument->value && argument->value(index, value);
}

bool argument_level_value(size_t index, struct argument_value *value)
{
    snprintf(value->name, sizeof value->name, "v%zu", FATELF_LEVEL_MIN + index);
    return FATELF_LEVEL_MIN + index <= FATELF_LEVEL_MAX;
}

const struct argument argument_file = {.name = "FILE", .kind = ARGUMENT_FILE};
const struct argument argument_bundle = {.name = "BUNDLE", .kind = ARGUMENT_FILE};
const struct argument argument_builds = {.name = "BUILD", .kind = ARGUMENT_BUILD, .repeats = true};
const struct argument argument_number = {.name = "N"};
const struct argument argument_level = {.name = "LEVEL", .value = argument_level_value};
const struct argument argument_levels = {.name = "LEVEL", .value = argument_level_value, .repeats = true};
