/* SPDX-License-Identifier: MIT */
/* What a word on the command line is: the value of an option, or an operand. */
#ifndef BUNDLER_BASE_ARGUMENT_H
#define BUNDLER_BASE_ARGUMENT_H

#include <stdbool.h>
#include <stddef.h>

/* One of the values of an argument, or with `last`, all values from `name` to `last`. */
struct argument_value {
    char name[32];
    char last[32];
    char help[96]; /* if it is empty, the command's help does not list the value */
};

enum argument_kind {
    ARGUMENT_TEXT, /* one of its values if it has any, otherwise something that cannot be completed */
    ARGUMENT_LIST, /* some of its values, separated by commas */
    ARGUMENT_FILE,
    ARGUMENT_DIRECTORY,
    ARGUMENT_BUILD,   /* FILE or LEVEL=FILE */
    ARGUMENT_COMMAND, /* a command, which all following words belong to */
};

struct argument {
    const char *name; /* in the help */
    enum argument_kind kind;
    bool repeats; /* an operand: others of this kind may follow it; an option's value: the option may be given again */
    /* Fills in the value with this index, which is all zero; false: there are no more. NULL: there are none. */
    bool (*value)(size_t index, struct argument_value *value);
};

/* The argument's value with this index. false: there are no more. NULL has none. */
bool argument_value(const struct argument *argument, size_t index, struct argument_value *value);

extern const struct argument argument_file, argument_bundle, argument_builds, argument_number, argument_level,
    argument_levels;

/* The levels v1 to v4 as values. */
bool argument_level_value(size_t index, struct argument_value *value);

#endif
