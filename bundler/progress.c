#include "progress.h"

#include <stdio.h>
#include <unistd.h>

static struct {
    uint64_t total;
    unsigned last; /* tenths of a percent on the screen, plus one; 0: no line */
    bool active;
} state;

void progress_start(uint64_t total, bool quiet)
{
    state.total = total;
    state.last = 0;
    state.active = !quiet && total > 0 && isatty(STDERR_FILENO);
}

void progress_show(unsigned level, uint64_t done, uint64_t written)
{
    if (!state.active)
        return;
    unsigned share = (unsigned)((double)done * 1000 / (double)state.total) + 1;
    if (share == state.last)
        return;
    state.last = share;
    fprintf(stderr, "\rcompressing v%u: %5.1f %% of %.1f MB, %.1f MB so far\033[K", level, (share - 1) / 10.0,
            (double)state.total / 1e6, (double)written / 1e6);
    fflush(stderr);
}

void progress_clear(void)
{
    if (state.active && state.last)
        fputs("\r\033[K", stderr);
    state.last = 0;
}
