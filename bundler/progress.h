/* One line on a terminal that shows how far the compression is. */
#ifndef BUNDLER_PROGRESS_H
#define BUNDLER_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* Shows nothing unless stderr is a terminal. `total`: bytes of all variants. */
void progress_start(uint64_t total, bool quiet);
/* `done` of the total bytes are read, `written` bytes came out; `level` is at work. */
void progress_show(unsigned level, uint64_t done, uint64_t written);
/* Takes the line away again. */
void progress_clear(void);

#endif
