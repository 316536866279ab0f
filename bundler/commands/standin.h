/* SPDX-License-Identifier: MIT */
/*
 * Stand-ins: the tool under another name, called in place of a build command. What the command would make, a program for
 * x86-64 Linux, becomes a bundle; everything else is left to the command itself.
 */
#ifndef BUNDLER_COMMANDS_STANDIN_H
#define BUNDLER_COMMANDS_STANDIN_H

#include "build_levels.h"

struct standin {
    const char *name;
    int (*run)(int argc, char **argv); /* returns the exit status */
};

extern const struct standin standin_go, standin_cargo;

/* The stand-in of this name. NULL: there is none. */
const struct standin *standin_find(const char *name);

/* Parses FATELF_FLAGS, options of `build`. Returns 0, or reports and returns an exit status. */
int standin_options(struct create_options *options);

/* Replaces this process by the command. Returns only after an error, which was reported: an exit status. */
int standin_exec(const char *program, char **argv);

#endif
