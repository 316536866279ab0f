/* SPDX-License-Identifier: MIT */
/* A line on the terminal that shows how far the work has got. */
#ifndef BUNDLER_BASE_PROGRESS_H
#define BUNDLER_BASE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Starts the line. `what` is done: a word like "compressing", in static storage. `total`: bytes of all builds. Shows
 * nothing if `quiet` is set or stderr is not a terminal.
 */
void progress_start(const char *what, uint64_t total, bool quiet);
/* Adds bytes read, and bytes written if their number is of interest, for the build of `level`, and redraws the line. */
void progress_add(unsigned level, uint64_t read, uint64_t written);
/* Subtracts what was added for a build, because it is coded a second time. */
void progress_take_back(uint64_t read, uint64_t written);
/* Removes the line. */
void progress_clear(void);

#endif
