/* SPDX-License-Identifier: MIT */
/* What `build` and the stand-in for cargo know about cargo. */
#ifndef BUNDLER_COMMANDS_CARGO_H
#define BUNDLER_COMMANDS_CARGO_H

#include "build_run.h"

/* How cargo builds here. */
struct cargo {
    char *directory; /* the target directory; owned. NULL: not known */
    char *target;    /* the triple of the target; owned. NULL: there are several, or none is known */
    char *flags;     /* for rustc, from the configuration; separated as in CARGO_ENCODED_RUSTFLAGS; owned. NULL: none */
    char *condition; /* a cfg() for which the configuration has more flags, which cannot be kept; owned. NULL: none */
    bool chosen;     /* the target is not the default, so cargo's paths contain it */
};

/* Where in this command, "cargo build ...", the name of cargo's command is. 0: it is another command. */
unsigned cargo_builds(char **command);

/* Asks the cargo that `program` is how it builds with these arguments of `cargo build`. */
void cargo_ask(struct cargo *cargo, const char *program, char **arguments);
void cargo_release(struct cargo *cargo);

/*
 * Sets environment variables so that all runs build for the same target, below the same directory, with the flags of
 * the configuration, which cargo ignores if there are others. The target is always named, because without one cargo
 * applies the flags to build scripts as well, and these run on this machine. Unless `quiet` is set, warns of flags that
 * cannot be kept.
 */
void cargo_set_environment(const struct cargo *cargo, bool quiet);

/* Changes a run's command, in which the arguments of `cargo build` start at `first`, so that cargo names its programs. */
void cargo_prepare(struct build_run *run, unsigned first);

#endif
