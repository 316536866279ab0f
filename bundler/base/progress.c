/* SPDX-License-Identifier: MIT */
#include "progress.h"

#include <stdio.h>
#include <unistd.h>

static struct {
    const char *what;
    uint64_t total, read, written;
    unsigned last; /* what the line shows: tenths of a percent, plus one. 0: there is no line */
    bool active;
} state;

void progress_start(const char *what, uint64_t total, bool quiet)
{
    state.what = what;
    state.total = total;
    state.read = state.written = 0;
    state.last = 0;
    state.active = !quiet && total > 0 && isatty(STDERR_FILENO);
}

void progress_add(unsigned level, uint64_t read, uint64_t written)
{
    state.read += read;
    state.written += written;
    if (!state.active)
        return;
    unsigned share = (unsigned)((double)state.read * 1000 / (double)state.total) + 1;
    if (share == state.last)
        return;
    state.last = share;
    fprintf(stderr, "\r%s v%u: %5.1f %% of %.1f MB", state.what, level, (share - 1) / 10.0, (double)state.total / 1e6);
    if (state.written > 0)
        fprintf(stderr, ", %.1f MB so far", (double)state.written / 1e6);
    fputs("\033[K", stderr);
    fflush(stderr);
}

void progress_take_back(uint64_t read, uint64_t written)
{
    state.read -= read;
    state.written -= written;
}

void progress_clear(void)
{
    if (state.active && state.last)
        fputs("\r\033[K", stderr);
    state.last = 0;
}
