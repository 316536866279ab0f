/* SPDX-License-Identifier: MIT */
/* Runs a command once for each level. */
#ifndef BUNDLER_COMMANDS_BUILD_RUN_H
#define BUNDLER_COMMANDS_BUILD_RUN_H

#include <stdbool.h>
#include <sys/types.h>

#include "../../lib/format.h"

/* One run of the command. */
struct build_run {
    unsigned level;
    char *directory;    /* for what it makes; owned. NULL: none */
    char *output;       /* FATELF_OUTPUT: where the program is wanted, in `directory`; owned. NULL: nowhere */
    char *program;      /* where it is, once it was found; owned */
    char **arguments;   /* of the command, `argument_count` and a NULL; owned */
    char **executables; /* that cargo has named, `executable_count` of them; owned */
    unsigned argument_count, executable_count;
    bool out_of_memory; /* when the arguments were prepared */
    bool cargo;         /* its standard output is cargo's JSON messages */
    bool plain;         /* its output is printed as it is: no level before each line, no message if it fails */
    pid_t pid;          /* 0: it does not run */
    int streams[2];     /* read ends of its standard output and standard error; -1: closed */
    char *lines[2];     /* what was read of an unfinished line; owned */
    size_t line_sizes[2];
};

/*
 * Runs the commands, up to `side_by_side` at a time, and prints their output line by line after the level. The first one
 * that fails ends the others. Returns 0, or an exit status: that of the command, which has been reported.
 */
int build_run_all(struct build_run *runs, unsigned count, unsigned side_by_side);

/* Frees what the run owns. */
void build_run_release(struct build_run *run);

#endif
