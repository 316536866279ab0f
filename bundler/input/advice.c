/* SPDX-License-Identifier: MIT */
#include "advice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../lib/format.h"
#include "../base/say.h"
#include "compare.h"

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
        warn("%s: its debug sections are compressed, which makes the bundle larger; strip it, or build it with "
             "-gz=none (gcc, clang) or -ldflags=-compressdwarf=false (Go)",
             first->path);
}

static void not_in_place(const struct advice *advice, const struct build *build)
{
    if (advice->in_place && build->record.not_in_place)
        warn("%s: cannot be started in place: %s; it will be started by memfd", build->path,
             build->record.not_in_place);
}

static void not_executable(const struct advice *advice, const struct build *build)
{
    (void)advice;
    if (!(build->stat.st_mode & S_IXUSR))
        warn("%s: not executable, so the bundle is not either; 'chmod +x' it", build->path);
}

/*
 * The warnings that follow name the first build that they are about. One is enough, because the others are builds of the
 * same program.
 */

static void differences(const struct advice *advice)
{
    if (!advice->different)
        compare_warn(advice->builds, advice->count);
}

/* Why the build needs the path of its own file. The caller frees the text. NULL: it does not, or out of memory. */
static char *why_path(const struct build *build)
{
    char *reasons;
    const char *go = build->asks.go_path ? ", Go's os.Executable" : "", *qt = build->asks.qt ? ", Qt's plugins" : "";
    const char *origin = build->dynamic.uses_origin ? ", $ORIGIN in its library path" : "";

    if ((!*go && !*qt && !*origin) || asprintf(&reasons, "%s%s%s", go, qt, origin) < 0)
        return NULL;
    memmove(reasons, reasons + 2, strlen(reasons + 2) + 1); /* without the first comma */
    return reasons;
}

static void needs_path(const struct advice *advice)
{
    for (unsigned i = 0; i < advice->count; i++) {
        const struct build *build = &advice->builds[i];
        char *reasons = !advice->in_place || build->record.not_in_place ? why_path(build) : NULL;
        if (!reasons)
            continue;
        warn("%s: uses the path of its own file (%s), which is another one when it is started from memory%s",
             build->path, reasons,
             build->record.not_in_place ? "; it needs a file of its own, not a bundle"
                                        : "; '--launch inplace --compress zstd' keeps it");
        free(reasons);
        return;
    }
}

/* A program finds no symbols by any launch method: its own path leads nowhere or to the bundle. */
static void needs_symbols(const struct advice *advice)
{
    for (unsigned i = 0; i < advice->count; i++) {
        if (!advice->builds[i].asks.rust_symbols)
            continue;
        warn("%s: a Rust program with symbols, which its backtraces cannot read in a bundle; strip it, and keep this "
             "file for backtraces",
             advice->builds[i].path);
        return;
    }
}

static void has_sanitizer(const struct advice *advice)
{
    for (unsigned i = 0; i < advice->count; i++) {
        if (!advice->builds[i].asks.sanitizer)
            continue;
        warn("%s: built with %s, whose reports may lack functions and source lines in a bundle; test the build "
             "itself, and bundle one without it",
             advice->builds[i].path, advice->builds[i].asks.sanitizer);
        return;
    }
}

/* The first build with a FATELF_MARK_*. NULL: none. */
static const struct build *first_marked(const struct advice *advice, unsigned mark)
{
    for (unsigned i = 0; i < advice->count; i++)
        if (advice->builds[i].marks & mark)
            return &advice->builds[i];
    return NULL;
}

static void has_relative_path(const struct advice *advice)
{
    const struct build *build = first_marked(advice, FATELF_MARK_RELATIVE_RUNPATH);

    if (build)
        warn("%s: loads libraries from a path relative to the working directory (RUNPATH or RPATH), where anyone may "
             "have put them; use absolute paths, or $ORIGIN with --launch inplace",
             build->path);
}

static void has_executable_stack(const struct advice *advice)
{
    const struct build *build = first_marked(advice, FATELF_MARK_EXECUTABLE_STACK);

    if (build)
        warn("%s: its stack may be executable, because PT_GNU_STACK is missing or has PF_X; add a section "
             ".note.GNU-stack to its assembly files, or link with -z noexecstack",
             build->path);
}

/* Warnings about all builds together, and those about one build, in the order in which they are printed. */
static void (*const about_all[])(const struct advice *advice) = {
    differences, compressed_debug, needs_path, needs_symbols, has_sanitizer, has_relative_path, has_executable_stack,
};
static void (*const about_one[])(const struct advice *advice, const struct build *build) = {
    not_in_place,
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
