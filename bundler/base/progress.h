/* SPDX-License-Identifier: MIT */
/* One line on a terminal that shows how far the compression is. */
#ifndef BUNDLER_BASE_PROGRESS_H
#define BUNDLER_BASE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* Shows nothing unless stderr is a terminal. `total`: bytes of all variants. */
void progress_start(uint64_t total, bool quiet);
/* So many more bytes are read, and so many more came out; `level` is at work. */
void progress_add(unsigned level, uint64_t read, uint64_t written);
/* What was added for a variant does not count: it is coded again, into something else. */
void progress_take_back(uint64_t read, uint64_t written);
/* Takes the line away again. */
void progress_clear(void);

#endif
