/* SPDX-License-Identifier: MIT */
/* The runs of a command, one for each level, and the directory for what they make. */
#ifndef BUNDLER_COMMANDS_BUILD_LEVELS_H
#define BUNDLER_COMMANDS_BUILD_LEVELS_H

#include "build_run.h"
#include "create_options.h"

struct build_levels {
    char *directory; /* temporary; an absolute path; owned. NULL: none */
    struct build_run runs[FATELF_VARIANTS_MAX];
    unsigned count;
};

/* Fills in a run for each level in `levels` (bit L: for level L). */
void build_levels_prepare(struct build_levels *build, unsigned levels);

/*
 * Makes a temporary directory with a directory for each run, beside `path`, and gives each run its output in it, under
 * the last part of `path`. However the program ends, the directory is removed first, except by SIGKILL. Returns 0, or
 * reports and returns an exit status.
 */
int build_levels_make_directory(struct build_levels *build, const char *path);

/* Adds an argument to the run's command. A copy is made. NULL: memory was out before, which is remembered. */
void build_levels_argument(struct build_run *run, const char *argument);

/*
 * Runs the commands, side by side if -j was given and `side_by_side` allows it. Returns 0, or reports and returns an
 * exit status.
 */
int build_levels_run(struct build_levels *build, const struct create_options *options, bool side_by_side);

/* Joins the programs of all runs into options->output. Returns 0, or reports and returns an exit status. */
int build_levels_join(const struct build_levels *build, const struct create_options *options);

/* Removes the directory and frees everything. */
void build_levels_release(struct build_levels *build);

#endif
