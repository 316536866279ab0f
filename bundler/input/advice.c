/* SPDX-License-Identifier: MIT */
#include "advice.h"

#include "../base/say.h"

/*
 * Warns if at least two builds have compressed debug sections: a single one would have nothing in common with the
 * others anyway. One warning that names the first of them is enough, because the others are builds of the same program.
 */
static void compressed_debug(const struct advice *advice)
{
    const struct build *first = NULL;
    unsigned found = 0;

    for (unsigned i = 0; i < advice->count; i++) {
        if (!advice->builds[i].compressed_debug)
            continue;
        first = first ? first : &advice->builds[i];
        found++;
    }
    if (advice->delta && found > 1)
        warn("%s: its debug sections are compressed, which hides what the builds have in common; without "
             "(-ldflags=-compressdwarf=false for Go, -gz=none for gcc and clang, or strip) the bundle gets smaller",
             first->path);
}

static void not_in_place(const struct advice *advice, const struct build *build)
{
    if (advice->in_place && build->record.not_in_place)
        warn("%s: cannot be started in place: %s; it will be started by memfd", build->path,
             build->record.not_in_place);
}

static void uses_origin(const struct advice *advice, const struct build *build)
{
    if (build->uses_origin && (!advice->in_place || build->record.not_in_place))
        warn("%s: finds its libraries through $ORIGIN, which is not the bundle's directory when it is started from "
             "memory",
             build->path);
}

static void not_executable(const struct advice *advice, const struct build *build)
{
    (void)advice;
    if (!(build->stat.st_mode & S_IXUSR))
        warn("%s: not executable, so the bundle is not either; 'chmod +x' it", build->path);
}

/* Warnings about all builds together, and those about one build, in the order in which they are printed. */
static void (*const about_all[])(const struct advice *advice) = {compressed_debug};
static void (*const about_one[])(const struct advice *advice, const struct build *build) = {
    not_in_place,
    uses_origin,
    not_executable,
};

void advice_give(const struct advice *advice)
{
    for (size_t i = 0; i < sizeof about_all / sizeof *about_all; i++)
        about_all[i](advice);
    for (unsigned build = 0; build < advice->count; build++)
        for (size_t i = 0; i < sizeof about_one / sizeof *about_one; i++)
            about_one[i](advice, &advice->builds[build]);
}
