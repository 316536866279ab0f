/* SPDX-License-Identifier: MIT */
/* The command lines of `create`, and what those of other commands have in common with it. */
#ifndef BUNDLER_COMMANDS_CREATE_OPTIONS_H
#define BUNDLER_COMMANDS_CREATE_OPTIONS_H

#include <stdbool.h>

#include "../../lib/launch.h"
#include "../base/command.h"
#include "../bundle/code.h"

/* Options without a letter. */
enum {
    OPTION_LAUNCH = 256,
    OPTION_COMPRESS,
    OPTION_ALIGN,
    OPTION_NO_DELTA,
    OPTION_BASE,
    OPTION_GO_ENV,
    OPTION_ALLOW_DIFFERENT,
    OPTION_IGNORE_APPENDED,
    OPTION_NO_STRINGS,
    OPTION_PACKAGE_METADATA,
    OPTION_DEBUG_DIR,
    OPTION_STUB,
    OPTION_FORCE,
    OPTION_KEEP,     /* join */
    OPTION_ARTIFACT, /* build */
    OPTION_IN_PLACE, /* add, replace, remove */
};

/* The strings are those of argv. */
struct create_options {
    const char *output;
    const char *stub;             /* NULL: the one that came with the tool */
    const char *package_metadata; /* as it was given. NULL: not */
    const char *debug_directory;  /* NULL: the builds keep their debug information */
    const struct fatelf_launch_row *launch;
    struct code_options code;
    uint64_t align; /* of payloads, in bytes */
    bool no_strings, go_env, ignore_appended, force, verbose;
    bool different; /* the builds may be different programs */
    bool keep;      /* join: the builds are not removed */
    bool in_place;  /* add, replace, remove: the output is the bundle itself */

    /* build and the stand-ins */
    bool built;           /* a command has just made the builds, and may not have built all again for each */
    unsigned levels;      /* bit L: for level L */
    bool levels_given;    /* with -l */
    const char *artifact; /* where the command leaves its program. NULL: at FATELF_OUTPUT */
    bool jobs_given;      /* with -j */
};

extern const struct option_row create_option_rows[], join_option_rows[], build_option_rows[], standin_option_rows[];

/*
 * Parses the options that the command has, and sets the defaults of the others. Returns 0, or reports and returns an
 * exit status.
 */
int create_options_parse(const struct command *command, int argc, char **argv, struct create_options *options);

/*
 * Parses the options. The operands are then argv[optind] to argv[argc - 1]. Returns 0, or reports and returns an exit
 * status.
 */
int create_options(const struct command *command, int argc, char **argv, struct create_options *options);

/* The same for `build`, whose operands are a command and its arguments. */
int build_options(const struct command *command, int argc, char **argv, struct create_options *options);

/* Checks that --base is among the levels. Returns 0, or reports and returns an exit status. */
int build_check_base(const struct command *command, const struct create_options *options);

/* The same for `join`, whose operands are directories. The output is not set. */
int join_options(const struct command *command, int argc, char **argv, struct create_options *options);

#endif
