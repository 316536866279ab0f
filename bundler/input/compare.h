/* SPDX-License-Identifier: MIT */
/* Compares what is to be joined: are the files builds of one program, made in the same way? */
#ifndef BUNDLER_INPUT_COMPARE_H
#define BUNDLER_INPUT_COMPARE_H

#include "build.h"

/*
 * Refuses builds that are not of one program: returns 0, or reports the first difference with both values and returns
 * an exit status. What a build does not say about itself is not compared.
 */
int compare_builds(const struct build *builds, unsigned count);

/* Warns about builds of one program that were made in different ways. */
void compare_warn(const struct build *builds, unsigned count);

#endif
